"""The money of a ledger: granted = held + spent + released (promise 10), derived from its entries.

A ledger has one account, the market's, and a tree of child accounts under it, named by their paths: `team-a`,
`team-a/night`. Rules (D12):

1. A hold is taken with a tender's first opening and released at its end, less what was spent.
2. What does not fit now, but would if other holds were released, waits. What would not fit with none of them held has
   reached the limit.
3. A grant is a total in one unit: run again, it does not add. What a decision adds at a limit stays beside it.
4. A child's grant is held from its parent. What the child spends is spent in the parent too; what is left when the
   child closes is released to the parent, what its tenders still hold as they end.
5. Each account keeps what is free by itself, move by move; `check` compares that with the sums.

All amounts in micros of the unit. Source: D12.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from contractnet.errors import DefinitionError
from contractnet.messages.values import show_amount

#: how deep children may be nested
MOST_DEPTH: Final = 8
#: what the root account is called in words
MARKET: Final = "the market"


class Room(StrEnum):
    """Whether a hold fits."""

    FITS = "fits"
    WAITS = "waits"
    NEVER = "never"


class Account:
    """What was granted, is held, and was spent; its children's included.

    Args:
        name: its path; empty: the market's own.
    """

    def __init__(self, name: str = "", parent: Account | None = None) -> None:
        self.name = name
        self.parent = parent
        self.children: dict[str, Account] = {}  #: by their own part of the path
        self.granted: int | None = None  #: None: no cap
        self.budget: int | None = None  #: what was granted by name, without what decisions have added
        self.unit: str | None = None
        self.closed = False
        self.released: int | None = None  #: what of the grant is free; None: no cap
        self.holds: dict[str, tuple[int, str]] = {}  #: tender id -> (held, unit)
        self._held_in: dict[str, int] = {}  #: unit -> the sum of its holds
        self._spent_in: dict[str, int] = {}  #: unit -> spent

    # ---- what there is

    @property
    def called(self) -> str:
        """Its name for people."""
        return f"account {self.name}" if self.name else MARKET

    @property
    def held(self) -> int:
        """The sum of the holds in the grant's unit, before a grant of all, and what children have been given."""
        own = self._held_in.get(self.unit, 0) if self.unit else sum(self._held_in.values())
        return own + sum(child.claim for child in self.children.values())

    @property
    def spent(self) -> int:
        """What was spent in the grant's unit; before a grant, in all."""
        return self._spent_in.get(self.unit, 0) if self.unit else sum(self._spent_in.values())

    @property
    def claim(self) -> int:
        """What it holds of its parent: its grant, less what it has spent."""
        return (self.granted or 0) - self.spent

    @property
    def returning(self) -> int:
        """What holds may still give back. An open child gives nothing back before it closes."""
        own = self._held_in.get(self.unit, 0) if self.unit else sum(self._held_in.values())
        return own + sum(child.returning for child in self.children.values() if child.closed)

    def room(self, amount: int) -> Room:
        """Whether a hold of this amount fits now, may fit later, or never, as things are."""
        if self.closed:
            return Room.NEVER
        if self.released is None or amount <= self.released:
            return Room.FITS
        return Room.WAITS if amount <= self.released + self.returning else Room.NEVER

    def find(self, name: str) -> Account | None:
        """The account of that path, from here; None: it was never granted anything."""
        account: Account | None = self
        for part in name.split("/") if name else ():
            account = account.children.get(part) if account is not None else None
        return account

    def tree(self) -> Iterator[Account]:
        """It and all under it, parents first."""
        yield self
        for child in self.children.values():
            yield from child.tree()

    # ---- what happens

    def grant(self, amount: int, unit: str, name: str = "") -> Account:
        """Set the total of the account of that path; a child's is held from its parent. One that is closed opens again.

        Raises:
            DefinitionError: another unit than before or than the parent's, less than is held and spent already, more
                than the parent has left, or no parent.
        """
        account = self.allow(amount, unit, name)
        if account.parent is not None:
            account.parent.children[account.name.rpartition("/")[2]] = account
        account.unit = unit
        account._claim_more(amount - (account.granted or 0))
        account.budget, account.closed = amount, False
        return account

    def allow(self, amount: int, unit: str, name: str = "") -> Account:
        """The account that `grant` would set, nothing changed yet. Raises as `grant`."""
        account = self._place(name)
        account._require(amount, unit)
        return account

    def add(self, amount: int, name: str = "") -> Account:
        """Grant more than before: what was decided at a limit.

        Raises:
            DefinitionError: the account has no cap, is closed, or its parent has not so much left.
        """
        account = self.allow_more(amount, name)
        account._claim_more(amount)
        return account

    def allow_more(self, amount: int, name: str = "") -> Account:
        """The account that `add` would add to, nothing changed yet. Raises as `add`."""
        account = self.find(name)
        if account is None or account.granted is None or account.unit is None or account.closed:
            raise DefinitionError(f"account {name!r} has no grant that more could be added to")
        account._require(account.granted + amount, account.unit)
        return account

    def close(self, name: str) -> int:
        """No tender opens in it any more; returns what is released to its parent.

        Raises:
            DefinitionError: there is no such child, or it is closed already.
        """
        account = self.find(name)
        if account is None or account.parent is None or account.closed:
            raise DefinitionError(f"account {name!r} is not open")
        account.closed, free = True, account.released or 0
        account._shrink()
        return free

    def hold(self, tender: str, amount: int, unit: str) -> None:
        """Set aside the worst case of a tender of this account.

        Raises:
            DefinitionError: it does not fit.
        """
        if self.room(amount) is not Room.FITS or (self.unit is not None and unit != self.unit):
            raise DefinitionError(f"tender {tender} holds {amount} micros that the grant does not cover")
        self.holds[tender] = (amount, unit)
        self._held_in[unit] = self._held_in.get(unit, 0) + amount
        if self.released is not None:
            self.released -= amount

    def settle(self, tender: str, spent: int, unit: str) -> None:
        """A tender of this account ended: what it spent is spent, the rest is released.

        Raises:
            DefinitionError: it spent more than it held.
        """
        held, held_unit = self.holds.get(tender, (0, unit))
        capped = self.released is not None and unit == self.unit
        if spent > held and capped:
            raise DefinitionError(f"tender {tender} spent {spent} micros, and {held} were held for it")
        self.holds.pop(tender, None)
        self._held_in[held_unit] = self._held_in.get(held_unit, 0) - held
        self._spend(spent, unit)
        if self.released is not None and held_unit == self.unit:
            self.released += held - spent
        self._shrink()

    def check(self) -> None:
        """Compare, for this account and all under it: granted = held + spent + released, and nothing is negative.

        Raises:
            DefinitionError: names the account and the sums.
        """
        for account in self.tree():
            sums = (account.held, account.spent, account.released or 0)
            wrong = account.granted is not None and account.granted != sum(sums)
            if wrong or min(sums) < 0:
                held, spent, released = map(show_amount, sums)
                granted = "no cap" if account.granted is None else show_amount(account.granted)
                raise DefinitionError(
                    f"{account.called}: granted {granted}, and held {held} + spent {spent} + released {released}"
                )

    # ---- parts

    @property
    def _owner(self) -> str:
        return self.called if self.name else "this ledger"

    def _require(self, total: int, unit: str) -> None:
        """Whether this may be the grant in all."""
        if self.unit is not None and unit != self.unit:
            raise DefinitionError(f"the budget of {self._owner} is in {self.unit}, not in {unit}")
        self.unit, kept = unit, self.unit  # the sums of this unit
        held, spent = self.held, self.spent
        self.unit = kept
        if total < held + spent:
            raise DefinitionError(
                f"a budget of {show_amount(total)} {unit} is less than what {self._owner} has spent "
                f"({show_amount(spent)}) and holds ({show_amount(held)})"
            )
        for child in self.children.values():
            if child.unit != unit and child.claim:
                raise DefinitionError(f"{child.called} is in {child.unit}, and {self._owner} would be in {unit}")
        if self.parent is not None:
            self.parent._require_room(self, total - (self.granted or 0), unit)

    def _place(self, name: str) -> Account:
        """The account of a path, made where there is none; it is not in the tree yet."""
        found = self.find(name)
        if found is not None:
            return found
        above, _, _ = name.rpartition("/")
        parent = self.find(above)
        if parent is None or parent.closed or (above and parent.granted is None):
            raise DefinitionError(f"account {name!r}: its parent {above!r} is not open; grant it a budget first")
        if name.count("/") + 1 > MOST_DEPTH:
            raise DefinitionError(f"account {name!r}: accounts are nested {MOST_DEPTH} deep at most")
        return Account(name, parent)

    def _require_room(self, child: Account, more: int, unit: str) -> None:
        if self.unit is not None and unit != self.unit:
            raise DefinitionError(f"{child.called}: {self.called} is in {self.unit}, not in {unit}")
        if self.closed or (self.released is not None and more > self.released):
            left = show_amount(0 if self.closed else self.released or 0)
            raise DefinitionError(
                f"{child.called}: {show_amount(more)} {unit} more is over what {self.called} has left ({left} {unit})"
            )

    def _claim_more(self, more: int) -> None:
        """The grant grows by so much, out of the parent's."""
        if self.granted is None:  # the first: what went before it is in it
            self.granted, self.released = more, more - self.held - self.spent
        else:
            self.granted += more
            self.released = (self.released or 0) + more
        if self.parent is not None and self.parent.released is not None:
            self.parent.released -= more

    def _spend(self, spent: int, unit: str) -> None:
        account: Account | None = self
        while account is not None:
            account._spent_in[unit] = account._spent_in.get(unit, 0) + spent
            account = account.parent

    def _shrink(self) -> None:
        """What is free in a closed account is its parent's."""
        if not self.closed or self.parent is None or self.granted is None:
            return
        free, self.released = self.released or 0, 0
        self.granted -= free
        if self.parent.released is not None:
            self.parent.released += free
        self.parent._shrink()
