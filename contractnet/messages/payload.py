"""Whether a result meets its task's schema: bounded work, faults told with their paths.

Rules:

1. The schema is of the subset in `subset.py`; every value of the result meets at most one schema, so the work is linear
   in the result (an `enum` of containers adds the depth, at most the schema's).
2. At most MAX_FAULTS faults are told, in the order of the result. They show no value of the result, and of names that
   the schema does not have at most MAX_ECHO characters in all.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, cast

from contractnet.messages.plain import Fault, shown, step
from contractnet.messages.subset import Shape, frozen, read_schema

MAX_FAULTS: Final = 32
MAX_ECHO: Final = 160

#: where a value stands: (place of its container, its name or index, whether the schema has no such name)
_Place = tuple["_Place | None", str | int, bool]


def check_schema(schema: object, what: str) -> None:
    """Refuse a result schema outside the subset, before the call is made.

    Args:
        what: names the place in the error.
    Raises:
        DefinitionError: with the path of the keyword.
    """
    read_schema(schema, what)


def validate(schema: object, value: object, path: str = "$") -> tuple[Fault, ...]:
    """What is wrong with a result, as (path, text) pairs; empty where it is valid.

    Args:
        schema: of the subset.
        value: decoded JSON, whose size and nesting the codec has bounded.
        path: where the value stands in its message, such as `$.content.result`.
    Raises:
        DefinitionError: the schema is outside the subset.
    """
    shape = read_schema(schema, "result schema")
    run = _Run(path)
    with suppress(_EnoughError):
        run.check(shape, value, None)
    return tuple(run.faults)


class _EnoughError(Exception):
    """MAX_FAULTS are found."""


class _Run:
    """One validation: the faults so far, and how much of the result may still be shown."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.faults: list[Fault] = []
        self.echo = MAX_ECHO

    def fault(self, place: _Place | None, text: str) -> None:
        self.faults.append((self.path(place), text))
        if len(self.faults) == MAX_FAULTS:
            raise _EnoughError

    def path(self, place: _Place | None) -> str:
        """Written only for faults: most values have none."""
        steps: list[_Place] = []
        while place is not None:
            steps.append(place)
            place = place[0]
        path = self.root
        for _, name, foreign in reversed(steps):
            path = step(path, self.foreign(str(name)) if foreign else name)
        return path

    def foreign(self, name: str) -> str:
        """A name that the schema does not have, as far as it may be shown."""
        name = shown(name)
        self.echo -= len(name)
        return name if self.echo >= 0 else "..."

    def check(self, shape: Shape, value: object, place: _Place | None) -> None:
        kind = _kind(value)
        if shape.types is not None and not _fits(kind, value, shape.types):
            self.fault(place, f"must be {' or '.join(sorted(shape.types))}, not {kind}")
            return
        if shape.enum is not None and frozen(value) not in shape.enum:
            self.fault(place, "is not one of the values of the enum")
        if shape.const is not None and frozen(value) not in shape.const:
            self.fault(place, "is not the one value allowed")
        if isinstance(value, dict):
            self.check_object(shape, cast("dict[str, object]", value), place)
        elif isinstance(value, list | tuple):
            self.check_array(shape, cast("list[object]", value), place)
        elif isinstance(value, str):
            self.check_size(len(value), shape.min_length, shape.max_length, "characters", place)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if shape.minimum is not None and value < shape.minimum:
                self.fault(place, f"must be at least {shape.minimum}")
            if shape.maximum is not None and value > shape.maximum:
                self.fault(place, f"must be at most {shape.maximum}")

    def check_object(self, shape: Shape, members: dict[str, object], place: _Place | None) -> None:
        for name in shape.required:
            if name not in members:
                self.fault((place, name, False), "is missing")
        for name, value in members.items():
            if (inner := shape.properties.get(name)) is not None:
                self.check(inner, value, (place, name, False))
            elif shape.others is False:
                self.fault(place, f"has a property that the schema does not allow: {self.foreign(name)!r}")
            elif shape.others is not True:
                self.check(shape.others, value, (place, name, True))

    def check_array(self, shape: Shape, elements: list[object], place: _Place | None) -> None:
        self.check_size(len(elements), shape.min_items, shape.max_items, "items", place)
        if shape.items is not None:
            for at, value in enumerate(elements):
                self.check(shape.items, value, (place, at, False))

    def check_size(self, size: int, least: int, most: int | None, of_what: str, place: _Place | None) -> None:
        if size < least:
            self.fault(place, f"has {size} {of_what}, at least {least} are needed")
        if most is not None and size > most:
            self.fault(place, f"has {size} {of_what}, at most {most} are allowed")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list | tuple) else "object"


def _fits(kind: str, value: object, types: frozenset[str]) -> bool:
    if kind in types or (kind == "integer" and "number" in types):
        return True
    return kind == "number" and "integer" in types and isinstance(value, float) and value.is_integer()
