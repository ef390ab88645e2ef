"""Take the rows of tables I and P away one at a time: which loss do the checks and the search notice?

What stays unnoticed is a voluntary move, a second way out of a state, or a defence against peers that break the
protocol.
"""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Table
from contractnet.interaction.soundness import check
from tests.conformance.exploration import explore
from tests.conformance.pair import START
from tests.conformance.pair_model import PairModel
from tests.conformance.test_search import wrong_at_the_end, wrong_with

#: rows whose loss two correct peers do not notice
UNNOTICED = {
    *("I9", "I10", "I11", "I12", "I14", "I15", "I16", "I17", "I41"),
    *("P2", "P3", "P4", "P5", "P8", "P17", "P21", "P23", "P25", "P27", "P29", "P39"),
}


def without(table: Table, name: str) -> Table:
    rows = [row for row in table.rows if row.name != name]
    return Table(
        name=table.name,
        title=table.title,
        protocols=table.protocols,
        start=table.start,
        states=table.states,
        rows=rows,
        events=table.events,
        properties=table.properties.keys() - {"final"},
    )


def finds_fault(initiator: Table, participant: Table, rounds: int, loss: bool) -> bool:
    model = PairModel(initiator, participant, rounds=rounds, loss=loss)
    found = explore(START, model.moves, model.settled)
    return bool(
        model.no_row
        or found.stuck
        or found.stuck_unless_decided
        or any(wrong_with(pair) for pair in found.states)
        or any(wrong_at_the_end(pair, loss) for pair in found.settled)
    )


def noticed(name: str) -> bool:
    initiator, participant = load("initiator"), load("participant")
    changed = without(initiator if name.startswith("I") else participant, name)
    try:
        check(changed, "changed")
    except DefinitionError:
        return True
    pair = (changed, participant) if name.startswith("I") else (initiator, changed)
    return finds_fault(*pair, 1, False) or finds_fault(*pair, 2, True)


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
def test_the_loss_of_most_rows_is_noticed() -> None:
    names = [row.name for table in (load("initiator"), load("participant")) for row in table.rows]
    unnoticed = {name for name in names if not noticed(name)}
    print(f"noticed: {len(names) - len(unnoticed)} of {len(names)}; not noticed: {sorted(unnoticed)}")
    assert unnoticed == UNNOTICED
