"""`contractnet agents`: who is there now; what their models have cost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import click

from contractnet.cli import exits, options, output, spending
from contractnet.cli.options import option
from contractnet.clock import LoopClock
from contractnet.directory.directory import Directory, Listing
from contractnet.errors import TransportBroken, TransportError, TransportRefused, cause_of
from contractnet.ledger.urls import new_owner
from contractnet.mail.inbox import beats
from contractnet.messages.acts import Presence
from contractnet.transport.port import Down, Link, ManagerParty, Standby, Up
from contractnet.transport.urls import open_transport

#: a daemon says that it is there every 5 s; a little more than that hears everybody
WAIT_S = 6.0
#: a link that comes up does so in less than this
COMING_S = 3.0


@click.command("agents")
@options.broker()
@option("wait", metavar="S", type=click.FloatRange(min=0.1), default=WAIT_S, help="How long to listen.")
@option(
    "spent",
    metavar="JOURNAL",
    multiple=True,
    help="Show what the models of a journal's agents were asked, and what it cost, instead; may be given again.",
)
@option(
    "record",
    metavar="LEDGER",
    multiple=True,
    help="Show how the awards of a manager's ledger or of a daemon's journal ended, by agent and skill, instead; may "
    "be given again.",
)
@option("agent", metavar="ID", help="With --record: of this agent, and what came of each tenth of confidence.")
@option("plot", type=options.Picture(), help="With --record: write the reliability picture.")
@options.as_json("Agents")
@options.time_scale()
def command(
    broker: str,
    wait: float,
    spent: tuple[str, ...],
    record: tuple[str, ...],
    agent: str | None,
    plot: Path | None,
    as_json: bool,
    time_scale: float,
) -> int:
    """Show who is there: agents, their daemons, skills and capacity.

    Daemons say that they are there every 5 s; this listens a little longer than that. What models have cost is private:
    it stands in a worker's own journal and is never said over the broker.

    With --record: how many awards ended well, what the agent had stated, what its chance counts as in the next award,
    the Brier score of what it stated (0 is best; even odds come to 0.25) with its reliability (how far statements are
    from what happened; 0 is best) and its resolution (how far they tell good from bad; more is better), and changes of
    its rate that were noticed. A journal says what its agents can know; verdicts stand in the manager's ledger.

    \b
    Example:
      contractnet agents --broker amqp://user:password@host/market
      contractnet agents --spent summariser.journal.db
      contractnet agents --record contractnet.db --agent summariser --plot summariser.svg
    """
    if (agent or plot) and not record:
        raise click.UsageError("--agent and --plot go with --record LEDGER")
    if record:
        from contractnet.cli.standings import show  # the manager's records, which `--help` does without

        show(record, agent, plot, as_json=as_json)
        return exits.OK
    if spent:
        spending.show(spent, as_json=as_json)
        return exits.OK
    listings = asyncio.run(listen(broker, wait * time_scale))
    if as_json:
        for one in listings:
            output.json_line(one)
    elif listings:
        output.table(("AGENT", "DAEMON", "SKILLS", "CAPACITY", "FREE", "SINCE"), [_row(one) for one in listings])
    else:
        output.note("agents", f"nobody said that they are there within {wait * time_scale:g} s")
    return exits.OK


def _row(one: Listing) -> tuple[str, ...]:
    return (one.agent, one.daemon, " ".join(one.skills), str(one.capacity), str(one.free), output.second(one.since))


async def listen(broker: str, wait_s: float) -> list[Listing]:
    """Attach as a manager nobody knows, listen, and take its queues away again."""
    link = open_transport(broker).attach(ManagerParty(new_owner()))
    directory = Directory()
    try:
        async with link:
            try:
                await _connected(link)
            except asyncio.CancelledError:  # Ctrl-C while it connects: its queues may be there already
                await _settled(link)
                raise
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await _hear(link, directory)
            finally:  # at Ctrl-C too: nobody would use these queues again
                await link.retire()
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
    return directory.listings()


async def _settled(link: Link) -> None:
    """Take the queues away of a link that was coming up."""
    with suppress(TimeoutError, TransportError):
        async with asyncio.timeout(COMING_S):
            await _connected(link)
        await link.retire()


async def _connected(link: Link) -> None:
    """Wait until the link is up; a broker that is not there is an error here, since somebody waits for the answer."""
    while not link.up:
        for event in await link.receive(most=1):
            if isinstance(event, Down):
                raise TransportRefused(event.reason)


async def _hear(link: Link, directory: Directory) -> None:
    clock = LoopClock()
    while True:
        for event in await link.receive():
            match event:
                case Down():
                    raise TransportBroken(f"lost the broker while listening: {event.reason}")
                case Up() | Standby():
                    pass
                case _:
                    for beat in beats(event):
                        if isinstance(beat, Presence):
                            directory.hear(beat, clock.now())
                    event.ack()
