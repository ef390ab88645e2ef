"""A reader of `message.schema.json`: the part of JSON Schema that it uses, and nothing is passed over in silence.

An integer is written without fraction and exponent (M6): `1.0`, which JSON Schema takes for one, is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

#: words that say nothing about a value
_FOR_PEOPLE: Final = frozenset({"$schema", "$comment", "$defs", "title", "description", "default"})
_WORDS: Final = frozenset(
    {
        *("$ref", "oneOf", "anyOf", "const", "enum", "type", "properties", "required", "additionalProperties", "items"),
        *("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "pattern"),
    }
)
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


class Misfit(NamedTuple):
    """One thing in a message that the schema does not take."""

    path: str  #: such as `$.content.price`
    word: str  #: the schema's word that it fails, such as `maximum`
    text: str


_Judge = Callable[[Mapping[str, Any], Any, str], Iterator[Misfit]]


class Schema:
    """A schema, ready to judge."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take a schema.

        Raises:
            ValueError: it uses a word that this reader does not know.
        """
        self._document = document
        self._by_type: dict[type, _Judge] = {dict: self._object, list: self._array, str: _string, int: _number}
        self._know(document)

    def misfits(self, value: object) -> list[Misfit]:
        """What is wrong with a JSON value, in the order of its fields; empty where it keeps the schema."""
        return list(self._judge(self._document, value, "$"))

    def _know(self, schema: Mapping[str, Any]) -> None:
        unknown = schema.keys() - _WORDS - _FOR_PEOPLE
        if unknown:
            raise ValueError(f"the schema says {sorted(unknown)}, which its reader does not know; add it there")
        named: list[Any] = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
        listed: list[Any] = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), schema.get("items")]
        for part in (*named, *listed, schema.get("additionalProperties")):
            if isinstance(part, dict):
                self._know(cast("dict[str, Any]", part))

    def _judge(self, schema: Mapping[str, Any], value: Any, path: str) -> Iterator[Misfit]:
        if "$ref" in schema:
            yield from self._judge(self._meant(schema), value, path)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                variants = [one for one in schema[word] if self._tagged_so(self._meant(one), value)] or schema[word]
                yield from _best([list(self._judge(one, value, path)) for one in variants])
        if "const" in schema and not _same(value, schema["const"]):
            yield Misfit(path, "const", f"must be {schema['const']!r}")
        if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
            yield Misfit(path, "enum", f"must be one of {', '.join(map(str, schema['enum']))}")
        if "type" in schema and not _is(value, schema["type"]):
            yield Misfit(path, "type", f"must be of type {schema['type']}")
        else:
            judge: _Judge = self._by_type.get(_kind(value), _anything)
            yield from judge(schema, value, path)

    def _meant(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference leads to."""
        name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
        found: Mapping[str, Any] = self._document["$defs"][name] if name else schema
        return found

    def _tagged_so(self, variant: Mapping[str, Any], value: Any) -> bool:
        """Whether an object has the constants of this variant, such as its performative."""
        parts: dict[str, Any] = variant.get("properties", {})
        tags = {name: part["const"] for name, part in parts.items() if "const" in part}
        fields = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        return all(fields.get(name, tag) == tag for name, tag in tags.items())

    def _object(self, schema: Mapping[str, Any], value: dict[str, Any], path: str) -> Iterator[Misfit]:
        properties: dict[str, Any] = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield Misfit(f"{path}.{name}", "required", "is missing")
        others: Any = schema.get("additionalProperties", {})
        for name, part in value.items():
            if name not in properties and others is False:
                yield Misfit(f"{path}.{name}", "additionalProperties", "is no field of this message")
            elif name in properties or isinstance(others, dict):
                yield from self._judge(properties.get(name, others), part, f"{path}.{name}")

    def _array(self, schema: Mapping[str, Any], value: list[Any], path: str) -> Iterator[Misfit]:
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield Misfit(path, "maxItems", f"has {len(value)} elements")
        if "items" in schema:
            for at, part in enumerate(value):
                yield from self._judge(schema["items"], part, f"{path}[{at}]")


def _best(found: list[list[Misfit]]) -> list[Misfit]:
    """Nothing where one variant fits; else what is wrong with the one that the value seems to be meant as."""
    return min(found, key=len)


def _is(value: object, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _same(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted


def _kind(value: object) -> type:
    return type(value)


def _anything(schema: Mapping[str, Any], value: object, path: str) -> Iterator[Misfit]:
    yield from ()


def _string(schema: Mapping[str, Any], value: str, path: str) -> Iterator[Misfit]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield Misfit(path, "maxLength", f"has {len(value)} characters")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield Misfit(path, "pattern", f"must match {schema['pattern']}")


def _number(schema: Mapping[str, Any], value: int, path: str) -> Iterator[Misfit]:
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield Misfit(path, "maximum", f"{value} is out of bounds")
