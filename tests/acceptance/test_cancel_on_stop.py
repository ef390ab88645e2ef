"""Ctrl-C and SIGTERM at `contractnet call`: the work goes on for the next run, or with --cancel-on-stop is cancelled,
and each line says what is known of those who were told.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from tests.acceptance.cancel_agents import SKILL
from tests.support.cancels import host, prepare
from tests.support.fleet import Fleet, Process, assert_clean, assert_replays, lines_of

TRUTH = {
    "slow_a": "undone",
    "finishing_a": "already-done",
    "stubborn_a": "could-not-stop",
    "thread_a": "could-not-stop",
}
OPTIONS = ("--reserve", "0.05", "--reply-within", "5", "--slots", "4")


def begin(fleet: Fleet, *options: str) -> Process:
    """One task with four at work, and one for which nobody is there."""
    prepare(fleet.folder)
    host(fleet, "d", list(TRUTH))
    tasks = fleet.folder / "tasks.jsonl"
    skills = (SKILL, "nobody.there")
    tasks.write_text("".join(json.dumps({"task": f"Task for {skill}", "skill": skill}) + "\n" for skill in skills))
    call = fleet.call(tasks, *OPTIONS, *options)
    fleet.awaits("Began", fleet.journal("d"), 4)
    return call


def lines(fleet: Fleet) -> list[dict[str, Any]]:
    return sorted(lines_of(fleet.results), key=lambda line: int(line["position"]))


def test_what_runs_is_cancelled_and_the_truth_is_told(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        call = begin(fleet, "--cancel-on-stop")
        call.send(signal.SIGINT)
        assert call.wait(30) == 130
        assert "cancelling what runs; a second signal ends at once" in call.err
        assert "interrupted; what ran was cancelled" in call.err
        assert "Traceback" not in call.err
        worked, waited = lines(fleet)
        assert (worked["status"], worked["reason"], worked["truth"]) == ("cancelled", "user", TRUTH)
        assert (worked["winner"], worked["price"], worked["result"]) == (None, None, None)
        assert (waited["status"], waited["reason"]) == ("cancelled", "user")
        assert "truth" not in waited
        rows = assert_clean(fleet, ["d"])
        assert [row.body["reason"] for row in rows if row.type == "CancelAsked"] == ["shutdown", "shutdown"]
        again = fleet.call(tmp_path / "tasks.jsonl", *OPTIONS)
        assert again.wait(30) == 0
        assert "nothing was bought" in again.err
        assert [line["status"] for line in lines(fleet)] == ["cancelled", "cancelled"]
        assert_replays([fleet.ledger, fleet.journal("d")])


def test_a_second_signal_ends_at_once_and_the_cancel_goes_on_in_the_next_run(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url, scale=1) as fleet:  # stubborn work has ten seconds to stop
        call = begin(fleet, "--cancel-on-stop")
        call.send(signal.SIGINT)
        call.says("cancelling what runs")
        fleet.awaits("CancelAsked")
        call.send(signal.SIGINT)
        assert call.wait(8) == 130
        assert "run the same command again and it goes on" in call.err
        assert [line["position"] for line in lines(fleet)] == [2]
        again = fleet.call(tmp_path / "tasks.jsonl", *OPTIONS)
        assert again.wait(60) == 0
        worked, _ = lines(fleet)
        late = {"stubborn_a": "already-done", "thread_a": "already-done"}  # they came to their ends in time
        assert (worked["status"], worked["truth"]) == ("cancelled", TRUTH | late)
        assert_clean(fleet, ["d"])


def test_without_the_flag_the_work_goes_on_for_the_next_run(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        call = begin(fleet)
        call.send(signal.SIGINT)
        assert call.wait(40) == 130
        assert "run the same command again and it goes on" in call.err
        assert not [row for row in fleet.rows() if row.type == "CancelAsked"]
        assert [row for row in fleet.rows() if row.type == "Ended"] == []
        assert not [row for row in fleet.rows(fleet.journal("d")) if row.says("cancel")]


def test_the_flag_may_stand_in_the_environment(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        prepare(tmp_path)
        host(fleet, "d", ["slow_a"])
        task = ("Task", "--skill", SKILL, "--ledger", str(fleet.ledger), "--broker", amqp_url)
        call = fleet.run("call", "call", *task, env={"CONTRACTNET_CANCEL_ON_STOP": "1"})
        fleet.awaits("Began", fleet.journal("d"))
        call.send(signal.SIGTERM)
        assert call.wait(30) == 130
        assert json.loads(call.out)["truth"] == {"slow_a": "undone"}
