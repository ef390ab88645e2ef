"""Ends a private node when the process that started it ends, however that happens, and removes its folder.

A program of its own (`python watcher.py FOLDER`), standard library only. The starting process holds the other end of
its standard input and writes `+PID` for each process group it starts and `-PID` for each that ended. The end of the
input means that the starting process closed it, or is no more: even after a kill -9 the kernel closes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable

REMOVE_TRIES = 50  # a killed process may still be writing while it dies
REMOVE_PAUSE_S = 0.1


def main(folder: str, lines: Iterable[str]) -> None:
    """Follow `lines` to their end, then kill the groups that are left and remove `folder`."""
    groups: set[int] = set()
    for line in lines:
        number = int(line[1:])
        if line[0] == "+":
            groups.add(number)
        else:
            groups.discard(number)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for _ in range(REMOVE_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(REMOVE_PAUSE_S)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the work is done at the end of the input, and only then
    main(sys.argv[1], sys.stdin)
