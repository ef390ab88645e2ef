"""A task: what a caller wants done, checked before anything is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from contractnet.errors import DefinitionError
from contractnet.manager.conditions import TaskSpec
from contractnet.market.bargaining import Bargaining, flat
from contractnet.messages.codec import (
    MAX_ACT_BYTES,
    MAX_ENVELOPE_BYTES,
    MAX_LARGE_BYTES,
    canonical,
    check_size,
)
from contractnet.messages.given import Amount, micros
from contractnet.messages.payload import check_schema
from contractnet.messages.plain import check_payload
from contractnet.messages.values import MAX_TASK, require

Check = Callable[[dict[str, Any]], Any]


class Task:
    """One piece of work to be bought.

    Args:
        task: what is to be done, in words; every invited bidder reads it.
        skill: two to four words joined by dots, such as `text.summarise`.
        input: a JSON object for every invited bidder.
        private: a JSON object for the winner only, merged into its input.
        result_schema: what a result must meet, in the subset of JSON Schema of `messages.payload`.
        reserve: the most that will be paid, a decimal string such as `"0.05"`.
        unit: what prices are counted in.
        check: a function of the result; its verdict decides whether the result counts. Sync (run in a thread) or async.
        key: the caller's name for it: the same key never buys twice.
        bargain: that its price is bargained for; as the term of that name.
        terms: of its tender, by the names of `market.terms.TermOptions`; arguments of `Market.tender` override them.
    Raises:
        DefinitionError: something of it is not valid; says what and what is allowed.
    """

    def __init__(
        self,
        task: str,
        skill: str,
        input: Mapping[str, Any] | None = None,
        private: Mapping[str, Any] | None = None,
        result_schema: Mapping[str, Any] | None = None,
        reserve: Amount | None = None,
        unit: str | None = None,
        check: Check | None = None,
        key: str | None = None,
        terms: Mapping[str, Any] | None = None,
        bargain: Bargaining | None = None,
    ) -> None:
        if not isinstance(task, str) or not 1 <= len(task) <= MAX_TASK:
            raise DefinitionError(f"task: write what is to be done, in 1 to {MAX_TASK} characters")
        check_payload({"task": task}, "task")
        self.task = task
        self.skill = require("skill", skill, "skill")
        self.input = _object(input, "input")
        self.private = _object(private, "private")
        self.result_schema = None if result_schema is None else _object(result_schema, "result_schema")
        if self.result_schema is not None:
            check_schema(self.result_schema, "result_schema")
        told = {"task": self.task, "input": self.input, "result_schema": self.result_schema}
        check_size(told, MAX_ACT_BYTES - MAX_ENVELOPE_BYTES, "task, input and result_schema together")
        check_size(self.private, MAX_LARGE_BYTES - MAX_ENVELOPE_BYTES, "private")
        self.reserve = None if reserve is None else micros(reserve, "reserve")  #: micros
        self.unit = None if unit is None else require("unit", unit, "unit")
        self.check = check
        self.key = None if key is None else require_key(key)
        self.terms = _object(terms, "terms")
        if bargain is not None:
            self.terms = flat(self.terms | {"bargain": bargain})
        twice = sorted({"reserve", "reserve_prior"} & {*self.terms}) if reserve is not None else []
        if twice:
            raise DefinitionError(f"terms.{twice[0]}: the task names a reserve of its own, too; name one")

    def spec(self) -> TaskSpec:
        """As the ledger holds it."""
        return TaskSpec(
            task=self.task,
            skill=self.skill,
            input=self.input,
            private=self.private,
            result_schema=self.result_schema,
        )

    def __repr__(self) -> str:
        return f"Task({self.task[:40]!r}, skill={self.skill!r}, key={self.key!r})"


def require_key(key: str) -> str:
    """A key is any text of 1 to 200 characters."""
    if not isinstance(key, str) or not 1 <= len(key) <= 200:
        raise DefinitionError(f"key: {str(key)[:40]!r} is not a text of 1 to 200 characters")
    check_payload({"key": key}, "key")
    return key


def fingerprint(spec: TaskSpec) -> str:
    """SHA-256 of what must be the same under one key (D13), hex."""
    return hashlib.sha256(canonical(spec)).hexdigest()


def _object(value: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DefinitionError(f"{what}: must be a JSON object, not {type(value).__name__}")
    plain = dict(value)
    check_payload(plain, what)
    return plain
