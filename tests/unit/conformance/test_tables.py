"""Two readers of the same tables, written apart, find the same in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from contractnet.conformance.tables import BARGAINING, BASIC, FILES, ITERATED, MEDIATION, Protocols, Row, after
from contractnet.interaction.definition import load
from contractnet.interaction.machine import split_guard
from tests.conformance.write_transcripts import PROTOCOLS

FORMS = [(short, protocol) for short in "CIP" for protocol in (BASIC, ITERATED)] + [
    ("MI", MEDIATION),
    ("MP", MEDIATION),
    ("B", BARGAINING),
]
TABLES = Protocols(PROTOCOLS)


@pytest.mark.parametrize(("short", "protocol"), FORMS)
def test_they_agree_on_every_step(short: str, protocol: str) -> None:
    theirs, ours = TABLES.table(short, protocol), load(FILES[short], protocol)
    assert theirs.start == ours.start
    assert theirs.final == ours.properties["final"]
    assert dict(theirs.having) == {name: states for name, states in ours.properties.items() if name != "final"}
    assert {key: {_told(row, key[0]) for row in rows} for key, rows in theirs.steps.items()} == {
        key: {
            (
                step.row.name,
                step.row.guard,
                step.next,
                tuple(step.row.sends),
                tuple(step.row.reasons),
                step.row.one_offer,
                tuple(step.row.fires),
            )
            for step in steps
        }
        for key, steps in ours.steps().items()
    }


def _told(row: Row, state: str) -> tuple[object, ...]:
    return row.name, row.guard, after(row, state), row.sends, row.reasons, row.one_offer, row.fires


@pytest.mark.parametrize(("short", "protocol"), FORMS)
def test_a_step_is_the_row_whose_guard_holds(short: str, protocol: str) -> None:
    table = TABLES.table(short, protocol)
    for (state, event), rows in table.steps.items():
        for row in rows:
            name, wanted = split_guard(row.guard)
            assert table.step(state, event, {} if name is None else {name: wanted}) is row


def test_what_an_event_without_a_row_breaks_is_what_its_rows_cite() -> None:
    table = TABLES.table("I", ITERATED)
    assert table.rules_with("#reinvite") == {"I22", "R13", "R14", "G14"}
    assert table.rules_with("#no-such-event") == set()
    assert TABLES.table("C", ITERATED).rules_firing("I:#reinvite") == {"C8", "C11", "R13", "R14", "R16"}


def test_outcomes_are_those_of_the_table_or_the_names_of_its_final_states() -> None:
    assert TABLES.table("C", BASIC).outcomes["CLOSED_NO_AWARD"] == "no-award"
    assert TABLES.table("P", BASIC).outcomes["CANCEL_FAILED"] == "cancel-failed"


def test_a_folder_without_the_tables_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"conversation\.toml"):
        Protocols(tmp_path)
