"""A recorded conversation as a sequence of arrows and notes.

Rules:

1. What one step said to several in the same words is one arrow; so is a call that several heard.
2. A step is a fact and what followed from it. The state in which it left a participant stands behind the message that
   moved it, else behind the step's first words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from contractnet.cli.entry_words import Told, tell
from contractnet.cli.lanes import laid_out
from contractnet.cli.story import MOST_NAMED, Arrow, Item, Note, Story, few
from contractnet.contractor import records as journal
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Misheard, Moved, Returned
from contractnet.manager import kinds
from contractnet.manager.records import Decided, Gone, Invited

#: entries that another one says in words, or that only hold the books
SILENT: Final = frozenset(
    {
        *("Sent", "Bade", "Declined", "Withdrew", "Finished", "Failed", "Stopped", "CannotStop", "Took", "Chose"),
        *("Held", "Founded"),
        *("BargainOpened", "BargainTaken", "BargainDeclined", "BargainCalledOff", "TurnTaken", "TurnDecided"),
        *("BargainEnded", "BargainMediated", "Passed", "Settled"),
    }
)
_FACTS: Final = frozenset({*journal.FACTS, *journal.LOOSE, *kinds.FACTS, *kinds.LOOSE})
#: tables of which there is one for each participant and not one for the conversation
_OWN: Final = frozenset({"P", "MP"})
#: the other ones; no agent is called like that
_ABOUT: Final = {"C": "the conversation", "MI": "the mediation"}


@dataclass(slots=True)
class _Reader:
    """What is known while the entries are read."""

    expected: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])  #: of each call
    states: dict[tuple[str, str, str], str] = field(default_factory=dict[tuple[str, str, str], str])
    call: str = ""  #: the one that is open


def story(entries: Iterable[Entry]) -> Story:
    """The story of one conversation, or of all calls of one tender.

    Args:
        entries: of it, in order.
    """
    reader = _Reader()
    items: list[Item] = []
    for step in _steps(entries):
        for item in _told(reader, step):
            last = items[-1] if items else None
            if isinstance(item, Arrow) and isinstance(last, Arrow) and (same := _merged(last, item)) is not None:
                items[-1] = same
            else:
                items.append(item)
    return laid_out(items)


def _steps(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Each fact with what followed from it."""
    step: list[Entry] = []
    for entry in entries:
        if entry.type in _FACTS and step:
            yield step
            step = []
        step.append(entry)
    if step:
        yield step


# ---- one step


def _told(reader: _Reader, step: Sequence[Entry]) -> list[Item]:
    moved = _moved(reader, step)
    items: list[Item] = []
    for entry in step:
        if entry.type == Moved.__name__ or entry.type in SILENT:
            continue
        item = _item(reader, entry, tell(entry))
        if isinstance(item, Arrow):
            item = replace(item, states=_states_behind(item, moved))
        items.append(item)
    left = _grouped(moved)
    place = next((at for at, item in enumerate(items) if isinstance(item, Note)), None)
    if left and place is not None:
        items[place] = replace(items[place], states=left)
    elif left and items:
        items.insert(1, Note(step[0].at, step[0].agent, "", left))
    return items


def _item(reader: _Reader, entry: Entry, told: Told) -> Item:
    if entry.type == Invited.__name__:
        reader.expected[entry.conversation] = told.named
        reader.call = entry.conversation
    if told.performative is None or told.sender is None:
        return Note(entry.at, entry.agent, _brief(entry, told))
    receivers = told.receivers or reader.expected.get(entry.conversation, ())
    if told.performative == "cfp" and entry.conversation not in reader.expected:
        reader.call = entry.conversation  # a journal: nobody is invited there
    elsewhere = entry.conversation != reader.call and not entry.conversation.startswith(f"{reader.call}.")
    words = told.words + (f" (of {entry.conversation})" if elsewhere and reader.call else "")
    heard, lost = entry.direction == "in" or entry.type == Misheard.__name__, entry.type == Misheard.__name__
    return Arrow(
        entry.at, told.sender, receivers, told.performative, words, entry.conversation, entry.message_id, heard, lost
    )


def _brief(entry: Entry, told: Told) -> str:
    """The words of a note; of many names or bids the first ones."""
    if entry.type in (Invited.__name__, Gone.__name__, Returned.__name__) and len(told.named) > MOST_NAMED:
        return told.words.replace(", ".join(told.named), few(told.named))
    if entry.type == Decided.__name__:
        head, _, rest = told.words.partition(": ")
        parts = sorted(rest.split("; "), key=lambda part: not part.endswith("awarded"))
        more = len(parts) - MOST_NAMED
        return f"{head}: {'; '.join(parts[:MOST_NAMED])}" + (f"; and {more} more" if more > 0 else "")
    return told.words


# ---- states


def _moved(reader: _Reader, step: Sequence[Entry]) -> dict[str, list[str]]:
    """Who came into which states, in order; rows that leave a state as it is are left out."""
    found: dict[str, list[str]] = {}
    for entry in step:
        if entry.type != Moved.__name__:
            continue
        for move in msgspec.json.decode(entry.body, type=Moved).moves:
            who = move.who or (entry.agent if move.table in _OWN else _ABOUT.get(move.table, f"table {move.table}"))
            key = entry.conversation, move.table, who
            if reader.states.get(key) != move.state:
                reader.states[key] = move.state
                found.setdefault(who, []).append(move.state)
    return found


def _states_behind(arrow: Arrow, moved: dict[str, list[str]]) -> tuple[str, ...]:
    """The state that stands behind a message; it is taken from those that are left."""
    if arrow.heard:
        who = arrow.sender if arrow.sender in moved else next(iter(arrow.receivers), "")
        if who not in moved:
            return ()
        first, *more = moved.pop(who)
        if more:
            moved[who] = more
        return (first,)
    parties = (arrow.sender,) if arrow.sender in moved else arrow.receivers
    last = {tuple(moved.get(who, ())[-1:]) for who in parties}
    if len(last) != 1 or last == {()}:
        return ()
    for who in parties:
        moved[who].pop()
    return last.pop()


def _grouped(moved: dict[str, list[str]]) -> tuple[str, ...]:
    """What is left, those in the same state together."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for who, states in moved.items():
        if not states:
            continue
        if " " in who:
            own.append(f"{who.removeprefix('the ')} {', '.join(states)}")
        else:
            found.setdefault(", ".join(states), []).append(who)
    return (*own, *(f"{state} {few(names)}" for state, names in found.items()))


def _merged(last: Arrow, item: Arrow) -> Arrow | None:
    """Both as one, where they are one message to several or say the same."""
    same = last.sender == item.sender and last.conversation == item.conversation and last.words == item.words
    if (
        same
        and last.states == item.states
        and last.heard == item.heard
        and not set(last.receivers) & set(item.receivers)
    ):
        return replace(last, receivers=(*last.receivers, *item.receivers))
    return None
