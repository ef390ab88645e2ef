"""`[model]` of an agent's file: a language model that bids, and works where no program is named.

[model]
base_url = "http://127.0.0.1:8080/v1"  # any OpenAI-compatible endpoint
name = "local"                       # the model's name there
api_key_env = "SUMMARISER_KEY"       # the environment variable that holds its key; none is needed for many
mode = "og"                          # or bounded: the model proposes a price too, inside hard limits
persona = "plain"                    # a file of agents/personas, or of personas/ beside this file
reads = "facts"                      # or task: the estimator reads the caller's words too
least_success_pct = 10               # a smaller chance of success is no offer
max_tokens = 2048                    # of a result
timeout_s = 60                       # the longest one request may take
structured = "json_schema"           # or function, json_object, prompt; left out: found out
limit_as = "max_tokens"              # how the limit on tokens is called; left out: found out with `structured`
concurrency = 4                      # limits of the endpoint, shared by all agents of the process
requests_per_min = 60
tokens_per_min = 100000
budget = "5.00"                      # of money, over the life of the journal
price_in_per_1k = "0.0005"           # what the endpoint costs, in the unit of [cost]
price_out_per_1k = "0.0015"
record = true                        # keep what is asked and answered in the journal, to run again offline
answers = "old.journal.db"           # answer from such a journal; no endpoint is asked
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from contractnet.errors import DefinitionError
from contractnet.llm.endpoint import Endpoint, LimitAs, Limits, Prices, Rung, key_from
from contractnet.llm.prompts import Prompts, load_prompts
from contractnet.messages.values import parse_amount, require

#: which values the keys with a closed list allow
ENUMS: Final = {
    "model.mode": "og or bounded (free is for experiments in the arena)",
    "model.reads": "facts or task",
    "bargain.words": "none, template or model",
    "bargain.mode": "og or bounded",
    "model.structured": "json_schema, function, json_object or prompt, or leave it out",
    "model.limit_as": "max_completion_tokens or max_tokens, or leave it out",
}


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables of the file."""


class ModelTable(Table, frozen=True):
    """`[model]`: an OpenAI-compatible endpoint, and how its model bids and works."""

    base_url: str
    name: str
    api_key_env: str | None = None
    mode: Literal["og", "bounded"] = "og"
    persona: str = "plain"
    reads: Literal["facts", "task"] = "facts"
    least_success_pct: int = 10
    max_tokens: int = 2_048
    timeout_s: float = 60.0
    structured: Rung | None = None
    limit_as: LimitAs | None = None
    concurrency: int = 4
    requests_per_min: int | None = None
    tokens_per_min: int | None = None
    budget: str | None = None
    price_in_per_1k: str = "0"
    price_out_per_1k: str = "0"
    record: bool = False
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class ModelPart:
    """How a model bids and works for an agent."""

    endpoint: Endpoint
    mode: Literal["og", "bounded"]
    prompts: Prompts
    reads_task: bool
    least_pct: int
    most_tokens: int
    answers: Path | None  #: a journal of recorded answers


def model_part(table: ModelTable, unit: str, where: str, folder: Path) -> ModelPart:
    """Check the table, and read what it names.

    Raises:
        DefinitionError: names file, key and fault; also where the key's variable is not set.
    """
    answers = None if table.answers is None else folder / table.answers
    return ModelPart(
        endpoint=_endpoint(table, unit, where, with_key=answers is None),
        mode=table.mode,
        prompts=_prompts(table, where, folder),
        reads_task=table.reads == "task",
        least_pct=_between(table.least_success_pct, 0, 100, f"{where}: model.least_success_pct"),
        most_tokens=_between(table.max_tokens, 1, 1_000_000, f"{where}: model.max_tokens"),
        answers=answers,
    )


def _endpoint(table: ModelTable, unit: str, where: str, *, with_key: bool) -> Endpoint:
    if not re.fullmatch(r"https?://[^\s/]+\S*", table.base_url) or not urlsplit(table.base_url).hostname:
        shown = re.sub(r"//[^/@]*@", "//***@", table.base_url)[:60]
        raise DefinitionError(f"{where}: model.base_url: {shown!r} is no http:// or https:// address")
    if "@" in urlsplit(table.base_url).netloc:
        raise DefinitionError(f"{where}: model.base_url holds a login: the key goes into the variable of api_key_env")
    if not table.name:
        raise DefinitionError(f"{where}: model.name is empty; write the model's name as its endpoint knows it")
    if not 0 < table.timeout_s <= 3_600:
        raise DefinitionError(f"{where}: model.timeout_s: {table.timeout_s!r} is not over 0 and up to 3600 seconds")
    key = None
    if table.api_key_env is not None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", table.api_key_env):
            raise DefinitionError(
                f"{where}: model.api_key_env is not the name of an environment variable; "
                "the key itself never stands here"
            )
        if with_key:
            try:
                key = key_from(table.api_key_env)
            except DefinitionError as error:
                raise DefinitionError(f"{where}: model.api_key_env: {error}") from None
    return Endpoint(
        base_url=table.base_url,
        model=table.name,
        key=key,
        limits=_limits(table, where),
        prices=Prices(
            in_per_1k=_amount(table.price_in_per_1k, f"{where}: model.price_in_per_1k"),
            out_per_1k=_amount(table.price_out_per_1k, f"{where}: model.price_out_per_1k"),
            unit=unit,
        ),
        timeout_s=table.timeout_s,
        structured=table.structured,
        limit_as=table.limit_as,
        record=table.record,
    )


def _limits(table: ModelTable, where: str) -> Limits:
    for name in ("requests_per_min", "tokens_per_min"):
        if (value := getattr(table, name)) is not None:
            _between(value, 1, 1_000_000_000, f"{where}: model.{name}")
    return Limits(
        concurrency=_between(table.concurrency, 1, 1_000, f"{where}: model.concurrency"),
        requests_per_min=table.requests_per_min,
        tokens_per_min=table.tokens_per_min,
        budget=None if table.budget is None else _amount(table.budget, f"{where}: model.budget"),
    )


def _prompts(table: ModelTable, where: str, folder: Path) -> Prompts:
    require("id", table.persona, f"{where}: model.persona")
    try:
        return load_prompts(table.persona, folder)
    except DefinitionError as error:
        raise DefinitionError(f"{where}: model.persona: {error}") from None


def _amount(text: str, what: str) -> int:
    try:
        return parse_amount(text, what)
    except DefinitionError:
        raise DefinitionError(f"{what} is no amount; write 0 to 1000000000 with at most six places") from None


def _between(value: int, least: int, most: int, what: str) -> int:
    if not least <= value <= most:
        raise DefinitionError(f"{what}: {value} is not a whole number from {least} to {most}")
    return value
