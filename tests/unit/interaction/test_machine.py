"""The machine: every (state, event) of every table takes its row's step, or raises and changes nothing."""

from __future__ import annotations

import itertools

import pytest

from contractnet.errors import DefinitionError, IllegalSend, OutOfSequence
from contractnet.interaction.definition import TABLES, load
from contractnet.interaction.machine import SAME, Machine, Row, Table
from contractnet.messages.acts import CONTRACT_NET

BASIC = ("conversation", "initiator", "participant")
FORMS = [(name, None) for name in TABLES] + [(name, CONTRACT_NET) for name in BASIC]


def rows_for(table: Table, state: str, event: str) -> list[Row]:
    """What the file says, found without the index of the table."""
    return [row for row in table.rows if state in row.states and event in row.events]


def holds(row: Row, value: bool) -> bool:
    return row.guard is None or value is not row.guard.startswith("not ")


@pytest.mark.parametrize(("name", "protocol"), FORMS)
def test_every_state_and_event(name: str, protocol: str | None) -> None:
    table = load(name, protocol)
    guards = {row.guard.removeprefix("not ") for row in table.rows if row.guard is not None}
    steps = refusals = 0
    for state, event, value in itertools.product(table.states, table.events, (True, False)):
        machine = Machine(table, state, peer="bidder_a")
        expected = [row for row in rows_for(table, state, event) if holds(row, value)]
        given = dict.fromkeys(guards, value)
        assert machine.can(event, **given) is bool(expected)
        if expected:
            (row,) = expected
            assert machine.fire(event, **given) is row
            assert machine.state == (state if row.next == SAME else row.next)
            steps += 1
            continue
        with pytest.raises(OutOfSequence if event[0] == "?" else IllegalSend) as caught:
            machine.fire(event, **given)
        assert machine.state == state
        assert (caught.value.state, caught.value.performative, caught.value.sender) == (state, event, "bidder_a")
        refusals += 1
    assert steps + refusals == 2 * len(table.states) * len(table.events)
    assert steps > len(table.rows)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("event", ["?no-such-event", "#no-such-event", "@no-such-event", "=no-such-event", ""])
def test_an_event_no_table_knows_changes_nothing(name: str, event: str) -> None:
    for state in load(name).states:
        machine = Machine(load(name), state)
        with pytest.raises(OutOfSequence if event.startswith("?") else IllegalSend):
            machine.fire(event)
        assert machine.state == state


def test_a_machine_begins_at_the_start() -> None:
    machine = Machine(load("participant"))
    assert (machine.state, machine.finished, machine.outcome) == ("IDLE", False, None)


def test_a_refusal_says_what_would_be_taken() -> None:
    machine = Machine(load("participant"))
    with pytest.raises(OutOfSequence) as caught:
        machine.fire("?accept:live")
    assert str(caught.value) == (
        "table P: no row for '?accept:live' in IDLE; of its kind it takes ?accept:dead, ?cancel, ?cfp, ?cfp:next,"
        " ?not-understood, ?reject:end, ?reject:one"
    )
    with pytest.raises(IllegalSend, match="no row for '#award' in INVITED; of its kind it takes #cancel, #returned"):
        Machine(load("initiator")).fire("#award")
    with pytest.raises(IllegalSend, match="no row for '=all-settled' in CLOSED_OK; of its kind it takes none"):
        Machine(load("conversation"), "CLOSED_OK").fire("=all-settled")


def test_a_guard_that_is_asked_for_must_be_given() -> None:
    machine = Machine(load("conversation"))
    with pytest.raises(IllegalSend, match="'#open' in NEW depends on 'bidders': say whether it holds"):
        machine.fire("#open")
    with pytest.raises(IllegalSend, match="depends on 'bidders'"):
        machine.can("#open", more_rounds=True)
    assert machine.state == "NEW"
    assert machine.fire("#open", bidders=False).name == "C2"
    assert (machine.finished, machine.outcome) == (True, "no-award")


def test_a_decision_may_lack_the_row_for_one_value_of_its_guard() -> None:
    machine = Machine(load("conversation"), "EVALUATING")
    with pytest.raises(IllegalSend):
        machine.fire("#iterate", more_rounds=False)
    assert machine.state == "EVALUATING"
    assert machine.fire("#iterate", more_rounds=True).name == "C8"


def test_properties_follow_the_state() -> None:
    machine = Machine(load("initiator"))
    assert not machine.has("answered")
    assert machine.fire("?propose:ok").name == "I1"
    assert machine.has("answered")
    assert machine.has("offer")
    assert machine.has("biddable")
    machine.fire("#hold")
    assert machine.has("held")
    assert not machine.has("biddable")
    machine.fire("#award")
    assert machine.has("awarded")
    assert not machine.has("offer")
    machine.fire("?inform:result")
    assert machine.has("credited")
    assert machine.finished


def test_an_undeclared_property_is_refused() -> None:
    with pytest.raises(DefinitionError, match="table MP has no property 'offer'; it has final, thinking"):
        Machine(load("mediation-participant")).has("offer")


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(DefinitionError, match="table MI has no state 'LATE'; it has NEW, ASKED"):
        Machine(load("mediation-initiator"), "LATE")


def test_legal_events_by_kind() -> None:
    table = load("initiator")
    assert table.legal("AWARDED", "@") == {"@lease", "@result-due"}
    assert table.legal("HELD", "#") == {"#award", "#reject", "#cancel"}
    assert "?refuse" in table.legal("HELD")
    assert table.legal("NO_SUCH_STATE") == frozenset()
