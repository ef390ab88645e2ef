"""`contractnet demo`: an embedded market on sample tasks; no broker, no key."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
import time
from pathlib import Path
from typing import Final

import click

from contractnet.cli import exits, options, output, screen
from contractnet.cli.demo_run import run_demo
from contractnet.cli.demo_view import progress, show
from contractnet.cli.replay import Rederived, rederive
from contractnet.cli.tale import Mark, Tale, tales
from contractnet.contractor.ports import Agent
from contractnet.errors import LedgerUnusable
from contractnet.ledger.urls import file_of, open_reader
from contractnet.market.batch import read_tasks, result_line
from contractnet.market.contract import Contract
from contractnet.market.sample import SKILLS, Lot, lots
from contractnet.market.sample_agents import STEADY
from contractnet.messages.values import show_amount

#: what the model in a seat is called
MODEL: Final = "model"
#: a request to a model takes so long at most, seconds
MODEL_WITHIN_S: Final = 8.0


@click.command("demo")
@click.option("--ledger", metavar="URL", help="Ledger to write.  [default: a new file contractnet-demo.db]")
@options.option("tasks", "file", type=click.Path(path_type=Path), metavar="FILE", help="Your own tasks, JSON Lines.")
@options.option("seed", type=int, default=1, help="Of the bidders' prices: one seed, the same prices and winners.")
@options.option("model", metavar="URL", help="A real model takes the seat of `steady`: an OpenAI-compatible endpoint.")
@options.option("model-name", metavar="NAME", default="local", help="The model's name there.")
@options.as_json("Results")
def command(ledger: str | None, file: Path | None, seed: int, model: str | None, model_name: str, as_json: bool) -> int:
    """Settle fourteen sample tasks among scripted bidders, here and now: no broker, no key, no model.

    The market, the messages and the ledger are the real ones. One bidder is cheap and slow, one fast and dear, one
    good, one surer of itself than it should be; a visitor speaks nothing but the wire, and a mediator settles a
    deadlock. Shows every bid and what became of it, and ends with what to try next.

    \b
    Example:
      contractnet demo --seed 7
      contractnet demo --tasks tasks.jsonl --ledger my.db
      contractnet demo --model http://127.0.0.1:8080/v1
    """
    jobs = lots() if file is None else [Lot(placed.task) for placed in read_tasks(file)]
    seats = {} if model is None else _seats(model, model_name)
    if ledger is None:
        ledger = _new_file()
    if file_of(ledger) is not None:
        return _demo(ledger, jobs, seed, seats, as_json, kept=True)
    with tempfile.TemporaryDirectory(prefix="contractnet-demo-") as folder:  # what is shown is read from a ledger
        return _demo(str(Path(folder) / "demo.db"), jobs, seed, seats, as_json, kept=False)


def _seats(url: str, name: str) -> dict[str, Agent]:
    """A model in the seat of the good bidder."""
    from contractnet.agent.loading import from_definition  # what asks models is slow to import
    from contractnet.agent.models import Models
    from contractnet.cli.models import KEY, definition

    key = bool(os.environ.get(KEY))
    made = definition(MODEL, tuple(STEADY.prices), url, name, key=key, timeout_s=MODEL_WITHIN_S)
    return {STEADY.name: from_definition(made, "--model", lambda line: output.note("demo", line), Models())}


def _demo(ledger: str, jobs: list[Lot], seed: int, seats: dict[str, Agent], as_json: bool, *, kept: bool) -> int:
    found: list[Contract] = []
    began = time.monotonic()
    try:
        with progress(len(jobs)) as (begun, ended):

            def keep(contract: Contract) -> None:
                found.append(contract)
                ended(contract)

            asyncio.run(run_demo(ledger, jobs, seed, begun, keep, seats))
    except KeyboardInterrupt:
        raise exits.Interrupted(_how_to_go_on(ledger, kept)) from None
    took = time.monotonic() - began
    if as_json:
        for contract in found:
            click.echo(result_line(contract, None))
        if kept:
            output.note("demo", f"the ledger is {ledger}")
        return exits.OK
    reader = open_reader(ledger)
    mine = {contract.id for contract in found}
    told = [tale for tale in tales(reader.entries()) if tale.tender in mine]
    reader.close()
    show(told)
    _summary(told, took, rederive(ledger, bar=False))
    strange = sorted({tale.skill for tale in told} - set(SKILLS))
    if strange:
        output.note("demo", f"nobody here offers {', '.join(strange)}; the demo's agents do {', '.join(SKILLS)}")
    if kept:
        _next(ledger, told)
    return exits.OK


def _how_to_go_on(ledger: str, kept: bool) -> str:
    path = file_of(ledger)
    if not kept or path is None or not path.exists():
        return "nothing was kept; run it again"
    log = f"{screen.program()} log {shlex.quote(ledger)}"
    return f"what was said so far is in {ledger}: see it with `{log}`, or run the demo again"


def _summary(told: list[Tale], took_s: float, replayed: Rederived) -> None:
    """How many settled, what was paid, and that the ledger alone gives the same."""
    counts: dict[str, int] = {}
    for tale in told:
        status = "unended" if tale.ended is None else tale.ended.status
        counts[status] = counts.get(status, 0) + 1
    ends = ", ".join(f"{number} {status}" for status, number in counts.items())
    units = sorted({tale.unit for tale in told})
    lines = [f"{len(told)} tasks in {took_s:.1f} s: {ends}"]
    for unit in units:
        mine = [tale for tale in told if tale.unit == unit and tale.ended is not None]
        paid = sum(tale.ended.spent for tale in mine if tale.ended is not None)
        saved = sum(tale.saved for tale in mine)
        way = "less" if saved >= 0 else "more"
        lines.append(f"paid {show_amount(paid)} {unit}, {show_amount(abs(saved))} {way} than the reserves allowed")
    lines.append("the most of value x confidence - price - eta cost x eta wins; the value is the reserve")
    if replayed.difference is not None:
        raise LedgerUnusable(f"{replayed.line()}: {replayed.difference}")
    lines.append(f"replayed: {replayed.line()}")
    screen.draw(screen.console(), *lines)


def _next(ledger: str, told: list[Tale]) -> None:
    """Three commands that work as they stand."""
    program, quoted = screen.program(), shlex.quote(ledger)
    click.echo("\nTry next:")
    drawn = next((tale for tale in told if _eventful(tale)), told[0])
    click.echo(f"  {program} log {quoted} --diagram --conversation {drawn.tender}")
    click.echo(f"  {program} log {quoted} --explain {drawn.tender}")
    click.echo(f"  {program} replay {quoted}")


def _eventful(tale: Tale) -> bool:
    """Whether somebody took over from a winner: the story that is best drawn."""
    marks = [part.mark for part in tale.parts.values()]
    return Mark.WON in marks and Mark.TROUBLE in marks


def _new_file() -> str:
    """A file name that is not taken."""
    for number in range(1, 10_000):
        path = Path("contractnet-demo.db" if number == 1 else f"contractnet-demo-{number}.db")
        if not path.exists():
            return str(path)
    return "contractnet-demo-last.db"
