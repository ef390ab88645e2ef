"""What a caller gives, checked for kind and bounds: amounts, whole numbers, yes or no, durations."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from contractnet.errors import DefinitionError
from contractnet.messages.values import parse_amount

Amount = str | int | Decimal


def micros(amount: Amount, what: str) -> int:
    """An amount that a user wrote, as micros: a decimal string, a whole number of units, or a Decimal.

    Raises:
        DefinitionError: not such an amount; floats are refused, since they are not exact.
    """
    if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
        raise DefinitionError(f"{what}: write an amount as a string such as '0.05', not as {type(amount).__name__}")
    if isinstance(amount, Decimal):
        try:
            amount = format(amount, "f")
        except (InvalidOperation, ValueError) as error:
            raise DefinitionError(f"{what}: {amount!r} is not an amount") from error
    return parse_amount(str(amount), what)


def flag(what: str, value: bool) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise DefinitionError(f"{what}: {str(value)[:40]!r} is neither true nor false")
    return value


def milliseconds(seconds: float, what: str) -> int:
    """A duration that a user wrote in seconds, 0.01 to 30 days, as milliseconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0.01 <= seconds <= 30 * 24 * 3600:
        raise DefinitionError(f"{what}: {seconds!r} is not a number of seconds from 0.01 to {30 * 24 * 3600}")
    return round(seconds * 1000)


def whole(what: str, value: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise DefinitionError(f"{what}: {value!r} is not a whole number from {least} to {most}")
    return value
