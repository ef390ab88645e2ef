"""The two modes of `contractnet bargain`: experiments, and with `--with` one live bargaining. Which option is of which.

An option of the other mode on the command line is a mistake; in the environment it is not, since one variable serves
every command.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from contractnet.cli import options
from contractnet.cli.options import option

_F = TypeVar("_F", bound=Callable[..., Any])
_IN: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_LIVE: Final[tuple[Callable[[Any], Any], ...]] = (
    option("with", "agent", metavar="AGENT", help="Bargain live with that agent, over a broker, about SUBJECT."),
    option("limit", metavar="L", help="Live: the most that you pay, or the least that you take. Nobody is told."),
    option("high", metavar="H", help="Live: no offer is over this; the agent is told."),
    option("low", metavar="L", help="Live: no offer is under this; the agent is told.  [default: 0]"),
    option("side", type=click.Choice(["buyer", "seller"]), help="Live: which you are.  [default: buyer]"),
    option("tick", metavar="T", help="Live: least difference of two prices.  [default: by the range]"),
    option("unit", metavar="U", help="Live: what the price is counted in.  [default: USD]"),
    option("opening", metavar="O", help="Live: your first offer.  [default: the bound on your side]"),
    option(
        "issues", type=_IN, metavar="FILE", help="Live: several issues and what they are worth to you, TOML or JSON."
    ),
    option("turn-within", type=options.Seconds(), default=10, help="Live: time for each turn, and for an answer."),
    option("strategy", metavar="NAME", help="Live: how you bargain.  [default: linear; over several issues micro]"),
    option("mediator", metavar="AGENT", help="Live: whom both may turn to when the turns are over; see --ladder."),
    option("mediate-within", type=options.Seconds(), help="Live: time for the mediator.  [default: as for a turn]"),
    option("key", metavar="K", help="Live: your name for it; the same key and ledger bargain once."),
    option("wait-for-agents", type=options.Seconds(), default=30, help="Live: time to wait until the agent is heard."),
    option("require-agreed", is_flag=True, help="Live: exit 1 if nothing was agreed."),
    options.broker(),
    option("ledger", metavar="URL", default=options.LEDGER, help="Live: your ledger."),
    option("name", metavar="MANAGER", help="Live: your id; left out, it is made once and kept in the ledger."),
    options.time_scale(),
)
#: of both modes
_BOTH: Final = frozenset(("turns", "ladder", "as_json"))
#: of a price alone
_PRICE: Final = ("limit", "high", "low", "side", "tick", "unit", "opening")


def live_options(command: _F) -> _F:
    """Those of a live bargaining, in this order."""
    for decorate in reversed(_LIVE):
        command = decorate(command)
    return command


def _names() -> frozenset[str]:
    def nothing() -> None:
        """Takes the options."""

    parameters: list[click.Parameter] = vars(live_options(nothing))["__click_params__"]
    return frozenset(one.name for one in parameters)


#: parameters of a live bargaining alone
_NAMES: Final = _names()


def pop_live(given: dict[str, Any]) -> dict[str, Any]:
    """Take what is of a live bargaining out of what was given."""
    return {name: given.pop(name) for name in _NAMES}


def check_mode(context: click.Context, *, live: bool) -> None:
    """Refuse options of the other mode, and those of a price where there are several issues.

    Raises:
        click.UsageError: says which, and to what it belongs.
    """
    typed = _typed(context)
    for name, shown in typed.items():
        if name not in _BOTH and (name in _NAMES) is not live:
            belongs = (
                "experiments; leave it out, or leave --with out" if live else "a live bargaining; add --with AGENT"
            )
            raise click.UsageError(f"{shown}: it belongs to {belongs}")
    if live and "mediate_within" in typed and context.params["mediator"] is None:
        raise click.UsageError(f"{typed['mediate_within']}: nobody mediates; name a --mediator")
    if live and context.params["issues"] is not None:
        for name in _PRICE:
            if name in typed:
                raise click.UsageError(
                    f"{typed[name]}: it is of a single price, and --issues are several; leave one out"
                )


def _typed(context: click.Context) -> dict[str, str]:
    """The options that stand on the command line: parameter -> option."""
    return {
        one.name: one.opts[0]
        for one in context.command.params
        if isinstance(one, click.Option) and context.get_parameter_source(one.name) is ParameterSource.COMMANDLINE
    }
