"""Bad input, each with its clear answer: a user's files and lines, a broker that is not as it should be, proposals of a
peer that breaks the rules, and messages whose AMQP properties nobody can read.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pika
import pytest

from contractnet import Market, Proposal, Task, bidder
from contractnet.cli import call_view
from contractnet.cli.main import run
from contractnet.testing.loopback import free_ports
from tests.acceptance.test_settle import expected
from tests.support.audit import read
from tests.support.fleet import (
    Fleet,
    assert_clean,
    assert_replays,
    assert_settled,
    lines_of,
    until,
    write_tasks,
)
from tests.support.outsider import Message, Outsider
from tests.support.raw_amqp import UNDECODABLE, publish

NOWHERE = "amqp://guest:guest@127.0.0.1:1/"
GOOD_LINE = '{"task": "Count", "skill": "text.count"}'
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# ---- what a user writes: exit 2, the line is named, nothing is opened

LINES = {
    "not JSON": ("{task: Count}", "not a JSON object"),
    "cut off": (GOOD_LINE[:-5], "not a JSON object"),
    "a list": ("[1, 2]", "object"),
    "no skill": ('{"task": "Count"}', "skill"),
    "no task": ('{"skill": "text.count"}', "task"),
    "a field too many": (GOOD_LINE[:-1] + ', "prize": 1}', "prize"),
    "a bad skill": ('{"task": "Count", "skill": "Count!"}', "Count!"),
    "a negative reserve": (GOOD_LINE[:-1] + ', "reserve": "-0.05"}', "-0.05"),
    "a reserve too fine": (GOOD_LINE[:-1] + ', "reserve": "0.0000001"}', "0.0000001"),
    "a reserve as a float": (GOOD_LINE[:-1] + ', "reserve": 0.05}', "reserve"),
    "a schema outside the subset": (
        GOOD_LINE[:-1] + ', "result_schema": {"$ref": "http://example.invalid/schema"}}',
        "$ref",
    ),
    "a number that is none": (GOOD_LINE[:-1] + ', "input": {"x": NaN}}', "not a JSON object"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_task_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line, words = LINES[name]
    tasks, ledger = tmp_path / "tasks.jsonl", tmp_path / "manager.db"
    tasks.write_text(f"{GOOD_LINE}\n{line}\n")
    assert run(["call", "--tasks", str(tasks), "--ledger", str(ledger), "--broker", NOWHERE]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("contractnet call: ")
    assert "line 2" in said.err
    assert words in said.err
    assert "Traceback" not in said.err
    assert not ledger.exists()


OPTIONS = {
    "a negative reserve": (["--reserve", "-1"], "reserve"),
    "a reserve too fine": (["--reserve", "0.0000001"], "reserve"),
    "a value that is no number": (["--value", "much"], "value"),
    "an unknown rule": (["--rule", "whoever"], "whoever"),
    "no time to reply": (["--reply-within", "0"], "reply"),
    "a budget without a reserve": (["--budget", "1"], "reserve"),
    "no concurrency": (["--concurrency", "0"], "concurrency"),
    "a broker of another scheme": (["--broker", "http://127.0.0.1/"], "http"),
    "a unit that is none": (["--unit", "much money"], "unit"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options, words = OPTIONS[name]
    ledger = tmp_path / "manager.db"
    base = ["call", "Count this", "--skill", "text.count", "--ledger", str(ledger), "--broker", NOWHERE]
    assert run([*base, *options]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert not ledger.exists()


# ---- a ledger that is none: exit 3 where it should be written, and what to do is said


def _folder(path: Path) -> None:
    path.mkdir()


def _picture(path: Path) -> None:
    path.write_bytes(PICTURE)


def _of_no_folder(path: Path) -> None:
    """Its folder is missing."""
    path.symlink_to(path.parent / "missing" / "manager.db")


def _journal(path: Path) -> None:
    shutil.copy(path.parent / "good" / "ada.journal.db", path)


def _cut(path: Path) -> None:
    good = (path.parent / "good" / "manager.db").read_bytes()
    path.write_bytes(good[: len(good) // 2])


LEDGERS = {"folder": _folder, "picture": _picture, "missing folder": _of_no_folder, "journal": _journal, "cut": _cut}


@bidder(skill="text.count")
async def ada(call: object) -> Proposal:
    return Proposal("0.01", eta=1)


@ada.perform
async def ada_works(award: object) -> dict[str, int]:
    return {"words": 1}


async def _settle(journal: str) -> None:
    async with Market.open("memory://", agents=[ada], ledger="memory://", journal=journal) as market:
        await (await market.tender(Task("Count", skill="text.count"))).result()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ledger and journal of a small embedded market."""
    folder = tmp_path_factory.mktemp("good")
    assert run(["demo", "--ledger", str(folder / "manager.db")]) == 0
    asyncio.run(_settle(f"sqlite:///{folder / 'ada.journal.db'}"))
    return folder


@pytest.mark.parametrize("name", LEDGERS)
def test_a_ledger_that_cannot_be_written(
    name: str, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(good, tmp_path / "good")
    ledger = tmp_path / "manager.db"
    LEDGERS[name](ledger)
    before = ledger.read_bytes() if ledger.is_file() else b""
    capsys.readouterr()
    code = run(["call", "Count", "--skill", "text.count", "--ledger", str(ledger), "--broker", NOWHERE])
    said = capsys.readouterr()
    assert code == 3, said.err
    assert said.err.startswith("contractnet call: ")
    assert "manager.db" in said.err
    assert len(said.err.splitlines()) == 1, said.err
    assert (ledger.read_bytes() if ledger.is_file() else b"") == before


def test_a_ledger_that_is_read_only(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        ledger = Path(name) / "manager.db"
        shutil.copy(good / "manager.db", ledger)
        ledger.chmod(0o444)
        Path(name).chmod(0o777)
        capsys.readouterr()
        call = ["call", "Count", "--skill", "text.count", "--ledger", str(ledger), "--broker", NOWHERE]
        root = os.geteuid() == 0
        if root:  # permissions bind nobody who is root, so we become somebody else for a moment
            os.seteuid(65534)
        try:
            assert run(call) == 3
            assert run(["replay", str(ledger)]) == 0  # it may still be read
        finally:
            if root:
                os.seteuid(0)
        assert "is read-only for this user: give write permission" in capsys.readouterr().err


# ---- a broker that is not as it should be: exit 3


def changed(url: str, *, password: str | None = None, path: str | None = None) -> str:
    parts = urlsplit(url)
    place = f"{parts.username}:{password or parts.password}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=place, path=parts.path if path is None else path))


def test_no_broker(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_view, "NEVER_UP_S", 0.3)  # an operator waits 30 s
    monkeypatch.setenv("CONTRACTNET_TIME_SCALE", "0.1")
    (port,) = free_ports(1)
    url = f"amqp://guest:secret@127.0.0.1:{port}/"
    ledger = str(tmp_path / "manager.db")
    assert run(["call", "Count", "--skill", "text.count", "--ledger", ledger, "--broker", url]) == 3
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in said
    assert "start it, or name another one (--broker)" in said
    assert "secret" not in said
    again = ["call", "Count", "--skill", "text.count", "--ledger", ledger, "--broker", url]
    assert run(again) == 3
    assert "this was put out before and has not ended; going on with it" in capsys.readouterr().err
    assert run([*again, "--reserve", "1"]) == 3  # other terms: another tender
    assert [row.type for row in read(tmp_path / "manager.db")].count("Opened") == 2


async def test_a_market_that_waits_for_its_broker_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (port,) = free_ports(1)
    market = Market.open(f"amqp://guest:secret@127.0.0.1:{port}/", ledger=str(tmp_path / "m.db"))
    async with asyncio.timeout(20), market:
        while not caplog.records:
            await asyncio.sleep(0.02)
    (line,) = [one.getMessage() for one in caplog.records if one.name == "contractnet.market"]
    assert line.startswith(f"no broker: no broker answers at 127.0.0.1:{port} (connection refused)")
    assert "secret" not in caplog.text


def test_a_command_takes_no_market_of_one_process_for_a_broker(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["agents"], ["worker", "absent.toml"], ["call", "x", "--skill", "a.b"]):
        assert run([*command, "--broker", "memory://"]) == 2
        assert "memory:// is within one process" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["[1]", "{", '"text"'])
def test_an_input_that_is_no_object(capsys: pytest.CaptureFixture[str], given: str) -> None:
    assert run(["call", "x", "--skill", "a.b", "--input", given]) == 2
    assert "--input: this is not a JSON object" in capsys.readouterr().err
    assert run(["call", "--tasks", "x.jsonl", "--input", "{}"]) == 2
    assert "--input belongs to a task on the command line" in capsys.readouterr().err


def test_a_broker_that_does_not_let_us_in(tmp_path: Path, amqp_url: str) -> None:
    """Wrong password, wrong vhost, and a queue that somebody declared with other arguments."""
    with closing(pika.BlockingConnection(pika.URLParameters(amqp_url))) as connection:
        connection.channel().queue_declare("m.boss.bids", durable=True)
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ["text.count"])
    wanted = {
        "password": (changed(amqp_url, password="wrong-secret"), r"(?i)password|login|refused"),
        "vhost": (changed(amqp_url, path="/nowhere"), "nowhere"),
        "queue": (amqp_url, "m.boss.bids"),
    }
    with Fleet(tmp_path, amqp_url) as fleet:
        calls = {
            name: fleet.call(tasks, "--name", "boss", ledger=tmp_path / f"{name}.db", broker=url)
            for name, (url, _) in wanted.items()
        }
        for name, call in calls.items():
            assert call.wait(60) == 3, (name, call.err)
            assert re.search(wanted[name][1], call.err), call.err
            assert "Traceback" not in call.err
            assert "wrong-secret" not in call.err


# ---- a peer that breaks the rules

AGENTS = ("negative", "over", "long", "huge", "nan", "twice", "astray", "foreign", "late", "unit", "quick")


def test_a_peer_that_breaks_the_rules(tmp_path: Path, amqp_url: str) -> None:
    gate = tmp_path / "gate"
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ["case.raw"], gate=str(gate))
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet(tmp_path, amqp_url))
        fleet.worker("first_raw")  # it declares the exchanges
        peer = stack.enter_context(Outsider(amqp_url, "outside", AGENTS, "case.raw"))
        terms = ("--reserve", "0.05", "--reply-within", "4", "--lease", "20", "--require-settled")
        manager = fleet.call(tasks, "--name", "boss", *terms)
        cfp = peer.called()
        (invited,) = fleet.awaits("Invited")
        assert set(invited.body["expected"]) == {"first_raw", *AGENTS}
        assert "reserve" not in cfp["content"]["terms"]  # it is secret

        sent = break_rules(peer, cfp)
        answers = {name: peer.waits_for(f"an answer to {name}", to(name, message)) for name, message in sent.items()}
        assert faults(answers["negative"]) == ["$.content.price"]
        assert answers["negative"]["content"]["time_left_ms"] > 0
        assert faults(answers["long"]) == ["$.content.rationale"]
        assert faults(answers["unit"]) == ["$.content.unit"]
        assert faults(answers["quick"]) == ["$.content.valid_for_ms"]
        assert answers["huge"]["content"]["reason"] == "schema"
        assert answers["nan"]["content"]["reason"] == "schema"
        assert answers["astray"]["content"]["reason"] == "unknown-conversation"
        repaired = peer.proposal(cfp, "negative", 20_000)
        peer.tell("boss", repaired)

        fleet.awaits("Decided")
        late = peer.proposal(cfp, "late", 500)
        peer.tell("boss", late)
        told = peer.waits_for("what the late one hears", to("late", late))
        assert (told["performative"], told["content"]["reason"]) == ("reject-proposal", "late")
        assert told["content"]["late_by_ms"] > 0
        gate.touch()
        assert manager.wait(60) == 0, manager.err
        peer.listen()

        rows = assert_clean(fleet, ["first_raw"])
        (decided,) = [row.body for row in rows if row.type == "Decided"]
        assert decided["winner"] == "first_raw"
        bids = {bid["participant"]: bid.get("reason") for bid in decided["bids"]}
        assert bids == {"first_raw": None, "negative": "outbid", "twice": "outbid", "over": "over-reserve"}
        assert {"long", "huge", "nan", "astray", "foreign", "late", "unit", "quick"} <= set(decided["silent"])
        rejected = [
            one for one in peer.heard if one["performative"] == "reject-proposal" and "offer" not in one["content"]
        ]
        assert {one["content"]["reason"] for one in rejected} == {"outbid", "over-reserve"}
        assert len([row for row in rows if row.sender == "twice" and row.type == "Heard"]) == 1
        strays = [row.body for row in rows if row.type == "Quarantined"]
        assert sorted(stray["why"].partition(":")[0] for stray in strays) == [
            "its sender is no participant of the conversation",
            "unknown conversation",
        ]
        assert_settled(tasks, fleet.results, expected)
        assert_replays([fleet.ledger, fleet.journal("first_raw")])


def break_rules(peer: Outsider, cfp: Message) -> dict[str, Message]:
    """Say what must not be said; returns what must be answered at once."""
    sent: dict[str, Message] = {
        "negative": peer.proposal(cfp, "negative", -1),
        "long": peer.proposal(cfp, "long", 10_000, rationale="x" * 501),
        "huge": peer.proposal(cfp, "huge", 10_000, rationale="x" * 70_000),
        "unit": peer.proposal(cfp, "unit", 10_000, unit="EUR"),
        "quick": peer.proposal(cfp, "quick", 10_000, valid_for_ms=1),
        "astray": {**peer.proposal(cfp, "astray", 10), "conversation_id": "elsewhere.1"},
    }
    for message in sent.values():
        peer.tell("boss", message)
    sent["nan"] = peer.proposal(cfp, "nan", 424_242)
    peer.publish("cn.to_mgr", "boss.bid", json.dumps([sent["nan"]]).replace("424242", "NaN").encode())
    peer.tell("boss", peer.proposal(cfp, "over", 60_000))
    twice = peer.proposal(cfp, "twice", 30_000)
    peer.tell("boss", twice, twice)
    peer.tell("boss", twice)
    result = {"kind": "result", "slot": 1, "epoch": 1, "result": {"reversed": ""}}
    peer.tell("boss", peer.answer(cfp, "stranger", "inform", result), lane="work")
    with (
        Outsider(peer.url, "outside_2", ["foreign"], "case.none") as other,
        pytest.raises(pika.exceptions.ChannelClosedByBroker),  # over the broker's own limit
    ):
        other.publish("cn.to_mgr", "boss.bid", b"[" + b" " * 2_000_000)
    return sent


def to(agent: str, message: Message) -> Any:
    """Whether it answers that agent's message."""
    return lambda one: one["receiver"] == agent and one.get("in_reply_to") == message["reply_with"]


def faults(answer: Message) -> list[str]:
    assert answer["performative"] == "not-understood"
    assert answer["content"]["reason"] == "schema"
    return [field["path"] for field in answer["content"]["fields"]]


# ---- properties that nobody can read


def test_five_undecodable_messages_and_no_reconnect(tmp_path: Path, amqp_url: str) -> None:
    gate = tmp_path / "gate"
    tasks = write_tasks(tmp_path / "tasks.jsonl", 2, ["case.x"], gate=str(gate))
    with Fleet(tmp_path, amqp_url) as fleet:
        worker = fleet.worker("first_x")
        manager = fleet.call(tasks, "--name", "boss", "--reserve", "0.05", "--require-settled")
        fleet.awaits("Awarded", count=2)
        assert len(UNDECODABLE) == 5
        for flags, properties in UNDECODABLE.values():
            for exchange, key in (("cn.to_mgr", b"boss.work"), ("cn.to_agent", b"first_x")):
                assert publish(amqp_url, exchange, key, flags, properties, b"[]") == "Basic.Ack"
        fleet.awaits("Quarantined", count=5)
        fleet.awaits("Quarantined", fleet.journal("first_x"), count=5)
        gate.touch()
        assert manager.wait(60) == 0, manager.err
        assert_settled(tasks, fleet.results, expected)
        for process in (worker, manager):
            for word in ("lost the broker", "no broker", "again", "back"):
                assert word not in process.err
        assert_clean(fleet, ["first_x"])
        worker.send(signal.SIGTERM)
        assert worker.wait(20) == 0
        assert_replays([fleet.ledger, fleet.journal("first_x")])
        assert {row.body["why"].partition(":")[0] for row in fleet.rows() if row.type == "Quarantined"} == {
            "properties"
        }
        assert len(lines_of(fleet.results)) == 2
        until("the dead-letter queue", lambda: dead_letters(amqp_url) == 10)


def dead_letters(url: str) -> int:
    with closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        count: int = connection.channel().queue_declare("dead", passive=True).method.message_count
    return count
