"""What a decoder complains about, in words for who wrote the value: no regular expression, no name of a type of ours.

Its own words show patterns and Python's type names; people who write a file or an argument know neither.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from contractnet.messages.values import SHAPES

_REGEX: Final = re.compile(r"Expected `str` matching regex (['\"])(.*)\1", re.DOTALL)
_TYPE: Final = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_LENGTH: Final = re.compile(r"Expected `(str|array)` of length (>=|<=) (\d+)")
_BOUND: Final = re.compile(r"Expected `(int|float)` (>=|<=|>|<) (\S+)")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_AT: Final = " - at `$"
_KINDS: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number with a point",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
}
_SIDES: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_PATTERNS: Final = {pattern.pattern: meaning for pattern, meaning in SHAPES.values()}


def in_words(error: Exception, what: str = "") -> str:
    """Where in `what` it is, and what is wanted there, such as `mediator: must be 1 to 48 of a-z …`.

    Args:
        error: of msgspec; another one is said as it is.
        what: the name of the whole value; empty: it has none.
    """
    if not isinstance(error, msgspec.ValidationError):
        return f"{what}: {error}" if what else str(error)
    said, _, path = str(error).partition(_AT)
    place = what + path.rstrip("`")
    place = place if what else place.removeprefix(".")
    return f"{place}: {wanted(said)}" if place else wanted(said)


def without_regex(said: str) -> str:
    """The same complaint with what a pattern means in its place."""
    found = _REGEX.fullmatch(said)
    return said if found is None else f"Expected `str`: {_meaning(found[2])}"


def wanted(said: str) -> str:
    """One complaint, without its path."""
    if found := _REGEX.fullmatch(said):
        return f"must be {_meaning(found[2])}"
    if found := _TYPE.fullmatch(said):
        kinds = [_KINDS.get(kind, kind) for kind in found[1].split(" | ") if kind != "null" or found[1] == "null"]
        return f"is {_KINDS.get(found[2], found[2])}; it must be {' or '.join(kinds)}"
    if found := _LENGTH.fullmatch(said):
        of = "characters" if found[1] == "str" else "entries"
        return f"must be {_KINDS[found[1]]} of {_SIDES[found[2]]} {found[3]} {of}"
    if found := _BOUND.fullmatch(said):
        return f"must be {_SIDES[found[2]]} {found[3]}"
    if found := _UNKNOWN.fullmatch(said):
        return f"{found[1][:60]!r} is not known there"
    if found := _MISSING.fullmatch(said):
        return f"{found[1]!r} is missing"
    return said


def _meaning(shown: str) -> str:
    """Of a pattern, as msgspec shows it: escaped as Python writes it."""
    return _PATTERNS.get(shown.replace("\\\\", "\\"), "of another form; protocols/message.schema.json has it")
