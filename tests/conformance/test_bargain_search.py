"""Every way that two correct sides can bargain: at most one agreement; both learn it, or one says that it cannot."""

from __future__ import annotations

import pytest

from contractnet.interaction.definition import load
from contractnet.interaction.machine import Table
from tests.conformance.bargain_model import BargainModel, Pair
from tests.conformance.exploration import Exploration, explore

NO_DEAL = {"DECLINED", "ENDED", "EXPIRED", "CANCELLED"}
#: turns, messages may be lost, so many may come again, offers stand, states reached
SEARCHES = [
    (1, False, 0, False, 145),
    (2, False, 0, False, 785),
    (3, False, 0, False, 1_851),
    (3, True, 0, False, 3_244),
    (3, True, 0, True, 4_198),
    (2, True, 1, False, 17_202),
    pytest.param(6, True, 0, False, 17_052, marks=pytest.mark.campaign),
    pytest.param(6, True, 0, True, 323_684, marks=pytest.mark.campaign),
    pytest.param(3, True, 1, True, 90_168, marks=pytest.mark.campaign),
    pytest.param(2, True, 2, False, 69_763, marks=pytest.mark.campaign),
]
#: what only a side that breaks the protocol brings about
DEFENCE = {("B32", "AGREED", "?cancel"), *(("B40", state, "?failure:cancel") for state in ("EXPIRED", "CANCELLED"))}


def wrong_with(pair: Pair) -> str | None:
    """What must hold in every state of every run."""
    one, other = pair.sides
    for side, peer in ((one, other), (other, one)):
        if side.state == "AGREED" and peer.state in NO_DEAL:
            return "one holds it for agreed, and the other knows that it is not"
        if side.state == "AGREED" and peer.state not in ("AGREED", "ACCEPTING", "UNKNOWN"):
            return "agreed, and the other side has not accepted"
        if side.state == "AGREED" and side.deal != peer.deal:
            return "both hold it for agreed, on two offers"
    return None


def wrong_at_the_end(pair: Pair, loss: bool) -> str | None:
    """What must hold in addition where everything has settled."""
    states = [side.state for side in pair.sides]
    if states == ["UNKNOWN", "UNKNOWN"]:
        return "both have accepted"
    if "UNKNOWN" in states and not loss:
        return "an acceptance is without an answer, and nothing was lost"
    if "AGREED" in states and not set(states) <= {"AGREED", "UNKNOWN"}:
        return "agreed on one side alone"
    return None


def assert_sound(model: BargainModel, found: Exploration[Pair]) -> None:
    assert not model.no_row, "messages without a row"
    for kind, stuck in (("stuck", found.stuck), ("stuck without decisions", found.stuck_unless_decided)):
        left = [pair for pair in stuck if pair != model.start]  # nothing happens unless somebody opens
        assert not left, f"{kind}: {left[0]} after {found.story(left[0])}"
    for pair in found.states:
        wrong = wrong_with(pair)
        assert wrong is None, f"{wrong}: {found.story(pair)}"
    for pair in found.settled:
        wrong = wrong_at_the_end(pair, model.loss)
        assert wrong is None, f"{wrong}: {found.story(pair)}"


def finds_fault(table: Table, turns: int, loss: bool) -> bool:
    model = BargainModel(table, turns=turns, loss=loss)
    try:
        assert_sound(model, explore(model.start, model.moves, model.settled))
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(("turns", "loss", "repeats", "standing", "states"), SEARCHES)
def test_a_bargaining_always_settles(turns: int, loss: bool, repeats: int, standing: bool, states: int) -> None:
    model = BargainModel(load("bargaining"), turns=turns, loss=loss, repeats=repeats, standing=standing)
    found = explore(model.start, model.moves, model.settled)
    reached = len(found.states)
    print(f"{turns} turn(s), loss {loss}, repeats {repeats}, offers stand {standing}: {reached} states")
    assert_sound(model, found)
    assert reached == states


def test_every_row_is_taken_but_those_against_a_faulty_peer() -> None:
    used: set[tuple[str, str, str]] = set()
    for repeats in (0, 1):
        model = BargainModel(load("bargaining"), turns=2 if repeats else 3, loss=True, repeats=repeats)
        explore(model.start, model.moves, model.settled)
        used |= model.used
    table = load("bargaining")
    rows = {(row.name, state, event) for row in table.rows for state in row.states for event in row.events}
    assert rows - used == DEFENCE


def test_a_run_that_ends_without_an_answer_is_stated() -> None:
    """The disagreement that remains with loss: accepted and unanswered, whatever the other side holds it for."""
    model = BargainModel(load("bargaining"), turns=3, loss=True)
    found = explore(model.start, model.moves, model.settled)
    ends = {(pair.sides[0].state, pair.sides[1].state) for pair in found.settled}
    agreed = {("AGREED", "AGREED"), ("AGREED", "UNKNOWN"), ("UNKNOWN", "AGREED")}
    assert {end for end in ends if "AGREED" in end} == agreed
    assert ("UNKNOWN", "EXPIRED") in ends
