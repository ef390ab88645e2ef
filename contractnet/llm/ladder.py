"""Structured output by a ladder: four ways to ask for JSON of a schema, best first, and how each is answered.

Rules:

1. `json_schema`: the endpoint holds the model to the schema. `function`: one function is forced, whose arguments are
   the answer; it is a form to fill in, and nothing is ever called. `json_object`: any JSON object. `prompt`: words.
2. Each may be ignored without an error: an answer is always validated, whatever asked for it.
3. The schema stands in the prompt as well, from `function` down: an endpoint that ignores the form still shows it.

Source: the chat completions API; endpoints differ in which of these they know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

from contractnet.errors import ModelUnusable
from contractnet.llm.chat import Said
from contractnet.llm.endpoint import Rung
from contractnet.messages.codec import canonical
from contractnet.messages.payload import validate
from contractnet.messages.plain import faults

RUNGS: Final[tuple[Rung, ...]] = ("json_schema", "function", "json_object", "prompt")
#: the name of the form
FORM: Final = "answer"
_FAULTS_SHOWN: Final = 5

_THINKING: Final = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE: Final = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


def form(rung: Rung, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a request says on this rung beside its messages."""
    match rung:
        case "json_schema":
            named = {"name": FORM, "strict": strict(schema), "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case "function":
            function = {"name": FORM, "description": "Fill in the answer.", "parameters": schema}
            choice = {"type": "function", "function": {"name": FORM}}
            return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "prompt":
            return {}


def words(rung: Rung, schema: Mapping[str, Any]) -> str:
    """What the prompt says of the form on this rung; empty where the endpoint sees to it."""
    if rung == "json_schema":
        return ""
    shown = canonical(dict(schema)).decode()
    return f"\n\nAnswer with one JSON object of this JSON Schema, and nothing else:\n{shown}"


def strict(schema: Mapping[str, Any]) -> bool:
    """Whether the strict mode takes it: every object closed, every property required."""
    kind, properties = schema.get("type"), schema.get("properties")
    inner: list[Any] = []
    for group in (properties, schema.get("$defs")):
        if isinstance(group, Mapping):
            inner += cast("Mapping[str, Any]", group).values()
    inner += [schema[name] for name in ("items",) if name in schema]
    if kind == "object" or properties is not None:
        names = set(cast("Mapping[str, Any]", properties or {}))
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != names:
            return False
    return all(strict(cast("Mapping[str, Any]", one)) for one in inner if isinstance(one, Mapping))


def answer_in(said: Said, rung: Rung) -> dict[str, Any]:
    """The JSON object that the model answered with, on whatever way it came.

    Raises:
        ModelUnusable: there is none; the text says what came, and repeats nothing of it.
    """
    if said.refusal:
        raise ModelUnusable("the model declined to answer", "declined")
    if said.call is not None and (rung != "function" or said.call[0] != FORM):
        raise ModelUnusable("the model called a function that it was not offered", "tool-call")
    text = said.call[1] if said.call is not None else said.content
    found = _object(text)
    if found is None and said.finish == "length":
        raise ModelUnusable("the answer was cut off at the limit of its length; answer shorter", "cut-short")
    if found is None:
        what = f"{len(text)} characters that are no JSON object" if text.strip() else "nothing"
        raise ModelUnusable(f"the answer is {what}", "no-json")
    for path, wrong in faults(found):
        raise ModelUnusable(f"the answer holds what JSON here must not: {path} {wrong}", "no-json")
    return found


def meets(said: Said, schema: Mapping[str, Any], rung: Rung) -> dict[str, Any]:
    """The JSON object that the model answered with, where it fits the schema.

    Raises:
        ModelUnusable: there is none, or it does not fit.
    """
    found = answer_in(said, rung)
    if wrong := validate(dict(schema), found):
        shown = "; ".join(f"{path}: {text}" for path, text in wrong[:_FAULTS_SHOWN])
        raise ModelUnusable(f"the answer does not fit its schema: {shown}", "invalid")
    return found


def _object(text: str) -> dict[str, Any] | None:
    """A JSON object, alone, in a code fence, or with words around it."""
    text = _THINKING.sub("", text)
    if (fenced := _FENCE.match(text)) is not None:
        text = fenced[1]
    start, end = text.find("{"), text.rfind("}")
    for candidate in (text, text[start : end + 1] if 0 <= start < end else ""):
        try:
            return msgspec.json.decode(candidate, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
    return None
