"""The contractors of tests/acceptance/outside as processes: started, watched by what they print, stopped in order.

Each prints a JSON line for what it heard, said, quarantined, or got returned.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jsonschema import Draft202012Validator

from tests.support.fleet import ROOT, until
from tests.support.node_js import provide

PROGRAMS = ROOT / "tests" / "acceptance" / "outside"
PROTOCOLS = ROOT / "protocols"
ENDED_WITHIN_S = 20.0

Message = dict[str, Any]


def act(name: str, **content: Any) -> Callable[[Message], bool]:
    """Whether a message is that act, with that in its content."""
    return lambda message: message["performative"] == name and content.items() <= message["content"].items()


class Contractor:
    """One such process."""

    def __init__(self, agent: str, popen: subprocess.Popen[bytes], printed: Path) -> None:
        self.agent = agent
        self.popen = popen
        self._printed = printed

    def printed(self) -> str:
        """All that it printed, errors too."""
        return self._printed.read_text()

    def lines(self, kind: str) -> list[Any]:
        """What it printed of one kind: `heard`, `said`, `quarantined`, `returned`, `ready`."""
        whole = self.printed().rpartition("\n")[0]
        decoded = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
        return [line[kind] for line in decoded if kind in line]

    @property
    def acts(self) -> list[str]:
        """What it said, beats aside, in order: `performative:kind or reason`."""
        said = [message for message in self.lines("said") if message["content"].get("kind") != "progress"]
        return [":".join(filter(None, (one["performative"], _detail(one["content"])))) for one in said]

    def one(self, kind: str, wanted: Callable[[Message], bool], timeout_s: float = 20.0) -> Message:
        """Wait for the first that is wanted."""

        def look() -> Message | None:
            found: Message | None = next(filter(wanted, self.lines(kind)), None)
            assert found is not None or self.popen.poll() is None, f"{self.agent} ended: {self.printed()}"
            return found

        return until(f"{self.agent}: {kind}\n{self.printed()[-2000:]}", look, timeout_s)

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(ENDED_WITHIN_S)


def _detail(content: Message) -> str | None:
    found: str | None = content.get("reason", content.get("kind"))
    return found


class Outside:
    """Contractors that are not ours; stopped at the end, and then all that they said is held against the schema."""

    def __init__(self, folder: Path, broker: str) -> None:
        self._folder, self._broker = folder, broker
        self.contractors: list[Contractor] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            codes = {contractor: contractor.stop() for contractor in self.contractors}
            if kind is None:
                assert not any(codes.values()), [one.printed()[-4000:] for one, code in codes.items() if code]
                self._check()
        finally:
            for contractor in self.contractors:
                contractor.popen.kill()
                contractor.popen.wait()

    def start(self, language: str, skill: str, part: str, *, price: int = 500, work_ms: int = 200) -> Contractor:
        """Start one, called after its language and part; returns when it is present.

        Raises:
            NoNodeJs: it needs Node.js.
        """
        agent = f"{language}_{part}"
        printed = self._folder / f"{agent}.jsonl"
        environment = {**os.environ, "PRICE": str(price), "WORK_MS": str(work_ms)}
        command = [sys.executable, str(PROGRAMS / "contractor.py")]
        if language == "node":
            node_js = provide()
            command = [str(node_js.program), str(PROGRAMS / "contractor.mjs")]
            environment["NODE_PATH"] = str(node_js.modules)
        with printed.open("wb") as out:
            popen = subprocess.Popen(
                [*command, self._broker, agent, skill, part],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        contractor = Contractor(agent, popen, printed)
        self.contractors.append(contractor)
        until(f"{agent} is ready", lambda: contractor.lines("ready") or _ended(popen, printed))
        return contractor

    def _check(self) -> None:
        schema = json.loads((PROTOCOLS / "message.schema.json").read_text())
        validator = Draft202012Validator(schema)
        for contractor in self.contractors:
            for message in contractor.lines("said"):
                faults = [fault.message for fault in validator.iter_errors(message)]
                assert not faults, (contractor.agent, message, faults)


def _ended(popen: subprocess.Popen[bytes], printed: Path) -> bool:
    assert popen.poll() is None, printed.read_text()
    return False
