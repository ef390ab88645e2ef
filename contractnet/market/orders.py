"""Terms of a few rules, as a caller writes them: what `lexicographic` compares (`probability:0.05,price:0.01,eta`; the
first counts most), and what goes with the parts of a divisible task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, cast, get_args

from contractnet.contractor.ports import micros
from contractnet.errors import DefinitionError
from contractnet.manager.allotment import PART_RULES
from contractnet.mechanisms.rules import Criterion
from contractnet.messages.values import MAX_MICROS, PPM, show_amount

What = Literal["price", "eta", "probability"]
_WHAT: Final = get_args(What)


def order(text: str) -> tuple[Criterion, ...]:
    """The criteria that a text names, each once; behind a colon the step in which it counts.

    The step of a price is an amount, that of a probability a share of 1, that of an eta whole seconds.

    Raises:
        DefinitionError: it names something else, one twice, or a step that is none.
    """
    found = tuple(_criterion(part.strip()) for part in str(text).split(","))
    if len({one.what for one in found}) < len(found):
        raise DefinitionError(f"order: {text[:60]!r} names one thing twice")
    return found


def share(what: str, value: float) -> int:
    """A share that a user wrote as a number from 0 to 1, as parts per million.

    Raises:
        DefinitionError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise DefinitionError(f"{what}: {value!r} is not a share from 0 to 1")
    return round(value * PPM)


def parts(of: Mapping[str, Any], count: int, reserve: int | None) -> int:
    """The number of parts of a divisible task, where the other terms let it have some.

    Args:
        of: the terms, by the names of `TermOptions`.
        reserve: micros, of one part.
    Raises:
        DefinitionError: they do not; says which.
    """
    if of["rule"] not in (None, *PART_RULES):
        raise DefinitionError(f"parts: they are given by {' or '.join(PART_RULES)}, not by {str(of['rule'])[:40]!r}")
    for name, empty in (("slots", 1), ("mediator", None), ("direct", False), ("bond_stake", None)):
        if of[name] != empty:
            raise DefinitionError(f"parts: {name} does not go with them; each part is a slot, and each price for one")
    if reserve is not None and reserve * count > MAX_MICROS:
        raise DefinitionError(f"parts: {count} at the reserve are over {show_amount(MAX_MICROS)}, the largest amount")
    return count


def _criterion(part: str) -> Criterion:
    what, _, step = part.partition(":")
    if what not in _WHAT:
        raise DefinitionError(f"order: {what[:40]!r} is none of {', '.join(_WHAT)}; write such as price:0.01,eta")
    found = Criterion(what=cast(What, what), step=_step(what, step) if step else 1)
    if found.step < 1:
        raise DefinitionError(f"order: the step {step[:40]!r} of {what} is not more than 0")
    return found


def _step(what: str, step: str) -> int:
    if what == "price":
        return micros(step, "order")
    try:
        return share("order", float(step)) if what == "probability" else int(step)
    except ValueError as error:
        raise DefinitionError(f"order: the step {step[:40]!r} of {what} is no number") from error
