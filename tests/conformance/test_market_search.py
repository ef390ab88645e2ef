"""Every course of a conversation with two bidders and one slot. Long: minutes and gigabytes, so on demand."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.interaction.definition import load
from contractnet.interaction.machine import Table
from tests.conformance.exploration import explore
from tests.conformance.market_model import OPENED, Market, MarketModel
from tests.conformance.pair_model import PairModel

#: nobody withdraws and nobody cancels, so that the longer models stay within memory
QUIETER: dict[str, Any] = {"cancel": False, "left_out": frozenset({"#withdraw"})}


def wrong_with(market: Market, initiator: Table, closed: frozenset[str]) -> str | None:
    states = [pair.i for pair in market.pairs]
    if states.count("AWARDED") > 1:
        return "two awards of one slot"
    if states.count("DONE") > 1:
        return "two credited results of one slot"
    if market.c == "CLOSED_OK" and "DONE" not in states:
        return "closed well without a result"
    if market.c in ("CLOSED_FAILED", "CLOSED_NO_AWARD") and {"DONE", "AWARDED"} & set(states):
        return "closed in vain with an award"
    open_still = [state for state in states if initiator.has(state, "offer") or initiator.has(state, "awarded")]
    unanswered = [state for state in states if not initiator.has(state, "answered")]
    if market.c in closed and (open_still or unanswered):
        return f"closed and left {states}"
    return None


@pytest.mark.campaign
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    ("rounds", "loss", "options", "states"),
    [
        pytest.param(1, False, {}, 401_556, id="mediation"),
        pytest.param(1, True, {"mediation": False}, 434_266, id="loss"),
        pytest.param(2, False, {"mediation": False, **QUIETER}, 3_277_000, id="two rounds"),
        pytest.param(1, False, {"extra_round": True, **QUIETER}, 3_312_280, id="the mediator's extra round"),
    ],
)
def test_one_award_one_result_nothing_left_open(rounds: int, loss: bool, options: dict[str, Any], states: int) -> None:
    conversation = load("conversation")
    pair = PairModel(load("initiator"), load("participant"), rounds=rounds, loss=loss, bad=False)
    model = MarketModel(conversation, pair, **options)
    found = explore(OPENED, model.moves, model.settled)
    reached = len(found.states)
    print(f"{rounds} round(s), loss {loss}, {options}: {reached} states, rows {sorted(model.rows_used)}")
    assert not pair.no_row
    assert not found.stuck, found.story(found.stuck[0])
    closed = conversation.properties["closed"]
    for market in found.states:
        wrong = wrong_with(market, pair.initiator, closed)
        assert wrong is None, f"{wrong}: {found.story(market)}"
    assert reached == states
