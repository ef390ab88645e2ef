"""Terms of a few rules, as a caller writes them: what `lexicographic` compares (`probability:0.05,price:0.01,eta`; the
first counts most), what goes with the parts of a divisible task, and with items that are bought in
bundles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, cast, get_args

from contractnet.errors import DefinitionError, MechanismError
from contractnet.manager.allotment import PART_RULES
from contractnet.manager.conditions import ItemTerms
from contractnet.mechanisms.awards.cover import require_solver
from contractnet.mechanisms.rules import Criterion
from contractnet.messages.given import Amount, micros
from contractnet.messages.values import MAX_MICROS, MOST_ITEMS, PPM, require, show_amount

What = Literal["price", "eta", "probability"]
#: the rule by which items are bought in bundles
BUNDLES: Final = "vcg"
#: what goes neither with parts nor with items
_ALONE: Final = (("slots", 1), ("mediator", None), ("direct", False), ("bond_stake", None))
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
    for name, empty in _ALONE:
        if of[name] != empty:
            raise DefinitionError(f"parts: {name} does not go with them; each part is a slot, and each price for one")
    if reserve is not None and reserve * count > MAX_MICROS:
        raise DefinitionError(f"parts: {count} at the reserve are over {show_amount(MAX_MICROS)}, the largest amount")
    return count


def items(of: Mapping[str, Any], worth: int | None) -> tuple[ItemTerms, ...]:
    """What is bought in bundles, where the other terms and what is installed let it be.

    Args:
        of: the terms, by the names of `TermOptions`.
        worth: the reserve that was given, micros; None: none.
    Raises:
        DefinitionError: they do not; says which, or what to install.
    """
    text: Any = of["items"]
    given: Any = dict(map(_item, text.split(","))) if isinstance(text, str) else text
    none: dict[str, Amount] = {}
    named = cast(dict[str, Amount], given) if hasattr(given, "items") else none
    if not 1 <= len(named) <= MOST_ITEMS:
        raise DefinitionError(f"items: name 1 to {MOST_ITEMS} with a reserve each, such as a:0.05,b:0.03")
    if of["rule"] not in (None, BUNDLES):
        raise DefinitionError(f"items: they are bought by {BUNDLES}, not by {str(of['rule'])[:40]!r}")
    if worth is not None or of["public_reserve"]:
        raise DefinitionError("items: each has a reserve of its own, which is secret; leave reserve out")
    for name, empty in (*_ALONE, ("parts", None), ("budget", None)):
        if of[name] != empty:
            raise DefinitionError(f"items: {name} does not go with them; each item is a slot")
    try:
        require_solver()
    except MechanismError as error:
        raise DefinitionError(f"items: {error}") from error
    return tuple(
        ItemTerms(name=require("key", name, "items"), reserve=micros(reserve, "items"))
        for name, reserve in named.items()
    )


def _item(text: str) -> tuple[str, str]:
    name, _, reserve = text.strip().rpartition(":")
    return name, reserve


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
