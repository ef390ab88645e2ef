"""A program that does not outlive its daemon, where the system can see to that (Linux).

Rules:

1. The system is asked by the child itself, between fork and exec: it gets SIGKILL when the thread that forked it ends,
   which is the one that runs the daemon's loop. It survives exec, except of a program that changes its user.
2. A parent that went away before that is not noticed by the system, so the child looks, and ends.
3. It holds for the program alone: what the program started itself is not ended.

Source: prctl(2), PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

_PR_SET_PDEATHSIG: Final = 1

Prctl = Callable[[int, int, int, int, int], int]


def dies_with(parent: int) -> Callable[[], None] | None:
    """What a child of process `parent` is to do before it becomes another program; None where there is no such thing.

    It runs in a copy of a process that may have had threads: it takes no lock and imports nothing.
    """
    prctl = _prctl()
    if prctl is None:
        return None

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return ask


@cache
def _prctl() -> Prctl | None:
    if sys.platform != "linux":
        return None
    import ctypes  # only where programs are run

    try:
        found = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None
    found.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    found.restype = ctypes.c_int
    found(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE, to no purpose but that the first call is not a child's
    return found
