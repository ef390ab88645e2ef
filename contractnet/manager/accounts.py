"""The money of a ledger: granted = held + spent + released (promise 10), derived from its entries.

Rules (D12):

1. A hold is taken with a tender's first opening and released at its end, less what was spent.
2. What does not fit now, but would if other holds were released, waits. What would not fit with nothing held is
   refused.
3. A grant is a total in one unit: run again, it does not add.

All amounts in micros of the unit. Source: D12.
"""

from __future__ import annotations

from enum import StrEnum

from contractnet.errors import DefinitionError


class Room(StrEnum):
    """Whether a hold fits."""

    FITS = "fits"
    WAITS = "waits"
    NEVER = "never"


class Accounts:
    """What was granted, is held, and was spent."""

    def __init__(self) -> None:
        self.granted: int | None = None  #: None: no cap
        self.unit: str | None = None
        self.spent = 0
        self.holds: dict[str, int] = {}  #: tender id -> held

    @property
    def held(self) -> int:
        """The sum of all holds."""
        return sum(self.holds.values())

    @property
    def released(self) -> int | None:
        """What of the grant is free; None: no cap."""
        return None if self.granted is None else self.granted - self.held - self.spent

    def grant(self, amount: int, unit: str) -> None:
        """Set the total.

        Raises:
            DefinitionError: another unit than before, or less than is held and spent already.
        """
        if self.unit is not None and unit != self.unit:
            raise DefinitionError(f"the budget of this ledger is in {self.unit}, not in {unit}")
        if amount < self.held + self.spent:
            raise DefinitionError(
                f"a budget of {amount} micros is less than what this ledger has spent ({self.spent}) "
                f"and holds ({self.held})"
            )
        self.granted, self.unit = amount, unit

    def room(self, amount: int) -> Room:
        """Whether a hold of this amount fits now, may fit later, or never."""
        if self.granted is None or amount <= self.granted - self.held - self.spent:
            return Room.FITS
        return Room.WAITS if amount <= self.granted - self.spent else Room.NEVER

    def hold(self, tender: str, amount: int) -> None:
        """Set aside the worst case of a tender."""
        self.holds[tender] = amount

    def settle(self, tender: str, spent: int) -> None:
        """A tender ended: what it spent is spent, the rest is released."""
        self.holds.pop(tender, None)
        self.spent += spent
