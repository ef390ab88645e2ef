"""The whole state of a core as plain values, whatever its classes: no field is forgotten when two are compared."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from contractnet.bargaining.appeal import Appeal
from contractnet.interaction.machine import Machine

Plain = Any
#: what things of a class are to a picture, and the names of their fields where the class knows them
Form = tuple[str, tuple[str, ...] | None]
FOUND: dict[type, Form] = {}
#: most of what a core holds, and nothing to look into; classes are added as they are met
PLAIN: set[type] = {str, int, bool, type(None)}
#: of a class that knows its fields, those that are in a picture
SHOWN: dict[tuple[type, frozenset[str]], tuple[str, ...]] = {}

#: fields that lead back to where one came from
BACK: Final[dict[type, frozenset[str]]] = {Appeal: frozenset({"bargain"})}


def picture(thing: Any, skip: frozenset[str] = frozenset()) -> Plain:
    """Everything in it, in depth.

    Args:
        skip: names of fields that are left out wherever they stand.
    """
    kind: Any = type(thing)
    form, names = FOUND[kind] if kind in FOUND else _learn(kind)
    if form == "as it is":
        return thing
    if form == "mapping":
        return {key: one if type(one) in PLAIN else picture(one, skip) for key, one in thing.items()}
    if form == "list":
        return [one if type(one) in PLAIN else picture(one, skip) for one in thing]
    if form == "set":
        return frozenset(thing)
    if form == "machine":
        return (thing.table.name, len(thing.table.rows), thing.state)
    shown = _shown(kind, skip, names) if names is not None else _without(kind, skip, vars(thing))
    return {name: one if type(one := getattr(thing, name)) in PLAIN else picture(one, skip) for name in shown}


def _shown(kind: type, skip: frozenset[str], names: tuple[str, ...]) -> tuple[str, ...]:
    shown = SHOWN.get((kind, skip))
    if shown is None:
        shown = SHOWN[kind, skip] = _without(kind, skip, names)
    return shown


def _without(kind: type, skip: frozenset[str], names: Iterable[str]) -> tuple[str, ...]:
    left_out = skip | BACK.get(kind, frozenset())
    return tuple(name for name in names if name not in left_out)


def _learn(kind: Any) -> Form:
    form = FOUND[kind] = _form(kind)
    if form[0] == "as it is":
        PLAIN.add(kind)
    return form


def _form(kind: Any) -> Form:
    for classes, form in FORMS:
        if issubclass(kind, classes):
            return form, None
    if issubclass(kind, Struct):
        return ("as it is" if kind.__struct_config__.frozen else "fields"), kind.__struct_fields__
    if dataclasses.is_dataclass(kind):
        return "fields", tuple(field.name for field in dataclasses.fields(kind))
    return "fields", None


#: the first that fits
FORMS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((Machine,), "machine"),
    ((str, int, type(None)), "as it is"),
    ((Mapping,), "mapping"),
    ((list, tuple, deque), "list"),
    ((set, frozenset), "set"),
)


def difference(one: Plain, other: Plain, where: str = "") -> Iterator[str]:
    """Where two pictures differ, for people."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}, key=str):
            yield from difference(one.get(name), other.get(name), f"{where}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from difference(left, right, f"{where}[{at}]")
    elif one != other:
        yield f"{where}: {one!r} against {other!r}"[:400]
