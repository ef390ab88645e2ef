"""Runs the code of a page as a reader would, and tells where the page says otherwise.

Blocks run in order, in one empty folder:

- a block with `title="FILE"` writes that file;
- `python` without a title is run as a script; a `text` block right after it is what it prints;
- `console` holds commands after `$ `, each followed by what it prints; ` &` at the end leaves it running until the page
  ends. In what is printed `…` stands for anything, on a line of its own for any lines;
- any other block (`sh`, `text`, `json` …) is for reading.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docs.tools.source import ROOT
from docs.tools.text import Block, blocks

#: begins the mark of a page whose commands talk to a broker
NEEDS_BROKER = "<!-- blocks: broker"
#: where such a page may say that a model is
MODEL = "127.0.0.1:8080"
LONGEST_S = 120
LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a `console` block."""

    text: str
    printed: str  #: what the page says that it prints
    line: int


@dataclass(slots=True)
class Reader:
    """Somebody who does what a page says.

    Args:
        folder: an empty one.
        more: environment beside the process's own.
        ready: what a command that is left running says before the reader goes on; nothing: it is not waited for.
    """

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict[str, str])
    ready: str = ""
    _left: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    def follow(self, text: str) -> Iterator[str]:
        """Do all of it; yields a line for each place where something else happened than the page says."""
        self._make_program()
        parts = blocks(text)
        try:
            for number, block in enumerate(parts):
                after = parts[number + 1] if number + 1 < len(parts) else None
                if block.title:
                    (self.folder / block.title).parent.mkdir(parents=True, exist_ok=True)
                    (self.folder / block.title).write_text(block.code, encoding="utf-8")
                elif block.language == "python":
                    wanted = after.code if after is not None and after.language == "text" else None
                    yield from self._script(block, wanted)
                elif block.language == "console":
                    for command in commands(block):
                        yield from self._command(command)
        finally:
            self._stop()

    def _make_program(self) -> None:
        """`contractnet` and `python3` on PATH are those of this interpreter."""
        programs = self.folder / ".bin"
        programs.mkdir()
        for name, words in (("contractnet", f'"{sys.executable}" -m contractnet'), ("python3", f'"{sys.executable}"')):
            (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (programs / name).chmod(0o755)

    def _environment(self) -> dict[str, str]:
        path = f"{self.folder / '.bin'}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", **self.more}

    def _script(self, block: Block, wanted: str | None) -> Iterator[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block.code],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        if done.returncode:
            yield f"line {block.line}: the script ends with {done.returncode}:\n{done.stderr}"
        elif wanted is not None and not is_as_told(done.stdout, wanted):
            yield f"line {block.line}: the script prints\n{done.stdout}and not\n{wanted}"

    def _command(self, command: Command) -> Iterator[str]:
        if command.text.endswith(" &"):
            path = self.folder / f".left-{len(self._left)}"
            with path.open("wb") as log:
                self._left.append(
                    subprocess.Popen(
                        ["/bin/bash", "-c", f"exec {command.text.removesuffix(' &')}"],
                        cwd=self.folder,
                        env=self._environment(),
                        stdout=log,
                        stderr=log,
                    )
                )
            end = time.monotonic() + LONGEST_S
            while self.ready not in path.read_text(encoding="utf-8") and time.monotonic() < end:
                time.sleep(LOOK_S)
            return
        done = subprocess.run(
            ["/bin/bash", "-c", command.text],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        if not is_as_told(done.stdout, command.printed):
            logs = "".join(path.read_text() for path in sorted(self.folder.glob(".left-*")))
            yield f"line {command.line}: `{command.text}` prints\n{done.stdout}and not\n{command.printed}{logs}"

    def _stop(self) -> None:
        for process in self._left:
            process.send_signal(signal.SIGTERM)
        for process in self._left:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def commands(block: Block) -> list[Command]:
    """The commands of a `console` block; a line that ends in `\\` goes on in the next."""
    found: list[Command] = []
    lines = block.code.splitlines()
    number = 0
    while number < len(lines):
        line = block.line + number + 1
        text = lines[number].removeprefix("$ ")
        number += 1
        while text.endswith("\\"):
            text = text[:-1] + lines[number].lstrip("> ")
            number += 1
        printed: list[str] = []
        while number < len(lines) and not lines[number].startswith("$ "):
            printed.append(lines[number] + "\n")
            number += 1
        found.append(Command(text, "".join(printed), line))
    return found


def is_as_told(printed: str, told: str) -> bool:
    """Whether this is what a page says, `…` standing for anything; spaces at line ends do not count."""
    pattern = ""
    for line in told.splitlines():
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ ]*\n"
    return re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n") is not None
