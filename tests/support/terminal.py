"""A command in a pseudo-terminal of a given size, as a user sees it.

with Terminal(tmp_path, "demo", columns=80) as terminal:
    terminal.shows("Try next")
    assert terminal.wait() == 0
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.commands import command, environment, until

#: an escape sequence of a terminal: colours, moves of the cursor, titles
ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-B0-2]|[=>78])")
#: of those, colours and styles
STYLE = re.compile(r"\x1b\[[0-9;]*m")
_PIECES = re.compile(f"({ESCAPE.pattern})|(.)", re.DOTALL)
_UP, _WIPE = re.compile(r"\x1b\[([0-9]*)A"), re.compile(r"\x1b\[2?K")
LINES = 50


class Terminal:
    """A command that runs in a pseudo-terminal; killed where it still runs at the end.

    Args:
        folder: where it runs.
        columns: of the terminal.
        more: of its environment.
        out: standard output goes to this file, and standard error alone to the terminal.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        columns: int = 80,
        more: Mapping[str, str] | None = None,
        out: Path | None = None,
    ) -> None:
        try:
            self._inner, outer = pty.openpty()
        except OSError as error:
            pytest.skip(f"no pseudo terminal can be opened here ({error}): is /dev/pts mounted?")
        fcntl.ioctl(outer, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
        env = {name: value for name, value in environment().items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        env |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **(more or {})}
        to = outer if out is None else os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.process = subprocess.Popen(
            command(arguments),
            cwd=folder,
            env={name: value for name, value in env.items() if value},
            stdin=outer,
            stdout=to,
            stderr=outer,
            start_new_session=True,
        )
        os.close(outer)
        if to != outer:
            os.close(to)
        self._bytes = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        os.close(self._inner)

    def _read(self) -> None:
        while True:
            try:
                some = os.read(self._inner, 65_536)
            except OSError:  # nobody holds the other end any more
                return
            if not some:
                return
            self._bytes += some

    @property
    def raw(self) -> str:
        """Everything written, escape sequences and all."""
        return self._bytes.decode(errors="replace").replace("\r\n", "\n")

    @property
    def text(self) -> str:
        """Everything written, without escape sequences."""
        return ESCAPE.sub("", self.raw)

    @property
    def lines(self) -> list[str]:
        """What is left standing, row by row, where no row is wrapped: what was written over or wiped away is gone."""
        return ["".join(character for character, _ in row).rstrip() for row in self._rows()]

    @property
    def styled(self) -> list[str]:
        """As `lines`, each character after the colours that it has."""
        found: list[str] = []
        for row in self._rows():
            text, before = "", ""
            for character, style in row:
                text += ("\x1b[0m" + style if style != before else "") + character
                before = style
            found.append(text.rstrip())
        return found

    def _rows(self) -> list[list[tuple[str, str]]]:
        """Of each row the characters, with the escape sequences of style that are in force there."""
        rows: list[list[tuple[str, str]]] = [[]]
        row, column, style = 0, 0, ""
        for escape, character in _PIECES.findall(self.raw):
            if move := _UP.fullmatch(escape):
                row = max(0, row - int(move[1] or 1))
            elif _WIPE.fullmatch(escape):
                rows[row] = []
            elif STYLE.fullmatch(escape):
                style = "" if escape in ("\x1b[0m", "\x1b[m") else style + escape
            elif character == "\n":
                row, column = row + 1, 0
                rows += [[] for _ in range(row + 1 - len(rows))]
            elif character == "\r":
                column = 0
            elif character:
                blanks = [(" ", "")] * (column - len(rows[row]))
                rows[row] = [*rows[row][:column], *blanks, (character, style), *rows[row][column + 1 :]]
                column += 1
        return rows

    def shows(self, text: str, timeout_s: float = 60.0) -> None:
        """Wait until it has written that."""

        def look() -> bool:
            ended = self.process.poll() is not None
            said = text in self.text
            assert said or not ended or self._reader.is_alive(), f"it ended without {text!r}:\n{self.text[-3000:]}"
            return said

        until(f"{text!r} in {self.text[-2000:]}", look, timeout_s)

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Its exit code, when all it wrote is there."""
        code = self.process.wait(timeout_s)
        self._reader.join(10)
        return code


def seen(folder: Path, *arguments: str, columns: int = 80, more: Mapping[str, str] | None = None) -> Terminal:
    """Run a command to its end; its exit code is in `process.returncode`."""
    with Terminal(folder, *arguments, columns=columns, more=more) as terminal:
        terminal.wait()
    return terminal
