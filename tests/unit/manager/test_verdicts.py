"""Verdicts that are recorded while no manager runs."""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.ledger.founding import Kind
from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.port import Draft
from contractnet.manager.replay import replay
from contractnet.manager.verdicts import Judgement, judge
from tests.support.bench import MANAGER, SKILL, Bench


async def ledger_of(bench: Bench) -> MemoryLedger:
    ledger = MemoryLedger(MANAGER, Kind.LEDGER, bench.entries[0].at)
    names = Draft.__struct_fields__
    await ledger.append([Draft(**{name: getattr(entry, name) for name in names}) for entry in bench.entries[1:]])
    return ledger


def ended(bench: Bench) -> Bench:
    bench.start("a", "b", key="ticket-17")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.result("a")
    return bench


@pytest.mark.parametrize("name", ["t", "t.1", "ticket-17"])
async def test_a_verdict_is_in_the_ledger_and_changes_what_the_winner_counts_as(bench: Bench, name: str) -> None:
    ledger = await ledger_of(ended(bench))
    tender, found = await judge(ledger, name, False, "too\nshort", 5)  # its clock is behind
    assert tender.id == "t"
    assert found == [Judgement(agent="a", skill=SKILL, good=0, n=1, before=722_222, after=277_777)]
    last = list(ledger.entries())[-1]
    assert (last.type, last.conversation, last.at) == ("Judged", "t", bench.now)
    assert last.body == '{"note":"too short","ok":false}'
    assert replay(MANAGER, ledger.entries()).outcomes.records.rate("a", SKILL) == 277_777


async def test_what_cannot_be_judged_is_named_and_nothing_recorded(bench: Bench) -> None:
    ended(bench)
    bench.open("u")
    bench.open("v")
    bench.cancel()
    ledger = await ledger_of(bench)
    before = len(list(ledger.entries()))
    for name, words in (("w", "'w' is no tender"), ("u", "has not ended"), ("v", "ended as cancelled: there is no")):
        with pytest.raises(DefinitionError, match=words):
            await judge(ledger, name, True, "", bench.now)
    assert len(list(ledger.entries())) == before
