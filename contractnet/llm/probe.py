"""What an endpoint can do, found out by asking: which rung of the ladder works, and how its limit on tokens is called.

Rules:

1. A schema that no answer meets by chance is asked for, rung by rung, best first; the first that is met is used.
2. Where an endpoint does not take a request, the limit is called by its other name once, before the next rung.
3. One bad answer does not last: where a better rung was passed over, it is looked for again after AGAIN_S, by one
   asker, in a part of its time, while the others go on. Not where answers are recorded: a recording is asked again in
   the same way, whatever the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from contractnet.errors import ModelError, ModelRefused, ModelTimeout, ModelUnusable
from contractnet.llm.chat import Message, request
from contractnet.llm.endpoint import LimitAs, Rung
from contractnet.llm.ladder import RUNGS, form, meets
from contractnet.llm.model import Asking, Model

PROBE_TOKENS: Final = 200
#: how long a rung that is not the best is used before a better one is looked for
AGAIN_S: Final = 900.0
#: the part of an asker's time that looking again may take
_PART: Final = 3
#: statuses by which an endpoint says that it does not know a form
_NOT_TAKEN: Final = (400, 404, 415, 422)
#: those by which it says that it does not know a name
_UNKNOWN: Final = (400, 422)
#: an answer meets this by chance about never: a name nobody says, and a number of three
PROBE: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"quorl_count": {"type": "integer", "minimum": 7411, "maximum": 7413}},
    "required": ["quorl_count"],
    "additionalProperties": False,
}
PROBE_WORDS: Final = (
    Message("system", "You fill in forms."),
    Message("user", "Fill in the form."),
)


async def best_rung(model: Model, within_s: float, asking: Asking) -> Rung:
    """The rung that works at the endpoint: as configured, or found out and remembered.

    Raises:
        ModelError: the endpoint could not be asked; the next who comes asks again.
    """
    if model.endpoint.structured is not None:
        return model.endpoint.structured
    loop = asyncio.get_running_loop()
    if model.rung is not None:
        if model.probe_at is not None and loop.time() >= model.probe_at and not model.probing.locked():
            return await _again(model, model.rung, within_s / _PART, asking)
        return model.rung
    end = loop.time() + within_s
    try:
        async with asyncio.timeout(within_s), model.probing:
            if model.rung is None:
                model.rung = await _probe(model, end, asking)
                _remember(model)
            return model.rung
    except TimeoutError:
        raise ModelTimeout("what the endpoint can do was not found out in time", "timeout") from None


async def _again(model: Model, known: Rung, within_s: float, asking: Asking) -> Rung:
    """Look for a better rung; what is known stays where there is none, or no answer."""
    async with model.probing:
        end = asyncio.get_running_loop().time() + within_s
        try:
            async with asyncio.timeout(within_s):
                found = await _probe(model, end, asking)
        except (ModelError, TimeoutError):
            found = known
        best = found if RUNGS.index(found) < RUNGS.index(known) else known  # answers may be bad this time
        model.rung = best
        _remember(model)
        return best


def _remember(model: Model) -> None:
    looks = model.rung != RUNGS[0] and not model.pinned
    model.probe_at = asyncio.get_running_loop().time() + AGAIN_S if looks else None


async def _probe(model: Model, end: float, asking: Asking) -> Rung:
    told = Asking("probe", asking.prompt, asking.note)  # about no task: whoever comes first asks for all
    missing = 0
    for rung in RUNGS[:-1]:
        try:
            await _met(model, rung, end, told)
            return rung
        except ModelRefused as error:
            missing += error.status == 404  # of one form, or of the model altogether
            if error.status not in _NOT_TAKEN or missing == len(RUNGS) - 1:
                raise
        except ModelUnusable as error:
            if error.outcome in ("garbage", "too-large"):
                raise
    return "prompt"


async def _met(model: Model, rung: Rung, end: float, told: Asking) -> None:
    """Whether an answer on this rung meets the schema: an error where it does not."""
    try:
        await _asked(model, rung, model.limit_as, end, told)
    except ModelRefused as error:
        if error.status not in _UNKNOWN or model.endpoint.limit_as is not None or model.rung is not None:
            raise
        other: LimitAs = "max_tokens" if model.limit_as == "max_completion_tokens" else "max_completion_tokens"
        try:
            await _asked(model, rung, other, end, told)
        except ModelUnusable:
            model.limit_as = other  # it took the name
            raise
        model.limit_as = other


async def _asked(model: Model, rung: Rung, limit_as: LimitAs, end: float, told: Asking) -> None:
    sent = request(model.endpoint.model, PROBE_WORDS, PROBE_TOKENS, form(rung, PROBE), limit_as)
    judge = partial(meets, schema=PROBE, rung=rung)
    await model.call(sent, end - asyncio.get_running_loop().time(), told, judge, rung)
