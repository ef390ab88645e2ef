"""What a lexicographic rule compares, as a caller writes it: `probability:0.05,price:0.01,eta`; the first counts
most.
"""

from __future__ import annotations

from typing import Final, Literal, cast, get_args

from contractnet.contractor.ports import micros
from contractnet.errors import DefinitionError
from contractnet.mechanisms.rules import Criterion
from contractnet.messages.values import PPM

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
