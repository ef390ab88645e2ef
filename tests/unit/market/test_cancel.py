"""A contract that is cancelled, a market that is left while tenders run: what becomes of them, and what is known."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from contractnet import Award, Call, ContractFailed, Market, Proposal, SyncMarket, Task, bidder
from contractnet.bidders.decorator import FunctionAgent
from contractnet.clock import scaled
from contractnet.contractor.driver import Contractor
from contractnet.contractor.settings import Settings as ContractorSettings
from contractnet.errors import ContractNetError, DefinitionError, TransportClosed
from contractnet.ledger.founding import Kind
from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.urls import open_reader
from contractnet.manager.manager import Manager
from contractnet.manager.replay import replay
from contractnet.manager.settings import Settings
from contractnet.market.batch import result_line
from contractnet.market.contract import Contract
from contractnet.messages.contents import CancelledContent
from contractnet.transport.memory import MemoryTransport
from contractnet.transport.port import DaemonParty
from tests.support.bench import Bench
from tests.support.town import virtual_wall

asyncio.set_event_loop(None)  # as in tests/unit/drivers/conftest.py

SKILL = "text.summarise"
#: reads a ledger again at once
QUICK = Settings(listen_ms=0, grace_ms=100)
#: with a file time is real, and shorter
SHORT: dict[str, Any] = {
    "settings": msgspec.structs.replace(scaled(Settings(), 0.05), listen_ms=0),
    "contractor_settings": scaled(ContractorSettings(), 0.05),
}


@pytest.fixture(autouse=True)
async def _wall(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under virtual time the wall clock is virtual, too."""
    if request.node.get_closest_marker("looptime"):
        virtual_wall(monkeypatch)


def agent(name: str, kind: str = "slow", work_s: float = 3_600) -> FunctionAgent:
    """An agent whose work takes long.

    Args:
        kind: `slow` stops when it is cancelled; `stubborn` does not; `finishing` is done just then; `failing` raises
            then.
    """

    @bidder(skill=SKILL, capacity=9, name=name)
    async def bid(call: Call) -> Proposal:
        return Proposal(price="0.01", eta=5, confidence=0.9)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        end = asyncio.get_running_loop().time() + work_s
        while (left := end - asyncio.get_running_loop().time()) > 0.01:
            try:
                await asyncio.sleep(left)
            except asyncio.CancelledError:
                if kind == "slow":
                    raise
                if kind == "failing":
                    raise RuntimeError("no") from None
                if kind == "finishing":
                    break
        return {"by": name}

    return bid


def market(agents: Sequence[FunctionAgent] = (), ledger: str = "memory://", **more: Any) -> Market:
    return Market.open("memory://", agents=agents, ledger=ledger, **more)


def reread(file: str) -> list[dict[str, Any]]:
    """The `Closed` and `Ended` entries of a ledger that replays."""
    reader = open_reader(file)
    entries = list(reader.entries())
    reader.close()
    replay(entries[0].agent, entries)
    return [json.loads(entry.body) for entry in entries if entry.type in ("Closed", "Ended")]


async def working(here: Market, *, slots: int = 1, **options: Any) -> Contract:
    """A contract at which all winners work."""
    contract = await here.tender(Task("x", SKILL, key="k"), slots=slots, reserve="0.05", **options)
    await asyncio.sleep(0.5)
    return contract


KINDS = {
    "slow": "undone",
    "failing": "undone",
    "finishing": "already-done",
    "stubborn": "could-not-stop",
}


@pytest.mark.looptime
@pytest.mark.parametrize("how", ["cancel", "leave"])
async def test_the_truth_of_each_is_told(how: str) -> None:
    """On the contract and in the result line; by a cancel, and by a market that is left."""
    async with market([agent(kind, kind) for kind in KINDS]) as here:
        contract = await working(here, slots=4)
        if how == "cancel":
            await contract.cancel()
    assert (contract.status, contract.reason, contract.truth) == ("cancelled", "user", KINDS)
    assert json.loads(result_line(contract, None))["truth"] == KINDS
    assert contract.filled == []


@pytest.mark.parametrize("how", ["cancel", "leave"])
async def test_the_truth_of_each_stands_in_the_ledger(how: str, tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    async with market([agent(kind, kind, 1.5) for kind in KINDS], file, on_leave="cancel", **SHORT) as here:
        contract = await working(here, slots=4)
        if how == "cancel":
            await contract.cancel()
    closed, ended = reread(file)
    assert (closed["truth"], ended["spent"], ended.get("filled", [])) == (KINDS, 0, [])
    async with market([], file, **SHORT) as again:
        assert [one.truth for one in again.contracts()] == [KINDS]
        with pytest.raises(ContractFailed):
            await again.contracts()[0].result()


class Odd(Exception):
    """An error of the program's own."""


LEAVES: list[BaseException | None] = [None, Odd(), KeyboardInterrupt(), asyncio.CancelledError()]


async def left_by(error: BaseException | None, here: Market) -> tuple[Contract, BaseException]:
    """The contract of a market that was left at work, and what was told to who waited for its result."""
    found: list[tuple[Contract, asyncio.Task[Any]]] = []

    async def program() -> None:
        async with here:
            contract = await working(here)
            found.append((contract, asyncio.create_task(contract.result())))
            await asyncio.sleep(0)
            if error is not None:
                raise error

    with pytest.raises(type(error)) if error is not None else contextlib.nullcontext():
        await program()
    ((contract, waiting),) = found
    with pytest.raises(ContractNetError) as caught:
        await waiting
    return contract, caught.value


@pytest.mark.looptime
@pytest.mark.parametrize("error", LEAVES, ids=lambda error: type(error).__name__)
async def test_what_nobody_can_go_on_with_is_cancelled(error: BaseException | None) -> None:
    """The default with a ledger in memory."""
    contract, told = await left_by(error, market([agent("one")], grace=5))
    assert (contract.status, contract.truth) == ("cancelled", {"one": "undone"})
    assert isinstance(told, ContractFailed)


@pytest.mark.parametrize("error", LEAVES[:2], ids=lambda error: type(error).__name__)
async def test_what_is_in_a_file_goes_on_when_the_market_is_opened_again(
    error: BaseException | None, tmp_path: Path
) -> None:
    """The default with any other ledger."""
    file = str(tmp_path / "m.db")
    contract, told = await left_by(error, market([agent("one")], file, grace=0, **SHORT))
    assert contract.truth == {}
    assert isinstance(told, TransportClosed | ContractFailed)
    async with market([agent("one")], file, on_leave="cancel", **SHORT) as again:
        (same,) = again.contracts()
        await same.awarded()
        await asyncio.sleep(0.5)
        assert same.status == "working"
    assert (same.status, same.truth) == ("cancelled", {"one": "undone"})


@pytest.mark.looptime
async def test_kept_in_memory_if_one_says_so() -> None:
    async with market([agent("one")], grace=0, on_leave="keep") as here:
        contract = await working(here)
    assert contract.truth == {}


@pytest.mark.looptime
@pytest.mark.parametrize("grace", [0, 2, 5])
async def test_the_grace_bounds_the_wait(grace: float) -> None:
    """Who has not answered by then is unanswered, and the tender has its end."""
    loop = asyncio.get_running_loop()
    async with market([agent("a"), agent("b", "stubborn")], grace=grace) as here:
        contract = await working(here, slots=2)
        began = loop.time()
    known = {"a": "undone" if grace else "unanswered", "b": "unanswered"}
    assert (contract.status, contract.truth) == ("cancelled", known)
    assert loop.time() - began < grace + 10 + 2  # stubborn work is left behind after the stop timer's ten seconds


@pytest.mark.looptime
async def test_nobody_is_called_any_more_when_the_market_is_left() -> None:
    """Of ten tenders one has the only place: the others end without a call, and nothing is wanted of anybody."""
    async with market([agent("one")], concurrency=1) as here:
        contracts = [await here.begin(Task(f"t{number}", SKILL)) for number in range(10)]
        await contracts[0].awarded()
        called = [contract.conversation_id for contract in contracts]
        assert called.count(None) > 5
    assert {contract.status for contract in contracts} == {"cancelled"}
    assert [contract.conversation_id for contract in contracts] == called


@pytest.mark.looptime
async def test_a_market_where_nothing_runs_is_left_at_once() -> None:
    loop = asyncio.get_running_loop()
    async with market([agent("one")]) as here:
        contract = await working(here)
        await contract.cancel()
        began = loop.time()
    assert loop.time() - began < 1


@pytest.mark.looptime
async def test_a_second_cancellation_ends_the_wait() -> None:
    loop = asyncio.get_running_loop()

    async def program() -> None:
        async with market([agent("one", "stubborn")]) as here:
            await working(here)
            await asyncio.sleep(1_000)

    running = asyncio.create_task(program())
    await asyncio.sleep(10)
    running.cancel()
    await asyncio.sleep(3)
    assert not running.done()
    running.cancel()
    began = loop.time()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert loop.time() - began < 11


@pytest.mark.looptime
async def test_contractors_elsewhere_stop_when_the_market_is_left() -> None:
    """They would work for nobody."""
    hub = MemoryTransport()
    journal = MemoryLedger("d", Kind.JOURNAL, 0)
    host = Contractor([agent("far").agent()], journal, hub.attach(DaemonParty("d", {"far": [SKILL]})))
    running = asyncio.create_task(host.run())
    async with Market.open(hub, ledger="memory://", settings=QUICK) as here:
        contract = await working(here)
        (engagement,) = host.diary.engagements.values()
        assert engagement.machine.has("committed")
    assert contract.truth == {"far": "undone"}
    assert engagement.machine.state == "CANCELLED"
    running.cancel()
    await asyncio.wait([running])


async def test_a_cancel_that_the_broker_is_not_there_for_goes_on_with_the_ledger(tmp_path: Path) -> None:
    """While it is away nobody can answer, and no timer says that nobody did (D5): the wait ends with the grace."""
    file, hub, loop = str(tmp_path / "m.db"), MemoryTransport(), asyncio.get_running_loop()
    journal = MemoryLedger("d", Kind.JOURNAL, 0)
    host = Contractor([agent("far").agent()], journal, hub.attach(DaemonParty("d", {"far": [SKILL]})))
    running = asyncio.create_task(host.run())
    async with Market.open(hub, ledger=file, on_leave="cancel", grace=0.3, settings=SHORT["settings"]) as here:
        contract = await working(here)
        hub.down()
        began = loop.time()
    assert 0.3 <= loop.time() - began < 5
    assert (contract.over, contract.truth) == (False, {"far": "unanswered"})
    hub.restore()
    async with Market.open(hub, ledger=file, settings=SHORT["settings"]) as again:
        (same,) = again.contracts()
        await same.ended()
        assert (same.status, same.truth) == ("cancelled", {"far": "undone"})
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.looptime
async def test_a_market_that_an_error_ends_gives_its_queues_back() -> None:
    """Nobody comes back for them: its ledger is gone."""
    hub = MemoryTransport()
    with contextlib.suppress(Odd):
        async with Market.open(hub, agents=[agent("one")], ledger="memory://", name="boss", settings=QUICK) as here:
            await working(here)
            assert [name for name in hub._queues if name.startswith("m.boss")]
            raise Odd
    assert not [name for name in hub._queues if name.startswith("m.boss")]


@pytest.mark.parametrize("answers", [("result", "cancelled"), ("cancelled", "result")])
def test_of_two_cancels_of_one_agent_the_worse_is_told(answers: Sequence[str]) -> None:
    """Its lease lapsed in one call, in the next it was cancelled: an undone does not undo what was done."""
    bench = Bench()
    bench.start("a", lease_ms=60_000)
    bench.propose("a")
    bench.wait(70_000)
    first = bench.call.conversation
    bench.wait(2_000)
    bench.invite("a")
    bench.propose("a")
    bench.cancel()
    for conversation, answer in zip((first, bench.call.conversation), answers, strict=True):
        content = CancelledContent() if answer == "cancelled" else bench.result_content(epoch=1)
        bench.informed("a", content, conversation_id=conversation)
    truths = [call.truth["a"] for call in bench.tender.calls]
    assert sorted(truths) == ["already-done", "undone"]
    assert Contract(cast(Manager, None), bench.tender).truth == {"a": "already-done"}


async def test_a_market_for_scripts_is_left_in_the_same_way(tmp_path: Path) -> None:
    def script(error: BaseException | None, **how: Any) -> tuple[str, dict[str, str]]:
        found: list[Contract] = []
        with contextlib.suppress(Odd, KeyboardInterrupt), SyncMarket(market([agent("one")], grace=5, **how)) as here:
            found.append(here.tender(Task("x", SKILL)).contract)
            if error is not None:
                raise error
        return found[0].status, found[0].truth

    for error in (None, Odd(), KeyboardInterrupt()):
        assert await asyncio.to_thread(script, error) == ("cancelled", {"one": "undone"})
    kept = str(tmp_path / "m.db")
    assert (await asyncio.to_thread(script, Odd(), ledger=kept))[1] == {}


def test_a_script_that_is_interrupted_while_it_leaves_closes_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Ctrl-C: nothing is left running, and the ledger is free for the next process."""
    file = str(tmp_path / "m.db")
    here = SyncMarket(market([agent("one", "stubborn", 0.8)], file, on_leave="cancel", **SHORT))
    run = here.run

    def interrupted(work: Any) -> Any:
        if work.__name__ != "_leave":
            return run(work)
        left = asyncio.run_coroutine_threadsafe(work, here._loop)
        with pytest.raises(TimeoutError):
            left.result(0.3)  # it waits for work that does not stop
        raise KeyboardInterrupt

    def script() -> None:
        with here:
            here.tender(Task("x", SKILL))
            monkeypatch.setattr(here, "run", interrupted)

    with pytest.raises(KeyboardInterrupt):
        script()
    assert not [one for one in threading.enumerate() if one.name == "contractnet-market"]
    with SyncMarket(market([], file, **SHORT)) as again:
        (contract,) = again.contracts()
        assert contract.contract.truth == {"one": "unanswered"}


@pytest.mark.parametrize(
    ("given", "words"),
    [({"on_leave": "drop"}, "none of keep and cancel"), ({"grace": -1}, "grace"), ({"grace": float("nan")}, "grace")],
)
def test_what_is_wrong_is_said(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        market(**given)
