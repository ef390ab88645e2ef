"""A value that is used and never shown: an API key."""

from __future__ import annotations

from typing import Final, NoReturn

SHOWN: Final = "***"


class Secret:
    """Printed, formatted and logged it is `***`; no codec takes it, and it cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that must have it."""
        return self._value

    def __repr__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")
