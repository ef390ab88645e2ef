"""Failpoints: nothing unless asked for, then death at the n-th passing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from contractnet.errors import DefinitionError
from contractnet.telemetry import failpoints

PROGRAM = """
from contractnet.telemetry.failpoints import declare, failpoint
point = declare("here")
for n in range(1, 4):
    failpoint(point)
    failpoint("elsewhere")
    print(n, flush=True)
"""


def run(value: str | None) -> subprocess.CompletedProcess[str]:
    environment = {key: text for key, text in os.environ.items() if key != failpoints.VARIABLE}
    if value is not None:
        environment[failpoints.VARIABLE] = value
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("value", "passed"), [(None, 3), ("", 3), ("nowhere", 3), ("here", 0), ("here:1", 0), ("here:3", 2), ("here:4", 3)]
)
def test_a_process_dies_where_it_was_told(value: str | None, passed: int) -> None:
    ended = run(value)
    assert ended.stdout.split() == [str(n + 1) for n in range(passed)]
    assert ended.returncode == (0 if passed == 3 else -signal.SIGKILL)


@pytest.mark.parametrize("value", ["here:", "here:0", "here:-1", "here:two", "here:٣"])
def test_a_count_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(DefinitionError, match="after the colon"):
        failpoints.parse(value)


def test_names_are_declared_once() -> None:
    assert failpoints.declare("test.only") == "test.only"
    assert "test.only" in failpoints.names()
    with pytest.raises(ValueError, match=r"test\.only is declared twice"):
        failpoints.declare("test.only")
