"""`contractnet arena` as a process: a bar on the terminal while it works, nothing of it afterwards or in a pipe."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.commands import ran, until
from tests.support.terminal import Terminal, seen

SHORT = ("arena", "run", "price-rise", "--trials", "400")


@pytest.mark.parametrize("columns", [60, 140])
def test_a_bar_is_shown_and_wiped(columns: int, tmp_path: Path) -> None:
    terminal = seen(tmp_path, *SHORT, columns=columns)
    assert terminal.process.returncode == 0
    assert "/400 " in terminal.text
    left = "\n".join(terminal.lines)
    assert "/400" not in left
    assert "When every price doubles" in " ".join(left.split())
    assert max(map(len, terminal.lines)) <= columns


def test_a_pipe_gets_no_bar(tmp_path: Path) -> None:
    done = ran(tmp_path, *SHORT)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "/400" not in done.stdout
    assert done.stderr == ""


def test_ctrl_c_ends_it_in_a_line(tmp_path: Path) -> None:
    with Terminal(tmp_path, "arena", "run", "price-rise", "--trials", "1000000") as terminal:
        until("the bar", lambda: "/1000000" in terminal.text)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.wait() == 130
        assert "Traceback" not in terminal.text
        assert "contractnet arena: interrupted; nothing is kept: run it again, with fewer --trials" in terminal.text
