"""`contractnet demo`: an embedded market on sample tasks; no broker, no key."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

import click

from contractnet.manager.call import Call
from contractnet.manager.records import Decided
from contractnet.market.batch import read_tasks
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.market.sample import agents, tasks
from contractnet.market.task import Task
from contractnet.messages.values import show_amount


async def run_demo(ledger: str, jobs: list[Task], seed: int) -> list[tuple[Contract, Decided | None, list[str]]]:
    """Settle the tasks; returns for each its contract, its last decision, and what happened to its slot."""
    found: list[tuple[Contract, Decided | None, list[str]]] = []
    async with Market.open("memory://", agents=agents(seed), ledger=ledger) as market:
        contracts = [await market.begin(task, reply_within=2, within=6, wait_for_agents=2) for task in jobs]
        for contract in contracts:
            await contract.ended()
            call, story = contract.last_call(), contract.story()
            found.append((contract, _decision(call), story))
    return found


def _decision(call: Call | None) -> Decided | None:
    return None if call is None else call.decided


def show(found: list[tuple[Contract, Decided | None, list[str]]]) -> None:
    """A table of bids, awards and reasons."""
    from rich.console import Console  # slow to import
    from rich.table import Table

    console = Console()
    table = Table(title="Six tasks, three bidders", show_lines=True)
    for column in ("task", "reserve", "bids: price, eta, confidence, and what became of each", "outcome"):
        table.add_column(column, overflow="fold")
    for contract, decided, story in found:
        bids = [
            f"{bid.participant}: {show_amount(bid.price)}, {bid.eta} s, {bid.confidence / 10_000:.0f} %"
            f" -> {'awarded' if bid.reason is None else bid.reason.value}"
            for bid in (decided.bids if decided else ())
        ]
        bids += [f"{agent}: refused ({reason.value})" for agent, reason in (decided.refused if decided else {}).items()]
        end = f"{contract.status}" + (f" ({contract.reason})" if contract.reason else "")
        if contract.winner:
            end += f": {contract.winner} for {contract.price} {contract.unit}"
        table.add_row(contract.task, contract.reserve or "none", "\n".join(bids), "\n".join([*story, end]))
    console.print(table)
    settled = sum(contract.status == "settled" for contract, _, _ in found)
    console.print(
        f"{settled} of {len(found)} settled; rule best-value: value x confidence - price, value = the reserve."
    )


def _new_file() -> str:
    """A file name that is not taken."""
    for number in range(1, 10_000):
        path = Path("contractnet-demo.db" if number == 1 else f"contractnet-demo-{number}.db")
        if not path.exists():
            return str(path)
    return "contractnet-demo-last.db"


@click.command("demo", epilog="Example: contractnet demo --seed 7")
@click.option("--ledger", envvar="CONTRACTNET_LEDGER", show_envvar=True, help="Ledger to write; else a new file.")
@click.option(
    "--tasks", "file", type=click.Path(path_type=Path), envvar="CONTRACTNET_TASKS", help="Your own tasks, JSON Lines."
)
@click.option(
    "--seed", type=int, default=1, envvar="CONTRACTNET_SEED", show_default=True, help="Of the bidders' prices."
)
def command(ledger: str | None, file: Path | None, seed: int) -> None:
    """Settle six sample tasks among three scripted bidders, here and now: no broker, no key.

    Shows every bid, who was awarded and why the others were not, and ends with what to try next.
    """
    name = ledger or _new_file()
    jobs = tasks() if file is None else [placed.task for placed in read_tasks(file)]
    found = asyncio.run(run_demo(name, jobs, seed))
    show(found)
    program = (
        "contractnet" if sys.argv[0].endswith("contractnet") and "/" not in sys.argv[0] else ".venv/bin/contractnet"
    )
    program = sys.argv[0] if sys.argv[0].endswith("/contractnet") else program
    quoted = shlex.quote(name)
    click.echo("\nTry next:")
    click.echo(f"  {program} replay {quoted}")
    click.echo(f"  {program} log {quoted} --diagram --conversation {found[0][0].conversation_id}")
    click.echo(f"  {program} worker --help")
