"""A look at model endpoints: are they reached, which way of asking for structure they keep, how fast, and under what
limits.

Each is asked as an agent would ask it, through the same client and limits: a form that no answer meets by chance (see
`llm.ask`), then a form again on the way that worked, which is timed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from contractnet.agent.definition import Definition, read
from contractnet.agent.mediate_table import MediatorDefinition
from contractnet.agent.models import Models
from contractnet.cli.models import KEY, definition
from contractnet.errors import DefinitionError, ModelError
from contractnet.ledger.records import Asked
from contractnet.llm.ask import Question, ask
from contractnet.llm.endpoint import Endpoint, Rung
from contractnet.llm.model import Asking, Model
from contractnet.llm.probe import PROBE, best_rung
from contractnet.messages.values import show_amount
from contractnet.telemetry.findings import Finding, ok, problem, unseen, warning

AREA: Final = "models"
#: all in all an endpoint has so long, seconds
WITHIN_S: Final = 60.0
#: a model that takes longer hardly answers a call in its 20 s, twice as a repair needs it
SLOW_S: Final = 8.0
#: the seat of a model that is named by its URL
ALONE: Final = "model"
NO_PROMPT: Final = "0" * 64
_RUNGS: Final[dict[Rung, str]] = {
    "json_schema": "keeps to a JSON schema (json_schema)",
    "function": "keeps to a schema as the form of a function (function)",
    "json_object": "answers in JSON, and keeps to no schema (json_object)",
    "prompt": "keeps to no schema, whatever asks for it (prompt)",
}


async def look(files: Sequence[Path], url: str | None, name: str) -> list[Finding]:
    """The endpoints of these agents, and the one named by its URL."""
    found: list[Finding] = []
    made: list[tuple[str, Definition | MediatorDefinition]] = []
    for file in files:
        try:
            made.append((str(file), read(file)))
        except DefinitionError as error:
            found.append(problem(AREA, "agent", str(error)))
    if url is not None:
        key = bool(os.environ.get(KEY))
        made.append(("--model", definition(ALONE, ["text.any"], url, name, key=key, timeout_s=WITHIN_S)))
    models, seen = Models(), set[int]()
    for where, one in made:
        if one.model is None:
            found.append(ok(AREA, "agent", f"{where} is scripted: no model is asked"))
            continue
        try:
            model = models.of(one.id, one.model, where)
        except DefinitionError as error:
            found.append(problem(AREA, "agent", str(error)))
            continue
        if id(model) not in seen:
            seen.add(id(model))
            found += await _look(model)
    if not files and url is None:
        text = "no endpoint was named"
        found.append(
            unseen(AREA, "endpoint", text, "name one with --agent FILE.toml or --model URL, where you use one")
        )
    return found


async def _look(model: Model) -> list[Finding]:
    asked: list[Asked] = []
    asking = Asking("probe", NO_PROMPT, asked.append)
    try:
        rung = await best_rung(model, WITHIN_S, asking)
        began = time.monotonic()
        try:
            await ask(model, Question("You fill in forms.", "Fill in the form.", 200), PROBE, WITHIN_S, asking)
            met = True
        except ModelError as error:
            if error.outcome not in ("invalid", "no-json", "tool-call", "cut-short"):
                raise
            met = False
        took = time.monotonic() - began
    except ModelError as error:
        todo = "look at base_url, name and key, and whether the server runs: `curl BASE_URL/models`"
        return [problem(AREA, "endpoint", f"{model.endpoint.name}: {error}", todo)]
    finally:
        await model.close()
    return [_reached(model.endpoint, took, asked), _structure(rung, met), *_limits(model)]


def _reached(endpoint: Endpoint, took_s: float, asked: Sequence[Asked]) -> Finding:
    tokens = f"{sum(one.tokens_in for one in asked)} tokens in, {sum(one.tokens_out for one in asked)} out"
    guessed = ", guessed: the endpoint does not count them" if any(one.guessed for one in asked) else ""
    text = f"{endpoint.name} fills in a form in {took_s:.1f} s; this look took {tokens}{guessed}"
    if took_s > SLOW_S:
        return warning(AREA, "endpoint", text, "give bidders more time (--reply-within), or use a faster model")
    return ok(AREA, "endpoint", text)


def _structure(rung: Rung, met: bool) -> Finding:
    if rung in ("json_schema", "function") and met:
        return ok(AREA, "structure", _RUNGS[rung])
    text = _RUNGS[rung] if met or rung in ("json_object", "prompt") else f"{_RUNGS[rung]}, but not each time"
    todo = "every answer is checked, and repaired once: expect some `invalid-proposal`"
    return warning(AREA, "structure", text, todo)


def _limits(model: Model) -> list[Finding]:
    limits, prices = model.endpoint.limits, model.endpoint.prices
    told = [f"{limits.concurrency} requests at once"]
    told += [f"{limits.requests_per_min} requests/min"] if limits.requests_per_min is not None else []
    told += [f"{limits.tokens_per_min} tokens/min"] if limits.tokens_per_min is not None else []
    told += [f"a budget of {show_amount(limits.budget)} {prices.unit}"] if limits.budget is not None else []
    told += ["it knows `max_tokens`, not `max_completion_tokens`"] if model.limit_as == "max_tokens" else []
    if limits.budget is None and (prices.in_per_1k or prices.out_per_1k):
        return [warning(AREA, "limits", f"{', '.join(told)}; no budget", "it costs money: set model.budget")]
    return [ok(AREA, "limits", ", ".join(told))]
