"""The subset of JSON Schema that a task's result may be described in, read into shapes whose cost is known.

Rules:

1. Keywords: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `minimum`, `maximum`,
   `minItems`, `maxItems`, `minLength`, `maxLength`, and `$ref` to `#/$defs/<name>` of the root. What they mean is what
   the standard says: `1.0` is an integer and equals `1`, `true` is not a number, lengths count code points.
2. `title`, `description`, `default`, `examples`, and `$schema` at the root, are allowed and mean nothing. A `$ref` has
   no other neighbours. Any other keyword is refused with its path, never ignored: no `pattern`, `format`,
   `uniqueItems`, `anyOf`, no remote `$ref`.
3. At most MAX_SCHEMA_BYTES, at most MAX_SCHEMA_DEPTH schemas inside one another with references followed, no cycles. So
   every value inside a result meets one schema.

Source: JSON Schema 2020-12, Core and Validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from contractnet.errors import DefinitionError
from contractnet.messages.codec import canonical
from contractnet.messages.plain import check_payload, step

MAX_SCHEMA_BYTES: Final = 16_384
MAX_SCHEMA_DEPTH: Final = 16

_TYPES: Final = ("object", "array", "string", "integer", "number", "boolean", "null")
_ANNOTATIONS: Final = frozenset({"title", "description", "default", "examples"})
_ROOT_ONLY: Final = frozenset({"$schema", "$defs"})
_KEYWORDS: Final = frozenset(
    {"type", "enum", "const", "properties", "required", "additionalProperties", "items"}
    | {"minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength"}
)
_REF: Final = "#/$defs/"


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema, read: what a value must meet. Fields at their defaults demand nothing."""

    types: frozenset[str] | None = None
    enum: frozenset[object] | None = None  #: values as `frozen` makes them
    const: frozenset[object] | None = None  #: one value as `frozen` makes it
    properties: Mapping[str, Shape] = field(default_factory=dict[str, "Shape"])
    required: tuple[str, ...] = ()
    others: Shape | bool = True  #: of members without a property
    items: Shape | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_items: int = 0
    max_items: int | None = None
    min_length: int = 0
    max_length: int | None = None


def frozen(value: object) -> object:
    """A JSON value as a hashable that is equal where JSON Schema says equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return ("object", frozenset((name, frozen(one)) for name, one in members.items()))
    if isinstance(value, list | tuple):
        return ("array", tuple(frozen(one) for one in cast("list[object]", value)))
    return value


def read_schema(schema: object, what: str) -> Shape:
    """Read a schema.

    Args:
        what: names the place in the error.
    Raises:
        DefinitionError: it is outside the subset; with the path of the keyword.
    """
    check_payload(schema, what)
    root = cast("dict[str, Any]", schema)
    if (size := len(canonical(root))) > MAX_SCHEMA_BYTES:
        raise DefinitionError(f"{what}: has {size} bytes, at most {MAX_SCHEMA_BYTES} are allowed")
    reader = _Reader(root, what)
    for name in reader.definitions:
        reader.definition(name, "$.$defs")
    return reader.shape(root, "$")[0]


class _Reader:
    """Reads one schema; every definition once."""

    def __init__(self, root: dict[str, Any], what: str) -> None:
        self.what = what
        self.definitions = self.members(root.get("$defs", {}), "$.$defs")
        self.open: list[str] = []
        self.done: dict[str, tuple[Shape, int]] = {}

    def refusal(self, path: str, text: str) -> DefinitionError:
        return DefinitionError(f"{self.what}: {path} {text}")

    def members(self, value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.refusal(path, "must be an object")
        return cast("dict[str, Any]", value)

    def shape(self, schema: object, path: str) -> tuple[Shape, int]:
        """A schema as (its shape, how many levels it has, itself counted)."""
        members = self.members(schema, path)
        ignored = _ANNOTATIONS | _ROOT_ONLY if path == "$" else _ANNOTATIONS
        fields: dict[str, Any] = {}
        levels = 0
        for keyword, value in members.items():
            place = step(path, keyword)
            if keyword == "$ref":
                if beside := sorted(members.keys() - ignored - {"$ref"}):
                    raise self.refusal(step(path, beside[0]), "stands beside $ref; put it into the definition")
                found, levels = self.reference(value, place)
                return found, self.within(levels + 1, place)
            if keyword in _KEYWORDS:
                found_fields, below = self.keyword(keyword, value, place)
                fields |= found_fields
                levels = max(levels, below)
            elif keyword not in ignored:
                raise self.refusal(place, "is not in the subset of JSON Schema that a result may be described in")
        return Shape(**fields), self.within(levels + 1, path)

    def within(self, levels: int, path: str) -> int:
        if levels > MAX_SCHEMA_DEPTH:
            raise self.refusal(path, f"is nested more than {MAX_SCHEMA_DEPTH} deep, references followed")
        return levels

    def reference(self, target: object, path: str) -> tuple[Shape, int]:
        if not isinstance(target, str) or not target.startswith(_REF):
            raise self.refusal(path, f"must be {_REF} and a name of the root's $defs")
        name = target.removeprefix(_REF).replace("~1", "/").replace("~0", "~")
        return self.definition(name, path)

    def definition(self, name: str, path: str) -> tuple[Shape, int]:
        if name in self.open:
            raise self.refusal(path, "refers to itself; references must not form a cycle")
        if name not in self.definitions:
            raise self.refusal(path, "refers to a definition that does not exist")
        if name not in self.done:
            self.open.append(name)
            self.done[name] = self.shape(self.definitions[name], step("$.$defs", name))
            self.open.pop()
        return self.done[name]

    def keyword(self, keyword: str, value: object, path: str) -> tuple[dict[str, Any], int]:
        """One keyword as (fields of the shape, levels below)."""
        match keyword:
            case "type":
                return {"types": self.types(value, path)}, 0
            case "enum":
                if not isinstance(value, list) or not value:
                    raise self.refusal(path, "must be an array of at least one value")
                return {"enum": frozenset(frozen(one) for one in cast("list[object]", value))}, 0
            case "const":
                return {"const": frozenset([frozen(value)])}, 0
            case "required":
                return {"required": self.names(value, path)}, 0
            case "properties":
                inner = {name: self.shape(one, step(path, name)) for name, one in self.members(value, path).items()}
                below = max((levels for _, levels in inner.values()), default=0)
                return {"properties": {name: shape for name, (shape, _) in inner.items()}}, below
            case "additionalProperties":
                others, below = (value, 0) if isinstance(value, bool) else self.shape(value, path)
                return {"others": others}, below
            case "items":
                items, below = self.shape(value, path)
                return {"items": items}, below
            case "minimum" | "maximum":
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise self.refusal(path, "must be a number")
                return {keyword: value}, 0
            case _:
                if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                    raise self.refusal(path, "must be an integer from 0")
                return {keyword.replace("I", "_i").replace("L", "_l"): value}, 0

    def types(self, value: object, path: str) -> frozenset[str]:
        names = cast("list[object]", value if isinstance(value, list) else [value])
        if not names or any(name not in _TYPES for name in names):
            raise self.refusal(path, f"must be one or several of {', '.join(_TYPES)}")
        return frozenset(cast("list[str]", names))

    def names(self, value: object, path: str) -> tuple[str, ...]:
        names = cast("list[object]", value) if isinstance(value, list) else [None]
        if not all(isinstance(name, str) for name in names):
            raise self.refusal(path, "must be an array of names")
        return tuple(dict.fromkeys(cast("list[str]", names)))
