"""Cost-plus: the formula, and what it never does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.bidders.cost import CostModel, CostPlus, answer, quote, tokens
from contractnet.contractor.ports import Call, Proposal, Refusal
from contractnet.messages.contents import Terms
from contractnet.messages.values import MAX_MICROS, RefuseReason


def call(task: str = "x" * 4000, reserve: int | None = None, unit: str = "USD", **given: Any) -> Call:
    terms = Terms(unit=unit, rule="best-value", work_within_ms=600_000, lease_ms=1, valid_for_ms=1, reserve=reserve)
    return Call(
        task=task, skill="a.b", input=given, terms=terms, round=1, conversation="c", manager="m", time_left_s=10
    )


def price(given: Proposal | Refusal) -> int:
    assert isinstance(given, Proposal)
    return given.price


def reason(given: Proposal | Refusal) -> RefuseReason:
    assert isinstance(given, Refusal)
    return given.reason


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        (CostModel(per_1k_tokens=2_000, margin_pct=20, floor=1_000), 2_400),
        (CostModel(per_1k_tokens=2_000), 2_000),
        (CostModel(per_1k_tokens=1, margin_pct=1), 2),  # a part of a micro is rounded up
        (CostModel(per_1k_tokens=2_000, margin_pct=20, floor=5_000), 5_000),
        (CostModel(floor=7), 7),
        (CostModel(price=10_000), 10_000),
    ],
)
def test_a_thousand_tokens(model: CostModel, asked: int) -> None:
    assert price(answer(model, call())) == asked


def test_the_size_counts_task_and_input_in_fours() -> None:
    assert tokens("", {}) == 0
    assert tokens("abcde", {}) == 2
    assert tokens("", {"text": "äöü"}) == 4  # {"text":"äöü"}: characters, not bytes


def test_the_input_makes_it_dearer() -> None:
    model = CostModel(per_1k_tokens=1_000_000)
    assert price(answer(model, call("x"))) < price(answer(model, call("x", text="y" * 100)))


def test_a_public_reserve_under_the_floor_is_refused() -> None:
    model = CostModel(per_1k_tokens=2_000, margin_pct=20, floor=2_200)
    assert price(answer(model, call(reserve=2_400))) == 2_400
    assert price(answer(model, call(reserve=2_300))) == 2_300  # less margin, not less than the floor
    assert price(answer(model, call(reserve=2_200))) == 2_200
    assert reason(answer(model, call(reserve=2_199))) is RefuseReason.OVER_RESERVE


def test_the_cost_itself_is_a_floor() -> None:
    model = CostModel(per_1k_tokens=2_000, margin_pct=20)
    assert price(answer(model, call(reserve=2_000))) == 2_000
    assert reason(answer(model, call(reserve=1_999))) is RefuseReason.OVER_RESERVE


def test_another_unit_is_unsupported() -> None:
    assert reason(answer(CostModel(price=1), call(unit="EUR"))) is RefuseReason.UNSUPPORTED
    assert price(answer(CostModel(price=1, unit="EUR"), call(unit="EUR"))) == 1


def test_what_takes_too_long_or_costs_too_much_is_unfit() -> None:
    assert reason(answer(CostModel(price=1, eta_s=601), call())) is RefuseReason.UNFIT
    assert price(answer(CostModel(price=1, eta_s=600), call())) == 1
    assert reason(answer(CostModel(per_1k_tokens=MAX_MICROS, margin_pct=1), call())) is RefuseReason.UNFIT


async def test_the_bidder_states_eta_and_confidence() -> None:
    given = await CostPlus(CostModel(price=1, eta_s=7, confidence=0.25))(call())
    assert isinstance(given, Proposal)
    assert (given.eta, given.confidence) == (7, 250_000)


@given(
    st.integers(0, 10**9), st.integers(0, 1000), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**10)
)
def test_never_under_cost_or_floor_and_never_over_a_public_reserve(
    per_1k: int, margin_pct: int, floor: int, size: int, reserve: int
) -> None:
    model = CostModel(per_1k_tokens=per_1k, margin_pct=margin_pct, floor=floor)
    least, asked = quote(model, size)
    assert least >= floor
    assert least * 1000 >= size * per_1k
    assert least <= asked
    exact = size * per_1k * (100 + margin_pct)  # of what is asked, in 1/100000 micros: before it is rounded up
    assert asked * 100_000 >= exact
    assert asked == floor or (asked - 1) * 100_000 < exact
    given = answer(model, call("x" * 40, reserve=reserve))
    low, _ = quote(model, 10)
    if isinstance(given, Proposal):
        assert low <= given.price <= reserve
    else:
        assert reserve < low
        assert "over" in given.reason.value
        assert str(low) not in given.text


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_work_is_never_cheaper(one: int, other: int) -> None:
    model = CostModel(per_1k_tokens=1_234, margin_pct=17, floor=99)
    small, large = sorted((one, other))
    assert quote(model, small).asked <= quote(model, large).asked


@pytest.mark.parametrize("agreed", [0, 1, 700, 2_000, 10**9])
@pytest.mark.parametrize("reserve", [None, 1, 3_000])
def test_what_was_agreed_is_what_is_asked(agreed: int, reserve: int | None) -> None:
    """Over the public reserve too: the manager has agreed to it, and may look at its own reserve itself."""
    model = CostModel(per_1k_tokens=2_000, margin_pct=20, floor=1_000)
    offer = answer(model, replace(call(reserve=reserve), agreed=agreed), wanted=5)
    assert price(offer) == agreed
