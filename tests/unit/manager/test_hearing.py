"""What the initiator hears, where a message says less or other than it should."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.ledger.records import Misheard
from contractnet.manager.records import Freed
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import NotUnderstoodReason, TaskFailure
from tests.support.bench import DIGEST, Bench


def mishear(bench: Bench, message_id: str, **given: Any) -> None:
    fields = (c.FieldError(path="$.content.price", text="is negative"),)
    fact = Misheard(
        digest=DIGEST, lane="bid", sender="x", message_id=message_id, performative="propose", fields=fields, **given
    )
    bench.step(bench.call.conversation, fact)


# ---- a bid that does not decode


def test_a_second_bid_that_does_not_decode_is_rejected_by_its_own_id(bench: Bench) -> None:
    bench.start("x", "y")
    mishear(bench, "m1", offer="o1", reply_with="r1")
    (told,) = bench.said(a.NotUnderstood, "x")
    assert told.in_reply_to == "r1"
    mishear(bench, "m2", offer="o2", reply_with="r2")
    (reject,) = bench.said(a.RejectProposal, "x")
    assert (reject.content.offer, reject.in_reply_to) == ("o2", "r2")


def test_a_bid_of_which_no_id_can_be_read_is_rejected_as_unknown(bench: Bench) -> None:
    bench.start("x", "y")
    mishear(bench, "m1")
    mishear(bench, "m2")
    (reject,) = bench.said(a.RejectProposal, "x")
    assert (reject.content.offer, reject.in_reply_to) == ("unknown", "m2")


# ---- a failure under another award


def fail(bench: Bench, **fence: Any) -> None:
    content = c.TaskFailureContent(reason=TaskFailure.ERROR, **fence)
    bench.hear(a.Failure(**bench.header("x", bench.accept_of("x")), content=content))


@pytest.mark.parametrize("fence", [{"slot": 1, "epoch": 2}, {"slot": 2, "epoch": 1}, {"epoch": 7}, {"slot": 3}])
def test_a_failure_of_another_award_frees_nothing(bench: Bench, fence: dict[str, int]) -> None:
    bench.start("x", "y")
    bench.propose("x", 10_000)
    bench.propose("y", 20_000)
    fail(bench, **fence)
    assert bench.slot.holder == "x"
    assert not bench.records(Freed)
    (told,) = bench.said(a.NotUnderstood, "x")
    assert told.content.reason is NotUnderstoodReason.OUT_OF_SEQUENCE
    bench.result("x")
    assert bench.ended.winner == "x"


@pytest.mark.parametrize("fence", [{}, {"slot": 1}, {"epoch": 1}, {"slot": 1, "epoch": 1}])
def test_a_failure_of_this_award_counts_also_where_it_names_less(bench: Bench, fence: dict[str, int]) -> None:
    bench.start("x", "y")
    bench.propose("x", 10_000)
    bench.propose("y", 20_000)
    fail(bench, **fence)
    assert bench.only(Freed).participant == "x"
    assert bench.slot.holder == "y"
