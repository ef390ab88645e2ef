"""The inbox: what can be told of an act that does not decode."""

from __future__ import annotations

from contractnet.mail.inbox import Scrap, letters
from contractnet.messages import codec
from contractnet.transport.port import Lane
from tests.support.bench import Bench


class _Delivery:
    """A body as a transport hands it over."""

    lane = Lane.BID
    undecodable = None
    user_id = None

    def __init__(self, body: bytes) -> None:
        self.body = body

    def ack(self) -> None: ...
    def reject(self) -> None: ...


def test_a_scrap_knows_its_offer_and_what_an_answer_names() -> None:
    bench = Bench()
    bench.start("x")
    act = bench.proposal("x")
    raw = codec.encode(act).replace(b'"price":30000', b'"price":-1')
    (scrap,) = letters(_Delivery(codec.join([raw])))
    assert isinstance(scrap, Scrap)
    assert (scrap.sender, scrap.message_id, scrap.performative) == ("x", act.message_id, "propose")
    assert (scrap.offer, scrap.reply_with) == (act.content.offer, act.reply_with)
