"""A table that reads well and is not sound is refused: the row is named, and the remedy."""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.interaction.definition import TABLES, load, parse
from contractnet.messages.acts import CONTRACT_NET
from tests.support.small_table import ROW_6, SMALL

#: (what is replaced, by what, the text of the refusal after the file's name)
FAULTS = {
    "a guard on what was received": (
        'does = "record"',
        'does = "record"\nguard = "again"',
        ", row T2: '?refuse' depends on a guard; a received event may not: make it two events",
    ),
    "two rows for one event": (
        'guard = "not again"\n',
        "",
        ", rows T3 and T4: more than one row for '@deadline' in ASKED; keep one, or give two of them the guards"
        " `name` and `not name`",
    ),
    "two rows for one value of a guard": (
        'guard = "not again"',
        'guard = "again"',
        ", rows T3 and T4: more than one row for '@deadline' in ASKED; keep one, or give two of them the guards"
        " `name` and `not name`",
    ),
    "a timer that may find no row": (
        'states = ["AGAIN"]\nevents = ["@deadline"]',
        'states = ["AGAIN"]\nevents = ["@deadline"]\nguard = "again"',
        ", row T5: '@deadline' in AGAIN has no row for the other value of the guard 'again'; only a decision (#) may"
        " lack one: add the complementary row",
    ),
    "a state nobody reaches": (
        "[events]",
        '[states.LOST]\nmeans = "lost"\n[events]',
        ", state LOST: cannot be reached from START; add a row or drop it",
    ),
    "a way out of a final state": (
        "",
        ROW_6.format(state="DONE", event="?refuse", next="ASKED"),
        ", row T6: leads out of the final state DONE; end in a final state, or say may_leave = true in [states.DONE]",
    ),
    "a dead end": (
        'next = "AGAIN"\nby = "XI"\niterated = true\n[[rows]]\nrow = "T4"',
        'next = "AGAIN"\nby = "XI"\niterated = true\n[[rows]]\nrow = "T6"\nstates = ["ASKED"]\nevents = ["#ask"]\n'
        'does = "get lost"\nnext = "LOST"\nby = "X"\n[states.LOST]\nmeans = "lost"\n[[rows]]\nrow = "T4"',
        ", state LOST: a dead end, no row leads to a final state; add a way to end",
    ),
    "open for ever to a silent peer": (
        'states = ["AGAIN"]\nevents = ["@deadline"]\ndoes = "give up"\nnext = "DONE"',
        'states = ["AGAIN"]\nevents = ["@deadline"]\ndoes = "wait"\nnext = "="',
        ", state AGAIN: no timer (@) or derived event (=) leads to a final state, so a silent peer keeps it open for"
        " ever; add one",
    ),
    "a not-understood answered with one": (
        'does = "record"',
        'does = "record"\nsends = ["not-understood:schema"]',
        ", row T2: answers a not-understood with a not-understood; only record it (R8)",
    ),
    "sound only with the iterated rows": (
        'next = "DONE"\nby = "R3"',
        'next = "LOST"\nby = "R3"\n[[rows]]\nrow = "T6"\nstates = ["LOST"]\nevents = ["@deadline"]\ndoes = "end"\n'
        'next = "DONE"\nby = "XI"\niterated = true\n[states.LOST]\nmeans = "lost"',
        " as fipa-contract-net, state LOST: a dead end, no row leads to a final state; add a way to end",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unsound_table_is_refused(fault: str) -> None:
    old, new, text = FAULTS[fault]
    faulty = SMALL.replace(old, new) if old else SMALL + new
    assert faulty != SMALL
    with pytest.raises(DefinitionError) as caught:
        parse(faulty, "small.toml", CONTRACT_NET)
    assert str(caught.value) == "small.toml" + text


def test_may_leave_lets_a_row_lead_out_of_a_final_state() -> None:
    text = SMALL.replace("final = true", "final = true\nmay_leave = true")
    table = parse(text + ROW_6.format(state="DONE", event="?refuse", next="ASKED"), "small.toml")
    step = table.step("DONE", "?refuse")
    assert step is not None
    assert step.next == "ASKED"


def test_every_offer_on_file_ends_in_an_answer() -> None:
    """A row that takes a live offer off the file accepts, rejects or cancels, unless the bidder withdrew it."""
    table = load("initiator")
    offer = table.properties["offer"]
    for (state, event), steps in table.steps().items():
        for step in steps:
            if state in offer and step.next not in offer and event != "?refuse":
                sent = {act.split(":")[0] for act in step.row.sends}
                assert sent & {"accept-proposal", "reject-proposal", "cancel"}, step.row.name


def test_every_proposal_is_kept_or_answered() -> None:
    table = load("initiator")
    for (state, event), (step,) in table.steps().items():
        if event.startswith("?propose") and not (event == "?propose:ok" and step.next == "PROPOSED" != state):
            sent = {act.split(":")[0] for act in step.row.sends}
            assert sent & {"reject-proposal", "not-understood"}, (step.row.name, state)


def test_a_late_proposal_is_answered_in_every_state() -> None:
    table = load("initiator")
    for state in table.states:
        step = table.step(state, "?propose:late")
        assert step is not None
        assert step.row.sends in (("reject-proposal:late",), ("reject-proposal:cancelled",))
        assert step.row.one_offer


@pytest.mark.parametrize("name", ["participant", "mediation-participant"])
def test_every_cancel_is_answered_exactly_once(name: str) -> None:
    table = load(name)
    for state in table.states:
        step = table.step(state, "?cancel")
        assert step is not None, state
        if step.next == "CANCELLING":
            assert not step.row.sends, "the answer follows when the work has stopped"
        else:
            assert step.row.sends in (("inform:cancelled",), ("failure:cancel",)), state


def test_every_dead_accept_is_answered() -> None:
    table = load("participant")
    answered = {state for state in table.states if (step := table.step(state, "?accept:dead")) and step.row.sends}
    assert set(table.states) - answered == {"COMMITTED", "CANCELLING", "DONE"}, "these hold the accepted offer"


@pytest.mark.parametrize("name", TABLES)
def test_reasons_that_name_one_offer_never_end_a_conversation(name: str) -> None:
    one = {"late", "invalid", "duplicate-bid", "cancelled"}
    for row in load(name).rows:
        reasons = {*row.reasons, *(act.partition(":")[2] for act in row.sends if act.startswith("reject-proposal"))}
        assert not reasons & one or row.one_offer, row.name
