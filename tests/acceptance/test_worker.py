"""Workers as processes on a real broker: they settle, stand by, stop, hand back, and say what is wrong."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from contractnet.cli.main import run
from contractnet.clock import scaled
from contractnet.errors import ContractFailed
from contractnet.manager.settings import Settings
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.market.task import Task
from contractnet.testing.node import PrivateNode
from tests.support.commands import ROOT, SCALE, Running, gone, ran, started, until

AGENTS = ROOT / "agents"
SLOW = """
import asyncio, os, pathlib, resource, signal, subprocess, sys, time
from contractnet.bidders.decorator import bidder
from contractnet.contractor.ports import Proposal

@bidder(skill="text.count", capacity=2)
def slow(call):
    return Proposal("0.01", eta=5)

@slow.perform
async def work(award):
    pathlib.Path(f"attempt{award.attempt}").touch()
    while not pathlib.Path("go").exists():
        await asyncio.sleep(0.02)
    return {"attempt": award.attempt}

@bidder(skill="text.count")
def deaf(call):
    return Proposal("0.01", eta=5)

@deaf.perform
def never(award):
    pathlib.Path("attempt1").touch()
    time.sleep(600)

@bidder(skill="text.count")
def stubborn(call):
    return Proposal("0.01", eta=5)

@stubborn.perform
async def again_and_again(award):
    if pathlib.Path("full").exists():  # from here on the journal cannot grow
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    pathlib.Path("attempt1").touch()
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pathlib.Path("asked").touch()
"""


@asynccontextmanager
async def market(broker: str, folder: Path) -> AsyncGenerator[Market]:
    """A manager in this process, with the timers of the workers."""
    ledger = str(folder / "manager.db")
    async with Market.open(broker, ledger=ledger, settings=scaled(Settings(), float(SCALE)), grace=0) as opened:
        yield opened


def assert_replays(folder: Path) -> None:
    """All ledgers and journals of the test do."""
    found = [str(path) for path in folder.glob("*.db")]
    assert found
    for path in found:
        with redirect_stdout(StringIO()) as said:
            assert run(["replay", path]) == 0
        assert re.fullmatch(r"(\d+) of \1 awards re-derived, 0 differences, 0 model calls\n", said.getvalue())


def vhost_of(url: str) -> str:
    return urlsplit(url).path[1:]


def with_user(url: str, login: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.hostname}:{parts.port}"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SLOW)
    return tmp_path


async def test_the_sample_agents_settle_and_stop_in_order(amqp_url: str, folder: Path) -> None:
    text = "The printer is ready. Good morning."
    files = [str(AGENTS / f"{name}.toml") for name in ("summariser", "counter")]
    with (
        started(folder, "worker", *files, "--broker", amqp_url) as two,
        started(folder, "worker", str(AGENTS / "translator.toml"), "--broker", amqp_url) as one,
    ):
        two.says("connected")
        one.says("connected")
        listed = ran(folder, "agents", "--broker", amqp_url, "--json")
        there = [json.loads(line) for line in listed.stdout.splitlines()]
        name = there[0]["daemon"]
        assert [(found["agent"], found["daemon"], found["free"]) for found in there] == [
            ("counter", name, 4),
            ("summariser", name, 4),
            ("translator", "translator", 4),
        ]
        assert re.fullmatch(r"d_[0-9a-f]{8}", name)
        async with market(amqp_url, folder) as buyer:
            results: list[Any] = []
            for skill in ("text.summarise", "text.count", "text.translate"):
                contract = await buyer.tender(
                    Task("Work", skill, {"text": text}), reserve="0.05", reply_within=5, confidence="stated"
                )
                results.append((contract.winner, contract.price, await contract.result()))
        assert results == [
            ("summariser", "0.004", {"summary": "The printer is ready."}),
            ("counter", "0.002", {"words": 6}),
            ("translator", "0.01", {"translation": "der Drucker ist fertig . gut Morgen .", "unknown": []}),
        ]
        assert two.stop() == 0
        assert one.stop() == 0
        assert "stopped in order: 3 bids, 0 refusals, 2 awards, 2 results, 0 failures" in two.err
        assert "stopped in order: 1 bids, 0 refusals, 1 awards, 1 results, 0 failures" in one.err
        assert "guest:guest" not in two.err
    assert_replays(folder)


@asynccontextmanager
async def at_work(
    broker: str, folder: Path, agent: str = "shop:slow", *options: str
) -> AsyncGenerator[tuple[Running, Contract]]:
    """A worker in the middle of a task."""
    with started(folder, "worker", agent, "--broker", broker, *options) as worker:
        worker.says("connected")
        async with market(broker, folder) as buyer:
            contract = await buyer.tender(
                Task("Count", "text.count"), reserve="0.05", reply_within=5, work_within=60, within=1, lease=20
            )
            assert contract.winner is not None
            await appears(folder / "attempt1")
            yield worker, contract


async def appears(path: Path) -> None:
    """Wait for a file that the work leaves; the manager of this process goes on meanwhile."""
    await loop_until(path.exists)


async def loop_until(look: Callable[[], bool], timeout_s: float = 60.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not look():
            await asyncio.sleep(0.02)


async def test_work_within_the_grace_is_finished(amqp_url: str, folder: Path) -> None:
    async with at_work(amqp_url, folder) as (worker, contract):
        worker.send(signal.SIGTERM)
        worker.says("stopping: no new work, 1 tasks have 30 s to finish")
        (folder / "go").touch()
        assert await contract.result() == {"attempt": 1}
        assert worker.wait() == 0
        assert "1 results, 0 failures" in worker.err
    assert_replays(folder)


async def test_work_beyond_the_grace_is_handed_back(amqp_url: str, folder: Path) -> None:
    async with at_work(amqp_url, folder, "shop:slow", "--grace", "0.3") as (worker, contract):
        begun = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - begun < 29  # the usual grace is thirty
        assert "0 results, 1 failures" in worker.err
        with pytest.raises(ContractFailed):
            await contract.result()
        rows = ran(folder, "log", "manager.db", "--performative", "failure").stdout
        assert "slow -> " in rows
        assert "failure handed-back: the daemon is stopping" in rows
    assert_replays(folder)


async def test_work_in_a_thread_is_left_behind(amqp_url: str, folder: Path) -> None:
    async with at_work(amqp_url, folder, "shop:deaf", "--grace", "0.2") as (worker, _):
        assert worker.stop() == 0
        assert "stopped in order: 1 bids, 0 refusals, 1 awards, 0 results, 1 failures" in worker.err
        assert "work in a thread did not end with its task; leaving it" in worker.err
    assert_replays(folder)


async def test_work_that_swallows_its_cancellation_is_left_behind(amqp_url: str, folder: Path) -> None:
    """One signal is enough: what there was to say is said, and the process ends by itself."""
    async with at_work(amqp_url, folder, "shop:stubborn", "--grace", "0.2") as (worker, contract):
        worker.send(signal.SIGTERM)
        with pytest.raises(ContractFailed):
            await contract.result()
        await loop_until(lambda: worker.process.poll() is not None)
        assert worker.wait() == 0
        assert (folder / "asked").exists()
        *_, stopped, left = worker.err.splitlines()
        assert stopped.endswith("stopped in order: 1 bids, 0 refusals, 1 awards, 0 results, 1 failures")
        assert left == "contractnet worker: work did not end though it was cancelled; leaving it"
    assert_replays(folder)


async def test_a_journal_that_breaks_ends_it_whatever_still_runs(amqp_url: str, folder: Path) -> None:
    (folder / "full").touch()
    async with at_work(amqp_url, folder, "shop:stubborn", "--grace", "0.2") as (worker, _):
        worker.send(signal.SIGTERM)
        assert worker.wait() == 3
        *_, left, why = worker.err.splitlines()
        assert left == "contractnet worker: work did not end though it was cancelled; leaving it"
        assert why.startswith("contractnet worker: "), why
        assert "stubborn.journal.db" in why
        assert "Traceback" not in worker.err


async def test_a_second_signal_ends_it_at_once_and_the_next_start_goes_on(amqp_url: str, folder: Path) -> None:
    async with at_work(amqp_url, folder) as (worker, contract):
        worker.send(signal.SIGTERM)
        worker.says("stopping: no new work")
        worker.send(signal.SIGINT)
        assert worker.wait() == 130
        assert "stopping at once; what still runs begins again at the next start" in worker.err
        with started(folder, "worker", "shop:slow", "--broker", amqp_url) as again:
            await appears(folder / "attempt2")
            (folder / "go").touch()
            assert await contract.result() == {"attempt": 2}
            assert again.stop() == 0
    assert_replays(folder)


async def test_a_program_is_ended_with_its_daemon(amqp_url: str, folder: Path) -> None:
    (folder / "family.toml").write_text(
        'id = "family"\nskills = ["text.count"]\n[cost]\nprice = "0.01"\n'
        '[perform]\ncommand = ["sh", "-c", "sleep 600 & echo $$ $! > attempt1; cat > /dev/null; wait"]\n'
    )
    async with at_work(amqp_url, folder, "family.toml", "--grace", "0.2") as (worker, _):
        await loop_until(lambda: bool((folder / "attempt1").read_text().split()[1:]))
        pids = (folder / "attempt1").read_text().split()
        assert worker.stop() == 0
        await loop_until(lambda: all(gone(int(pid)) for pid in pids))


def test_a_second_host_stands_by_and_takes_over(amqp_url: str, folder: Path) -> None:
    options = ("worker", "shop:slow", "--broker", amqp_url)
    with started(folder, *options) as first:
        first.says("connected")
        with started(folder, *options, "--journal", "second.db") as second:
            second.says("standing by: d.slow.host is taken: another process hosts it")
            first.process.kill()
            second.says("connected")
            assert second.stop() == 0
        with started(folder, *options, "--name", "other") as third, started(folder, *options) as fourth:
            until("one of them hosts it", lambda: "connected" in third.err + fourth.err)
            until("the other stands by", lambda: "a.slow.host is taken" in third.err + fourth.err)
            assert third.stop() == 0
            fourth.says("connected")
            assert fourth.stop() == 0


def test_a_journal_has_one_writer_and_one_name(amqp_url: str, folder: Path) -> None:
    with started(folder, "worker", "shop:slow", "--broker", amqp_url) as first:
        first.says("connected")
        second = ran(folder, "worker", "shop:slow", "--broker", amqp_url)
        assert second.returncode == 3
        assert f"slow.journal.db is being written by process {first.process.pid}" in second.stderr
        assert first.stop() == 0
    other = ran(folder, "worker", "shop:deaf", "--journal", "slow.journal.db", "--broker", amqp_url)
    assert other.returncode == 3
    assert "slow.journal.db belongs to slow, not to deaf" in other.stderr
    assert other.stderr.count("\n") == 1


def test_an_agent_that_moved_out_is_no_longer_called(amqp_url: str, folder: Path, broker_node: PrivateNode) -> None:
    def bindings() -> set[str]:
        """The keys of the daemon's queues."""
        listed = (
            f'[{{element(4, element(4, B)), element(3, B)}} || B <- rabbit_binding:list(<<"{vhost_of(amqp_url)}">>)]'
        )
        pairs = re.findall(r'{<<"([^"]*)">>,<<"([^"]*)">>}', broker_node.eval(listed))
        return {key for queue, key in pairs if queue.startswith("d.shop.")}

    both = ("worker", "shop:slow", str(AGENTS / "translator.toml"), "--name", "shop", "--broker", amqp_url)
    with started(folder, *both) as worker:
        worker.says("connected")
        assert {"skill.text.translate", "translator", "slow"} <= bindings()
        assert worker.stop() == 0
    with started(folder, "worker", "shop:slow", "--name", "shop", "--broker", amqp_url) as worker:
        worker.says("connected")
        assert "slow" in bindings()
        assert not {"skill.text.translate", "translator"} & bindings()
        assert worker.stop() == 0


def test_agents_leaves_no_queue_behind(amqp_url: str, folder: Path, broker_node: PrivateNode) -> None:
    done = ran(folder, "agents", "--broker", amqp_url)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nobody said that they are there within 1.2 s" in done.stderr
    names = f'[element(4, Name) || Name <- rabbit_amqqueue:list_names(<<"{vhost_of(amqp_url)}">>)]'
    assert "m." not in broker_node.eval(names)


def test_what_an_operator_must_mend_is_said_at_once_and_ends_it_in_time(amqp_url: str, folder: Path) -> None:
    wrong_password = with_user(amqp_url, "guest:sesame")
    wrong_vhost = amqp_url + "-absent"
    asked = ran(folder, "agents", "--broker", wrong_password)
    assert asked.returncode == 3
    assert "refused the login of user 'guest': check the user name and the password" in asked.stderr
    assert ran(folder, "agents", "--broker", wrong_vhost).returncode == 3
    with (
        started(folder, "worker", "shop:slow", "--broker", wrong_password) as one,
        started(folder, "worker", "shop:deaf", "--broker", wrong_vhost) as other,
    ):
        one.says("not connected: the broker at")
        one.says("refused the login of user 'guest': check the user name and the password in the broker URL")
        other.says("refused the virtual host")
        assert one.wait(90) == 3
        assert other.wait(90) == 3
        assert "sesame" not in one.err
        assert one.err.splitlines()[-1].startswith("contractnet worker: the broker at")
        assert other.err.splitlines()[-1].startswith("contractnet worker: the broker at")


def test_no_broker_is_said_and_waited_for(folder: Path) -> None:
    with started(folder, "worker", "shop:slow", "--broker", "amqp://127.0.0.1:1/") as worker:
        worker.says("not connected: no broker answers at 127.0.0.1:1 (connection refused): start it, or name another")
        assert worker.stop() == 0
    done = ran(folder, "agents", "--broker", "amqp://127.0.0.1:1/")
    assert done.returncode == 3
    assert done.stderr.startswith("contractnet agents: no broker answers at 127.0.0.1:1")


def test_a_broker_that_goes_and_comes_back(own_node: PrivateNode, folder: Path) -> None:
    with started(folder, "worker", "shop:slow", "--broker", own_node.vhost()) as worker:
        worker.says("connected")
        own_node.settle()
        own_node.kill9()
        worker.says("lost the broker: ")
        own_node.start()
        worker.says("connected again")
        assert worker.stop() == 0
