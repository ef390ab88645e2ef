"""How a seller bargains: what its plan is made of, and when it makes none."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.bargaining.player import Asking, Refusal, Task
from contractnet.bargaining.records import Plan
from contractnet.bargaining.wire import rules_of
from contractnet.bidders.bargainer import seller
from contractnet.bidders.cost import CostModel
from contractnet.bidders.stance import Stance, Wish
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.preferences import Additive, PricePreferences
from contractnet.messages.bargaining import BargainRequestContent, IssueContent
from contractnet.messages.contents import Terms
from contractnet.messages.values import RefuseReason

PRICE = IssueContent(name="price", low=0, high=1_000_000, tick=1_000, unit="USD")
DAYS = IssueContent(name="days", low=1, high=10)
COLOUR = IssueContent(name="colour", low=0, high=1, options=("red", "blue"))
RED = Wish(1, None, {"red": 1})
COST = CostModel(per_1k_tokens=40_000, floor=10_000)


def asking(*issues: IssueContent, task: Task | None = None, **rules: Any) -> Asking:
    buyer = "initiator" if issues == (PRICE,) else None
    given: dict[str, Any] = {"turns": 8, "reply_within_ms": 1_000, "turn_within_ms": 1_000, "buyer": buyer}
    content = BargainRequestContent(subject="x", issues=issues, **given | rules)
    return Asking("a", "mgr", "c", None, content, rules_of(content), 1.0, task)


def call(standing: int | None = None, characters: int = 4_000, **given: Any) -> Task:
    terms = Terms(unit="USD", rule="lowest-price", work_within_ms=1, lease_ms=1, valid_for_ms=1, **given)
    return Task("x" * characters, "a.b", {}, terms, standing)


def planned(answer: Plan | Refusal) -> Plan:
    assert isinstance(answer, Plan)
    return answer


def limit(answer: Plan | Refusal) -> int:
    mine = planned(answer).mandate.preferences
    assert isinstance(mine, PricePreferences)
    assert mine.side == "seller"
    return mine.limit


def refused(answer: Plan | Refusal) -> RefuseReason:
    assert isinstance(answer, Refusal)
    assert not any(one.isdigit() for one in answer.text), "a limit is never told"
    return answer.reason


def test_the_reservation_is_an_amount_or_the_cost_of_the_very_task() -> None:
    assert limit(Stance(unit="USD", least=7_000, cost=COST).plan(asking(PRICE))) == 7_000
    assert limit(Stance(unit="USD", cost=COST).plan(asking(PRICE, task=call()))) == 40_000
    assert limit(Stance(unit="USD", cost=COST).plan(asking(PRICE, task=call(characters=4)))) == 10_000
    assert limit(Stance(unit="USD", cost=CostModel(price=9_000)).plan(asking(PRICE))) == 9_000


def test_it_begins_at_its_own_offer_that_is_out() -> None:
    plan = planned(Stance(unit="USD", least=7_000, strategy="boulware").plan(asking(PRICE, task=call(600_000))))
    assert (plan.strategy, plan.mandate.opening) == ("boulware", 600_000)
    assert planned(Stance(unit="USD", least=7_000).plan(asking(PRICE))).mandate.opening is None


@pytest.mark.parametrize(
    ("stance", "asked", "reason"),
    [
        (Stance(unit="USD", cost=COST), asking(PRICE), "unsupported"),
        (Stance(unit="USD"), asking(PRICE, task=call()), "unsupported"),
        (Stance(unit="USD", cost=COST), asking(PRICE, task=call(items=("a", "b"))), "unsupported"),
        (Stance(unit="EUR", least=1), asking(PRICE), "unsupported"),
        (Stance(unit="USD", least=1), asking(PRICE, buyer="participant"), "unsupported"),
        (Stance(unit="USD", least=1_000_001), asking(PRICE), "over-reserve"),
        (Stance(unit="USD", least=1), asking(DAYS, COLOUR), "unsupported"),
        (Stance(unit="USD", least=1, strategy="logrolling-frequency"), asking(PRICE), "unsupported"),
        (Stance(unit="USD", wishes={"colour": RED}), asking(COLOUR), "unsupported"),
        (Stance(unit="USD", wishes={"days": Wish(1), "colour": RED}), asking(DAYS, COLOUR), "unsupported"),
    ],
)
def test_what_it_does_not_bargain_over(stance: Stance, asked: Asking, reason: str) -> None:
    assert refused(stance.plan(asked)) == reason


def test_several_issues() -> None:
    wishes = {"days": Wish(600_000, "high"), "colour": Wish(400_000, None, {"red": 10, "blue": 5})}
    plan = planned(Stance(unit="USD", wishes=wishes, least_worth_ppm=500_000).plan(asking(DAYS, COLOUR)))
    mine = plan.mandate.preferences
    assert isinstance(mine, Additive)
    assert plan.strategy == "micro"
    assert (mine.utility((10, 0)), mine.utility((1, 1)), mine.reservation) == (1_000_000, 200_000, 500_000)


def test_a_grid_that_is_too_fine_is_no_bargaining() -> None:
    """Nobody can make an agent fill its memory."""
    wishes = {"days": Wish(600_000, "high"), "colour": Wish(400_000, None, {"red": 10, "blue": 5})}
    fine = IssueContent(name="days", low=0, high=10**15)
    assert refused(Stance(unit="USD", wishes=wishes).plan(asking(fine, COLOUR))) == "unsupported"
    many = [IssueContent(name=f"i{number}", low=1, high=1_000) for number in range(16)]
    rich = {one.name: Wish(60_000, "high") for one in many}
    assert refused(Stance(unit="USD", wishes=rich).plan(asking(*many))) == "unsupported"


def test_nothing_prints_it() -> None:
    assert "7_000" not in repr(Stance(unit="USD", least=7_000)) + repr(Wish(7_000))
    assert "7000" not in repr(Stance(unit="USD", least=7_000)) + repr(Wish(7_000))


def test_a_seller_of_a_program() -> None:
    player = seller("0.02", strategy="conceder", words="template")
    assert player is not None
    for wrong in ({"strategy": "none-such"}, {"unit": "u s d"}, {"margin_pct": 101}, {"margin_pct": True}):
        with pytest.raises(DefinitionError):
            seller("0.02", **wrong)
    with pytest.raises(DefinitionError):
        seller(0.02)  # type: ignore[arg-type]
