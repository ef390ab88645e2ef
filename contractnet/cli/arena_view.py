"""What `contractnet arena` does and shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from contractnet.arena.catalogue import EXPERIMENTS, experiment
from contractnet.arena.experiment import Experiment, Findings
from contractnet.arena.numbers import cells, comma_separated, heads, plain
from contractnet.arena.png import drawn
from contractnet.arena.report import drift, left_over, pages, picture, write
from contractnet.cli import exits, output, screen
from contractnet.cli.progress import progress
from contractnet.errors import DefinitionError
from contractnet.resources import checkout


def show_list(as_json: bool) -> None:
    """The experiments, a line each."""
    found = [experiment(name) for name in EXPERIMENTS]
    if as_json:
        for one in found:
            output.json_line({"name": one.name, "asks": one.asks, "trials": one.trials, "trial": one.trial})
        return
    output.table(("experiment", "asks"), [(one.name, one.asks) for one in found])


def run_one(
    name: str, seed: int, trials: int | None, *, as_json: bool, csv_file: Path | None, plot: Path | None
) -> None:
    """Run one, show it, and write what was asked for.

    Raises:
        DefinitionError: there is no experiment of that name.
        OSError: a file cannot be written.
    """
    one = experiment(name)
    trials = trials or one.trials
    for path in (csv_file, plot):
        if path is not None:
            path.touch()  # what cannot be written is known before a long run, not after
    try:
        with progress() as begin:
            found = one.run(seed, trials, begin(one.name, one.steps(trials)))
    except KeyboardInterrupt:
        raise exits.Interrupted("nothing is kept: run it again, with fewer --trials if it takes long") from None
    if as_json:
        for row in plain(found.table):
            output.json_line({"experiment": name, "seed": seed, "trials": trials, **row})
        output.json_line({"experiment": name, "seed": seed, "trials": trials, "says": found.says})
    else:
        _show(one, found, seed, trials)
    if csv_file is not None:
        csv_file.write_text(comma_separated(found.table), encoding="utf-8")
    if plot is not None:
        source = f"contractnet arena run {name} --seed {seed} --trials {trials}"
        plot.write_bytes(drawn(picture(one, found, source), plot))


def _show(one: Experiment, found: Findings, seed: int, trials: int) -> None:
    for text in (one.asks, f"{trials:,} {one.trial}; seed {seed}"):
        output.folded("", text)
    click.echo()
    output.table(heads(found.table), list(cells(found.table)))
    click.echo()
    click.echo("\n".join(screen.wrapped(found.says, min(screen.width(), 100))))


def make_report(names: Sequence[str], check: bool, folder: Path | None) -> int:
    """Make the pages, or check them.

    Raises:
        DefinitionError: there is no experiment of that name; or no folder is named and this is no checkout.
        OSError: a file cannot be written.
    """
    folder = folder or _own()
    with progress() as begin:
        files = dict(pages(names or tuple(EXPERIMENTS), lambda one: begin(one.name, one.steps(one.trials))))
    if not check:
        write(folder, files)
    faults = [*drift(folder, files), *left_over(folder)]
    for fault in faults:
        click.echo(fault)
    if not faults:
        click.echo(f"{folder}: {len(files)} files are current")
    return exits.WRONG if faults else exits.OK


def _own() -> Path:
    beside = checkout("protocols")
    if beside is None:
        raise DefinitionError("this contractnet is installed, not a checkout: name a folder with --folder")
    return beside.parent / "docs" / "experiments"
