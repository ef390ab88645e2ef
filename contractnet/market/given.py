"""What a caller gives, checked for kind and bounds: whole numbers, yes or no, durations."""

from __future__ import annotations

from contractnet.errors import DefinitionError


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
