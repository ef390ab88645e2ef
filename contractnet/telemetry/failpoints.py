"""Named points at which a test can make the process die, as `kill -9` would.

A module that has such points declares each once, at import, and calls `failpoint` there:

    BEFORE_COMMIT = declare("ledger.before-commit")
    ...
    failpoint(BEFORE_COMMIT)

Nothing happens unless the environment variable CONTRACTNET_FAILPOINT was `name` or `name:n` when this module was
imported: then the process sends SIGKILL to itself when the point is reached (for the n-th time). `names()` lists what
the imported modules have declared, so that a test can walk through all of them.
"""

from __future__ import annotations

import os
import signal
import threading

from contractnet.errors import DefinitionError

VARIABLE = "CONTRACTNET_FAILPOINT"

_declared: set[str] = set()
_lock = threading.Lock()


def parse(value: str | None) -> tuple[str, int] | None:
    """Read `name` or `name:n`.

    Returns:
        (name, n) with n >= 1, or None where there is no value.
    Raises:
        DefinitionError: n is not a positive integer.
    """
    if not value:
        return None
    name, colon, count = value.partition(":")
    if colon and not (count.isascii() and count.isdigit() and int(count) > 0):
        raise DefinitionError(f"{VARIABLE}={value}: after the colon stands how often it is reached, 1 or more")
    return name, int(count) if colon else 1


_wanted = parse(os.environ.get(VARIABLE))
_passed = 0


def declare(name: str) -> str:
    """Make a failpoint known and return its name.

    Raises:
        ValueError: the name is declared already; each names one place.
    """
    if name in _declared:
        raise ValueError(f"failpoint {name} is declared twice")
    _declared.add(name)
    return name


def names() -> frozenset[str]:
    """The failpoints that the modules imported so far have declared."""
    return frozenset(_declared)


def failpoint(name: str) -> None:
    """Die here if a test asked for it; else nothing. May be called in any thread."""
    if _wanted is None or _wanted[0] != name:
        return
    global _passed
    with _lock:
        _passed += 1
        if _passed < _wanted[1]:
            return
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()  # the signal is on its way: nothing after this point may happen
