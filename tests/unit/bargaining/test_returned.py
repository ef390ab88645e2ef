"""What a player or a strategy may return or raise: no record that cannot be read again, no end of a loop."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest

import contractnet
from contractnet.bargaining.player import Asking, Move, OwnTurn, Refusal
from contractnet.bargaining.records import BargainDeclined, Fact, Plan, Timers, TurnDecided, TurnTaken
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import Strategist
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View
from contractnet.messages.codec import canonical
from contractnet.messages.values import RefuseReason
from tests.support.room import Room, always, plan, sells

pytestmark = pytest.mark.looptime


def check_read_again(room: Room, who: str) -> None:
    """Each fact is read as it was recorded, and gives the same again."""
    side = room.sides[who]
    again = Bargain(who, who, "c-1", who[0] * 32, Timers())
    for record in room.facts[who]:
        read = msgspec.json.decode(canonical(record), type=type(record))
        assert read == record
        if isinstance(read, Fact):
            again.step(read, room.now())
    assert (again.machine.state, again.offers) == (side.machine.state, side.offers)


class Says:
    """Proposes one and the same."""

    def __init__(self, move: Any) -> None:
        self.move = move

    async def consider(self, asked: Asking) -> Plan | Refusal:
        return sells(asked)

    async def propose(self, own: OwnTurn) -> Move | None:
        move: Move | None = self.move
        return move


ODD_MOVES: tuple[Any, ...] = (
    Move("offer", (50_000_000.5,)),  # type: ignore[arg-type]
    Move("offer", (50_000_000.0,)),  # type: ignore[arg-type]
    Move("offer", (Decimal("50.5"),)),  # type: ignore[arg-type]
    Move("offer", (10**20,)),
    Move("offer", tuple(range(30))),
    Move("offer", ()),
    Move("haggle", (50_000_000,)),  # type: ignore[arg-type]
    Move("offer", (50_000_000,), words_for=("x",)),  # type: ignore[arg-type]
    Move("offer", [50_000_000]),  # type: ignore[arg-type]
    Move("offer", (50_000_000,), b"words"),  # type: ignore[arg-type]
    7,
)


@pytest.mark.parametrize("move", ODD_MOVES)
async def test_a_move_that_no_record_can_hold_is_played_by_the_strategy(move: Any) -> None:
    room = Room(Strategist(), Says(move))
    await room.play()
    assert room.sides["seller"].machine.finished
    assert room.of("seller", TurnTaken)
    check_read_again(room, "seller")


@pytest.mark.parametrize("limit", [40_000_000.5, Decimal(40_000_000), "40000000", None])
async def test_a_plan_that_no_record_can_hold_is_declined(limit: Any) -> None:
    room = Room(Strategist(), Strategist(partial(always, plan("seller", limit))))
    assert await room.play() == ("DECLINED", "DECLINED")
    assert len(room.of("seller", BargainDeclined)) == 1
    check_read_again(room, "seller")


@pytest.mark.parametrize(
    ("reason", "said"), [("busy", "busy"), (RefuseReason.UNFIT, "unfit"), ("nope", "policy"), (None, "policy")]
)
async def test_a_planner_refuses_as_a_bidder_does(reason: Any, said: str) -> None:
    room = Room(Strategist(), Strategist(lambda _: contractnet.Refusal(reason, "no lamps")))
    assert await room.play() == ("DECLINED", "DECLINED")
    (declined,) = room.of("seller", BargainDeclined)
    assert declined.reason == said
    assert ("no lamps" in declined.text) is (reason in ("busy", "unfit"))
    check_read_again(room, "seller")


class Counting:
    """The linear generator; raises when it is asked, or checks, for so many times."""

    name = "counting"

    def __init__(self, bad: int, error: type[BaseException], *, check: int = 0) -> None:
        self.bad = bad
        self.error = error
        self.bad_check = check
        self.asked: list[int] = []
        self.checked = 0

    def check(self, rules: Rules, mandate: Mandate) -> None:
        self.checked += 1
        if self.checked == self.bad_check:
            raise self.error("boom")

    def propose(self, view: View) -> Terms | None:
        self.asked.append(view.turn)
        if len(self.asked) == self.bad:
            raise self.error("boom")
        return STRATEGIES["linear"].generator.propose(view)


class Slow(Strategist):
    """Has no words in time."""

    async def word(self, owed: Any) -> str:
        await asyncio.sleep(1_000)
        return ""


@pytest.mark.parametrize("player", [Strategist(words="template"), Strategist(), Slow(), None])
@pytest.mark.parametrize("error", [RuntimeError, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("bad", [1, 2, 3, 0])
async def test_a_strategy_is_asked_once_a_turn_whatever_it_raises(
    monkeypatch: pytest.MonkeyPatch, player: Strategist | None, error: type[BaseException], bad: int
) -> None:
    generator = Counting(bad, error)
    monkeypatch.setitem(STRATEGIES, "counting", Strategy(generator, AcceptNext()))
    room = Room(player, Strategist(sells), strategy="counting")
    assert await room.play() == (("ENDED", "ENDED") if bad else ("AGREED", "AGREED"))
    turns = [one.turn for one in room.of("buyer", TurnDecided)]
    assert generator.asked == turns
    if not bad:
        check_read_again(room, "buyer")  # asks it again


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("bad", [1, 2])
async def test_a_strategy_checks_a_plan_once(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException], bad: int
) -> None:
    generator = Counting(0, error, check=bad)
    monkeypatch.setitem(STRATEGIES, "counting", Strategy(generator, AcceptNext()))
    room = Room(Strategist(), Strategist(partial(always, plan("seller", 40_000_000, "counting"))))
    ends = "DECLINED" if bad == 1 else "AGREED"
    assert await room.play() == (ends, ends)
    assert generator.checked == 1
