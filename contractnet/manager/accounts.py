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
from contractnet.messages.values import show_amount


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
        self.holds: dict[str, tuple[int, str]] = {}  #: tender id -> (held, unit)
        self._held_in: dict[str, int] = {}  #: unit -> the sum of its holds
        self._spent_in: dict[str, int] = {}  #: unit -> spent

    @property
    def held(self) -> int:
        """The sum of the holds in the grant's unit; before a grant, of all."""
        return self._held_in.get(self.unit, 0) if self.unit else sum(self._held_in.values())

    @property
    def spent(self) -> int:
        """What was spent in the grant's unit; before a grant, in all."""
        return self._spent_in.get(self.unit, 0) if self.unit else sum(self._spent_in.values())

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
        held, spent = self._held_in.get(unit, 0), self._spent_in.get(unit, 0)
        if amount < held + spent:
            raise DefinitionError(
                f"a budget of {show_amount(amount)} {unit} is less than what this ledger has spent "
                f"({show_amount(spent)}) and holds ({show_amount(held)})"
            )
        self.granted, self.unit = amount, unit

    def room(self, amount: int) -> Room:
        """Whether a hold of this amount fits now, may fit later, or never."""
        if self.granted is None or amount <= self.granted - self.held - self.spent:
            return Room.FITS
        return Room.WAITS if amount <= self.granted - self.spent else Room.NEVER

    def hold(self, tender: str, amount: int, unit: str) -> None:
        """Set aside the worst case of a tender."""
        self.holds[tender] = (amount, unit)
        self._held_in[unit] = self._held_in.get(unit, 0) + amount

    def settle(self, tender: str, spent: int, unit: str) -> None:
        """A tender ended: what it spent is spent, the rest is released."""
        held, held_unit = self.holds.pop(tender, (0, unit))
        self._held_in[held_unit] = self._held_in.get(held_unit, 0) - held
        self._spent_in[unit] = self._spent_in.get(unit, 0) + spent
