"""Options that several commands share: one name, one meaning, one environment variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])
Decorator = Callable[[_F], _F]

BROKER: Final = "amqp://guest:guest@127.0.0.1/"
LEDGER: Final = "./contractnet.db"


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
    return option("broker", metavar="URL", default=BROKER, help="The RabbitMQ broker: amqp:// or amqps://.")


def as_json(what: str) -> Callable[[_F], _F]:
    """`--json`: the parameter is `as_json`."""
    return option("json", "as_json", is_flag=True, help=f"{what} as JSON, one object a line.")


def time_scale() -> Callable[[_F], _F]:
    """`--time-scale F`: for tests and campaigns, so not in the help."""
    scale = click.FloatRange(min=0, min_open=True)
    return option("time-scale", type=scale, default=1.0, hidden=True, help="Scales every timer.")


def ledger_argument() -> Callable[[_F], _F]:
    """`LEDGER`: a ledger to be read."""
    return click.argument("ledger", metavar="LEDGER")
