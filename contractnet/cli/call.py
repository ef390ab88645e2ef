"""`contractnet call`: run tenders over a broker from the shell."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from contractnet.cli.call_view import output, progress, watch
from contractnet.clock import scaled
from contractnet.errors import DefinitionError
from contractnet.ledger.targets import target
from contractnet.ledger.urls import file_of
from contractnet.manager.settings import Settings
from contractnet.market.batch import (
    Placed,
    by_key,
    ended_lines,
    read_tasks,
    rebuild,
    result_line,
    same_tasks,
)
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.market.task import Task
from contractnet.market.terms import terms
from contractnet.transport.urls import open_transport


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    placed: list[Placed]
    lone: Task | None
    out: Path | None
    options: dict[str, Any]


def run_call(
    *,
    task: str | None,
    tasks: Path | None,
    out: Path | None,
    broker: str,
    ledger: str,
    name: str | None,
    skill: str | None,
    unit: str,
    concurrency: int,
    budget: str | None,
    require_settled: bool,
    time_scale: float,
    options: dict[str, Any],
) -> int:
    """Run the command and return its exit code."""
    if out is not None:
        never = [path for path in (file_of(ledger), tasks) if path is not None]
        out = target(out, never=never)
    job = _job(task, tasks, out, skill, options, unit, budget)
    market = Market.open(
        open_transport(broker, time_scale=time_scale),
        ledger=ledger,
        name=name,
        unit=unit,
        budget=budget,
        concurrency=concurrency,
        settings=scaled(Settings(), time_scale),
    )
    unsettled = asyncio.run(_call(market, job))
    return 1 if require_settled and unsettled else 0


def _job(
    task: str | None,
    tasks: Path | None,
    out: Path | None,
    skill: str | None,
    options: dict[str, Any],
    unit: str,
    budget: str | None,
) -> Job:
    """Check everything that can be checked before anything is opened."""
    if (task is None) == (tasks is None):
        raise DefinitionError("name one task, or a file of tasks with --tasks FILE.jsonl")
    if task is not None and skill is None:
        raise DefinitionError("a task needs a skill: add --skill, such as --skill text.summarise")
    placed = read_tasks(tasks, skill) if tasks is not None else []
    lone = Task(task, skill) if task is not None and skill is not None else None
    for where, one in [("the task", lone)] if lone else [(f"line {p.position}", p.task) for p in placed]:
        try:
            conditions = terms(one, default_unit=unit, **options)
        except DefinitionError as error:
            raise DefinitionError(f"{where}: {error}") from error
        if budget is not None and conditions.reserve is None:
            raise DefinitionError(f"{where}: with --budget every task needs a reserve; add one, or --reserve for all")
        if budget is not None and conditions.unit != unit:
            raise DefinitionError(f"{where}: the budget is in {unit}, the task in {conditions.unit}")
    return Job(placed, lone, out, options)


async def _call(market: Market, job: Job) -> int:
    """Run all tasks; returns how many have not settled."""
    stop = asyncio.ensure_future(_run(market, job))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.cancel)
    try:
        return await stop
    except asyncio.CancelledError:
        click.echo("contractnet call: stopped; run the same command again and it goes on where it was", err=True)
        raise KeyboardInterrupt from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _run(market: Market, job: Job) -> int:
    async with market:
        same_tasks(market.contracts(), job.placed)
        lines = by_key(job.placed)
        before = list(ended_lines(market.ended(), lines))
        finished = {key for key, _ in before}
        if job.out is not None:
            rebuild(job.out, [line for _, line in before])
        left = [one for one in job.placed if one.task.key not in finished]
        total = len(job.placed) or 1
        with output(job.out) as write, progress(total, len(before)) as advance:
            if job.out is None:
                for _, line in before:
                    write(line)
            if job.placed and not left:
                click.echo(f"contractnet call: all {total} tasks have ended before; nothing was bought", err=True)
            status = [contract.status for contract in market.ended() if contract.key in finished]
            status += await _watched(market, _work(market, job, left, lines, write, advance))
    return sum(one != "settled" for one in status)


async def _watched(market: Market, work: Any) -> list[str]:
    """Do the work, tell of the broker's coming and going, and give up where it was never there."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(watch(market))
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return list(working.result())
        watching.result()
        return []
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _work(
    market: Market,
    job: Job,
    left: list[Placed],
    lines: dict[str, list[Placed]],
    write: Callable[[bytes], None],
    advance: Callable[[Contract], None],
) -> list[str]:
    """Begin what is left, and write a line for each as it ends."""
    status: list[str] = []

    async def one(task: Task, position: int | None) -> Contract:
        contract = await market.begin(task, position=position, **job.options)
        await contract.ended()
        return contract

    if job.lone is not None:
        waiting = {asyncio.ensure_future(one(job.lone, None))}
    else:
        firsts = {one.task.key: one for one in reversed(left)}
        waiting = {asyncio.ensure_future(one(placed.task, placed.position)) for placed in reversed(firsts.values())}
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for finished in done:
                contract = finished.result()
                places: list[int | None] = [p.position for p in lines.get(contract.key or "", [])] or [None]
                for position in places:
                    write(result_line(contract, position))
                    status.append(contract.status)
                    advance(contract)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return status


def _env(name: str) -> str:
    return "CONTRACTNET_" + name.upper().replace("-", "_")


def _option(name: str, **more: Any) -> Callable[[Any], Any]:
    """An option with its environment name, the same in every command."""
    return click.option(f"--{name}", envvar=_env(name), show_envvar=True, **more)


@click.command("call", epilog='Example: contractnet call "Summarise this ticket" --skill text.summarise --reserve 0.05')
@click.argument("task", required=False)
@_option("tasks", type=click.Path(path_type=Path), help="JSON Lines file of tasks, one object a line.")
@_option("out", type=click.Path(path_type=Path), help="Write result lines here instead of standard output.")
@_option("broker", default="amqp://guest:guest@127.0.0.1/", show_default=True, help="URL of the broker.")
@_option("ledger", default="./contractnet.db", show_default=True, help="This manager's ledger.")
@_option("name", help="The manager's id; left out, it is made once and kept in the ledger.")
@_option("skill", help="Skill of the task, and of lines that name none.")
@_option("reserve", help="The most that will be paid; secret unless made public.")
@click.option("--public-reserve", is_flag=True, envvar=_env("public-reserve"), help="Tell bidders the reserve.")
@_option("unit", default="USD", show_default=True, help="What prices are counted in.")
@_option("rule", help="Award rule: best-value (where there is a value or a reserve) or lowest-price.")
@_option("value", help="Worth of a good result; the reserve where left out.")
@_option("eta-cost", default="0", show_default=True, help="Cost of a second of waiting.")
@_option("max-rounds", type=int, default=3, show_default=True, help="Rounds of one call at most.")
@_option("reply-within", type=float, default=20, show_default=True, help="Seconds that bidders may think.")
@_option("work-within", type=float, default=600, show_default=True, help="Seconds that a winner may work.")
@_option("lease", type=float, default=60, show_default=True, help="Seconds of silence after which a winner loses.")
@_option("within", type=float, default=600, show_default=True, help="Seconds after which no further call opens.")
@_option("wait-for-agents", type=float, default=30, show_default=True, help="Seconds to wait for the skill.")
@_option("concurrency", type=int, default=16, show_default=True, help="Calls open at once.")
@_option("budget", help="The total this ledger's tenders may spend; run again, it does not add.")
@click.option("--require-settled", is_flag=True, envvar=_env("require-settled"), help="Exit 1 if one did not settle.")
@_option("time-scale", type=float, default=1.0, hidden=True, help="All timers of the manager times this.")
def command(require_settled: bool, public_reserve: bool, **given: Any) -> int:
    """Put tasks out to the agents behind a broker, and print one result line for each.

    A task on the command line, or a file of them. Killed and run again with the same ledger and tasks, it goes on where
    it was and buys nothing twice.
    """
    names = ("reserve", "rule", "value", "eta_cost", "max_rounds", "reply_within", "work_within", "lease", "within")
    options = {name: given.pop(name) for name in (*names, "wait_for_agents")}
    options["public_reserve"] = public_reserve
    return run_call(options=options, require_settled=require_settled, **given)
