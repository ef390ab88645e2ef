"""`contractnet` as a process: run to its end, or running beside a test that waits for what it says.

with started(tmp_path, "worker", "ada.toml", "--broker", amqp_url) as worker:
    worker.says("connected")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
SCALE = "0.2"
POLL_S = 0.02

T = TypeVar("T")


def environment() -> dict[str, str]:
    """Of the process: nothing of the user's own settings, and timers that are a fifth as long."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONTRACTNET_")}
    return {**inherited, "PYTHONPATH": str(ROOT), "CONTRACTNET_TIME_SCALE": SCALE}


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "contractnet", *arguments]


def ran(folder: Path, *arguments: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(arguments),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def until(what: str, look: Callable[[], T], timeout_s: float = 60.0) -> T:
    """Wait until `look` gives something true, and return it."""
    end = time.monotonic() + timeout_s
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s:g} s in vain: {what}")
        time.sleep(POLL_S)
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def waits(pid: int) -> bool:
    """Whether the event loop of a process has been made: it listens to signals from then on."""
    with suppress(OSError):  # files come and go
        return any("eventpoll" in os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir())
    return False


class Running:
    """A command that runs."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def says(self, text: str, timeout_s: float = 60.0, times: int = 1) -> None:
        """Wait until it has said that so often, on either stream."""

        def look() -> bool:
            ended = self.process.poll() is not None
            said = (self.out + self.err).count(text) >= times
            assert said or not ended, f"it ended without saying {text!r}:\n{self.err[-3000:]}"
            return said

        until(f"{text!r} in {self.err[-2000:]}", look, timeout_s)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Its exit code."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it runs after {timeout_s:g} s:\n{self.err[-3000:]}") from None

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.send(signal.SIGTERM)
        return self.wait()


@contextmanager
def started(folder: Path, *arguments: str) -> Generator[Running]:
    """A command that runs; killed where it still runs at the end."""
    count = len(list(folder.glob("*.stderr")))
    out, err = folder / f"{count}.stdout", folder / f"{count}.stderr"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(
            command(arguments),
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=to_out,
            stderr=to_err,
            start_new_session=True,
        )
    try:
        yield Running(process, out, err)
    finally:
        process.kill()
        process.wait()
