"""An agent as its operator writes it: one TOML file.

    id = "summariser"                    # 1 to 48 of a-z, 0-9 and _
    skills = ["text.summarise"]          # two to four words of a-z, 0-9 and _ joined by dots
    capacity = 4                         # tasks at once, open offers included; 1 where it is left out
    [cost]                               # what an offer is computed from (bidders.cost); never sent
    per_1k_tokens = "0.002"              # amounts are decimal strings
    margin_pct = 20
    floor = "0.001"
    # or, instead of these three:  price = "0.01"
    # unit = "USD", eta_s = 60, confidence = 0.9, pressure_pct = 0
    [model]                              # a language model bids and works (agent.model_table)
    base_url = "http://127.0.0.1:8080/v1"
    name = "local"
    # or, instead of [cost]:  [bid] with bidder = "NAME", which another distribution brings (agent.bid_table)
    [perform]                            # which program does the work (bidders.command)
    command = ["python3", "summarise.py"]  # in the folder of this file
    # timeout_s = 120
    [bargain]                            # how it bargains over a price (agent.bargain_table); without it, it declines

Rules: an unknown key, a missing one and a bad value are errors that name the file, the key and what is allowed. With
`[model]` the model estimates, and `[cost]` turns its estimate into a price; `[perform]` does the work where it is
given, else the model does.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from contractnet.agent.bargain_table import BargainPart, BargainTable, bargain_part
from contractnet.agent.bid_table import BidTable, check_bid
from contractnet.agent.cost_table import CostTable, between, check_cost
from contractnet.agent.mediate_table import MediateTable, MediatorDefinition, check_mediate
from contractnet.agent.model_table import ENUMS, ModelPart, ModelTable, Table, model_part
from contractnet.bidders.cost import CostModel
from contractnet.errors import DefinitionError
from contractnet.messages.plainly import wanted
from contractnet.messages.values import MAX_ETA_S, require

MAX_CAPACITY: Final = 100_000
MAX_FILE_BYTES: Final = 65_536


class PerformTable(Table, frozen=True):
    """`[perform]`: the program that does the work."""

    command: list[str]
    timeout_s: float | None = None


class AgentTable(Table, frozen=True):
    """The whole file."""

    id: str
    skills: list[str] = []
    capacity: int = 1
    cost: CostTable | None = None
    bid: BidTable | None = None
    model: ModelTable | None = None
    perform: PerformTable | None = None
    mediate: MediateTable | None = None
    bargain: BargainTable | None = None


_TABLES: Final[dict[str, type[Table]]] = {
    "": AgentTable,
    "cost": CostTable,
    "bid": BidTable,
    "model": ModelTable,
    "perform": PerformTable,
    "mediate": MediateTable,
    "bargain": BargainTable,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """An agent, read and checked."""

    id: str
    skills: tuple[str, ...]
    capacity: int
    cost: CostModel | None  #: None: a brought bidder bids
    command: tuple[str, ...]  #: what does the work; none: the model, or what the brought bidder brings
    timeout_s: float | None
    folder: Path  #: where the command runs: that of the file
    model: ModelPart | None = None
    bidder: str | None = None  #: the entry point of a bidder that is brought
    bargain: BargainPart | None = None


def read(path: Path) -> Definition | MediatorDefinition:
    """Read an agent's file.

    Raises:
        DefinitionError: it is missing, a folder, not TOML, or something in it is wrong.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise DefinitionError(f"{where}: there is no such file: name an agent's TOML file") from None
    except IsADirectoryError:
        raise DefinitionError(f"{where} is a folder: name the files in it, such as {path / 'NAME.toml'}") from None
    except OSError as error:
        raise DefinitionError(f"{where} cannot be read ({error.strerror}): give read permission") from None
    if len(raw) > MAX_FILE_BYTES:
        raise DefinitionError(f"{where} is over {MAX_FILE_BYTES} bytes: it is no agent's file")
    return parse(raw, where, path.resolve().parent)


def parse(raw: bytes, where: str, folder: Path) -> Definition | MediatorDefinition:
    """Read an agent from the bytes of its file.

    Args:
        where: the file, for error texts.
        folder: where its command will run.
    Raises:
        DefinitionError: names file, key and fault, and says what is allowed.
    """
    table = _decode(raw, where)
    if table.mediate is not None:
        return _mediator(table, table.mediate, where, folder)
    cost, perform = _judge_roles(table, where)
    priced = None if cost is None else check_cost(cost, where)
    return Definition(
        id=require("id", table.id, f"{where}: id"),
        skills=_skills(table.skills, where),
        capacity=between(table.capacity, 1, MAX_CAPACITY, f"{where}: capacity"),
        cost=priced,
        command=() if perform is None else _command(perform.command, where, folder),
        timeout_s=None if perform is None else _timeout(perform.timeout_s, where),
        folder=folder,
        model=None if table.model is None or cost is None else model_part(table.model, cost.unit, where, folder),
        bidder=None if table.bid is None else table.bid.bidder,
        bargain=bargain_part(table.bargain, priced, has_model=table.model is not None, where=where, folder=folder),
    )


def _mediator(table: AgentTable, mediate: MediateTable, where: str, folder: Path) -> MediatorDefinition:
    for name in ("skills", "cost", "bid", "perform", "bargain"):
        if getattr(table, name):
            raise DefinitionError(f"{where}: an agent with [mediate] settles deadlocks, and never bids: no {name}")
    unit = CostTable().unit
    checked = check_mediate(mediate, has_model=table.model is not None, where=where)
    return MediatorDefinition(
        id=require("id", table.id, f"{where}: id"),
        ladder=checked.ladder,
        within_s=checked.within_s,
        human_within_s=checked.human_within_s,
        model=None if table.model is None else model_part(table.model, unit, where, folder),
    )


# ---- from bytes to tables


def _decode(raw: bytes, where: str) -> AgentTable:
    try:
        return msgspec.toml.decode(raw, type=AgentTable)
    except msgspec.ValidationError as error:
        raise DefinitionError(f"{where}: {_explain(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DefinitionError(f"{where} is not TOML: {error}; agents/README.md shows a whole file") from None


def _explain(text: str) -> str:
    """msgspec's words in ours: which key, what is wrong with it, what is allowed."""
    said, _, path = text.partition(" - at `$")
    key = path.rstrip("`").lstrip(".")
    allowed = _allowed(key)
    if (found := re.fullmatch(r"Object contains unknown field `(.*)`", said, re.DOTALL)) is not None:
        return f"{_join(key, found[1][:60])} is no key; {allowed}"
    if (found := re.fullmatch(r"Object missing required field `(.*)`", said)) is not None:
        return f"the key {_join(key, found[1])} is missing; {allowed}"
    if said.startswith("Invalid enum value"):
        return f"{key}: {said[len('Invalid enum value ') :]} is not allowed; write {ENUMS.get(key, 'another')}"
    if (found := re.fullmatch(r"Expected `(.*)`, got `(.*)`", said)) is not None:
        return f"{key} is {_WORDS.get(found[2], found[2])}; write {_wanted(key, found[1])}"
    return f"{key}: {wanted(said)}"


_WORDS: Final = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number with a point",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
_AMOUNTS: Final = ("cost.per_1k_tokens", "cost.floor", "cost.price")


def _wanted(key: str, expected: str) -> str:
    if key in _AMOUNTS:
        return 'an amount as a string, such as "0.002"'
    return _WORDS.get(expected.removesuffix(" | null"), expected)


def _allowed(key: str) -> str:
    if (table := _TABLES.get(key)) is None:
        return "agents/README.md lists the keys"
    return f"{f'[{key}]' if key else 'the file'} has {', '.join(table.__struct_fields__)}"


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


# ---- from tables to values


def _judge_roles(table: AgentTable, where: str) -> tuple[CostTable | None, PerformTable | None]:
    """Who bids and who works: both must be said. A brought bidder may bring the work."""
    if table.bid is not None:
        check_bid(table.bid, [name for name in ("cost", "model") if getattr(table, name) is not None], where)
        return None, table.perform
    if table.perform is None and table.model is None:
        raise DefinitionError(
            f'{where}: nothing does the work: add [perform] with command = ["python3", "PROGRAM.py"], or [model]'
        )
    if table.cost is None:
        raise DefinitionError(f'{where}: nothing says what an offer costs: add [cost] with price = "0.01"')
    return table.cost, table.perform


def _skills(skills: list[str], where: str) -> tuple[str, ...]:
    if not 1 <= len(skills) <= 64:
        raise DefinitionError(f"{where}: skills has {len(skills)} entries; name 1 to 64, such as text.summarise")
    for number, skill in enumerate(skills):
        require("skill", skill, f"{where}: skills[{number}]")
        if skill in skills[:number]:
            raise DefinitionError(f"{where}: skills[{number}]: {skill} is there already; name each once")
    return tuple(skills)


def _command(command: list[str], where: str, folder: Path) -> tuple[str, ...]:
    if not command or not all(command) or any("\0" in word for word in command):
        raise DefinitionError(
            f'{where}: perform.command: write the program and its arguments, such as ["python3", "work.py"]'
        )
    program = command[0]
    found = shutil.which(program) if "/" not in program else shutil.which(str(folder / program))
    if found is None:
        place = f"in {folder}" if "/" in program else "on PATH"
        raise DefinitionError(
            f"{where}: perform.command: there is no program {program} {place}: install it, or name another"
        )
    return (os.path.abspath(found), *command[1:])


def _timeout(timeout_s: float | None, where: str) -> float | None:
    if timeout_s is not None and not 0 < timeout_s <= MAX_ETA_S:
        raise DefinitionError(f"{where}: perform.timeout_s: {timeout_s!r} is not over 0 and up to {MAX_ETA_S} seconds")
    return timeout_s
