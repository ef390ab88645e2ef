"""A winner that stops as if it were dead, and comes back: its slot went to the runner-up under the next epoch, and what
it brings late is recorded and not credited.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.support import audit
from tests.support.fleet import Fleet, assert_clean, assert_replays, lines_of, until, write_tasks


def test_a_zombies_result_is_recorded_and_not_credited(tmp_path: Path, amqp_url: str) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ["case.x"], pause=0.8, marks=str(marks))
    gate = tmp_path / "gate"
    long = write_tasks(tmp_path / "long.jsonl", 1, ["case.long"], seed=2, gate=str(gate))  # the manager stays for it
    with tasks.open("a") as file:
        file.write(long.read_text())
    with Fleet(tmp_path, amqp_url) as fleet:
        for agent in ("third_long", "second_x", "first_x"):
            fleet.worker(agent)
        call = fleet.call(tasks, "--reserve", "0.05", "--reply-within", "5", "--lease", "2", "--require-settled")
        until("the winner works", lambda: [path for path in marks.iterdir() if ".first_x." in path.name])
        zombie = fleet.workers["first_x"]
        zombie.send(signal.SIGSTOP)
        until("the end of the task", lambda: fleet.results.exists() and lines_of(fleet.results))
        began = next(row for row in fleet.rows(fleet.journal("first_x")) if row.type == "Began")
        until("the zombie's work would be done", lambda: time.time() * 1000 > began.at + 800)
        zombie.send(signal.SIGCONT)
        late = until("the zombie's last word", lambda: words(fleet, "first_x"))
        until("its reception", lambda: [row for row in fleet.rows() if row.message_id == late.message_id])
        assert call.alive  # so the word was not lost, but judged
        gate.touch()
        assert call.wait(60) == 0
        rows = assert_clean(fleet, ["first_x", "second_x", "third_long"])
        tender = next(row.tender for row in rows if row.type == "Awarded" and row.body["participant"] == "first_x")
        mine = [row for row in rows if row.tender == tender]
        awards = [(row.body["epoch"], row.body["participant"]) for row in mine if row.type == "Awarded"]
        assert awards == [(1, "first_x"), (2, "second_x")]
        (freed,) = [row.body for row in mine if row.type == "Freed"]
        assert (freed["reason"], freed["epoch"]) == ("lease", 2)
        # the zombie brought a result, under the old epoch; it stands in the ledger, and another one was credited
        assert late.says("inform", "result")
        assert late.content["epoch"] == 1
        (heard,) = [row for row in mine if row.message_id == late.message_id and row.type == "Heard"]
        (end,) = [row for row in mine if row.type == "Ended"]
        assert (end.body["status"], end.body["winner"]) == ("settled", "second_x")
        assert end.body["result_of"] != late.message_id
        assert heard.position > end.position
        assert not [
            row for row in rows if row.position > heard.position and row.tender == tender and row.type == "Ended"
        ]
        (line,) = [line for line in lines_of(fleet.results) if line["position"] == 1]
        assert line["winner"] == "second_x"
        assert_replays([fleet.ledger, *map(fleet.journal, ("first_x", "second_x", "third_long"))])


def words(fleet: Fleet, agent: str) -> audit.Row | None:
    """What the agent said about its work: a result or a failure."""
    said = [row for row in fleet.rows(fleet.journal(agent)) if row.type == "Said"]
    return next((row for row in said if row.says("inform") or row.says("failure")), None)
