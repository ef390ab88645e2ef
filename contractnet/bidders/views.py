"""What each use of a model may see, by type: the estimator, the narrator and the performer share no view.

Rules:

1. `TaskFacts` are counted by a program: numbers, and a skill of `[a-z0-9_.]`. None of the caller's words is in them, so
   whatever a task says, the estimate of a model that sees the facts alone is the same.
2. `PublicOffer` is what everybody who reads the proposal knows, and the task. Nothing private can be in it: no cost, no
   estimate, no reservation price has a field here.
3. `WorkView` is what the winner was given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from contractnet.bidders.cost import tokens
from contractnet.contractor.ports import Award, Call
from contractnet.messages.codec import canonical
from contractnet.messages.values import show_amount


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """For who estimates."""

    skill: str
    tokens: int  #: of task and input, counted as `cost` does
    characters: int
    words: int
    lines: int
    digits: int
    values: int  #: single values in the input, at any depth
    seconds: int  #: given for the work
    result_values: int  #: properties that the result must have, at any depth; 0: the form is free


@dataclass(frozen=True, slots=True)
class TaskWords:
    """For who estimates, where an operator lets callers' words be read for it."""

    task: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PublicOffer:
    """For who narrates."""

    task: str
    skill: str
    price: str  #: a decimal
    unit: str
    eta_s: int


@dataclass(frozen=True, slots=True)
class WorkView:
    """For who works."""

    task: str
    skill: str
    input: Mapping[str, Any]
    result_schema: Mapping[str, Any] | None


def task_digest(skill: str, task: str, given: Mapping[str, Any]) -> str:
    """SHA-256 of a task, hex: by it the record tells what a model was asked for. It tells nothing of the words."""
    return hashlib.sha256(canonical({"skill": skill, "task": task, "input": dict(given)})).hexdigest()


def facts(call: Call) -> TaskFacts:
    """The facts of a call."""
    texts = [call.task, *_texts(dict(call.input))]
    text = "\n".join(texts)
    return TaskFacts(
        skill=call.skill,
        tokens=tokens(call.task, call.input),
        characters=len(text),
        words=len(text.split()),
        lines=len(text.splitlines()),
        digits=sum(one.isdecimal() for one in text),
        values=_leaves(dict(call.input)),
        seconds=max(1, call.terms.work_within_ms // 1000),
        result_values=_properties(dict(call.result_schema or {})),
    )


def public_offer(call: Call, price: int, eta_s: int) -> PublicOffer:
    """What the narrator sees of an offer."""
    return PublicOffer(call.task, call.skill, show_amount(price), call.terms.unit, eta_s)


def work_view(award: Award) -> WorkView:
    """What the performer sees of an award."""
    return WorkView(award.task, award.skill, award.input, award.result_schema)


def _children(value: object) -> list[object] | None:
    """What is inside a container; None: it is none. The codec has bounded the depth."""
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())  # decoded JSON
    return cast("list[object]", value) if isinstance(value, list) else None


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for child in _children(value) or () for text in _texts(child)]


def _leaves(value: object) -> int:
    children = _children(value)
    return 1 if children is None else sum(map(_leaves, children))


def _properties(value: object) -> int:
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)  # decoded JSON
        own = members.get("properties")
        inside = len(cast("dict[str, object]", own)) if isinstance(own, dict) else 0
        return inside + sum(map(_properties, members.values()))
    return sum(map(_properties, _children(value) or ()))
