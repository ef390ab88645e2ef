"""`contractnet arena`: many negotiations, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from contractnet.cli import options
from contractnet.cli.options import option

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
#: the seed of the pages
_SEED: Final = 1


@click.group("arena")
def command() -> None:
    """Experiments: what rules, reserves and confidence do over many simulated rounds, each with a seed, a table, a
    picture and a paragraph of what it shows.

    \b
    Example:
      contractnet arena list
      contractnet arena run reserve
      contractnet arena report --check
    """


@command.command("list")
@options.as_json("Experiments")
def listed(as_json: bool) -> None:
    """The experiments that there are, and what each asks.

    \b
    Example:
      contractnet arena list
    """
    from contractnet.cli.arena_view import show_list  # the experiments, which `--help` does without

    show_list(as_json)


@command.command("run")
@click.argument("name", metavar="NAME")
@option("seed", type=int, default=_SEED, help="Of every draw: one seed, the same numbers on every machine.")
@option("trials", type=click.IntRange(2), metavar="N", help="How many.  [default: those of the experiment's page]")
@options.as_json("Rows")
@option("csv", "csv_file", type=_FILE, metavar="FILE", help="Write the rows as CSV, intervals in columns of their own.")
@option("plot", type=options.Picture(), help="Write the picture.")
def run(name: str, seed: int, trials: int | None, as_json: bool, csv_file: Path | None, plot: Path | None) -> None:
    """Run one experiment, and print its table and what it shows.

    Every rate and mean stands with its 95 % interval.

    \b
    Example:
      contractnet arena run reserve --seed 7 --trials 20000 --plot reserve.svg
    """
    from contractnet.cli.arena_view import run_one

    options.apart(csv_file, plot)
    run_one(name, seed, trials, as_json=as_json, csv_file=csv_file, plot=plot)


@command.command("report")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@option("check", is_flag=True, help="Write nothing; exit 1 where a page is not what would be written.")
@option(
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the pages are.  [default: docs/experiments/ of the checkout]",
)
def report(names: tuple[str, ...], check: bool, folder: Path | None) -> int:
    """Make the pages of the experiments: table, picture and paragraph. All of them, or those named.

    It takes about two minutes.

    \b
    Example:
      contractnet arena report
      contractnet arena report --check reserve price-rise
    """
    from contractnet.cli.arena_view import make_report

    return make_report(names, check, folder)
