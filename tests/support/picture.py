"""The whole state of a core as plain values, whatever its classes: no field is forgotten when two are compared."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from contractnet.interaction.machine import Machine

Plain = Any


def picture(thing: Any, skip: frozenset[str] = frozenset()) -> Plain:
    """Everything in it, in depth.

    Args:
        skip: names of fields that are left out wherever they stand.
    """
    if isinstance(thing, Machine):
        return (thing.table.name, len(thing.table.rows), thing.state)
    if isinstance(thing, str | int | None) or (isinstance(thing, Struct) and thing.__struct_config__.frozen):
        return thing
    if isinstance(thing, Mapping):
        return {key: picture(value, skip) for key, value in thing.items()}
    if isinstance(thing, list | tuple | deque):
        return [picture(one, skip) for one in thing]
    if isinstance(thing, set | frozenset):
        return frozenset(thing)
    if isinstance(thing, Struct):
        names = list(thing.__struct_fields__)
    elif dataclasses.is_dataclass(thing):
        names = [field.name for field in dataclasses.fields(thing)]
    else:
        names = list(vars(thing))
    return {name: picture(getattr(thing, name), skip) for name in names if name not in skip}


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
