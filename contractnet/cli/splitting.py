"""What `contractnet call --split` does: a model drafts how a job is split, somebody agrees, the tasks are bought."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from contractnet.agent.definition import Definition
from contractnet.agent.models import Models
from contractnet.cli.call_view import output
from contractnet.cli.models import KEY, definition
from contractnet.errors import DefinitionError
from contractnet.llm.model import Model
from contractnet.manager.plans import Drafted, PlanTask
from contractnet.market.batch import result_line
from contractnet.market.drafting import ModelDrafter
from contractnet.market.market import Market
from contractnet.market.planning import Verdict
from contractnet.messages.values import show_amount


@dataclass(frozen=True, slots=True)
class Split:
    """What the command line asks for."""

    job: str
    url: str
    model: str
    yes: bool  #: what passes the checks is approved, nobody is asked
    budget: str | None
    out: Path | None
    options: dict[str, Any]


def judge(split: Split) -> None:
    """Check what can be checked before anything is opened.

    Raises:
        DefinitionError: the model cannot be asked; nobody could be asked whether to buy.
    """
    _definition(split)
    if not split.yes and not sys.stdin.isatty():
        text = "--split asks before it buys, and there is no terminal: add --yes to buy what passes the checks"
        raise DefinitionError(text)


async def run(market: Market, split: Split) -> int:
    """Draft, ask, buy; returns how many of the plan's tasks have not settled."""
    model = _model(split)
    try:
        plan = await market.decompose(
            split.job,
            (drafter := ModelDrafter(model)),
            key="split-" + hashlib.sha256(split.job.encode()).hexdigest()[:32],
            approve=_by_policy if split.yes else _by_person,
            reserve=split.options["reserve"],
            budget=split.budget,
            by=drafter.name,
            wait_for_agents=float(split.options["wait_for_agents"]),
        )
        settled = 0
        with output(split.out) as write:
            async for bought in market.buy(plan, **split.options):
                if bought.contract is None:
                    text = f"contractnet call: {bought.task.id} was not bought: {bought.why}"
                    click.echo(text, err=True)
                else:
                    write(result_line(bought.contract, None))
                    settled += bought.contract.status == "settled"
        click.echo(f"contractnet call: {settled} of {len(plan.tasks)} tasks of the plan settled", err=True)
        return len(plan.tasks) - settled
    finally:
        await model.close()


def _model(split: Split) -> Model:
    made = _definition(split)
    assert made.model is not None  # it was asked for
    return Models().of(made.id, made.model, "--model")


def _definition(split: Split) -> Definition:
    return definition("planner", ["text.any"], split.url, split.model, key=bool(os.environ.get(KEY)), timeout_s=120)


def _by_policy(drafted: Drafted) -> Verdict:
    _show(drafted, lambda line: click.echo(line, err=True))
    return Verdict(True, "--yes")


async def _by_person(drafted: Drafted) -> Verdict:
    """Ask on the terminal; the loop goes on meanwhile."""
    _show(drafted, lambda line: click.echo(line, err=True))
    question = f"Buy these {len(drafted.tasks)} tasks?"
    ok = await asyncio.to_thread(click.confirm, question, err=True)
    return Verdict(ok, "terminal")


def _show(drafted: Drafted, say: Callable[[str], None]) -> None:
    say(f"{drafted.by} splits the job into {len(drafted.tasks)} tasks:")
    for task in drafted.tasks:
        say(f"  {_line(task)}")


def _line(task: PlanTask) -> str:
    reserve = "" if task.reserve is None else f", at most {show_amount(task.reserve)}"
    after = f", after {', '.join(task.after)}" if task.after else ""
    return f"{task.id}: {task.skill}{reserve}{after}: {' '.join(task.task.split())[:120]}"
