"""The loader: the five tables of `protocols/` load, and every fault a table can have is refused by name."""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.interaction.definition import TABLES, load, parse
from contractnet.messages.acts import CONTRACT_NET, ITERATED_CONTRACT_NET, MEDIATION
from tests.support.small_table import SMALL

#: (what is replaced, by what, the text of the refusal after the file's name)
FAULTS = {
    "not TOML": ('table = "T"', "table = T", ": not TOML: Invalid value (at line 2, column 9)"),
    "unknown key of a row": (
        'does = "ask"',
        'does = "ask"\ncolour = "red"',
        ", row T1: Object contains unknown field `colour` - at `$.rows[0]`; write it as protocols/README.md describes",
    ),
    "unknown key of a state": (
        'means = "over"',
        'means = "over"\nend = true',
        ": Object contains unknown field `end` - at `$.states[...]`; write it as protocols/README.md describes",
    ),
    "a row without its name": (
        'row = "T2"\n',
        "",
        ", row number 2: Object missing required field `row` - at `$.rows[1]`;"
        " write it as protocols/README.md describes",
    ),
    "unknown protocol": (
        '["fipa-contract-net", ',
        '["fipa-request", ',
        ", protocols: 'fipa-request' is no protocol known here; there are contractnet-bargaining,"
        " contractnet-mediation, fipa-contract-net,"
        " fipa-iterated-contract-net",
    ),
    "unknown start": (
        'start = "START"',
        'start = "BEGIN"',
        ", start: 'BEGIN' is no state known here; there are AGAIN, ASKED, DONE, START",
    ),
    "unknown property": (
        'has = ["open"]',
        'has = ["shut"]',
        ", state ASKED: 'shut' is no property known here; there are open",
    ),
    "unknown outcome": (
        "final = true",
        'final = true\noutcome = "fine"',
        ", state DONE: 'fine' is no outcome known here; there are cancelled, failed, no-award, ok, partial",
    ),
    "outcome of a state that is not final": (
        'means = "asked"',
        'means = "asked"\noutcome = "ok"',
        ", state ASKED: may_leave and outcome are for final states; add final = true",
    ),
    "unknown state in a group": (
        '["ASKED", "AGAIN"]',
        '["ASKED", "TWICE"]',
        ", group OPEN: 'TWICE' is no state known here; there are AGAIN, ASKED, DONE, START",
    ),
    "a group called like a state": (
        'OPEN = ["ASKED", "AGAIN"]',
        'ASKED = ["ASKED", "AGAIN"]',
        ", group ASKED: a state has this name; rename the group",
    ),
    "a property called final": (
        'open = "something is due"',
        'final = "it is over"',
        ", state ASKED: 'open' is no property known here; there are final",
    ),
    "an event without a prefix": (
        '"#ask" = "we ask"',
        '"ask" = "we ask"',
        ", event 'ask': must be ?, #, @ or = and a name of a-z, - and :",
    ),
    "a guard that is no name": (
        'again = "once more"',
        '"a gain" = "once more"',
        ", guard 'a gain': must be a name of letters, digits and _",
    ),
    "a row of another table": (
        'row = "T5"',
        'row = "I5"',
        ", row I5: a row of table T is called T1, T2 ...; rename it",
    ),
    "a row for nothing": (
        'events = ["#ask"]',
        "events = []",
        ", row T1: has no state or no event; name at least one of each",
    ),
    "unknown state of a row": (
        'states = ["OPEN"]',
        'states = ["CLOSED"]',
        ", row T2: 'CLOSED' is no state or group known here; there are AGAIN, ASKED, DONE, OPEN, START",
    ),
    "unknown event of a row": (
        'events = ["#ask"]',
        'events = ["#beg"]',
        ", row T1: '#beg' is no event known here; there are #ask, ?not-understood, ?refuse, @deadline",
    ),
    "unknown next state": (
        'next = "ASKED"',
        'next = "TOLD"',
        ", row T1: 'TOLD' is no state known here; there are =, AGAIN, ASKED, DONE, START",
    ),
    "unknown guard": (
        'guard = "not again"',
        'guard = "not ever"',
        ", row T4: 'ever' is no guard known here; there are again",
    ),
    "an act that does not exist": (
        'sends = ["cfp"]\ndoes = "ask"',
        'sends = ["query-ref"]\ndoes = "ask"',
        ", row T1: sends 'query-ref', which is no act; write performative, or performative:kind-or-reason",
    ),
    "an act with a reason it has not": (
        'sends = ["cfp"]\ndoes = "ask"',
        'sends = ["reject-proposal:ugly"]\ndoes = "ask"',
        ", row T1: sends 'reject-proposal:ugly', which is no act; write performative, or performative:kind-or-reason",
    ),
    "a reason outside the closed list": (
        'sends = ["cfp"]\ndoes = "ask"',
        'sends = ["cancel"]\nreasons = ["bored"]\ndoes = "ask"',
        ", row T1: 'bored' is no reason of cancel known here; there are lease-expired, result-overdue, shutdown, user",
    ),
    "reasons and nothing sent": (
        'does = "record"',
        'does = "record"\nreasons = ["user"]',
        ", row T2: has reasons and sends nothing; drop them",
    ),
    "one_offer without a reject": (
        'does = "ask"',
        'does = "ask"\none_offer = true',
        ", row T1: one_offer is for rows that send a reject-proposal; drop it",
    ),
    "no such rule": ('by = "R2"', 'by = "R18"', ", row T2: by = 'R18' cites nothing; write R1 to R17, X or XI"),
    "iterated and not said so": (
        'by = "XI"\niterated = true\n[[rows]]\nrow = "T4"',
        'by = "XI"\n[[rows]]\nrow = "T4"',
        ", row T3: by = 'XI' and iterated disagree; rows by R13 or XI, and no others, are iterated",
    ),
    "iterated by a rule of the basic protocol": (
        'by = "XI"\niterated = true\n[[rows]]\nrow = "T4"',
        'by = "R3"\niterated = true\n[[rows]]\nrow = "T4"',
        ", row T3: by = 'R3' and iterated disagree; rows by R13 or XI, and no others, are iterated",
    ),
    "a basic row of iterated states": (
        'states = ["OPEN"]',
        'states = ["AGAIN"]',
        ", row T2: applies to iterated states only; say iterated = true and by = 'XI' or 'R13'",
    ),
    "a citation of nothing": (
        'by = "R2"',
        'by = "R2"\nsee = ["D99"]',
        ", row T2: see names 'D99'; write R1 to R17, G1 to G17 or D1 to D14",
    ),
    "a row name given twice": (
        'row = "T5"',
        'row = "T4"',
        ", row T4: the name is given twice; row names are unique",
    ),
    "an event never used": (
        '"#ask" = "we ask"',
        '"#ask" = "we ask"\n"#beg" = "we beg"',
        ", event '#beg': declared and used nowhere; drop it or use it",
    ),
    "a guard never used": (
        'again = "once more"',
        'again = "once more"\never = "at all"',
        ", guard 'ever': declared and used nowhere; drop it or use it",
    ),
    "a group never used": (
        'states = ["OPEN"]',
        'states = ["ASKED", "AGAIN"]',
        ", group 'OPEN': declared and used nowhere; drop it or use it",
    ),
    "a property never used": (
        'open = "something is due"',
        'open = "something is due"\nshut = "nothing is due"',
        ", property 'shut': declared and used nowhere; drop it or use it",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_table_is_refused(fault: str) -> None:
    old, new, text = FAULTS[fault]
    faulty = SMALL.replace(old, new)
    assert faulty != SMALL
    with pytest.raises(DefinitionError) as caught:
        parse(faulty, "small.toml", CONTRACT_NET)
    assert str(caught.value) == "small.toml" + text


def test_the_property_final_is_not_for_a_file_to_declare() -> None:
    with pytest.raises(DefinitionError, match="`final` is given to every table; drop it"):
        parse(SMALL.replace('open = "', 'final = "').replace('["open"]', '["final"]'), "small.toml")


def test_a_sound_table_loads_in_both_forms() -> None:
    whole, basic = parse(SMALL, "small.toml"), parse(SMALL, "small.toml", CONTRACT_NET)
    assert [row.name for row in whole.rows] == ["T1", "T2", "T3", "T4", "T5"]
    assert whole.rows[1].states == ("ASKED", "AGAIN")
    assert [row.name for row in basic.rows] == ["T1", "T2", "T4"]
    assert set(basic.states) == {"START", "ASKED", "DONE"}
    assert basic.rows[1].states == ("ASKED",)
    assert basic.rows[2].guard is None, "its counterpart is iterated, so the guard is moot"
    assert parse(SMALL, "small.toml", ITERATED_CONTRACT_NET).rows == whole.rows


#: file, short name, rows, transitions with guards apart, states, final states
SHAPES = [
    ("conversation", "C", 20, 27, 11, 5),
    ("initiator", "I", 42, 139, 18, 10),
    ("participant", "P", 39, 84, 11, 6),
    ("mediation-initiator", "MI", 10, 52, 7, 3),
    ("mediation-participant", "MP", 13, 18, 6, 4),
    ("bargaining", "B", 40, 86, 14, 6),
]


@pytest.mark.parametrize(("file", "short", "rows", "transitions", "states", "final"), SHAPES)
def test_the_tables_have_every_row(file: str, short: str, rows: int, transitions: int, states: int, final: int) -> None:
    table = load(file)
    assert table.name == short
    assert [row.name for row in table.rows] == [f"{short}{number}" for number in range(1, rows + 1)]
    assert sum(len(steps) for steps in table.steps().values()) == transitions
    assert len(table.states) == states
    assert len(table.properties["final"]) == final


def test_the_two_final_states_that_may_be_left() -> None:
    leavable = {name for file in TABLES for name, state in load(file).states.items() if state.may_leave}
    assert leavable == {"LAPSED", "ANSWERED"}


@pytest.mark.parametrize(
    ("file", "dropped"),
    [
        ("conversation", {"C8", "C11"}),
        ("initiator", {"I4", "I5", "I8", "I10", "I12", "I14", "I15", "I16", "I22"}),
        ("participant", {"P4", "P6", "P8", "P9", "P13", "P15", "P18", "P33", "P34", "P36"}),
    ],
)
def test_the_basic_protocol_is_the_same_tables_without_the_iterated_rows(file: str, dropped: set[str]) -> None:
    whole, basic = load(file, ITERATED_CONTRACT_NET), load(file, CONTRACT_NET)
    assert {row.name for row in whole.rows} - {row.name for row in basic.rows} == dropped
    assert set(whole.states) - set(basic.states) == ({"REINVITED", "REREPAIRING"} if file == "initiator" else set())


def test_a_table_is_read_once() -> None:
    assert load("initiator") is load("initiator")


def test_an_unknown_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DefinitionError, match=r"protocols/auction\.toml: no such table; there are conversation, init"):
        load("auction")


def test_a_table_of_another_protocol_is_refused() -> None:
    with pytest.raises(DefinitionError, match="no part of 'fipa-contract-net'; it belongs to contractnet-mediation"):
        load("mediation-initiator", CONTRACT_NET)
    assert load("mediation-initiator", MEDIATION).name == "MI"


def test_the_outcomes_of_a_conversation() -> None:
    table = load("conversation")
    assert {state.outcome for state in table.states.values() if state.final} == {
        "ok",
        "partial",
        "failed",
        "no-award",
        "cancelled",
    }
    assert table.properties["closed"] == table.properties["final"]


def test_fired_events_exist_in_the_table_they_name() -> None:
    tables = {table.name: table for table in map(load, TABLES)}
    fired = [fired for table in tables.values() for row in table.rows for fired in row.fires]
    assert fired
    for name, event in (one.split(":", 1) for one in fired):
        assert event in tables[name].events
