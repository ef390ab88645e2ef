"""What is drawn as an arrow, what is joined, and what is listed."""

from __future__ import annotations

from contractnet.interaction.definition import TABLES, load
from contractnet.interaction.drawing.picture import MANY, about_state, picture, shortened
from contractnet.interaction.machine import SAME


def test_every_way_from_state_to_state_is_one_arrow_or_one_list() -> None:
    for name in TABLES:
        table = load(name)
        ways = {
            (state, row.next, row.name) for row in table.rows for state in row.states if row.next not in (SAME, state)
        }
        drawn = [
            (source, arrow.target, row.name)
            for arrow in picture(table).arrows
            for source in arrow.sources
            for row in arrow.rows
        ]
        assert len(drawn) == len(set(drawn))
        assert set(drawn) == ways


def test_a_row_from_many_states_is_listed() -> None:
    shown = picture(load("initiator"))
    (listed,) = [arrow for arrow in shown.arrows if arrow.listed]
    assert [row.name for row in listed.rows] == ["I30"]
    assert len(listed.sources) == 7 >= MANY
    assert {state for state, rows in shown.leaves.items() if rows} == set(listed.sources)


def test_states_with_the_same_rows_to_a_target_share_an_arrow() -> None:
    shown = picture(load("initiator"))
    (held,) = [arrow for arrow in shown.arrows if arrow.target == "LAPSED"]
    assert held.sources == ("PROPOSED", "HELD")
    (down,) = [arrow for arrow in shown.arrows if arrow.target == "REINVITED"]
    assert down.iterated


def test_names_in_a_sequence_are_shortened() -> None:
    rows = load("initiator").rows
    assert shortened(rows[35:40]) == ["I36-I40"]
    assert shortened([rows[0], rows[1], rows[4]]) == ["I1", "I2", "I5"]
    assert shortened([]) == []


def test_a_state_in_words() -> None:
    table = load("participant")
    assert about_state(table, "LAPSED") == (
        "LAPSED: the last live offer lapsed; a newer round may still invite; final, and a row leads out of it"
    )
    assert about_state(load("conversation"), "CLOSED_OK") == (
        "CLOSED_OK: every slot has its result; final; outcome ok; properties: closed"
    )
