"""A program ends with the process that started it, however that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contractnet.bidders.parent import dies_with
from tests.support.commands import environment, gone, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can do it")

PROGRAM = """
import os, time
open("pid.new", "w").write(str(os.getpid()))
os.rename("pid.new", "pid")
time.sleep(600)
"""
DAEMON = """
import asyncio, sys, threading, time
from pathlib import Path
from contractnet.bidders.command import CommandPerformer
from contractnet.contractor.ports import Award

async def beat(text):
    pass

threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
award = Award("x", "a.b", {}, 0, 0, "f", 1, None, beat)
asyncio.run(CommandPerformer([sys.executable, "-c", sys.argv[1]], Path.cwd(), print)(award))
"""


def test_a_daemon_that_is_killed_takes_its_program_along(tmp_path: Path) -> None:
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON, PROGRAM], cwd=tmp_path, env=environment())
    program = None
    try:
        until("the program runs", (tmp_path / "pid").exists)
        program = int((tmp_path / "pid").read_text())
        assert not gone(program)
        daemon.kill()
        assert daemon.wait(20) == -signal.SIGKILL
        until("the program is gone", lambda: gone(int(program or 0)), timeout_s=20)
    finally:
        daemon.kill()
        daemon.wait()
        if program is not None and not gone(program):
            os.kill(program, signal.SIGKILL)


@pytest.mark.parametrize(("parent", "status"), [(os.getpid(), 0), (2**22 + 1, -signal.SIGKILL)], ids=["here", "gone"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_parent_that_went_away_before_is_noticed(parent: int, status: int) -> None:
    done = subprocess.run([sys.executable, "-c", "pass"], preexec_fn=dies_with(parent), check=False)
    assert done.returncode == status
