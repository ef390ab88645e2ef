"""`[bargain]` of an agent's file: how it bargains, when a manager or another agent asks it to.

[bargain]
strategy = "linear"          # left out: `linear` for a price, `micro` for several issues
reservation = "cost"         # the least that it takes: what `[cost]` says of the task, or an amount such as "0.02"
margin_pct = 5               # of the way from opening to reservation: schedules end so far short of it
words = "none"               # that go with its acts: `template`, or `model` with [model]
mode = "og"                  # the strategy decides; `bounded`: the model of [model] proposes, within the reservation
persona = "fair"             # of the words alone; that of [model] where it is left out
mediators = ["arbiter"]      # who may be told the reservation in confidence, where a request names it; left out: nobody
least_worth_pct = 0          # of several issues: the least that a deal must be worth
[bargain.issues.delivery]    # of several issues: one table each, by its name in the request
weight_pct = 60
best = "low"                 # of a number
[bargain.issues.colour]
weight_pct = 40
evaluations = { red = 10, blue = 5 }  # of a choice
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contractnet.agent.cost_table import CostTable
from contractnet.agent.model_table import Table
from contractnet.bidders.bargainer import Words
from contractnet.bidders.cost import CostModel
from contractnet.bidders.stance import Stance, Wish
from contractnet.errors import DefinitionError
from contractnet.llm.prompts import load_prompts
from contractnet.mechanisms.bargaining.brought import find_strategy
from contractnet.messages.values import parse_amount, require

COST = "cost"


class IssueTable(Table, frozen=True):
    """`[bargain.issues.NAME]`: what the values of one issue are worth."""

    weight_pct: int
    best: Literal["low", "high"] | None = None
    evaluations: dict[str, int] = {}


class BargainTable(Table, frozen=True):
    """`[bargain]`: how an agent bargains."""

    strategy: str | None = None
    reservation: str = COST
    margin_pct: int = 5
    words: Words = "none"
    mode: Literal["og", "bounded"] = "og"
    persona: str | None = None
    mediators: tuple[str, ...] = ()
    least_worth_pct: int = 0
    issues: dict[str, IssueTable] = {}


@dataclass(frozen=True, slots=True)
class BargainPart:
    """How an agent bargains, read and checked."""

    stance: Stance
    words: Words
    mode: Literal["og", "bounded"]
    voice: str | None  #: of its words; None: that of [model]


def bargain_part(
    table: BargainTable | None, cost: CostModel | None, *, has_model: bool, where: str, folder: Path
) -> BargainPart | None:
    """Check the table; of what is private a wrong value is not repeated.

    Args:
        cost: what `[cost]` says; None: another distribution's bidder makes the offers.
    Raises:
        DefinitionError: names file, key and fault.
    """
    if table is None:
        return None
    if table.strategy is not None:
        try:
            find_strategy(table.strategy)
        except DefinitionError as error:
            raise DefinitionError(f"{where}: bargain.strategy: {error}") from None
    for key, needs in (("words", table.words == "model"), ("mode", table.mode == "bounded")):
        if needs and not has_model:
            raise DefinitionError(f'{where}: bargain.{key} = "{getattr(table, key)}" needs a model to ask; add [model]')
    if table.persona is not None and table.words != "model":
        raise DefinitionError(f'{where}: bargain.persona is the manner of a model\'s words; write words = "model", too')
    if cost is None and table.reservation == COST and not table.issues:
        raise DefinitionError(
            f'{where}: bargain.reservation: there is no [cost] to go by; write an amount such as "0.02"'
        )
    stance = Stance(
        unit=CostTable().unit if cost is None else cost.unit,
        least=None if table.reservation == COST else _reservation(table.reservation, where),
        cost=cost,
        strategy=table.strategy,
        margin_ppm=percent(table.margin_pct, f"{where}: bargain.margin_pct") * 10_000,
        wishes={name: wish(one, f"{where}: bargain.issues.{name[:64]}") for name, one in table.issues.items()},
        mediators=tuple(require("id", one, f"{where}: bargain.mediators") for one in table.mediators),
        least_worth_ppm=percent(table.least_worth_pct, f"{where}: bargain.least_worth_pct") * 10_000,
    )
    return BargainPart(stance, table.words, table.mode, _voice(table.persona, where, folder))


def _reservation(text: str, where: str) -> int:
    try:
        return parse_amount(text, "reservation")
    except DefinitionError:
        raise DefinitionError(
            f'{where}: bargain.reservation is no amount; write "cost", or 0 to 1000000000 with at most six places'
        ) from None


def wish(table: IssueTable, what: str) -> Wish:
    """What one table says of its issue.

    Args:
        what: file and key, for error texts.
    Raises:
        DefinitionError: it is not said, or twice, or not in bounds.
    """
    if (table.best is None) is not bool(table.evaluations):
        raise DefinitionError(f'{what}: write best = "low" or "high" of a number, or the evaluations of a choice')
    if any(not 0 <= one <= 1_000_000 for one in table.evaluations.values()):
        raise DefinitionError(f"{what}.evaluations: each is a whole number from 0 to 1000000")
    return Wish(percent(table.weight_pct, f"{what}.weight_pct") * 10_000, table.best, table.evaluations)


def percent(value: int, what: str) -> int:
    """A whole number from 0 to 100; else a DefinitionError that does not repeat it."""
    if not 0 <= value <= 100:
        raise DefinitionError(f"{what} is not a whole number from 0 to 100")
    return value


def _voice(persona: str | None, where: str, folder: Path) -> str | None:
    if persona is None:
        return None
    require("id", persona, f"{where}: bargain.persona")
    try:
        return load_prompts(persona, folder).persona.voice
    except DefinitionError as error:
        raise DefinitionError(f"{where}: bargain.persona: {error}") from None
