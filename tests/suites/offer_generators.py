"""What every offer generator must do, built in or brought by another distribution. A subclass says which generator.

    class TestMine(OfferGeneratorSuite):
        generator = MyGenerator()
        issues = False  # it is for a single price

Its offers are looked at in sessions against sides that concede, that never do, and that offer all kinds of things.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.boundary import Code
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.guard import broken
from contractnet.mechanisms.bargaining.issues import agenda, choice, price_issue
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, weighted
from contractnet.mechanisms.bargaining.session import Bargainer, Player, bargain
from contractnet.mechanisms.bargaining.shape import OfferGenerator, Rules, Strategy, View

#: subclasses share the test functions, hence the health check
EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors]
)

UNIT = 1_000_000
CENT = 10_000
ISSUES = agenda(choice("speed", "slow", "usual", "fast"), choice("report", "none", "short", "long", "all"))
_NAMES = ("linear", "boulware", "conceder", "micro", "takes-any-gain")


class Watched:
    """A player whose every view is kept, with what its generator made of it."""

    def __init__(self, player: Player) -> None:
        self.mandate = player.mandate
        self.seen: list[tuple[View, Any]] = []
        self._player = player

    def check(self, rules: Rules, me: int) -> None:
        self._player.check(rules, me)

    def move(self, view: View) -> Any:
        self.seen.append((view, self._player.strategy.generator.propose(view)))
        return self._player.move(view)


class OfferGeneratorSuite:
    """The promises of `bargaining.shape`."""

    generator: ClassVar[OfferGenerator]
    price: ClassVar[bool] = True  #: whether it can bargain over a single price
    issues: ClassVar[bool] = True  #: whether it can over several issues

    def watched(self, mine: Mandate, other: Mandate, against: str, rules: Rules, first: bool) -> Watched:
        """Its side of a session."""
        one = Watched(Player(Strategy(self.generator, AcceptNext()), mine))
        two = Player(STRATEGIES[against], other)
        players: tuple[Bargainer, Bargainer] = (one, two) if first else (two, one)
        bargain(*players, rules, "seed")
        return one

    def keeps_its_word(self, watched: Watched) -> None:
        for view, proposed in watched.seen:
            assert self.generator.propose(view) == proposed, "the same view gives the same offer"
            if proposed is not None:
                assert broken(view, proposed) in (None, Code.NOT_MONOTONE), "the guard has nothing to mend"

    def test_it_is_an_offer_generator(self) -> None:
        assert isinstance(self.generator, OfferGenerator)
        assert self.generator.name
        assert set(self.generator.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")

    @EXAMPLES
    @given(
        st.integers(10, 120),
        st.integers(10, 120),
        st.sampled_from(_NAMES),
        st.integers(1, 20),
        st.booleans(),
        st.booleans(),
        st.sampled_from((1, CENT, 5 * UNIT)),
    )
    def test_over_a_price(
        self, own: int, other: int, against: str, turns: int, buys: bool, first: bool, tick: int
    ) -> None:
        rules = Rules(agenda=agenda(price_issue(0, 130 * UNIT, tick)), turns=turns, buyer=0 if buys is first else 1)
        mine = Mandate(preferences=PricePreferences("buyer" if buys else "seller", own * UNIT))
        theirs = Mandate(preferences=PricePreferences("seller" if buys else "buyer", other * UNIT))
        if not self.price:
            with pytest.raises(MechanismError):
                self.generator.check(rules, mine)
            return
        self.keeps_its_word(self.watched(mine, theirs, against, rules, first))

    @EXAMPLES
    @given(
        st.lists(st.integers(0, 9), min_size=7, max_size=7),
        st.lists(st.integers(0, 9), min_size=7, max_size=7),
        st.integers(0, 11),
        st.sampled_from(_NAMES),
        st.integers(1, 20),
        st.booleans(),
    )
    def test_over_several_issues(
        self, own: list[int], other: list[int], least: int, against: str, turns: int, first: bool
    ) -> None:
        rules = Rules(agenda=ISSUES, turns=turns)
        mine = Mandate(preferences=weighted(ISSUES, (600_000, 400_000), (own[:3], own[3:]), least * 100_000))
        theirs = Mandate(preferences=weighted(ISSUES, (300_000, 700_000), (other[:3], other[3:])))
        if not self.issues:
            with pytest.raises(MechanismError):
                self.generator.check(rules, mine)
            return
        self.keeps_its_word(self.watched(mine, theirs, against, rules, first))
