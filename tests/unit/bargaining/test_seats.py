"""Two live sides, a player in each seat: who is late, raises or is stopped is replaced, and there is one end."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from contractnet.bargaining.player import Asking, Move, Owed, OwnTurn, Refusal
from contractnet.bargaining.records import (
    BargainCalledOff,
    BargainDeclined,
    BargainEnded,
    Fact,
    Plan,
    Timers,
    TurnDecided,
    TurnTaken,
)
from contractnet.bargaining.seats import MOST_OPEN, SETTLED_MS, Seats
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import Strategist
from contractnet.ledger.records import SaidTurn
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View
from contractnet.messages.bargaining import BargainPropose
from contractnet.messages.values import RefuseReason
from tests.support.room import Room, always, plan, sells

pytestmark = pytest.mark.looptime


async def test_two_strategists_agree_and_say_so_in_words() -> None:
    room = Room(Strategist(words="template"), Strategist(sells, words="none"))
    assert await room.play() == ("AGREED", "AGREED")
    (mine,), (theirs,) = room.of("buyer", BargainEnded), room.of("seller", BargainEnded)
    assert mine == theirs
    assert 40_000_000 <= mine.terms[0] <= 60_000_000
    texts = [one.message.content.text for one in room.of("buyer", SaidTurn) if isinstance(one.message, BargainPropose)]
    assert texts
    assert all(text.startswith("offer ") and text.endswith(" USD") for text in texts)


async def test_an_agent_without_a_player_does_not_bargain() -> None:
    room = Room(Strategist(), None)
    assert await room.play() == ("DECLINED", "DECLINED")
    assert [one.reason for one in room.of("seller", BargainDeclined)] == [RefuseReason.UNSUPPORTED]
    room = Room(Strategist(), Strategist())
    assert await room.play() == ("DECLINED", "DECLINED")


@pytest.mark.parametrize(("others", "ends"), [(MOST_OPEN - 1, "AGREED"), (MOST_OPEN, "DECLINED")])
async def test_one_agent_bargains_with_so_many_at_once_and_no_more(others: int, ends: str) -> None:
    room = Room(Strategist(words="template"), Strategist(sells, words="none"))
    for number in range(others):
        other = Bargain("seller", "seller", f"o-{number}", "0" * 32, Timers())
        other.me = 1
        room.seats["seller"].look(other, room.players["seller"])
    assert await room.play() == (ends, ends)
    declined = [one.reason for one in room.of("seller", BargainDeclined)]
    assert declined == ([RefuseReason.BUSY] if ends == "DECLINED" else [])


async def test_acts_that_belong_to_nothing_take_no_place_and_hold_up_no_end() -> None:
    """Anybody may say them, each in a conversation of its own."""
    room = Room(Strategist(words="template"), Strategist(sells, words="none"))
    seats = room.seats["seller"]
    for number in range(MOST_OPEN + 1):
        seats.look(Bargain("seller", "seller", f"o-{number}", "0" * 32, Timers()), room.players["seller"])
    assert not seats.busy
    assert await room.play() == ("AGREED", "AGREED")
    assert not seats.busy


async def test_a_plan_that_does_not_fit_is_no_agreement_to_bargain(caplog: pytest.LogCaptureFixture) -> None:
    for wrong in (plan("buyer", 1), plan("seller", 1, "no-such"), plan("seller", 1, "logrolling-frequency")):
        room = Room(Strategist(), Strategist(partial(always, wrong)))
        assert await room.play() == ("DECLINED", "DECLINED")
        assert [one.reason for one in room.of("seller", BargainDeclined)] == [RefuseReason.POLICY]
    assert "the player of seller raised" in caplog.text


class Odd(Strategist):
    """Fails in its turns, and may in its answer."""

    def __init__(self, how: str, *, at_once: bool = False) -> None:
        super().__init__(sells)
        self.how = how
        self.at_once = at_once

    async def fail(self) -> Any:
        if self.how == "sleeps":
            await asyncio.sleep(1_000)
        if self.how == "deaf":
            until = asyncio.get_running_loop().time() + 100
            while (left := until - asyncio.get_running_loop().time()) > 0:
                try:
                    await asyncio.sleep(left)
                except asyncio.CancelledError:
                    continue
        if self.how == "returns":
            return 7
        raise {"exits": SystemExit, "cancels": asyncio.CancelledError}.get(self.how, ValueError)("secret 7")

    async def consider(self, asked: Asking) -> Plan | Refusal:
        return await self.fail() if self.at_once else await super().consider(asked)

    async def word(self, owed: Owed) -> str:
        return str(await self.fail()) if self.how != "returns" else await self.fail()


@pytest.mark.parametrize("how", ["raises", "exits", "cancels", "sleeps", "deaf", "returns"])
async def test_who_raises_or_is_late_is_replaced_by_the_strategy(how: str) -> None:
    room = Room(Strategist(), Odd(how))
    assert await room.play(300) == ("AGREED", "AGREED")
    plain = Room(Strategist(), Strategist(sells))
    await plain.play()
    assert room.of("seller", TurnDecided) == plain.of("seller", TurnDecided)
    assert not any("secret" in str(one) for one in room.facts["seller"])


@pytest.mark.parametrize("how", ["raises", "sleeps", "returns"])
async def test_who_fails_on_a_request_declines_it(how: str) -> None:
    room = Room(Strategist(), Odd(how, at_once=True))
    assert await room.play() == ("DECLINED", "DECLINED")
    (declined,) = room.of("seller", BargainDeclined)
    assert declined.reason in (RefuseReason.POLICY, RefuseReason.BUSY)
    assert "secret" not in declined.text


class Proposes(Strategist):
    """Moves numbers: always far under its own reservation."""

    word = None  # type: ignore[assignment]

    async def propose(self, own: OwnTurn) -> Move | None:
        assert own.view.mandate.preferences.reservation == 0
        if own.view.turn == 1:
            return None
        return Move("accept" if own.view.live else "offer", (10_000,), f"take it for {own.view.turn}")


async def test_a_proposer_moves_and_the_guard_has_the_last_word() -> None:
    room = Room(Strategist(), Proposes(sells))
    await room.play()
    decided = room.of("seller", TurnDecided)
    assert any(one.corrected == "own-mandate" or one.overruled is not None for one in decided)
    assert all(one.terms is None or one.terms[0] >= 40_000_000 for one in decided)
    assert all(one.act is not None for one in room.of("seller", TurnTaken) if one.turn > 1)


class Brittle:
    """An offer generator that raises from its second turn on."""

    name = "brittle"
    calls = 0

    def check(self, rules: Rules, mandate: Mandate) -> None: ...

    def propose(self, view: View) -> Terms | None:
        if view.mine:
            type(self).calls += 1
            raise RuntimeError("brittle")
        return (1_000_000,)


async def test_a_strategy_that_raises_ends_it_and_is_never_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "brittle", Strategy(Brittle(), AcceptNext()))
    room = Room(Strategist(words="template"), Strategist(sells), strategy="brittle")
    assert await room.play() == ("ENDED", "ENDED")
    assert [(one.turn, one.act) for one in room.of("buyer", TurnTaken)] == [(0, None), (2, "quit")]
    runs = Brittle.calls
    again = Bargain("buyer", "buyer", "c-1", "b" * 32, Timers())
    for record in room.facts["buyer"]:
        if isinstance(record, Fact):
            again.step(record, room.now())
    assert again.machine.state == "ENDED"
    assert Brittle.calls == runs


async def test_an_orderly_end_calls_off_and_declines() -> None:
    room = Room(Odd("sleeps"), Odd("sleeps", at_once=True))
    room.open()
    await asyncio.sleep(1)
    assert room.states == ("ASKING", "ASKED")
    room.seats["seller"].close([room.sides["seller"]])
    await asyncio.sleep(1)
    assert room.states == ("DECLINED", "DECLINED")
    room = Room(Odd("sleeps"), Strategist(sells))
    room.open()
    await asyncio.sleep(1)
    assert room.states == ("MINE", "THEIRS")
    room.seats["buyer"].close(room.sides.values())
    await asyncio.sleep(100)
    assert room.states == ("CANCELLED", "CANCELLED")
    assert [one.reason for one in room.of("buyer", BargainCalledOff)] == ["shutdown"]
    assert all(task.done() for task in room.tasks)


async def test_an_acceptance_without_an_answer_is_said_again_once() -> None:
    room = Room(Strategist(), Strategist(partial(always, plan("seller", 5_000_000))), strategy="takes-any-gain")
    room.deaf = True
    assert await room.play() == ("ACCEPTING", "AGREED")
    buyer, seats = room.sides["buyer"], room.seats["buyer"]
    assert seats.again(room.sides["seller"]) is None
    assert seats.again(buyer) == buyer.newest is not None
    assert seats.again(buyer) is None
    fresh = Seats(room.take, room.spawn, lambda: buyer.due_at + SETTLED_MS + 1)
    assert fresh.again(buyer) is None  # too long ago
