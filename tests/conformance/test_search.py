"""Every way that two correct peers can talk, on the tables and the step function that the programs use."""

from __future__ import annotations

import pytest

from contractnet.interaction.definition import load
from contractnet.messages.acts import CONTRACT_NET
from tests.conformance.exploration import Exploration, explore
from tests.conformance.pair import START, Pair
from tests.conformance.pair_model import PairModel

#: rounds, messages may be lost, states reached
SEARCHES = [
    (1, False, 1_432),
    (1, True, 1_906),
    (2, False, 23_857),
    (2, True, 32_476),
    pytest.param(3, False, 518_845, marks=pytest.mark.campaign),
]


def wrong_with(pair: Pair) -> str | None:
    """What must hold in every state of every run."""
    if pair.p in ("COMMITTED", "DONE") and not pair.awarded:
        return "committed without an award"
    if pair.i == "CANCELLED" and pair.p in ("COMMITTED", "DONE", "CANCELLING"):
        return "the initiator holds it for cancelled, and the participant works"
    if pair.i == "DONE" and pair.p != "DONE":
        return "credited, and the participant has not delivered"
    if pair.i in ("PROPOSED", "HELD", "AWARDED", "REINVITED", "REREPAIRING") and not pair.on_file:
        return "an offer is to be decided on, and none is on file"
    return None


def wrong_at_the_end(pair: Pair, loss: bool) -> str | None:
    """What must hold in addition where everything has settled."""
    if pair.p == "DONE" and pair.i not in ("DONE", "FAILED", "CANCEL_FAILED", "CANCEL_UNANSWERED"):
        return "delivered, and the initiator holds it for neither done, failed nor possibly done"
    if pair.p == "CANCELLED" and pair.i not in ("CANCELLED", "CANCEL_UNANSWERED") and not loss:
        return "the participant confirmed a cancel that the initiator does not know of"
    return None


def assert_sound(model: PairModel, found: Exploration[Pair]) -> None:
    assert not model.no_row, "messages without a row"
    for kind, stuck in (("stuck", found.stuck), ("stuck without decisions", found.stuck_unless_decided)):
        assert not stuck, f"{kind}: {stuck[0]} after {found.story(stuck[0])}"
    for pair in found.states:
        wrong = wrong_with(pair)
        assert wrong is None, f"{wrong}: {found.story(pair)}"
    for pair in found.settled:
        wrong = wrong_at_the_end(pair, model.loss)
        assert wrong is None, f"{wrong}: {found.story(pair)}"


@pytest.mark.parametrize(("rounds", "loss", "states"), SEARCHES)
def test_initiator_and_participant_always_settle(rounds: int, loss: bool, states: int) -> None:
    model = PairModel(load("initiator"), load("participant"), rounds=rounds, loss=loss)
    found = explore(START, model.moves, model.settled)
    reached = len(found.states)
    print(f"{rounds} round(s), {'with' if loss else 'without'} loss: {reached} states")
    assert_sound(model, found)
    assert reached == states


@pytest.mark.parametrize("loss", [False, True])
def test_the_basic_protocol_is_sound_alone(loss: bool) -> None:
    model = PairModel(load("initiator", CONTRACT_NET), load("participant", CONTRACT_NET), rounds=1, loss=loss)
    found = explore(START, model.moves, model.settled)
    reached = len(found.states)
    print(f"basic, {'with' if loss else 'without'} loss: {reached} states")
    assert_sound(model, found)
    assert reached == (1_906 if loss else 1_432), "in one round the iterated rows are never taken"
