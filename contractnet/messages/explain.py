"""Why a message was refused: every wrong field with its path, in our own words.

A contractor gets one repair (row I2), so it must learn of all faults at once: the strict decoder stops at the first,
this module goes on. Of the input at most three unknown names are shown, cut to 40 characters each.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast, get_args

import msgspec

from contractnet.errors import DecodeError
from contractnet.messages.plain import Fault, shown

_MOST: Final = 32
_UNKNOWN_SHOWN: Final = 3
_AT: Final = re.compile(r"^(.*?)(?: - at `(.*)`)?$", re.DOTALL)
_ECHO: Final = ("Invalid enum value", "Invalid value")


def json_error(error: ValueError) -> DecodeError:
    """What a decoder's complaint about malformed JSON becomes."""
    text = str(error).removeprefix("JSON is malformed: ")
    return DecodeError("json", [("$", f"is not JSON: {shown(text)}")])


def schema_error(raw: bytes, error: msgspec.ValidationError, wanted: object) -> DecodeError:
    """All that is wrong with the fields of a message that the decoder for the union `wanted` refused."""
    try:
        tree: Any = msgspec.json.decode(raw)
    except RecursionError:
        return DecodeError("json", [("$", "is nested too deep")])
    except ValueError as malformed:
        return json_error(malformed)
    if not isinstance(tree, dict):
        return DecodeError("schema", [("$", "must be an object")])
    found = _union_faults(cast("dict[str, Any]", tree), members(wanted), "$")
    return DecodeError("schema", (found or [_fault(error, "$")])[:_MOST])


def members(wanted: object) -> list[type[msgspec.Struct]]:
    """The Structs of a union, or the one Struct."""
    members = get_args(wanted) or (wanted,)
    return [member for member in members if isinstance(member, type) and issubclass(member, msgspec.Struct)]


def _union_faults(tree: dict[str, Any], choices: list[type[msgspec.Struct]], path: str) -> list[Fault]:
    field = choices[0].__struct_config__.tag_field
    if field is None:
        return _struct_faults(tree, choices[0], path, None)
    tags = {str(member.__struct_config__.tag): member for member in choices}
    tag = tree.get(field)
    if not isinstance(tag, str) or tag not in tags:
        text = "is missing" if tag is None else "is unknown"
        return [(f"{path}.{field}", f"{text}; one of {', '.join(tags)}")]
    return _struct_faults(tree, tags[tag], path, field)


def _struct_faults(tree: dict[str, Any], wanted: type[msgspec.Struct], path: str, tag_field: str | None) -> list[Fault]:
    found: list[Fault] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    for name, field in fields.items():
        place = f"{path}.{name}"
        if name not in tree:
            if field.required:
                found.append((place, "is missing"))
            continue
        value = tree[name]
        inner = members(field.type)
        if inner and isinstance(value, dict):
            found.extend(_union_faults(cast("dict[str, Any]", value), inner, place))
            continue
        try:
            msgspec.convert(value, field.type, strict=True)
        except msgspec.ValidationError as error:
            found.append(_fault(error, place))
    unknown = [name for name in tree if name not in fields and name != tag_field]
    found.extend((path, f"has an unknown field {shown(name)!r}") for name in unknown[:_UNKNOWN_SHOWN])
    return found


def _fault(error: msgspec.ValidationError, place: str) -> Fault:
    """A decoder's complaint as (path, text), without the value it may quote."""
    match = _AT.match(str(error))
    text, inner = (match[1], match[2] or "$") if match else (str(error), "$")
    if text.startswith(_ECHO):
        text = "is not one of the values allowed"
    elif text.startswith("Object contains unknown field"):
        text = f"has an unknown field {shown(text.partition('`')[2].rstrip('`'))!r}"
    return (place + inner.removeprefix("$"))[:200], text[:500]
