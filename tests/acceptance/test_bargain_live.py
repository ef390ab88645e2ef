"""`contractnet bargain --with AGENT` over a real broker: killed in the middle and run again, and called off by Ctrl-C.
What is shown of every end is a matter of tests/unit/cli/test_bargain_live.py.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fleet import Fleet, Process, assert_replays, until
from tests.support.terminal import Terminal

#: it is in no message: schedules end short of it
LIMIT = "0.051237"
KEPT = ("--key", "first", "--turns", "6")


@pytest.fixture(scope="module")
def fleet(amqp_url_of_module: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """With a worker that takes a while for each turn, and sells for 0.02 at least."""
    with Fleet(tmp_path_factory.mktemp("live"), amqp_url_of_module) as fleet:
        fleet.worker("keen_1")
        yield fleet


def bargain(
    fleet: Fleet, ledger: Path, subject: str, *options: str, agent: str = "keen_1", failpoint: str = ""
) -> Process:
    words = ("bargain", "--with", agent, subject, "--broker", fleet.broker, "--ledger", str(ledger), *options)
    env = {"CONTRACTNET_FAILPOINT": failpoint} if failpoint else {}
    return fleet.run("bargain", *words, "--limit", LIMIT, "--high", "0.09", env=env)


def ends(fleet: Fleet, path: Path, conversation: str) -> list[Any]:
    return [row.body for row in fleet.rows(path) if row.type == "BargainEnded" and row.conversation == conversation]


def opened(fleet: Fleet, ledger: Path) -> str:
    """The one conversation."""
    (row,) = [row for row in fleet.rows(ledger) if row.type == "BargainOpened"]
    return row.conversation


def test_killed_in_the_middle_and_run_again_it_has_the_same_end_once(fleet: Fleet, tmp_path: Path) -> None:
    ledger = tmp_path / "own.db"
    killed = bargain(fleet, ledger, "A report", *KEPT, failpoint="outbox.after-publish:3")
    assert killed.wait(60) == -9, killed.err
    assert len([row for row in fleet.rows(ledger) if row.type == "TurnDecided"]) == 2  # after the request
    conversation = opened(fleet, ledger)
    assert ends(fleet, ledger, conversation) == []
    again = bargain(fleet, ledger, "A report", *KEPT)
    assert again.wait(60) == 0, again.err
    assert "begun before and has not ended; going on with it" in again.err
    (end,) = ends(fleet, ledger, conversation)
    price = end["terms"][0] / 1_000_000
    assert 0.02 <= price <= float(LIMIT)
    lines = again.out.splitlines()
    assert lines[0] == "we      request to bargain over price 0 to 0.09 USD in 6 turns of 10 s: A report"
    assert lines[-1].startswith(f"agreed with keen_1: {price:g} USD, in ")
    assert opened(fleet, ledger) == conversation
    journal = fleet.journal("keen_1")
    until("the agent's own end of it", lambda: ends(fleet, journal, conversation) == [end])
    assert LIMIT not in again.out
    assert not [row for row in fleet.rows(journal) if "51237" in json.dumps(row.body)]
    assert_replays([ledger, journal])


def test_ctrl_c_calls_it_off(fleet: Fleet, tmp_path: Path) -> None:
    """While the other side says nothing; its process is held."""
    ledger = tmp_path / "own.db"
    worker = fleet.workers["keen_1"]
    worker.send(signal.SIGSTOP)
    try:
        process = bargain(fleet, ledger, "A poem", "--wait-for-agents", "0")
        fleet.awaits("Sent", ledger)
        process.send(signal.SIGINT)
        assert process.wait(30) == 130, process.err
    finally:
        worker.send(signal.SIGCONT)
    assert process.out.splitlines()[-2:] == ["we      cancel user", "no agreement: called off"]
    assert "contractnet bargain: interrupted; how it ended stands above" in process.err
    assert "Traceback" not in process.err
    conversation, journal = opened(fleet, ledger), fleet.journal("keen_1")
    until("the agent's own end of it", lambda: ends(fleet, journal, conversation))
    for path in (ledger, journal):
        assert [end["state"] for end in ends(fleet, path, conversation)] == ["CANCELLED"]


@pytest.mark.campaign
def test_a_name_that_nobody_has_could_not_be_done(fleet: Fleet, tmp_path: Path) -> None:
    process = bargain(fleet, tmp_path / "own.db", "A poem", "--wait-for-agents", "0", agent="nobody")
    assert process.wait(30) == 3
    assert process.out.splitlines()[-1] == "declined: nobody behind this broker is called nobody"
    assert "`contractnet agents` shows who is there" in process.err


@pytest.mark.campaign
@pytest.mark.parametrize("key", [(), ("--key", "one")])
def test_without_a_key_what_has_ended_begins_anew(key: tuple[str, ...], fleet: Fleet, tmp_path: Path) -> None:
    ledger = tmp_path / "own.db"
    found = []
    for _ in range(2):
        process = bargain(fleet, ledger, "A song", "--json", *key)
        assert process.wait(30) == 0, process.err
        found.append(json.loads(process.out))
    assert [one["status"] for one in found] == ["agreed", "agreed"]
    assert (found[0] == found[1]) is bool(key)
    assert len([row for row in fleet.rows(ledger) if row.type == "BargainOpened"]) == (1 if key else 2)


@pytest.mark.campaign
@pytest.mark.parametrize("columns", [40, 80])
def test_a_terminal_shows_whom_it_waits_for_and_keeps_the_turns_whole(
    columns: int, fleet: Fleet, tmp_path: Path
) -> None:
    words = ("bargain", "--with", "keen_1", "A page", "--broker", fleet.broker, "--limit", LIMIT, "--high", "0.09")
    with Terminal(tmp_path, *words, columns=columns) as terminal:
        assert terminal.wait() == 0
    assert "waiting for keen_1" in terminal.text
    left = [line for line in terminal.lines if line]
    assert left[0].startswith("we      request to bargain")
    assert "turn 2 of 8" in "\n".join(left)
    assert "waiting" not in "\n".join(left)
    assert max(len(line) for line in left if not line.startswith("contractnet bargain:")) <= columns
