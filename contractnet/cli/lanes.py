"""The lifelines of a sequence diagram: everybody, or, of many, those to whom something of their own happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from contractnet.cli.story import Arrow, Item, Note, Story

#: lifelines that are drawn
MOST_LANES: Final = 12
#: what everybody says once
_ANSWERS: Final = frozenset({"propose", "refuse"})


def laid_out(items: Sequence[Item]) -> Story:
    """The items with their lifelines; where there are too many of these, those of whom nothing is special share one."""
    lanes = _lanes(items)
    return _crowded(lanes, items) if len(lanes) > MOST_LANES else Story(tuple(lanes), tuple(items))


def _lanes(items: Sequence[Item]) -> list[str]:
    """The initiator, then the others in order of appearance."""
    calls = [item.sender for item in items if isinstance(item, Arrow) and item.performative in ("cfp", "request")]
    found = dict.fromkeys(calls[:1])
    for item in items:
        names = (item.over,) if isinstance(item, Note) else (item.sender, *item.receivers)
        found |= dict.fromkeys(names)
    return list(found)


def _crowded(lanes: Sequence[str], items: Sequence[Item]) -> Story:
    """Those to whom something happened that did not happen to all, and one lifeline for all others."""
    happened: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Note):
            happened[item.over] += 1
        else:
            happened[item.sender] += item.performative not in _ANSWERS
            happened.update(item.receivers if len(item.receivers) == 1 else ())
    ranked = sorted(lanes[1:], key=lambda name: -happened[name])
    ranked = [name for name in ranked if happened[name]][: MOST_LANES - 2]
    shown = (lanes[0], *(name for name in lanes[1:] if name in ranked))
    others = f"{len(lanes) - len(shown)} others"
    found: list[Item] = []
    for item in items:
        last = found[-1] if found else None
        if isinstance(item, Note):
            found.append(item if item.over in shown else replace(item, over=others, words=f"{item.over}: {item.words}"))
            continue
        drawn = _as_others(item, shown, others, len(lanes) - len(shown))
        if isinstance(last, Arrow) and last.sender == others == drawn.sender and _alike(last, drawn):
            found[-1] = replace(last, drawn_for=(*last.drawn_for, *drawn.drawn_for))
        else:
            found.append(drawn)
    return Story((*shown, others), tuple(found))


def _alike(one: Arrow, other: Arrow) -> bool:
    answers = one.performative in _ANSWERS and other.performative in _ANSWERS
    return one.receivers == other.receivers and (answers or one.performative == other.performative)


def _as_others(arrow: Arrow, shown: Sequence[str], others: str, count: int) -> Arrow:
    hidden = [name for name in arrow.receivers if name not in shown]
    receivers = tuple(name for name in arrow.receivers if name in shown) + ((others,) if hidden else ())
    if arrow.sender not in shown:
        drawn_for = ((arrow.performative, arrow.sender),)
        return replace(
            arrow, sender=others, receivers=receivers, words=f"{arrow.sender}: {arrow.words}", drawn_for=drawn_for
        )
    words = arrow.words
    if len(hidden) == 1:
        words = f"to {hidden[0]}: {words}"
    elif hidden and len(hidden) < count:
        words += f" (to {len(hidden)} of the others)"
    return replace(arrow, receivers=receivers, words=words)
