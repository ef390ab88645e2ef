"""`contractnet worker`: a daemon for one agent or several, until a signal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NoReturn

import click

from contractnet.agent.daemon import Daemon, Plan
from contractnet.agent.loading import load_agents
from contractnet.cli import exits, options, output
from contractnet.cli.options import option

#: after a second signal the process ends after so long, whatever still runs
AT_ONCE_S: Final = 5.0
#: after the orderly stop what was cancelled has so long to end before it is left behind
LEFT_S: Final = 0.5
#: threads for bidders and performers that are not `async`, beside one a place of capacity
MORE_THREADS: Final = 8
MOST_THREADS: Final = 1_000
THREADS: Final = "contractnet-agent"


@click.command("worker")
@click.argument("agents", metavar="AGENT...", nargs=-1, required=True)
@options.broker()
@option("journal", metavar="URL", help="Where it records what it says and does.  [default: ./<daemon>.journal.db]")
@option(
    "name",
    metavar="DAEMON",
    help="What the daemon is called.  [default: the agent's id; of several agents d_ and 8 hex digits]",
)
@option("grace", metavar="S", type=options.Seconds(), default=30.0, help="Time for running work at a stop.")
@options.time_scale()
def command(
    agents: tuple[str, ...], broker: str, journal: str | None, name: str | None, grace: float, time_scale: float
) -> int:
    """Host agents: bid on calls for their skills, and do the work that is awarded.

    AGENT is an agent's TOML file, or module:name of a function that @bidder decorates; modules are found in the
    working directory too. Several agents share one process, its connections and its journal.

    Ends at SIGTERM or Ctrl-C: it takes no new work, finishes what it can within the grace time, and hands the rest
    back. A second signal ends it at once; work goes on at the next start.

    \b
    Example:
      contractnet worker agents/summariser.toml
      contractnet worker my_agents:cheap my_agents:careful --broker amqp://user:password@host/market
    """
    hosted = load_agents(agents, _say)
    plan = Plan(broker=broker, journal=journal, name=name, time_scale=time_scale)
    places = sum(agent.capacity for agent in hosted)
    return asyncio.run(_serve(Daemon(hosted, plan, _say), grace, min(MOST_THREADS, places + MORE_THREADS)))


def _say(line: str) -> None:
    output.note("worker", line)


async def _serve(daemon: Daemon, grace_s: float, threads: int) -> int:
    """Run the daemon until a signal, and return the exit code."""
    loop = asyncio.get_running_loop()
    executor = ThreadPoolExecutor(threads, thread_name_prefix=THREADS)
    loop.set_default_executor(executor)
    running = asyncio.ensure_future(daemon.run())
    came: list[int] = []

    def signalled(number: int) -> None:
        came.append(number)
        if len(came) == 1:
            daemon.stop(grace_s)
        elif len(came) == 2:
            _say("stopping at once; what still runs begins again at the next start")
            running.cancel()
            loop.call_later(AT_ONCE_S, os._exit, 128 + number)
        else:
            os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signalled, number)
    error: Exception | None = None
    try:
        await running
        code = exits.OK
    except asyncio.CancelledError:
        code = 128 + came[-1] if came else exits.FAILED
    except Exception as failed:  # told by the caller, unless something must be left behind
        error, code = failed, exits.FAILED
    executor.shutdown(wait=False, cancel_futures=True)
    if _deaf():
        _leave("work in a thread did not end with its task; leaving it", code, error)
    if await _stubborn():
        _leave("work did not end though it was cancelled; leaving it", code, error)
    if error is not None:
        raise error
    return code


async def _stubborn() -> bool:
    """Whether a task is left that does not let itself be cancelled; the end of the loop would wait for it for ever."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    return bool(left) and bool((await asyncio.wait(left, timeout=LEFT_S))[1])


def _deaf() -> bool:
    """Whether a thread is left in which user code runs; the interpreter would wait for it for ever."""
    for thread in threading.enumerate():
        if thread.name.startswith(THREADS):
            thread.join(0.2)
            if thread.is_alive():
                return True
    return False


def _leave(what: str, code: int, error: Exception | None) -> NoReturn:
    """End the process here and now: all that there was to record and to send is recorded and sent."""
    _say(what)
    if error is not None:
        told = exits.failure("contractnet worker", error)
        click.echo(told.text, err=True)
        code = told.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
