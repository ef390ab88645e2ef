"""`contractnet doctor`: what works here, what does not, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from contractnet.cli import doctor_python, exits, options, output, screen
from contractnet.cli.entry_words import printable
from contractnet.cli.options import option
from contractnet.telemetry.findings import Finding, Level

#: what can be looked at, in this order
AREAS: Final = ("python", "ledger", "broker", "models")
_COLOURS: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red", Level.UNSEEN: "cyan"}
#: columns of the level, and of the area with what was looked at
LEVEL_WIDTH: Final = 7
WHAT_WIDTH: Final = 22
#: words stand beside the names where there is room for so many characters
LEAST_WORDS: Final = 24


@click.command("doctor")
@options.broker()
@option("ledger", metavar="URL", default=options.LEDGER, help="The ledger or journal to look at.")
@option("management", metavar="URL", help="The broker's management API: http://USER:PASSWORD@HOST:15672.")
@option("agent", "agents", metavar="FILE", multiple=True, help="An agent's TOML file, whose model is asked.")
@option("model", metavar="URL", help="An OpenAI-compatible endpoint to ask, such as http://127.0.0.1:8080/v1.")
@option("model-name", metavar="NAME", default="local", help="The model's name there.")
@option("only", type=click.Choice(AREAS), multiple=True, help="Look at that alone; may be given more than once.")
@options.as_json("Findings")
def command(
    broker: str,
    ledger: str,
    management: str | None,
    agents: tuple[str, ...],
    model: str | None,
    model_name: str,
    only: tuple[str, ...],
    as_json: bool,
) -> int:
    """Look at Python, the ledger, the broker and models, and say of each what works and what to do where it does not.

    Nothing is changed: at the broker an exchange and three queues are made for a moment, beside the ledger a file.
    Exits with 1 where there is a problem; with 3 where there is none, but something that was asked for could not be
    looked at.

    \b
    Example:
      contractnet doctor --broker amqp://user:password@host/market
      contractnet doctor --only ledger --ledger contractnet.db
      contractnet doctor --only models --agent agents/model.toml
    """
    found: list[Finding] = []
    if not only or "python" in only:
        found += doctor_python.look()
    if not only or "ledger" in only:
        found += _look_at_ledger(ledger)
    if not only or "broker" in only:
        found += asyncio.run(_look_at_broker(broker, management))
    if not only or "models" in only:
        found += _look_at_models(agents, model, model_name)
    if as_json:
        for one in found:
            output.json_line(msgspec.structs.asdict(one))
    else:
        _show(found)
    if any(one.level is Level.PROBLEM for one in found):
        return exits.WRONG
    return exits.FAILED if any(one.level is Level.UNSEEN and one.asked for one in found) else exits.OK


def _look_at_ledger(url: str) -> list[Finding]:
    from contractnet.ledger.checkup import look  # SQLAlchemy is slow to import

    return look(url)


async def _look_at_broker(url: str, management: str | None) -> list[Finding]:
    from contractnet.transport.amqp import checkup  # the client is slow to import
    from contractnet.transport.amqp import management as api

    found = await checkup.look(url)
    return [*found, *(await api.look(management, url) if management is not None else [api.not_asked()])]


def _look_at_models(agents: Sequence[str], url: str | None, name: str) -> list[Finding]:
    from contractnet.cli import doctor_models  # what asks models is slow to import

    return asyncio.run(doctor_models.look([Path(one) for one in agents], url, name))


def _show(found: Sequence[Finding]) -> None:
    """One finding a line; on a terminal, lines that are too long go on under their words."""
    console = screen.console()
    for one in found:
        words = printable(f"{one.found}; {one.todo}" if one.todo else one.found)
        level = one.level.value.ljust(LEVEL_WIDTH)
        if console.color_system is not None:
            level = click.style(level, fg=_COLOURS[one.level])
        head = f"{level}  {f'{one.area} {one.what}'.ljust(WHAT_WIDTH)}  "
        room = console.width - (LEVEL_WIDTH + WHAT_WIDTH + 4)
        if not console.is_terminal:
            lines = [head + words]
        elif room < LEAST_WORDS:
            lines = [head.rstrip(), *(f"    {line}" for line in screen.wrapped(words, console.width - 4))]
        else:
            first, *more = screen.wrapped(words, room)
            lines = [head + first, *(" " * (LEVEL_WIDTH + WHAT_WIDTH + 4) + line for line in more)]
        click.echo("\n".join(lines), color=True)  # coloured or not as the console decided
    counts = [(level, sum(one.level is level for one in found)) for level in Level]
    output.note("doctor", ", ".join(f"{number} {level.value}" for level, number in counts if number))
