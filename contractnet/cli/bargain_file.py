"""The file of `contractnet bargain --with … --issues FILE`: several issues, and what they are worth to you. Private.

least_worth_pct = 30                     # a deal worth less is none
[issues.delivery]                        # as in [bargain] of an agent's file, and of a number its public grid:
weight_pct = 60
best = "low"
low = 1
high = 10
tick = 1                                 # left out: 1
unit = "DAYS"                            # left out: none
[issues.colour]
weight_pct = 40
evaluations = { red = 10, blue = 5 }     # of a choice: its options, and what each is worth

The other side is told the grid and the options. Issues and options are told in the order of their names: the order of
the file may say what its writer likes best.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from contractnet.agent.bargain_table import IssueTable, percent, wish
from contractnet.agent.model_table import Table
from contractnet.bidders.stance import MOST_DEALS, worth_of
from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.bargaining.issues import Issue, agenda, choice
from contractnet.mechanisms.bargaining.preferences import Additive
from contractnet.messages.values import require

MAX_FILE_BYTES: Final = 65_536


class _Own(IssueTable, frozen=True):
    """`[issues.NAME]`: one issue, and what its values are worth."""

    low: int | None = None
    high: int | None = None
    tick: int = 1
    unit: str = ""


class _File(Table, frozen=True):
    """The whole file."""

    issues: dict[str, _Own]
    least_worth_pct: int = 0


def read_issues(path: Path) -> tuple[tuple[Issue, ...], Additive]:
    """The issues, and what deals over them are worth; of what is private a wrong value is not repeated.

    Raises:
        DefinitionError: names file, key and fault.
        OSError: it cannot be read.
    """
    raw = path.read_bytes()
    if len(raw) > MAX_FILE_BYTES:
        raise DefinitionError(f"{path} is over {MAX_FILE_BYTES} bytes: it is no file of issues")
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
    try:
        table = decode(raw, type=_File)
    except msgspec.ValidationError as error:
        raise DefinitionError(f"{path}: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise DefinitionError(f"{path} is not {kind}: {error}; a file of JSON is called .json") from None
    wishes = {name: wish(one, f"{path}: issues.{name[:64]}") for name, one in table.issues.items()}
    issues = tuple(_issue(name, table.issues[name], f"{path}: issues.{name[:64]}") for name in sorted(table.issues))
    if len(issues) == 1 and not issues[0].options:
        raise DefinitionError(f"{path}: one number alone is a price: use --limit and --high, or name more issues")
    least = percent(table.least_worth_pct, f"{path}: least_worth_pct") * 10_000
    try:
        about = agenda(*issues)
        if about.size > MOST_DEALS:
            raise DefinitionError(f"{path}: {about.size} possible deals are more than {MOST_DEALS}; use a larger tick")
        worth = worth_of(about, wishes, least)
    except MechanismError as error:
        raise DefinitionError(f"{path}: {error}") from None
    assert worth is not None  # each issue has its wish, and its options are those that are evaluated
    return issues, worth


def _issue(name: str, table: _Own, where: str) -> Issue:
    """What the other side is told of one."""
    if table.evaluations:
        if (table.low, table.high, table.tick, table.unit) != (None, None, 1, ""):
            raise DefinitionError(
                f"{where}: it is a choice: its evaluations name its options; no low, high, tick, unit"
            )
        return choice(name, *sorted(table.evaluations))
    if table.unit:
        require("unit", table.unit, f"{where}.unit")
    if table.low is None or table.high is None:
        raise DefinitionError(f"{where}: write low and high, the bounds of the number; both are told")
    return Issue(name=name, low=table.low, high=table.high, tick=table.tick, unit=table.unit)
