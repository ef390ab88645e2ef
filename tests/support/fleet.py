"""Real processes of a market on one broker: workers, managers, replays; started, killed and waited for by a test.

    with Fleet(tmp_path, amqp_url) as fleet:
        fleet.worker("ada")
        run = fleet.call(tasks, "--reserve", "0.05")
        assert run.wait(60) == 0

All processes run in one folder of the test's own. What is left of them is killed, by its id, when the fleet is left.
Nothing here sleeps for a guessed time: `until` waits for a state, and says what it waited for when it does not come.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from contractnet.cli.main import run
from tests.support import audit
from tests.support.audit import Row, read

ROOT = Path(__file__).parents[2]
AGENTS = ROOT / "tests" / "acceptance" / "agents.py"
POLL_S = 0.02

T = TypeVar("T")


def until(what: str, look: Callable[[], T | None], timeout_s: float = 60.0) -> T:
    """Wait until `look` gives something true, and return it."""
    end = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s:g} s in vain: {what}")
        time.sleep(POLL_S)


class Process:
    """One command that runs."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], folder: Path) -> None:
        self.name = name
        self.popen = popen
        self._folder = folder

    @property
    def out(self) -> str:
        return (self._folder / f"{self.name}.out").read_text()

    @property
    def err(self) -> str:
        return (self._folder / f"{self.name}.err").read_text()

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def wait(self, timeout_s: float = 120.0) -> int:
        """The exit code; an error with what it said where it does not end."""
        try:
            return self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} runs after {timeout_s:g} s\n{self.err[-3000:]}") from None

    def says(self, text: str, timeout_s: float = 60.0) -> None:
        """Wait until it has said that on stderr."""

        def look() -> bool:
            assert self.alive or text in self.err, f"{self.name} ended: {self.err[-3000:]}"
            return text in self.err

        until(f"{self.name} says {text!r}", look, timeout_s)

    def send(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def kill9(self) -> None:
        """As the kernel does; one that has ended already is no error."""
        self.popen.kill()
        self.popen.wait()


class Fleet:
    """The processes of one test.

    Args:
        scale: of all timers beside the terms.
    """

    def __init__(self, folder: Path, broker: str, scale: float = 0.1) -> None:
        self.folder = folder
        self.broker = broker
        self.ledger = folder / "manager.db"
        self.results = folder / "manager.jsonl"
        self.scale = scale
        self._processes: list[Process] = []
        self.workers: dict[str, Process] = {}
        shutil.copy(AGENTS, folder / "market_agents.py")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if process.alive:
                process.popen.kill()
        for process in self._processes:
            process.popen.wait()
        if kind is not None:
            for process in self._processes:
                sys.stderr.write(f"--- {process.name}\n{process.err[-2000:]}\n")

    # ---- starting

    def run(self, name: str, *arguments: str, env: dict[str, str] | None = None) -> Process:
        """`contractnet ARGUMENTS`, with what it says in `<name>.out` and `<name>.err`."""
        return self.python(name, "-m", "contractnet", *arguments, env=env)

    def python(self, name: str, *arguments: str, env: dict[str, str] | None = None) -> Process:
        """As `run`, any Python program."""
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CONTRACTNET_")},
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CONTRACTNET_TIME_SCALE": f"{self.scale:g}",
            **(env or {}),
        }
        unique = f"{name}-{len(self._processes)}"
        with (self.folder / f"{unique}.out").open("wb") as out, (self.folder / f"{unique}.err").open("wb") as err:
            popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        process = Process(unique, popen, self.folder)
        self._processes.append(process)
        return process

    def worker(
        self, *agents: str, failpoint: str | None = None, connected: bool = True, options: Sequence[str] = ()
    ) -> Process:
        """A daemon that hosts these agents of `tests/acceptance/agents.py`."""
        env = {"CONTRACTNET_FAILPOINT": failpoint} if failpoint else {}
        references = [f"market_agents:{agent}" for agent in agents]
        process = self.run(agents[0], "worker", *references, "--broker", self.broker, *options, env=env)
        self.workers[agents[0]] = process
        if connected:
            process.says("connected")
        return process

    def call(
        self, tasks: Path, *options: str, failpoint: str | None = None, ledger: Path | None = None, broker: str = ""
    ) -> Process:
        """A manager that works a tasks file off."""
        env = {"CONTRACTNET_FAILPOINT": failpoint} if failpoint else {}
        ledger = ledger or self.ledger
        return self.run(
            "call",
            *("call", "--tasks", str(tasks), "--out", str(ledger.with_suffix(".jsonl")), "--ledger", str(ledger)),
            *("--broker", broker or self.broker, *options),
            env=env,
        )

    # ---- looking

    def processes(self, name: str) -> Process:
        """The last one of that name."""
        return next(one for one in reversed(self._processes) if one.name.rpartition("-")[0] == name)

    def journal(self, daemon: str) -> Path:
        return self.folder / f"{daemon}.journal.db"

    def rows(self, path: Path | None = None) -> list[Row]:
        """What a ledger or journal holds now; nothing where it is not there yet."""
        path = path or self.ledger
        return read(path) if path.exists() else []

    def awaits(self, kind: str, path: Path | None = None, count: int = 1, timeout_s: float = 60.0) -> list[Row]:
        """Wait until a ledger holds so many entries of a type, and return them."""

        def look() -> list[Row]:
            found = [row for row in self.rows(path) if row.type == kind]
            return found if len(found) >= count else []

        return until(f"{count} {kind} in {(path or self.ledger).name}", look, timeout_s)

    def replay(self, path: Path) -> subprocess.CompletedProcess[str]:
        """`contractnet replay` of it."""
        return subprocess.run(
            [sys.executable, "-m", "contractnet", "replay", str(path)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


# ---- tasks and results


def write_tasks(path: Path, count: int, skills: Sequence[str], *, seed: int = 1, **given: Any) -> Path:
    """So many tasks of these skills in turn, each with a text of its own; `given` goes into every input."""
    draw = random.Random(seed)
    words = ["market", "award", "offer", "price", "silence", "lease", "epoch", "journal", "broker", "tender"]
    lines = []
    for number in range(count):
        text = " ".join(draw.choices(words, k=draw.randint(1, 12))) + f" {number}"
        skill = skills[number % len(skills)]
        lines.append({"task": f"Work on text {number}", "skill": skill, "input": {"text": text, **given}})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def lines_of(path: Path) -> list[dict[str, Any]]:
    """A JSON Lines file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def assert_settled(tasks: Path, results: Path, expect: Callable[[str, dict[str, Any]], Any]) -> None:
    """One line for each task, all settled, each with the result that the test computes for itself."""
    wanted, found = lines_of(tasks), lines_of(results)
    assert sorted(line["position"] for line in found) == list(range(1, len(wanted) + 1))
    unsettled = [line for line in found if line["status"] != "settled"]
    assert not unsettled, unsettled[:3]
    for line in found:
        task = wanted[line["position"] - 1]
        assert line["result"] == expect(task["skill"], task["input"])
        assert line["reason"] is None
        assert line["winner"] is not None


def assert_replays(paths: Iterable[Path]) -> None:
    """Every one of them is re-derived without a difference (`contractnet replay`, in this process)."""
    for path in paths:
        assert run(["replay", str(path)]) == 0, f"{path.name} does not replay"


def assert_clean(fleet: Fleet, daemons: Iterable[str], ledger: Path | None = None, timeout_s: float = 60) -> list[Row]:
    """Wait until all is quiet and the auditor has nothing to say; returns the ledger's entries."""
    rows: list[Row] = []
    found: list[str] = []
    names = list(daemons)

    def look() -> bool:
        rows[:] = fleet.rows(ledger)
        found[:] = audit.violations(rows, {name: fleet.rows(fleet.journal(name)) for name in names})
        return not found

    try:
        until("a clean audit", look, timeout_s)
    except AssertionError:
        tender = next((row.conversation for row in rows if row.type == "Opened" and row.conversation in found[0]), "")
        raise AssertionError("\n".join([*found[:5], audit.history(rows, tender)])) from None
    return rows
