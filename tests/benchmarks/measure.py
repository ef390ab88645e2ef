"""Measuring: what a process used, a run in a process of its own, a table. Reads /proc, so Linux only."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_MIB = 1 << 20


class Used(NamedTuple):
    """What a process has used so far."""

    cpu_s: float  #: of all its threads, user and system
    rss_mib: float  #: resident now
    peak_mib: float  #: the most that was resident

    def since(self, before: Used) -> Used:
        """The CPU between the two; the memory as it is now."""
        return self._replace(cpu_s=self.cpu_s - before.cpu_s)


def used(pid: int | None = None) -> Used:
    """Of a running process, or of this one.

    Args:
        pid: CPU comes in ticks of 10 ms for another process; of this one it is exact.
    """
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid or 'self'}/status").read_text().splitlines() if ":" in line
    )
    rss, peak = (int(status[key].split()[0]) * 1024 / _MIB for key in ("VmRSS", "VmHWM"))
    if pid is None:
        now = resource.getrusage(resource.RUSAGE_SELF)
        return Used(now.ru_utime + now.ru_stime, rss, peak)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Used((int(fields[11]) + int(fields[12])) * _TICK_S, rss, peak)


class Stopwatch:
    """Wall and CPU time of this process since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    @property
    def wall_s(self) -> float:
        return time.perf_counter() - self._wall

    @property
    def cpu_s(self) -> float:
        return time.process_time() - self._cpu


def apart(run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a module's function in a fresh process, so that its memory is its own, and return what it returns."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(run, *args, **kwargs).result()


def middle(values: Iterable[float], unit: str = "", scale: float = 1.0) -> str:
    """The median, and min..max where there are several."""
    found = [value * scale for value in values]
    text = f"{_short(statistics.median(found))}{unit}"
    return text if len(found) == 1 else f"{text} ({_short(min(found))}..{_short(max(found))})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows under their heads, as text."""
    heads = list(dict.fromkeys(key for row in rows for key in row))
    cells = [heads, *([row.get(head, "") for head in heads] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(line.rstrip() for line in lines)


def note(text: str) -> None:
    """Something for whoever waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
