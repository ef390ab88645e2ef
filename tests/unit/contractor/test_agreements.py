"""What binds an agent's later offers: the bargaining that the manager of the call opened, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contractnet.bargaining.records import BargainOpened, BargainTaken, Fact, Timers, TurnTaken
from contractnet.bargaining.side import Bargain
from contractnet.ledger.records import HeardTurn, SaidTurn
from contractnet.messages.codec import decode_bargain, digest, encode
from contractnet.messages.values import PPM
from tests.support.haggle import asked, plan
from tests.support.side import Side


def bargain(side: Side, peer: str, conversation: str, limit: int) -> None:
    """Somebody opens one about the call, and plays it to its end."""
    theirs = Bargain(peer, peer, conversation, "2" * 32, Timers())
    pool: list[bytes] = []
    opened = BargainOpened(
        peer=side.agent, request=asked(), plan=plan("buyer", limit), timers=Timers(), seed="2" * 32, parent="t.1"
    )
    facts: list[Fact] = [opened]
    side.conversation = conversation
    for _ in range(60):
        for fact in facts:
            pool += [encode(one.message) for _, one in theirs.step(fact, side.now) if isinstance(one, SaidTurn)]
        facts = []
        for raw in pool:
            heard = side.step(HeardTurn(message=decode_bargain(raw), digest=digest(raw), lane="bid"))
            facts += answers(heard)
        pool.clear()
        own = side.diary.bargains[side.agent, conversation]
        if own.machine.has("asked"):
            facts += answers(side.step(BargainTaken(plan=plan("seller", 40_000_000))))
        elif own.machine.has("ours"):
            facts += answers(side.step(TurnTaken(turn=own.turn)))
        if not facts and theirs.machine.has("ours"):
            facts = [TurnTaken(turn=theirs.turn)]
        if own.machine.finished and not facts:
            break
    side.conversation = "t.1"


def answers(said: Sequence[object]) -> list[Fact]:
    raws = [encode(one.message) for one in said if isinstance(one, SaidTurn)]
    return [HeardTurn(message=decode_bargain(raw), digest=digest(raw), lane="bid") for raw in raws]


def price(side: Side) -> int | None:
    return side.diary.agreed_price(side.diary.engagement(side.agent, "t.1"))


@pytest.mark.parametrize("limit", [100 * PPM, 55 * PPM])
def test_nobody_else_changes_what_was_agreed_with_the_manager(side: Side, limit: int) -> None:
    side.hear(side.cfp_act())
    manager = side.diary.engagement(side.agent, "t.1").manager
    assert manager is not None
    bargain(side, "mallory", "t.1.b9", limit)
    assert side.diary.bargains[side.agent, "t.1.b9"].machine.state == "AGREED"
    assert price(side) is None
    assert not side.diary.agreements
    bargain(side, manager, "t.1.b1", 60 * PPM)
    agreed = price(side)
    assert agreed is not None
    bargain(side, "mallory", "t.1.b7", limit)
    assert side.diary.bargains[side.agent, "t.1.b7"].machine.state == "AGREED"
    assert price(side) == agreed
