"""What the tests of bargaining share: small worlds, players of any kind, and sides that are believed nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st
from msgspec import Struct

from contractnet.mechanisms.bargaining.acceptance import AcceptAfter, AcceptAtLeast, AcceptBetter, AcceptCombined
from contractnet.mechanisms.bargaining.boundary import Said
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.guard import Decision
from contractnet.mechanisms.bargaining.issues import Agenda, Terms, agenda, choice, price_issue
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, PricePreferences, Side, weighted
from contractnet.mechanisms.bargaining.session import Bargainer, Player
from contractnet.mechanisms.bargaining.shape import AcceptanceRule, Rules, Strategy, View
from contractnet.messages.values import PPM

UNIT = 1_000_000
CENT = 10_000

#: strategies that only several issues, or only a price, make sense for
FOR_ISSUES = ("logrolling-frequency", "logrolling-bayesian")
FOR_PRICES = tuple(name for name in STRATEGIES if name not in FOR_ISSUES)
FOR_BOTH = ("linear", "boulware", "conceder", "exponential", "micro", "zeuthen", "takes-any-gain")


def money(amount: float) -> int:
    return round(amount * UNIT)


def price_agenda(low: float = 0, high: float = 120, tick: int = CENT) -> Agenda:
    return agenda(price_issue(money(low), money(high), tick))


def price_rules(turns: int = 12, **more: Any) -> Rules:
    return Rules(**{"agenda": price_agenda(), "turns": turns, "buyer": 0, **more})


def mandate(side: Side, limit: float, opening: float | None = None, margin: int = 0) -> Mandate:
    start = None if opening is None else money(opening)
    return Mandate(preferences=PricePreferences(side, money(limit)), opening=start, margin=margin)


def view(who: Mandate, rules: Rules | None = None, **more: Any) -> View:
    """What a side sees in its first turn, or in the one that is named."""
    return View(**{"rules": price_rules() if rules is None else rules, "mandate": who, "me": 0, "turn": 0, **more})


#: three issues that two sides weigh in opposite orders: there is much to trade
TRADE = agenda(
    choice("price", "low", "mid", "high"),
    choice("speed", "slow", "usual", "fast", "rush"),
    choice("report", "none", "short", "long"),
)
MANAGER = weighted(TRADE, (600_000, 300_000, 100_000), ((2, 1, 0), (0, 1, 2, 3), (0, 1, 2)), 300_000)
CONTRACTOR = weighted(TRADE, (200_000, 200_000, 600_000), ((0, 1, 2), (3, 2, 1, 0), (2, 1, 0)), 300_000)


class Wild(Struct, frozen=True):
    """A generator that proposes anything, also what nobody may say."""

    proposals: tuple[Any, ...]

    @property
    def name(self) -> str:
        return "wild"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        """Plays anything."""

    def propose(self, view: View) -> Any:
        return self.proposals[view.turn % len(self.proposals)]


class Hostile(Struct, frozen=True):
    """A side without guard or generator: it says what it likes."""

    mandate: Mandate
    acts: tuple[Said, ...]
    eager: bool  #: accepts whatever may be accepted, with the terms that it is told to say

    def check(self, rules: Rules, me: int) -> None:
        """Plays anything."""

    def move(self, view: View) -> Decision:
        if self.eager and view.live:
            offer = view.live[-1]
            return Decision(Said(act="accept", of=offer.turn, terms=offer.terms, unit=view.rules.agenda.issues[0].unit))
        return Decision(self.acts[view.turn % len(self.acts)])


class World(NamedTuple):
    """Two sides that are about to bargain."""

    rules: Rules
    players: tuple[Bargainer, Bargainer]

    @property
    def guarded(self) -> Sequence[tuple[int, Player]]:
        """The sides whose reservation must hold, with the order of their moving."""
        return [(by, player) for by, player in enumerate(self.players) if isinstance(player, Player)]


class Bytes:
    """Whatever a world is made of, read off a few bytes: faster than a strategy a thing, and it shrinks as well."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def byte(self) -> int:
        self._place += 1
        return self._data[(self._place - 1) % len(self._data)]

    def one(self, things: Sequence[Any]) -> Any:
        return things[self.byte() % len(things)]

    def number(self) -> int:
        """Often a round one, sometimes an odd one, sometimes far out."""
        kind = self.byte() % 8
        value = self.byte() % 156 - 5
        return (
            value * UNIT
            if kind < 5
            else value * UNIT + self.byte() * 997
            if kind < 7
            else self.one((-1, 0, 1, 3, 10**12))
        )

    def proposal(self) -> Any:
        kind = self.byte() % 8
        if kind < 3:
            return (self.number(),)
        if kind < 6:
            return tuple(self.byte() % 5 - self.byte() % 2 for _ in range(3))
        odd = (None, (), (True,), (49.5, 1, 1), ("1",), (float("nan"),), (None, 0, 0), (1, 1), (0, 1, 2, 3))
        return self.one(odd)

    def said(self) -> Said:
        return Said(
            act=self.one(("offer", "accept", "offer", "quit", "accept", "pay")),
            terms=self.one((self.proposal(), list(self.proposal() or ()), "12", 12, None)),
            unit=self.one(("USD", "", "USD", "EUR", None)),
            of=self.one((None, self.byte() % 12, None)),
            turn=self.one((None, None, self.byte() % 12)),
        )

    def acceptance(self) -> AcceptanceRule:
        combined = AcceptCombined(
            after=PPM // 2, alpha=self.one(("best", "mean", -(10**9))), window=self.one((None, 1, 3))
        )
        least = AcceptAtLeast(-self.byte() * 10**7)
        rules: tuple[AcceptanceRule, ...] = (AcceptAfter(0), AcceptAfter(PPM // 2), least, AcceptBetter(), combined)
        return rules[self.byte() % len(rules)]

    def player(self, who: Mandate, names: Sequence[str]) -> Bargainer:
        known, kind = STRATEGIES[self.one(names)], self.byte() % 6
        if kind < 2:
            return Player(known, who)
        if kind < 3:
            return Player(Strategy(known.generator, self.acceptance()), who)
        if kind < 5:
            return Player(Strategy(Wild(tuple(self.proposal() for _ in range(3))), self.acceptance()), who)
        return Hostile(who, tuple(self.said() for _ in range(4)), self.byte() % 2 == 0)


def _price_world(data: Bytes) -> World:
    """Any two sides over a price, feasible or not; limits on the grid and off it, in the bounds and out of them."""
    tick, buyer = data.one((CENT, UNIT, 1, 3 * CENT)), data.one((0, 1))
    rules = Rules(
        agenda=agenda(price_issue(data.byte() % 40 * UNIT, (50 + data.byte() % 70) * UNIT, tick)),
        turns=1 + data.byte() % 14,
        buyer=buyer,
        monotone=data.one((False, True)),
        standing=data.one((False, True)),
        lifetime=data.one((None, 1, 2, 5)),
    )
    players: list[Bargainer] = []
    for by in (0, 1):
        who = Mandate(
            preferences=PricePreferences("buyer" if by == buyer else "seller", data.number()),
            opening=data.one((None, data.number())),
            margin=data.one((0, 50_000, PPM)),
        )
        players.append(data.player(who, FOR_PRICES))
    return World(rules, (players[0], players[1]))


def _issue_world(data: Bytes) -> World:
    """Any two sides over several issues."""
    rules = Rules(
        agenda=TRADE, turns=1 + data.byte() % 14, standing=data.one((False, True)), lifetime=data.one((None, 1))
    )
    players: list[Bargainer] = []
    for _ in (0, 1):
        weights = [data.byte() * 4_000 for _ in TRADE.issues]
        rows = [[data.byte() % 10 for _ in range(issue.size)] for issue in TRADE.issues]
        mine = weighted(TRADE, weights, rows, data.byte() % 16 * 100_000)
        who = Mandate(preferences=mine, margin=data.one((0, 50_000, PPM)))
        players.append(data.player(who, (*FOR_BOTH, *FOR_ISSUES)))
    return World(rules, (players[0], players[1]))


_BYTES = st.binary(min_size=64, max_size=64).map(Bytes)
PRICE_WORLDS = _BYTES.map(_price_world)
ISSUE_WORLDS = _BYTES.map(_issue_world)
WORLDS = st.one_of(PRICE_WORLDS, PRICE_WORLDS, ISSUE_WORLDS)


def deals_of(one: Additive) -> list[Terms]:
    return list(one.agenda.deals())
