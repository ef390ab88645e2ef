"""What the initiator hears, where a message says less or other than it should."""

from __future__ import annotations

from typing import Any

from contractnet.ledger.records import Misheard
from contractnet.messages import acts as a
from contractnet.messages import contents as c
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
