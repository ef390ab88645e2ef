"""Accounts with children, driven at random: the identities always hold, nothing is negative, no grant is overspent.

The model knows no sums: it keeps every grant, hold and price by itself, and counts from the leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contractnet.errors import DefinitionError
from contractnet.manager.accounts import Account, Room
from tests.support.examples import often

NAMES = ("", "a", "b", "a/x", "a/y", "a/x/deep")
names = st.sampled_from(NAMES)
amounts = st.integers(0, 60)


@dataclass
class Known:
    """What the model knows of one account."""

    granted: int  #: by name and by decisions, never less than what it has used
    closed: bool = False
    holds: dict[str, int] = field(default_factory=dict[str, int])
    spent: int = 0  #: by its own tenders


class Money(RuleBasedStateMachine):
    """Grants, decisions, children, holds, ends, closings."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Account()
        self.root.grant(100, "USD")
        self.known: dict[str, Known] = {"": Known(100)}
        self.tenders = 0

    # ---- the model

    def under(self, name: str) -> list[str]:
        return [one for one in self.known if one != name and one.rpartition("/")[0] == name and one]

    def spent(self, name: str) -> int:
        return self.known[name].spent + sum(self.spent(one) for one in self.under(name))

    def held(self, name: str) -> int:
        """Its tenders' holds, and of each child what it may still spend."""
        mine = sum(self.known[name].holds.values())
        return mine + sum(self.limit(one) - self.spent(one) for one in self.under(name))

    def limit(self, name: str) -> int:
        """The most that it may spend in all: a closed one no more than it has and holds."""
        known = self.known[name]
        return self.spent(name) + self.held(name) if known.closed else known.granted

    def free(self, name: str) -> int:
        return self.limit(name) - self.spent(name) - self.held(name)

    def parent_has(self, name: str, more: int) -> bool:
        above = name.rpartition("/")[0]
        return not name or (not self.known[above].closed and more <= self.free(above))

    # ---- the rules

    @rule(name=names, amount=amounts)
    def grant(self, name: str, amount: int) -> None:
        there = name in self.known
        above = name.rpartition("/")[0]
        used = self.spent(name) + self.held(name) if there else 0
        now = self.limit(name) if there else 0
        reachable = not name or above in self.known
        possible = reachable and amount >= used and self.parent_has(name, amount - now)
        possible = possible and (there or not name or not self.known[above].closed)
        if not possible:
            with pytest.raises(DefinitionError):
                self.root.grant(amount, "USD", name)
            return
        self.root.grant(amount, "USD", name)
        self.known.setdefault(name, Known(amount))
        self.known[name].granted, self.known[name].closed = amount, False

    @rule(name=names, amount=st.integers(1, 60))
    def decide_more(self, name: str, amount: int) -> None:
        if name not in self.known or self.known[name].closed or not self.parent_has(name, amount):
            with pytest.raises(DefinitionError):
                self.root.add(amount, name)
            return
        self.root.add(amount, name)
        self.known[name].granted += amount

    @rule(name=names, amount=amounts)
    def hold(self, name: str, amount: int) -> None:
        account = self.root.find(name)
        if account is None:
            assert name not in self.known
            return
        tender = f"t{self.tenders}"
        fits = not self.known[name].closed and amount <= self.free(name)
        assert (account.room(amount) is Room.FITS) is fits
        if not fits:
            with pytest.raises(DefinitionError):
                account.hold(tender, amount, "USD")
            return
        self.tenders += 1
        account.hold(tender, amount, "USD")
        self.known[name].holds[tender] = amount

    @rule(name=names, part=st.integers(0, 4), over=st.booleans())
    def end(self, name: str, part: int, over: bool) -> None:
        known, account = self.known.get(name), self.root.find(name)
        if known is None or account is None or not known.holds:
            return
        tender, held = next(iter(known.holds.items()))
        if over:
            before = dict(account.holds)
            with pytest.raises(DefinitionError):
                account.settle(tender, held + 1, "USD")
            assert account.holds == before
            return
        spent = held * part // 4
        account.settle(tender, spent, "USD")
        del known.holds[tender]
        known.spent += spent

    @rule(name=names)
    def close(self, name: str) -> None:
        known = self.known.get(name)
        if not name or known is None or known.closed:
            with pytest.raises(DefinitionError):
                self.root.close(name)
            return
        free = self.free(name)
        assert self.root.close(name) == free
        known.closed = True

    @rule(amount=st.integers(1, 120))
    def a_place_that_may_come_free_comes_free(self, amount: int) -> None:
        """What waits would fit if the holds were released; what never fits would not."""
        room = self.root.room(amount)
        back = self._returning("")
        if room is Room.FITS:
            assert amount <= self.free("")
        else:
            assert (room is Room.WAITS) is (amount <= self.free("") + back)

    def _returning(self, name: str) -> int:
        mine = sum(self.known[name].holds.values())
        return mine + sum(self._returning(one) for one in self.under(name) if self.known[one].closed)

    # ---- what always holds

    @invariant()
    def granted_is_held_and_spent_and_released(self) -> None:
        self.root.check()
        for account in self.root.tree():
            assert account.granted is not None
            assert account.released is not None
            assert account.granted == account.held + account.spent + account.released
            assert min(account.held, account.spent, account.released) >= 0
            name = account.name
            assert (account.held, account.spent) == (self.held(name), self.spent(name))
            assert (account.granted, account.released) == (self.limit(name), self.free(name))

    @invariant()
    def nobody_spends_over_a_grant(self) -> None:
        assert self.spent("") <= self.known[""].granted


def test_accounts_with_children_add_up_whatever_happens() -> None:
    run_state_machine_as_test(Money, settings=settings(max_examples=often(300), stateful_step_count=30, deadline=None))
