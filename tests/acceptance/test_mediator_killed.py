"""A mediator's worker dies by kill -9 in each rung of its ladder: started again it goes on, there is one end, and its
journal derives everything again without asking anybody.

Of a call `contractnet call` asks; of a bargaining two parties on the broker, one as a manager, one as an agent.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

from contractnet.bargaining.result import BargainResult
from contractnet.mail.inbox import Letter, letters
from contractnet.market.market import Market
from contractnet.messages import acts as a
from contractnet.messages import joint as j
from contractnet.messages.codec import encode, join
from contractnet.messages.contents import Content, TaskFailureContent
from contractnet.messages.values import show_amount
from contractnet.transport.port import DaemonParty, Down, Link, ManagerParty, Parcel, Standby, ToAgents, Up
from contractnet.transport.urls import open_transport
from tests.support.deadlock import COLOUR, SPEED, Deadlock, preferences, sealed
from tests.support.fleet import Fleet, Process, assert_clean, assert_replays, until, write_tasks
from tests.support.side import Side

#: where the worker dies: the name of a failpoint
POINTS = ("recorder.before-commit", "recorder.after-commit", "outbox.before-publish", "outbox.after-publish")
TERMS = ("--reserve", "0.0005", "--max-rounds", "1", "--mediator", "judge")
LIMITS = ("--mediation-limit", "0.002", "--mediate-within", "60", "--require-settled")


def judge(fleet: Fleet, ladder: str, failpoint: str | None = None, *, connected: bool = True) -> Process:
    """A worker of a file with that ladder."""
    text = f'id = "judge"\n[mediate]\nladder = {ladder}\nhuman_within_s = 60\n'
    (fleet.folder / "judge.toml").write_text(text)
    env = {"CONTRACTNET_FAILPOINT": failpoint} if failpoint else None
    process = fleet.run("judge", "worker", "judge.toml", "--broker", fleet.broker, env=env)
    if connected:
        process.says("connected")
    return process


def decide(fleet: Fleet, *words: str) -> str:
    """`contractnet decide` on the journal of the worker."""
    process = fleet.run("decide", "decide", "judge.journal.db", *words)
    assert process.wait(30) == 0, process.err
    return process.out


def answered(fleet: Fleet) -> list[dict[str, Any]]:
    return [row.body for row in fleet.rows(fleet.journal("judge")) if row.type == "Answered"]


# ---- a call


def test_a_question_outlives_the_worker_that_asked_it(tmp_path: Path, amqp_url: str) -> None:
    """Killed while a person thinks; the answer is given to nobody; the next worker takes it, and asks nothing again."""
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ["case.person"])
    with Fleet(tmp_path, amqp_url) as fleet:
        fleet.worker("first_person")
        fleet.worker("second_person")
        first = judge(fleet, '["human"]')
        call = fleet.call(tasks, *TERMS, *LIMITS)
        (pending,) = fleet.awaits("Pending", fleet.journal("judge"))
        first.kill9()
        shown = decide(fleet)
        assert "q1: the deadlock of call" in shown
        assert re.search(r"; answer until 20\S+ \S+Z with one of A B round none pass", shown)
        cheapest = min(pending.body["told"]["offers"], key=lambda offer: int(offer["price"]))
        assert "no worker runs on" in decide(fleet, "q1", cheapest["choice"], "--by", "kim", "--why", "the usual one")
        judge(fleet, '["human"]')
        assert call.wait(60) == 0, call.err
        rows = assert_clean(fleet, ("first_person", "second_person", "judge"))
        (mediated,) = [row.body for row in rows if row.type == "Mediated"]
        assert mediated["offer"] == cheapest["offer"]
        assert [(one["by"], one["choice"]) for one in answered(fleet)] == [("kim", cheapest["choice"])]
        (chose,) = fleet.awaits("Chose", fleet.journal("judge"))
        assert (chose.body["rung"], chose.body["decision"]) == ("human", "q1")
        assert_replays([fleet.ledger, *map(fleet.journal, ("first_person", "second_person", "judge"))])


# ---- a bargaining

BUYER, SELLER = sealed(60_000_000), sealed(40_000_000)
DEADLOCKS = {
    "standing-offers": Deadlock((50_000_000,), (40_000_000,), ladder=("standing-offers",), reply_within_ms=60_000),
    "sealed-reservations": Deadlock(
        (30_000_000,),
        (70_000_000,),
        told=(BUYER, SELLER),
        ladder=("standing-offers", "sealed-reservations"),
        reply_within_ms=60_000,
    ),
    "single-text": Deadlock(
        (2, 0),
        (0, 30),
        told=(
            preferences((0, 300_000, 600_000), (400_000, 200_000, 100_000, 0), reservation=500_000),
            preferences((0, 100_000, 200_000), (0, 300_000, 600_000, 800_000), reservation=450_000),
        ),
        issues=(COLOUR, SPEED),
        ladder=("standing-offers", "single-text"),
        reply_within_ms=60_000,
    ),
    "human": Deadlock((45_000_000,), told=(BUYER, SELLER), ladder=("human",), reply_within_ms=60_000),
}
LADDER = '["standing-offers", "extra-round", "sealed-reservations", "single-text", "human"]'


async def ask(link: Link, deadlock: Deadlock, side: Literal["initiator", "participant"]) -> list[Content]:
    """One side asks, and waits for how it ended; everything that it was told about that, repetitions among it."""
    bench = Side("judge", "judge")
    act = deadlock.request(bench, side, message_id=f"ask-{side}", reply_with=f"ask-{side}")
    async with asyncio.timeout(30):
        while not any(isinstance(event, Up) for event in await link.receive()):
            pass
    await link.send(Parcel(ToAgents(("judge",)), join([encode(act)])), 5)
    heard: dict[str, a.Inform | a.Failure] = {}
    async with asyncio.timeout(90):
        while not heard:
            for event in await link.receive():
                if isinstance(event, Up | Down | Standby):
                    continue
                for one in letters(event):
                    if isinstance(one, Letter) and isinstance(one.act, a.Inform | a.Failure):
                        heard[one.act.message_id] = one.act
                event.ack()
    return [one.content for one in heard.values() if isinstance(one.content, Content)]


def both(broker: str, deadlock: Deadlock, second: Future[None] | None = None) -> tuple[list[Content], list[Content]]:
    """Both sides ask; the second once it may. What each was told."""

    async def run() -> tuple[list[Content], list[Content]]:
        transport = open_transport(broker, time_scale=0.1)
        parties = ManagerParty("ada"), DaemonParty("bob", {"bob": ("text.none",)})
        async with transport.attach(parties[0]) as one, transport.attach(parties[1]) as other:
            first = asyncio.create_task(ask(one, deadlock, "initiator"))
            if second is not None:
                await asyncio.wait_for(asyncio.wrap_future(second), 60)
            last = asyncio.create_task(ask(other, deadlock, "participant"))
            return await first, await last

    return asyncio.run(run())


def outcome(told: tuple[list[Content], list[Content]]) -> j.SettledContent:
    """The one that both were told."""
    (one,), (same,) = told
    assert not isinstance(one, TaskFailureContent), one
    assert one == same
    assert isinstance(one, j.SettledContent)
    assert one.terms is not None
    return one


@pytest.mark.parametrize(
    "rung", [one if one == "human" else pytest.param(one, marks=pytest.mark.campaign) for one in DEADLOCKS]
)
def test_killed_between_the_two_requests(rung: str, tmp_path: Path, amqp_url: str) -> None:
    """The first has asked, and the worker dies; the second asks the next worker; a person is killed over, too."""
    may = Future[None]()
    with Fleet(tmp_path, amqp_url) as fleet, ThreadPoolExecutor(1) as pool:
        first = judge(fleet, LADDER)
        told = pool.submit(both, amqp_url, DEADLOCKS[rung], may)
        fleet.awaits("Took", fleet.journal("judge"))
        first.kill9()
        may.set_result(None)
        again = judge(fleet, LADDER)
        if rung == "human":
            fleet.awaits("Pending", fleet.journal("judge"))
            again.kill9()
            decide(fleet, "q1", "A", "--by", "kim")
            judge(fleet, LADDER)
        assert outcome(told.result(90)).rung == rung
        until("all is sent", lambda: journal(fleet).count("Sent") == 4)
        assert_replays([fleet.journal("judge")])
        assert len(answered(fleet)) == (rung == "human")


def journal(fleet: Fleet) -> list[str]:
    """The types of its entries."""
    return [row.type for row in fleet.rows(fleet.journal("judge"))]


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("rung", DEADLOCKS)
def test_killed_at_every_pass(rung: str, point: str, tmp_path: Path, amqp_url: str) -> None:
    outcomes: list[j.SettledContent] = []
    number, died = 1, True
    while died:
        (folder := tmp_path / str(number)).mkdir()
        died, found = killed_once(folder, amqp_url, rung, f"{point}:{number}")
        outcomes.append(found)
        number += 1
    print(f"{rung}: killed at each of {number - 2} passes of {point}")
    assert number > 3
    assert len({str(one) for one in outcomes}) == 1


def killed_once(folder: Path, broker: str, rung: str, failpoint: str) -> tuple[bool, j.SettledContent]:
    """Whether the worker died there, and what both sides were told."""
    with Fleet(folder, broker) as fleet, ThreadPoolExecutor(1) as pool:
        first = judge(fleet, LADDER, failpoint, connected=False)
        until("it is there, or is dead", lambda: not first.alive or "connected" in first.err)
        early = not first.alive  # before anybody could reach it
        if early:
            judge(fleet, LADDER)
        told = pool.submit(both, broker, DEADLOCKS[rung])
        until("it is dead, or asks, or has answered", lambda: not first.alive or told.done() or waits(fleet))
        died = not first.alive
        if died and not early:
            assert first.wait() == -9
            judge(fleet, LADDER)
        if rung == "human":
            until("it asks", lambda: waits(fleet) or told.done())
            decide(fleet, "q1", "A", "--by", "kim")
        until("both are told, or it is dead now", lambda: told.done() or (not first.alive and not died))
        if not first.alive and not died:
            died = True
            judge(fleet, LADDER)
        found = outcome(told.result(90))
        until("all is sent", lambda: journal(fleet).count("Sent") == 4)
        assert_replays([fleet.journal("judge")])
    return died, found


def waits(fleet: Fleet) -> bool:
    """A person is asked."""
    return "Pending" in journal(fleet) and "Answered" not in journal(fleet)


def test_a_live_bargaining_is_ended_by_a_person_while_agent_and_mediator_are_killed(
    tmp_path: Path, amqp_url: str
) -> None:
    """One turn is none to agree in: both sides ask the mediator, which asks a person; then both workers die."""
    with Fleet(tmp_path, amqp_url) as fleet, ThreadPoolExecutor(1) as pool:
        fleet.worker("keen_1")
        first, ledger = judge(fleet, '["human"]'), tmp_path / "own.db"
        told = pool.submit(lambda: asyncio.run(bargained(amqp_url, ledger)))
        fleet.awaits("Pending", fleet.journal("judge"))
        first.kill9()
        fleet.workers["keen_1"].kill9()
        decide(fleet, "q1", "A", "--by", "kim")
        fleet.worker("keen_1")
        judge(fleet, '["human"]')
        result = told.result(90)
        assert result.agreed
        (mine,) = fleet.awaits("BargainMediated", ledger)
        (theirs,) = fleet.awaits("BargainMediated", fleet.journal("keen_1"))
        assert mine.body == theirs.body
        assert (mine.body["rung"], mine.body["taken"]) == ("human", True)
        assert show_amount(mine.body["terms"][0]) == result.price
        assert_replays([ledger, fleet.journal("keen_1"), fleet.journal("judge")])


async def bargained(url: str, ledger: Path) -> BargainResult:
    """A market of this process bargains."""
    async with Market.open(url, ledger=str(ledger)) as market:
        more: dict[str, Any] = {"turns": 1, "within": 60, "mediator": "judge", "ladder": ["human"]}
        return await market.bargain("keen_1", "a report", limit="0.05", high="0.09", **more)
