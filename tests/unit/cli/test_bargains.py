"""A tender with bargaining as the commands tell it: the log, its explanation, the audit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contractnet.cli.audit_bargains import BargainAudit
from contractnet.cli.entry_words import tell
from contractnet.cli.explain import explain
from contractnet.conformance.tables import Protocols
from contractnet.resources import folder
from tests.support.bargaining_bench import BargainingBench


@pytest.fixture
def bench() -> Iterator[BargainingBench]:
    made = BargainingBench()
    made.haggle({"a": 40_000, "b": 60_000})
    yield made
    made.check()


def words(bench: BargainingBench) -> str:
    return "\n".join(tell(entry).words for entry in bench.entries)


def test_what_was_agreed_is_told_and_judged(bench: BargainingBench) -> None:
    bench.bargain(a=20_000)
    price = bench.agreed["a"]
    bench.propose("a", price)
    bench.refuse("b")
    bench.result("a")
    told = words(bench)
    assert "decided by lowest-price, first it bargains with a, b: a 0.04" in told
    assert "stands; b 0.06" in told
    assert "the bargainings have ended" in told
    assert f"agreed: a 0.0{price}".rstrip("0") in told
    lines = list(explain(bench.entries, "t"))
    assert "  Before the award the price is bargained over with a, b." in lines
    assert any(line.startswith("Agreed: a at 0.0") for line in lines)
    audit = BargainAudit(Protocols(folder("protocols")))
    for entry in bench.entries:
        audit.take(entry)
    judged = list(audit.verdicts())
    assert len(judged) == 2
    assert all(one is not None and one.fault is None and not one.faulty for one in judged)


def test_that_nothing_was_agreed_is_told(bench: BargainingBench) -> None:
    bench.bargain()
    assert "agreed: with nobody" in words(bench)
    assert "Nothing was agreed: the round takes its course." in list(explain(bench.entries, "t"))
