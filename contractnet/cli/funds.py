"""The money of `contractnet call`: child accounts, what is done at a limit, and the receipts at the end."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import sys
from collections.abc import AsyncGenerator, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

import click

from contractnet.cli.call_view import aside
from contractnet.cli.receipts import receipt_lines
from contractnet.errors import DefinitionError
from contractnet.manager.conditions import TenderTerms
from contractnet.manager.limits import AtLimit, Choice
from contractnet.manager.receipts import receipt
from contractnet.market.batch import Placed
from contractnet.market.limits import Decision, LimitReached
from contractnet.market.market import Market
from contractnet.market.tendering import Tendering
from contractnet.messages.values import parse_amount, require

#: how often a new pending decision is looked for, seconds
LOOK_EVERY_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Funds:
    """What `--budget`, `--account`, `--at-limit` and `--decide-within` ask for."""

    budget: str | None
    accounts: dict[str, str]  #: name -> budget
    at_limit: AtLimit | None
    decide_within: float | None
    ledger: str

    @property
    def prompts(self) -> bool:
        """Whether somebody sits at the terminal to be asked."""
        return self.at_limit == "ask" and sys.stdin.isatty() and sys.stderr.isatty()

    def market_options(self) -> dict[str, Any]:
        """Arguments of `Market.open`."""
        on_limit = prompt if self.prompts else None
        within = {} if self.decide_within is None else {"decide_within": self.decide_within}
        return {"budget": self.budget, "at_limit": self.at_limit, "on_limit": on_limit, **within}

    def account_of(self, placed: Placed) -> str | None:
        """Who pays for a task: the account that its line names; for a task of the command line the one there is."""
        if placed.account is None and not placed.position and len(self.accounts) == 1:
            return next(iter(self.accounts))
        return placed.account

    def check(self, where: str, account: str | None, conditions: TenderTerms, unit: str) -> None:
        """Whether a task may be paid for.

        Raises:
            DefinitionError: says where and what is missing.
        """
        if account is not None and account not in self.accounts:
            raise DefinitionError(f"{where}: account {account!r} has no budget: add --account {account}=BUDGET")
        if self.budget is None and account is None:
            return
        what = "--budget" if account is None else f"--account {account}"
        if conditions.worst is None:
            raise DefinitionError(f"{where}: with {what} every task needs a reserve; add one, or --reserve for all")
        if conditions.unit != unit:
            raise DefinitionError(f"{where}: the budget is in {unit}, the task in {conditions.unit}")

    @contextlib.asynccontextmanager
    async def buyers(
        self, market: Market, names: Collection[str | None]
    ) -> AsyncGenerator[dict[str | None, Tendering]]:
        """Who buys for which account, while something is left to buy; afterwards the receipts."""
        async with contextlib.AsyncExitStack() as stack:
            telling = asyncio.create_task(_tell(market, self))
            stack.callback(telling.cancel)
            found: dict[str | None, Tendering] = {None: market}
            for name, budget in self.accounts.items():
                there = market.manager.book.accounts.find(name)
                if name in names or (there is not None and not there.closed):  # else it is closed for good
                    found[name] = await stack.enter_async_context(market.child(name, budget=budget))
            yield found
        for line in receipts(market):
            click.echo(f"contractnet call: {line}", err=True)


def funds(
    *,
    budget: str | None,
    account: Iterable[str],
    at_limit: AtLimit | None,
    decide_within: float | None,
    ledger: str,
) -> Funds:
    """Read the options.

    Raises:
        DefinitionError: one is not valid.
    """
    accounts: dict[str, str] = {}
    for one in account:
        name, equals, amount = one.partition("=")
        if not equals:
            raise DefinitionError(f"--account {one}: write a name and its budget, such as --account team-a=0.50")
        if require("key", name, "--account") in accounts:
            raise DefinitionError(f"--account {name}: it is named twice")
        parse_amount(amount, f"--account {name}")
        accounts[name] = amount
    if at_limit is not None and budget is None and not accounts:
        raise DefinitionError("--at-limit: there is no limit; add --budget, or --account NAME=BUDGET")
    if decide_within is not None and at_limit != "ask":
        raise DefinitionError("--decide-within: it is for --at-limit ask")
    return Funds(budget, accounts, at_limit, decide_within, ledger)


def receipts(market: Market) -> list[str]:
    """What is to be said of accounts that reached a limit, and of child accounts."""
    book = market.manager.book
    lines: list[str] = []
    for account in book.accounts.tree():
        found = receipt(book, account.name)
        if found.limits or found.cut or account.name:
            lines += receipt_lines(found)
    return lines


def prompt(limit: LimitReached) -> Decision:
    """Ask at the terminal."""
    who = f"account {limit.account}" if limit.account else "the market"
    with aside():
        sums = f"granted {limit.granted} {limit.unit}, held {limit.held}, spent {limit.spent}, left {limit.released}"
        waiting = f"{limit.waiting} waiting, which may need {limit.needs} more"
        click.echo(f"\ncontractnet call: the limit of {who} is reached: {sums}; {waiting}", err=True)
        choice = click.prompt(
            "grant more, hand-back, stop, or wait",
            type=click.Choice(["grant", "hand-back", "stop", "wait"]),
            default="stop",
            err=True,
        )
        amount = click.prompt("how much more", default=limit.needs, err=True) if choice == "grant" else None
    return Decision(cast(Choice, choice), amount, by=_me())  # the prompt takes nothing else


async def _tell(market: Market, asked: Funds) -> None:
    """Say at each new pending decision how it is answered."""
    told: set[str] = set()
    while True:
        for pending in market.manager.book.questions.open:
            if pending.id not in told and not asked.prompts:
                told.add(pending.id)
                who = f"account {pending.about}" if pending.about else "the market"
                answer = f"contractnet decide {asked.ledger} {pending.id} grant AMOUNT"
                click.echo(f"contractnet call: the limit of {who} is reached; answer with: {answer}", err=True)
        await asyncio.sleep(LOOK_EVERY_S)


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "terminal"
