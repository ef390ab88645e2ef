"""A bar for long work: on standard error where that is a terminal, else nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator

from contractnet.cli import screen


@contextlib.contextmanager
def progress(*, quiet: bool = False) -> Generator[Callable[[str, int], Callable[[int], None]]]:
    """What is given says that work begins, its name and its steps; what that returns is told of steps done.

    Args:
        quiet: no bar even on a terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda name, total: lambda steps: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # slow

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen.console(stderr=True), transient=True) as bar:

        def begin(name: str, total: int) -> Callable[[int], None]:
            shown = bar.add_task(name, total=total)
            return lambda steps: bar.update(shown, advance=steps)

        yield begin
