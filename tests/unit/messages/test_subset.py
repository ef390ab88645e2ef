"""What a result schema may hold: every refusal with the keyword's path."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from contractnet.errors import DefinitionError
from contractnet.messages.codec import canonical
from contractnet.messages.payload import check_schema
from contractnet.messages.subset import MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels - 1):
        schema = {"items": schema}
    return schema


def chained(levels: int) -> dict[str, Any]:
    """A chain of definitions that is `levels` deep with the root, references followed."""
    names = [f"d{at}" for at in range(levels // 2)]
    definitions: dict[str, Any] = {name: {"items": {"$ref": f"#/$defs/{after}"}} for name, after in pairwise(names)}
    return {"$ref": "#/$defs/d0", "$defs": definitions | {names[-1]: {}}}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ([], "must be a JSON object"),
        (True, "must be a JSON object"),
        ({"pattern": "a"}, "$.pattern is not in the subset"),
        ({"properties": {"a": {"format": "email"}}}, "$.properties.a.format is not in the subset"),
        ({"items": {"uniqueItems": True}}, "$.items.uniqueItems is not in the subset"),
        ({"anyOf": [{}]}, "$.anyOf is not in the subset"),
        ({"items": {"$schema": "x"}}, "$.items.$schema is not in the subset"),
        ({"items": {"$defs": {}}}, "$.items.$defs is not in the subset"),
        ({"type": "int"}, "$.type must be one or several of"),
        ({"type": []}, "$.type must be one or several of"),
        ({"type": [{}]}, "$.type must be one or several of"),
        ({"enum": []}, "$.enum must be an array of at least one value"),
        ({"enum": "ab"}, "$.enum must be an array of at least one value"),
        ({"required": "a"}, "$.required must be an array of names"),
        ({"required": [1]}, "$.required must be an array of names"),
        ({"properties": []}, "$.properties must be an object"),
        ({"properties": {"a": True}}, "$.properties.a must be an object"),
        ({"additionalProperties": 1}, "$.additionalProperties must be an object"),
        ({"items": [{}]}, "$.items must be an object"),
        ({"minimum": "1"}, "$.minimum must be a number"),
        ({"maximum": True}, "$.maximum must be a number"),
        ({"minItems": -1}, "$.minItems must be an integer from 0"),
        ({"maxLength": 1.0}, "$.maxLength must be an integer from 0"),
        ({"maxItems": True}, "$.maxItems must be an integer from 0"),
        ({"minimum": float("nan")}, "$.minimum is not a finite number"),
        ({"const": 2**63}, "$.const is an integer outside"),
        ({"$ref": "http://127.0.0.1/x"}, "must be #/$defs/ and a name"),
        ({"$ref": "#"}, "must be #/$defs/ and a name"),
        ({"$ref": 1}, "must be #/$defs/ and a name"),
        ({"$ref": "#/$defs/a"}, "refers to a definition that does not exist"),
        ({"$defs": {"a": {}}, "$ref": "#/$defs/a", "type": "object"}, "$.type stands beside $ref"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}}, "refers to itself"),
        ({"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"items": {"$ref": "#/$defs/a"}}}}, "refers to itself"),
        ({"$defs": {"unused": {"pattern": "a"}}}, "$.$defs.unused.pattern is not in the subset"),
        ({"$defs": 1}, "$.$defs must be an object"),
        (nested(MAX_SCHEMA_DEPTH + 1), f"is nested more than {MAX_SCHEMA_DEPTH} deep"),
        (chained(MAX_SCHEMA_DEPTH + 2), f"is nested more than {MAX_SCHEMA_DEPTH} deep"),
        ({"title": "x" * MAX_SCHEMA_BYTES}, "bytes, at most 16384 are allowed"),
    ],
)
def test_what_is_refused(schema: object, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        check_schema(schema, "line 3: result_schema")
    assert str(caught.value).startswith("line 3: result_schema: ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        nested(MAX_SCHEMA_DEPTH),
        chained(MAX_SCHEMA_DEPTH),
        {"title": "x" * (MAX_SCHEMA_BYTES - len(canonical({"title": ""})))},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "t", "description": "d", "examples": [1]},
        {"$defs": {"a/b": {"type": "null"}}, "items": {"$ref": "#/$defs/a~1b", "description": "beside"}},
        {"$defs": {"a": {}}, "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}},
        {"additionalProperties": {"type": "integer"}, "type": ["object", "null"], "required": ["a", "a"]},
    ],
)
def test_what_is_taken(schema: object) -> None:
    check_schema(schema, "schema")
