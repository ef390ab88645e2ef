"""Tit-for-tat: the published case, sides, randomness within its bound, and when there is too little to imitate."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.imitative import Imitative, Kind, imitated
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules
from contractnet.mechanisms.bargaining.time_dependent import TimeDependent
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import CENT, MANAGER, TRADE, mandate, money, price_rules, view

ASKS = [money(110), money(100), money(90)]


@pytest.mark.parametrize(
    ("kind", "window", "price"), [("relative", 1, 77.777778), ("absolute", 1, 80), ("averaged", 2, 85.555556)]
)
def test_the_published_answers_of_a_buyer(kind: Kind, window: int, price: float) -> None:
    found = imitated(kind, "buyer", money(70), ASKS, 1, window)
    assert found is not None
    assert found / 1e6 == pytest.approx(price, abs=1e-6)


@pytest.mark.parametrize(("kind", "price"), [("relative", 75), ("absolute", 70), ("averaged", 67.5)])
def test_a_seller_comes_down_as_bids_go_up(kind: Kind, price: float) -> None:
    bids = [money(36), money(40), money(48)] if kind != "absolute" else [money(10), money(20), money(40)]
    assert imitated(kind, "seller", money(90), bids, 1, 2) == money(price)


def test_the_lag_says_which_step_is_imitated() -> None:
    assert imitated("absolute", "buyer", money(70), [money(120), *ASKS[1:]], lag=2) == money(70 + 20)


def test_an_offer_of_nothing_has_no_ratio() -> None:
    assert imitated("relative", "seller", money(90), [0, 0]) is None
    who = mandate("seller", 60)
    seen = view(who, me=1, turn=5, mine=((money(110),), (money(100),)), theirs=((0,), (0,), (0,)))
    assert Imitative(kind="relative").propose(seen) == (money(120),)


def test_what_is_imitated_is_clipped_to_the_own_span() -> None:
    steep = ((money(120),), (money(20),))
    seen = view(mandate("buyer", 90), turn=4, mine=((money(10),), (money(50),)), theirs=steep)
    assert Imitative(kind="absolute").propose(seen) == (money(90),)
    away = view(mandate("buyer", 90, opening=40), turn=4, mine=((money(40),), (money(50),)), theirs=steep[::-1])
    assert Imitative(kind="absolute").propose(away) == (money(40),)


def test_the_random_part_is_drawn_from_the_seed_and_bounded() -> None:
    def propose(seed: str, side: str) -> int:
        asks = ((money(110),), (money(100),)) if side == "buyer" else ((money(40),), (money(50),))
        who = mandate("buyer", 100) if side == "buyer" else mandate("seller", 60)
        own = ((money(70),), (money(70),)) if side == "buyer" else ((money(110),), (money(110),))
        rules = price_rules(buyer=0 if side == "buyer" else 1)
        terms = Imitative(kind="absolute", most_random=money(2)).propose(
            view(who, rules, turn=4, mine=own, theirs=asks, seed=seed)
        )
        assert terms is not None
        return terms[0]

    bought = [propose(str(n), "buyer") for n in range(200)]
    assert bought == [propose(str(n), "buyer") for n in range(200)]
    assert money(80) <= min(bought) < money(80.1)
    assert money(81.9) < max(bought) <= money(82)
    assert len(set(bought)) > 100
    sold = [propose(str(n), "seller") for n in range(200)]
    assert money(98) <= min(sold) <= max(sold) <= money(100)


def test_with_too_little_to_imitate_it_goes_by_time() -> None:
    who, rules = mandate("buyer", 100), price_rules()
    timed = TimeDependent(k=PPM // 10)
    for kind, heard in (("relative", 1), ("averaged", 2)):
        tactic = Imitative(kind=kind, window=2, opening=timed)  # type: ignore[arg-type]
        seen = view(who, rules, turn=4, mine=((money(10),), (money(20),)), theirs=((money(110),),) * heard)
        assert tactic.propose(seen) == timed.propose(seen)
    first = view(who, rules, me=0)
    assert Imitative(opening=timed).propose(first) == timed.propose(first) == (money(10),)


def test_what_it_cannot_play_is_said_before() -> None:
    for wrong in (Imitative(lag=0), Imitative(window=0), Imitative(most_random=-CENT)):
        with pytest.raises(MechanismError, match="lag and window are at least 1"):
            wrong.check(price_rules(), mandate("buyer", 100))
    with pytest.raises(MechanismError, match="single price"):
        Imitative().check(Rules(agenda=TRADE, turns=4), Mandate(preferences=MANAGER))
