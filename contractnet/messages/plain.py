"""Plain JSON values: what a payload may hold, found fast where all is well and named exactly where it is not.

Rules:

1. A payload is objects, arrays, strings, integers, finite floats, booleans and null, nothing else.
2. At most MAX_DEPTH containers inside one another, the payload itself counted.
3. Integers from -2^63 to 2^63 - 1: what every language and database holds.
4. No NUL and no lone surrogate in any string; no control character (U+0000 to U+001F, U+007F to U+009F) in a name.
5. A fault is told by its path and our own words. Of the input at most one name is shown, cut to 40 characters, and a
   path cut to 160.

Source: the parsing rules behind "bad input is answered"; JSON is RFC 8259, whose section 4 leaves equal names
    undefined.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final, cast

from contractnet.errors import DefinitionError

#: the deepest nesting of a payload, containers
MAX_DEPTH: Final = 64
MAX_INT: Final = 2**63 - 1
MIN_INT: Final = -(2**63)

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BARE_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_]{0,39}")
_SHOWN: Final = 40
_PATH_SHOWN: Final = 160
#: turns every digit into 0, so that a long run of digits is one substring search
_DIGITS: Final = bytes(48 if 48 <= byte < 58 else byte for byte in range(256))
_LONG_RUN: Final = b"0" * 19
_CONTAINERS: Final = frozenset((dict, list))
_NUL_ESCAPE: Final = b"\\u0000"

Fault = tuple[str, str]


def shown(name: str) -> str:
    """A name from the input, fit to be sent back: at most 40 characters, no control characters, no surrogates."""
    return _SURROGATE.sub("?", _CONTROL.sub("?", name[:_SHOWN]))


def step(path: str, name: str | int) -> str:
    """The path one step further in: `$.a`, `$.a[3]`, `$.a['odd name']`."""
    if isinstance(name, int):
        inner = f"{path}[{name}]"
    elif _BARE_NAME.fullmatch(name):
        inner = f"{path}.{name}"
    else:
        inner = f"{path}[{shown(name)!r}]"
    return inner if len(inner) <= _PATH_SHOWN else inner[: _PATH_SHOWN - 3] + "..."


def suspicious(raw: bytes) -> bool:
    """Whether JSON bytes may hold a NUL or an integer that is too large; False is certain, True is not."""
    return _NUL_ESCAPE in raw or _LONG_RUN in raw.translate(_DIGITS)


def too_deep_or_oddly_named(payload: Mapping[str, Any]) -> bool:
    """Whether a decoded payload breaks rule 2, or may break rule 4 for names; False is certain, True is not."""
    level: list[Any] = [payload]  # of containers; a level is a few passes of C loops, not a step per value
    for _ in range(MAX_DEPTH):
        objects: list[dict[str, Any]] = [value for value in level if type(value) is dict]
        names: set[str] = set()
        if not "".join(names.union(*objects)).isprintable():
            return True
        arrays: list[list[Any]] = [value for value in level if type(value) is list]
        members = (one.values() for one in objects)
        level = [value for value in chain(*members, *arrays) if type(value) in _CONTAINERS]
        if not level:
            return False
    return True


def faults(value: object, path: str = "$", budget: int = MAX_DEPTH) -> Iterator[Fault]:
    """Every breach of the rules in a value, as (path, what is wrong), in the order of the value.

    Args:
        budget: the deepest nesting allowed, the value itself counted.
    """
    stack: list[tuple[object, str, int]] = [(value, path, 1)]
    while stack:
        item, place, depth = stack.pop()
        if isinstance(item, dict | list | tuple):
            if depth > budget:
                yield place, f"is nested more than {budget} deep"
                continue
            inside: list[tuple[object, str, int]] = []
            if isinstance(item, dict):
                for name, child in cast("dict[object, object]", item).items():
                    if not isinstance(name, str):
                        yield place, f"has a name that is not a string but {type(name).__name__}"
                        continue
                    if _CONTROL.search(name) or _SURROGATE.search(name):
                        yield place, f"has a name with a control character or a lone surrogate: {shown(name)!r}"
                    inside.append((child, step(place, name), depth + 1))
            else:
                children = cast("list[object]", item)
                inside.extend((child, step(place, at), depth + 1) for at, child in enumerate(children))
            stack.extend(reversed(inside))
        elif (wrong := _wrong(item)) is not None:
            yield place, wrong


def _wrong(item: object) -> str | None:
    """What is wrong with a value that is no container."""
    if item is None or isinstance(item, bool):
        return None
    if isinstance(item, str):
        if "\x00" in item:
            return "holds a NUL character"
        return "holds a lone surrogate" if _SURROGATE.search(item) else None
    if isinstance(item, int):
        return None if MIN_INT <= item <= MAX_INT else "is an integer outside -2^63 to 2^63 - 1; send it as a string"
    if isinstance(item, float):
        return None if math.isfinite(item) else "is not a finite number"
    return f"is a {type(item).__name__}, which JSON does not have; convert it to text or a number first"


def check_payload(value: object, what: str) -> None:
    """Refuse a user's value that is not a plain JSON object within the rules above.

    Args:
        value: what a user gave as input, private input, result or schema.
        what: names the place in the error.
    Raises:
        DefinitionError: with the path of the first fault.
    """
    if not isinstance(value, dict):
        raise DefinitionError(f"{what}: must be a JSON object (a dict), not {type(value).__name__}")
    for path, text in faults(cast("object", value)):
        raise DefinitionError(f"{what}: {path} {text}")


class _Twice(dict[str, Any]):
    """An object in which a name came twice."""

    name: str = ""


def duplicate_name(text: str) -> Fault | None:
    """The first object of a JSON text in which a name comes twice, as (path, what is wrong), or None.

    Raises:
        ValueError, RecursionError: beyond what a strict decoder takes.
    """
    marked: list[_Twice] = []

    def mark(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        seen: set[str] = set()
        twice = _Twice(members)
        for name, _ in pairs:
            if name in seen:
                twice.name = name
                break
            seen.add(name)
        marked.append(twice)
        return twice

    tree = json.loads(text, object_pairs_hook=mark)
    return _place_of_twice(tree) if marked else None


def _place_of_twice(tree: object) -> Fault:
    stack: list[tuple[object, str]] = [(tree, "$")]
    while stack:
        value, path = stack.pop()
        if isinstance(value, _Twice):
            return path, f"the name {shown(value.name)!r} comes twice"
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            stack.extend((child, step(path, name)) for name, child in reversed(members.items()))
        elif isinstance(value, list):
            elements = cast("list[object]", value)
            stack.extend((child, step(path, at)) for at, child in reversed(list(enumerate(elements))))
    raise AssertionError("no name comes twice")
