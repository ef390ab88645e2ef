"""Options that several commands share: one name, one meaning, one environment variable."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from contractnet.errors import DefinitionError

_F = TypeVar("_F", bound=Callable[..., Any])
Decorator = Callable[[_F], _F]

BROKER: Final = "amqp://guest:guest@127.0.0.1/"
LEDGER: Final = "./contractnet.db"
#: the longest time that an option takes, seconds: a year
MOST_S: Final = 31_536_000


def option(name: str, *more: str, **attributes: Any) -> Callable[[_F], _F]:
    """An option `--name` that is also `CONTRACTNET_NAME`, and says so in the help.

    Args:
        more: further names: `-n`, or the parameter's.
    """
    variable = f"CONTRACTNET_{name.upper().replace('-', '_')}"
    attributes = {"envvar": variable, "show_envvar": True, "show_default": True, **attributes}
    return click.option(f"--{name}", *more, **attributes)


def broker() -> Callable[[_F], _F]:
    """`--broker URL`."""
    words = "The RabbitMQ broker: amqp:// or amqps://."
    return option("broker", metavar="URL", default=BROKER, callback=_reached_by_others, help=words)


def _reached_by_others(ctx: click.Context, param: click.Parameter, url: str) -> str:
    if url.startswith("memory:"):
        text = "memory:// is within one process, which nobody else can reach: name a broker, amqp://USER:PASSWORD@HOST/"
        raise click.BadParameter(text, ctx, param)
    return url


def as_json(what: str) -> Callable[[_F], _F]:
    """`--json`: the parameter is `as_json`."""
    return option("json", "as_json", is_flag=True, help=f"{what} as JSON, one object a line.")


class Seconds(click.ParamType[float]):
    """A time in seconds: no less than 0, and finite."""

    name = "S"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds <= MOST_S:
            self.fail(f"{str(value)[:40]!r} is no time in seconds; write a number from 0 to {MOST_S}", param, ctx)
        return seconds


class Picture(click.ParamType[Path]):
    """A picture's file: SVG, or PNG where it can be drawn."""

    name = "FILE.svg|png"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(str(value))
        if path.suffix not in (".svg", ".png"):
            self.fail(f"{str(value)[:60]!r}: pictures are SVG or PNG: name a file .svg or .png", param, ctx)
        if path.suffix == ".png":
            from contractnet.arena.png import ready  # what draws is asked for only where it is needed

            try:
                ready()
            except DefinitionError as error:
                self.fail(str(error), param, ctx)
        return path


def apart(csv_file: Path | None, plot: Path | None) -> None:
    """Refuse one file for both, in whatever way it is spelled.

    Raises:
        click.UsageError: it is one.
    """
    if csv_file is None or plot is None:
        return
    same = csv_file.resolve() == plot.resolve()
    if same or (csv_file.exists() and plot.exists() and csv_file.samefile(plot)):
        raise click.UsageError(f"--csv and --plot: {plot} cannot be both: name two files")


class Scale(click.ParamType[float]):
    """A factor for every timer: over 0, and finite."""

    name = "F"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            scale = float(value)
        except ValueError:
            scale = math.nan
        if not 0 < scale <= MOST_S:
            self.fail(f"{str(value)[:40]!r} is no scale; write a number over 0, up to {MOST_S}", param, ctx)
        return scale


def time_scale() -> Callable[[_F], _F]:
    """`--time-scale F`: for tests and campaigns, so not in the help."""
    return option("time-scale", type=Scale(), default=1.0, hidden=True, help="Scales every timer.")


def ledger_argument() -> Callable[[_F], _F]:
    """`LEDGER`: a ledger to be read."""
    return click.argument("ledger", metavar="LEDGER")
