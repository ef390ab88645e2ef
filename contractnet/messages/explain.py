"""Why a message was refused: every wrong field with its path, in our own words.

A contractor gets one repair (row I2), so it must learn of all faults at once: the strict decoder stops at the first,
this module goes on. Of the input at most three unknown names are shown, cut to 40 characters each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final, cast, get_args

import msgspec

from contractnet.errors import DecodeError
from contractnet.messages.plain import Fault, shown
from contractnet.messages.plainly import without_regex

_MOST: Final = 32
_UNKNOWN_SHOWN: Final = 3
_UNKNOWN: Final = "has an unknown field"
_ECHO: Final = ("Invalid enum value", "Invalid value")


def json_error(error: ValueError) -> DecodeError:
    """What a decoder's complaint about malformed JSON becomes."""
    text = str(error).removeprefix("JSON is malformed: ")
    return DecodeError("json", [("$", f"is not JSON: {shown(text)}")])


def schema_error(raw: bytes, error: msgspec.ValidationError, wanted: object) -> DecodeError:
    """All that is wrong with the fields of a message that the decoder for the union `wanted` refused."""
    try:
        tree: object = msgspec.json.decode(raw)
        if not isinstance(tree, dict):
            return DecodeError("schema", [("$", "must be an object")])
        found = list(_union_faults(cast("dict[str, object]", tree), members(wanted), "$"))
    except RecursionError:
        return DecodeError("json", [("$", "is nested too deep")])
    except ValueError as malformed:
        return json_error(malformed)
    unknown = [fault for fault in found if fault[1].startswith(_UNKNOWN)]
    told = [fault for fault in found if fault not in unknown[_UNKNOWN_SHOWN:]]
    return DecodeError("schema", (told or [_fault(error, "$")])[:_MOST])


def members(wanted: object) -> list[type[msgspec.Struct]]:
    """The Structs of a union, or the one Struct."""
    choices = get_args(wanted) or (wanted,)
    return [choice for choice in choices if isinstance(choice, type) and issubclass(choice, msgspec.Struct)]


def _union_faults(tree: dict[str, object], choices: list[type[msgspec.Struct]], path: str) -> Iterator[Fault]:
    field = choices[0].__struct_config__.tag_field
    if field is None:
        yield from _struct_faults(tree, choices[0], path, None)
        return
    tags = {str(choice.__struct_config__.tag): choice for choice in choices}
    tag = tree.get(field)
    if isinstance(tag, str) and tag in tags:
        yield from _struct_faults(tree, tags[tag], path, field)
    else:
        yield f"{path}.{field}", f"is {'unknown' if field in tree else 'missing'}; one of {', '.join(tags)}"


def _struct_faults(
    tree: dict[str, object], wanted: type[msgspec.Struct], path: str, tag_field: str | None
) -> Iterator[Fault]:
    """The faults of one object: of its own fields first, then of the objects inside."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    yield from ((path, f"{_UNKNOWN} {shown(name)!r}") for name in tree if name not in fields and name != tag_field)
    inside: list[Iterator[Fault]] = []
    for name, field in fields.items():
        place, value = f"{path}.{name}", tree.get(name)
        if name not in tree:
            if field.required:
                yield place, "is missing"
        elif isinstance(value, dict) and (inner := members(field.type)):
            inside.append(_union_faults(cast("dict[str, object]", value), inner, place))
        else:
            try:
                msgspec.convert(value, field.type, strict=True)
            except msgspec.ValidationError as error:
                yield _fault(error, place)
    yield from chain.from_iterable(inside)


def _fault(error: msgspec.ValidationError, place: str) -> Fault:
    """A decoder's complaint as (path, text), without the value it may quote."""
    text, _, inner = str(error).partition(" - at `$")
    if text.startswith(_ECHO):
        text = "is not one of the values allowed"
    elif text.startswith("Object contains unknown field"):
        text = f"{_UNKNOWN} {shown(text.partition('`')[2].rstrip('`'))!r}"
    return (place + inner.removesuffix("`"))[:200], without_regex(text)[:500]
