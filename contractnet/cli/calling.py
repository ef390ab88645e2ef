"""What `contractnet call` does: tasks are checked, begun, and written down as they end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec

from contractnet.cli.call_view import output, progress, watched
from contractnet.cli.exits import Interrupted
from contractnet.cli.funds import Funds
from contractnet.cli.splitting import Split, judge, run
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
from contractnet.market.many import as_they_end
from contractnet.market.market import Market
from contractnet.market.task import Task, fingerprint
from contractnet.market.terms import terms
from contractnet.messages.values import show_amount
from contractnet.transport.urls import open_transport

GOES_ON = "run the same command again and it goes on where it was"
LOST = (
    "the ledger was in memory: what ran was cancelled, and what was bought is recorded nowhere but in the lines above; "
    "with --ledger FILE a call goes on where it was"
)


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    placed: list[Placed]
    lone: Task | None
    out: Path | None
    options: dict[str, Any]
    money: Funds
    ledger: str


def run_call(
    *,
    task: str | None,
    tasks: Path | None,
    out: Path | None,
    broker: str,
    ledger: str,
    name: str | None,
    skill: str | None,
    given_input: str | None,
    unit: str,
    concurrency: int,
    exploration: str | None,
    money: Funds,
    cancel_on_stop: bool,
    require_settled: bool,
    split: bool,
    model: str | None,
    model_name: str,
    yes: bool,
    time_scale: float,
    options: dict[str, Any],
) -> int:
    """Run the command and return its exit code."""
    if out is not None:
        out = target(out, never=[path for path in (file_of(ledger),) if path is not None], read=tasks)
    if split:
        if task is None or tasks is not None or model is None:
            raise DefinitionError('--split needs a job and a model: call "Write a report" --split --model URL')
        if money.accounts:
            raise DefinitionError("--account: what is split is paid from the market's own account; leave it out")
        split_job = Split(task, model, model_name, yes, money.budget, out, options)
        judge(split_job)
        job: Job | Split = split_job
    else:
        job = _job(_lone(task, tasks, skill, given_input), tasks, out, skill, options, unit, money, ledger)
    market = Market.open(
        open_transport(broker, time_scale=time_scale),
        ledger=ledger,
        name=name,
        unit=unit,
        concurrency=concurrency,
        settings=scaled(Settings(), time_scale),
        exploration=exploration,
        **money.market_options(),
    )
    goes_on = LOST if file_of(ledger) is None else GOES_ON
    unsettled = asyncio.run(_call(market, job, cancel_on_stop, goes_on))
    return 1 if require_settled and unsettled else 0


def _lone(task: str | None, tasks: Path | None, skill: str | None, given_input: str | None) -> Task | None:
    """The task of the command line; None: there is a file of tasks."""
    if (task is None) == (tasks is None):
        raise DefinitionError("name one task, or a file of tasks with --tasks FILE.jsonl")
    if task is None:
        if given_input is not None:
            raise DefinitionError("--input belongs to a task on the command line; a line of the file has its own")
        return None
    if skill is None:
        raise DefinitionError("a task needs a skill: add --skill, such as --skill text.summarise")
    try:
        read = {} if given_input is None else msgspec.json.decode(given_input, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        shown = """such as --input '{"text": "It rains."}'"""
        raise DefinitionError(f"--input: this is not a JSON object: {error}; write one, {shown}") from None
    return Task(task, skill, input=read)


def _job(
    lone: Task | None,
    tasks: Path | None,
    out: Path | None,
    skill: str | None,
    options: dict[str, Any],
    unit: str,
    money: Funds,
    ledger: str,
) -> Job:
    """Check everything that can be checked before anything is opened."""
    placed = read_tasks(tasks, skill) if tasks is not None else []
    for one in [Placed(0, lone)] if lone else placed:
        where = f"line {one.position}" if one.position else "the task"
        try:
            conditions = terms(one.task, default_unit=unit, **_of(one.task, options))
        except DefinitionError as error:
            raise DefinitionError(f"{where}: {error}") from error
        money.check(where, money.account_of(one), conditions, unit)
    return Job(placed, lone, out, options, money, ledger)


def _of(task: Task, options: dict[str, Any]) -> dict[str, Any]:
    """The terms of one task: what its line says stands above the command line."""
    bounded = {"reserve": None, "reserve_prior": None} if task.reserve is not None else {}
    return {**options, **bounded, **task.terms}


async def _call(market: Market, job: Job | Split, cancel_on_stop: bool, goes_on: str) -> int:
    """Run all tasks; returns how many have not settled.

    Args:
        goes_on: what becomes of what runs, told at a signal.
    Raises:
        Interrupted: a signal came.
    """
    stopping = asyncio.Event()
    work = _split(market, job) if isinstance(job, Split) else _run(market, job, stopping)
    running = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def signalled() -> None:
        if not cancel_on_stop or stopping.is_set() or not market.is_open:
            running.cancel()
            return
        stopping.set()
        click.echo("contractnet call: cancelling what runs; a second signal ends at once", err=True)
        market.manager.cancel_all()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signalled)
    try:
        unsettled = await running
        if stopping.is_set():
            raise Interrupted("what ran was cancelled, and each line says what is known of those who were told")
        return unsettled
    except asyncio.CancelledError:
        raise Interrupted(goes_on) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _run(market: Market, job: Job, stopping: asyncio.Event) -> int:
    async with market:
        same_tasks(market.contracts(), job.placed)
        earlier = None if job.lone is None else _running(market, job.lone, job.options)
        lines = by_key(job.placed)
        before = list(ended_lines(market.ended(), lines))
        finished = {key for key, _ in before}
        if job.out is not None:
            rebuild(job.out, [line for _, line in before])
        left = [one for one in job.placed if one.task.key not in finished]
        total = len(job.placed) or 1
        with output(job.out) as write, progress(total, len(before), job.ledger) as advance:
            if job.out is None:
                for _, line in before:
                    write(line)
            if job.placed and not left:
                click.echo(f"contractnet call: all {total} tasks have ended before; nothing was bought", err=True)
            status = [contract.status for contract in market.ended() if contract.key in finished]
            if earlier is not None:
                click.echo("contractnet call: this was put out before and has not ended; going on with it", err=True)
            status += await watched(market, _work(market, job, earlier, left, lines, write, advance, stopping))
    return sum(one != "settled" for one in status)


def _running(market: Market, task: Task, options: dict[str, Any]) -> Contract | None:
    """The same task of the command line, put out by an earlier run that was stopped: it is not bought twice."""
    mine = fingerprint(task.spec())
    reserve = terms(task, **_of(task, options)).reserve
    most = None if reserve is None else show_amount(reserve)
    same = (one for one in market.contracts() if one.key is None and not one.over and one.fingerprint == mine)
    return next((one for one in same if one.reserve == most), None)


async def _split(market: Market, job: Split) -> int:
    async with market:
        return await watched(market, run(market, job))


async def _work(
    market: Market,
    job: Job,
    earlier: Contract | None,
    left: list[Placed],
    lines: dict[str, list[Placed]],
    write: Callable[[bytes], None],
    advance: Callable[[Contract], None],
    stopping: asyncio.Event,
) -> list[str]:
    """Begin what is left, and write a line for each as it ends."""
    status: list[str] = []
    begun = (
        [Placed(0, job.lone)] if job.lone is not None else list({one.task.key: one for one in reversed(left)}.values())
    )

    async def begin(placed: Placed) -> Contract:
        given, buyer = _of(placed.task, job.options), buyers[job.money.account_of(placed)]
        contract = earlier or await buyer.begin(placed.task, position=placed.position or None, **given)
        if stopping.is_set():
            market.manager.cancel_all()  # it began just then
        return contract

    async with job.money.buyers(market, {job.money.account_of(one) for one in begun}) as buyers:
        async for _, contract in as_they_end(begin, reversed(begun), ahead=len(begun)):
            places: list[int | None] = [p.position for p in lines.get(contract.key or "", [])] or [None]
            for position in places:
                write(result_line(contract, position))
                status.append(contract.status)
                advance(contract)
    return status
