"""`contractnet doctor`: what works here, what does not, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from textwrap import wrap
from typing import Final

import click
import msgspec

from contractnet.cli import doctor_python, exits, options, output, screen
from contractnet.cli.entry_words import printable
from contractnet.cli.options import option
from contractnet.telemetry.findings import Finding, Level

#: what can be looked at, in this order
AREAS: Final = ("python", "ledger", "broker")
_COLOURS: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red", Level.UNSEEN: "cyan"}
#: columns of the level, and of the area with what was looked at
LEVEL_WIDTH: Final = 7
WHAT_WIDTH: Final = 22
#: screens that are narrower have the words under the names
NARROW: Final = 60


@click.command("doctor")
@options.broker()
@option("ledger", metavar="URL", default=options.LEDGER, help="The ledger or journal to look at.")
@option("management", metavar="URL", help="The broker's management API: http://USER:PASSWORD@HOST:15672.")
@option("only", type=click.Choice(AREAS), multiple=True, help="Look at that alone; may be given more than once.")
@options.as_json("Findings")
def command(broker: str, ledger: str, management: str | None, only: tuple[str, ...], as_json: bool) -> int:
    """Look at Python, the ledger and the broker, and say of each what works and what to do where it does not.

    Nothing is changed: at the broker an exchange and three queues are made for a moment, beside the ledger a file.
    Exits with 1 where there is a problem; with 3 where there is none, but something that was asked for could not be
    looked at.

    \b
    Example:
      contractnet doctor --broker amqp://user:password@host/market
      contractnet doctor --only ledger --ledger contractnet.db
    """
    wanted = only or AREAS
    found = asyncio.run(_look([area for area in AREAS if area in wanted], broker, ledger, management))
    if as_json:
        for one in found:
            output.json_line(msgspec.structs.asdict(one))
    else:
        _show(found)
    if any(one.level is Level.PROBLEM for one in found):
        return exits.WRONG
    return exits.FAILED if any(one.level is Level.UNSEEN and one.asked for one in found) else exits.OK


async def _look(areas: Sequence[str], broker: str, ledger: str, management: str | None) -> list[Finding]:
    async def python() -> list[Finding]:
        return doctor_python.look()

    async def the_ledger() -> list[Finding]:
        from contractnet.ledger.checkup import look  # SQLAlchemy is slow to import

        return await asyncio.to_thread(look, ledger)

    async def the_broker() -> list[Finding]:
        return await _look_at_broker(broker, management)

    looks: dict[str, Callable[[], Awaitable[list[Finding]]]] = {
        "python": python,
        "ledger": the_ledger,
        "broker": the_broker,
    }
    return [one for area in areas for one in await looks[area]()]


async def _look_at_broker(url: str, management: str | None) -> list[Finding]:
    from contractnet.transport.amqp import checkup  # the client is slow to import
    from contractnet.transport.amqp import management as api

    found = await checkup.look(url)
    return [*found, *(await api.look(management, url) if management is not None else [api.not_asked()])]


def _show(found: Sequence[Finding]) -> None:
    """One finding a line; on a terminal, lines that are too long go on under their words."""
    console = screen.console()
    for one in found:
        what = f"{one.area} {one.what}"
        words = printable(f"{one.found}; {one.todo}" if one.todo else one.found)
        level = click.style(one.level.value.ljust(LEVEL_WIDTH), fg=_COLOURS[one.level])
        head = level if console.color_system is not None else one.level.value.ljust(LEVEL_WIDTH)
        if not console.is_terminal:
            click.echo(f"{head}  {what.ljust(WHAT_WIDTH)}  {words}")
        elif console.width < NARROW:
            lines = wrap(words, console.width - 4)
            click.echo("\n".join([f"{head}  {what}", *(f"    {line}" for line in lines)]), color=True)
        else:
            indent = " " * (LEVEL_WIDTH + WHAT_WIDTH + 4)
            lines = wrap(words, console.width - len(indent)) or [""]
            first, more = lines[0], lines[1:]
            click.echo(
                "\n".join([f"{head}  {what.ljust(WHAT_WIDTH)}  {first}", *(indent + line for line in more)]), color=True
            )
    counts = [(level, sum(one.level is level for one in found)) for level in Level]
    output.note("doctor", ", ".join(f"{number} {level.value}" for level, number in counts if number))
