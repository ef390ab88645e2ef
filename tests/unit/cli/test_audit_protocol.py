"""The conversations of ledgers, judged by a checker that knows nothing of the package."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from contractnet.cli.audit_protocol import Judged, ProtocolAudit
from contractnet.conformance.tables import Protocols
from contractnet.ledger.port import Entry
from contractnet.resources import folder
from tests.support.bench import Bench
from tests.support.ledgers import LEDGERS

#: (judged, left out) of each: what came in the first call of `troubled` was no act
COUNTS = {"troubled": (2, 1), "settled": (1, 0), "bundled": (1, 0)}


def judged(entries: list[Entry]) -> tuple[ProtocolAudit, list[Judged]]:
    audit = ProtocolAudit(Protocols(folder("protocols")))
    return audit, [one for entry in entries for one in audit.take(entry)]


@pytest.mark.parametrize("name", LEDGERS)
def test_a_ledger_keeps_the_protocol(name: str) -> None:
    audit, found = judged(LEDGERS[name]().entries)
    assert [one for one in found if one.fault is not None] == []
    assert audit.judged == len(found)
    assert (audit.judged, audit.left_out) == COUNTS.get(name, (2, 0))


@pytest.mark.parametrize(("budget", "money_for"), [(120_000, None), (None, 2), (120_000, 1)])
def test_fewer_slots_than_were_sought_are_no_fault(budget: int | None, money_for: int | None) -> None:
    bench = Bench()
    bench.open(slots=3, budget=budget)
    bench.invite("a", "b", "c", slots=money_for)
    for agent in ("a", "b", "c"):
        bench.propose(agent, 10_000)
    slots = list(bench.tender.slots)
    for slot in slots:
        bench.result(slot.holder or "", slot=slot.number)
    assert (bench.ended.status, len(slots)) == ("partial", money_for or 2)
    assert judged(bench.entries)[1] == [Judged(bench.call.conversation, None, ())]


@pytest.mark.parametrize(("most", "calls"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_a_slot_is_awarded_as_often_as_is_recorded(most: int, calls: int) -> None:
    """Each call awards the winner and its runner-up, and both lose the slot in a way after which it is called again."""
    bench = Bench()
    bench.open(max_awards=most, within_ms=3_600_000)
    while not bench.tender.ended:
        bench.invite("a", "b")
        for agent in ("a", "b"):
            bench.propose(agent, 10_000, valid_for_ms=600_000)
        while bench.slot.holder:
            bench.fail(bench.slot.holder, "restart")
        bench.wait(3_000)
    assert (bench.slot.awards, len(bench.tender.calls)) == (most, calls)
    audit, found = judged(bench.entries)
    assert audit.judged == calls
    assert [one for one in found if one.fault is not None or one.faulty] == []


def test_what_a_peer_broke_is_its_own_fault() -> None:
    assert [one.faulty for one in judged(LEDGERS["troubled"]().entries)[1] if one.faulty] == [("a",)]


def without(kind: str, says: str = "") -> Callable[[list[Entry]], list[Entry]]:
    def drop(entries: list[Entry]) -> list[Entry]:
        gone = next(entry for entry in entries if entry.type == kind and says in entry.body)
        return [entry for entry in entries if entry is not gone]

    return drop


def with_content(performative: str, **changed: Any) -> Callable[[list[Entry]], list[Entry]]:
    def change(entries: list[Entry]) -> list[Entry]:
        new = list(entries)
        for at, entry in enumerate(entries):
            body = json.loads(entry.body)
            if entry.type == "Said" and body["message"]["performative"] == performative:
                body["message"]["content"] |= changed
                new[at] = msgspec.structs.replace(entry, body=json.dumps(body))
                return new
        raise AssertionError(f"nobody said {performative}")

    return change


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (without("Said", '"reject-proposal"'), "owed"),
        (without("Moved"), "unowed"),
        (with_content("accept-proposal", price=1), "envelope"),
        (with_content("accept-proposal", offer="another"), "envelope"),
        (with_content("cfp", round=2), "envelope"),
    ],
)
def test_a_planted_fault_is_found(plant: Callable[[list[Entry]], list[Entry]], kind: str) -> None:
    _, found = judged(plant(list(LEDGERS["settled"]().entries)))
    assert [one.fault.kind for one in found if one.fault is not None] == [kind]


def test_a_call_that_runs_is_not_judged() -> None:
    entries = [entry for entry in LEDGERS["settled"]().entries if entry.type not in ("Closed", "Ended")]
    audit, found = judged(entries)
    assert (audit.judged, audit.left_out, found) == (0, 0, [])
