"""Validation of results: the same verdicts as the standard's reference validator, bounded, and without echo."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from contractnet.errors import DefinitionError
from contractnet.messages.codec import MAX_LARGE_BYTES, canonical
from contractnet.messages.payload import MAX_FAULTS, check_schema, validate
from tests.support.strategies import json_values

_names = st.sampled_from(["a", "b", "c"])
_scalars = st.sampled_from([None, True, False, 0, 1, 2, -1, 0.0, 1.0, 1.5, -2.5, "", "a", "ab", "abc", "é\U0001f600"])
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=6,
)
_types = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
_counts = st.integers(0, 3)
_numbers = st.sampled_from([-1, 0, 1, 1.0, 1.5, 2])


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": _types | st.lists(_types, min_size=1, max_size=2, unique=True),
            "enum": st.lists(_values, min_size=1, max_size=3),
            "const": _values,
            "properties": st.dictionaries(_names, inner, max_size=3),
            "required": st.lists(_names, max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "items": inner,
            "minimum": _numbers,
            "maximum": _numbers,
            "minItems": _counts,
            "maxItems": _counts,
            "minLength": _counts,
            "maxLength": _counts,
            "title": st.just("t"),
            "default": _values,
        },
    )


_flat = _keywords(st.just({}))
_schemas = st.recursive(_flat, _keywords, max_leaves=4)
_referring = st.recursive(
    _flat | st.sampled_from(["x", "y"]).map(lambda name: {"$ref": f"#/$defs/{name}"}), _keywords, max_leaves=4
)


@given(_schemas, _values)
def test_same_verdict_as_the_reference_validator(schema: dict[str, Any], value: object) -> None:
    check_schema(schema, "schema")
    expected = Draft202012Validator(schema, registry=Registry()).is_valid(value)
    assert (validate(schema, value) == ()) == expected


@given(_referring, _flat, _flat, _values)
def test_same_verdict_with_references(
    schema: dict[str, Any], x: dict[str, Any], y: dict[str, Any], value: object
) -> None:
    schema = {"properties": {"a": schema}, "$defs": {"x": {"properties": {"b": {"$ref": "#/$defs/y"}}, **x}, "y": y}}
    expected = Draft202012Validator(schema, registry=Registry()).is_valid({"a": value})
    assert (validate(schema, {"a": value}) == ()) == expected


@pytest.mark.parametrize(
    ("schema", "value", "valid"),
    [
        ({"type": "integer"}, 1.0, True),  # the standard: a number with a zero fraction is an integer
        ({"type": "integer"}, 1.5, False),
        ({"type": "integer"}, True, False),
        ({"type": "number"}, True, False),
        ({"const": 1}, 1.0, True),
        ({"const": 1}, True, False),
        ({"enum": [[1, {"a": 0}]]}, [1.0, {"a": 0}], True),
        ({"enum": [[1, {"a": 0}]]}, [1.0, {"a": False}], False),
        ({"maxLength": 1}, "\U0001f600", True),
        ({"minimum": 9007199254740993}, 9007199254740992, False),
        ({"type": ["string", "null"]}, None, True),
    ],
)
def test_meaning_in_the_corners(schema: dict[str, Any], value: object, valid: bool) -> None:
    assert (validate(schema, value) == ()) is valid
    assert Draft202012Validator(schema, registry=Registry()).is_valid(value) is valid


def test_faults_name_their_places() -> None:
    schema = {
        "type": "object",
        "required": ["title", "rows"],
        "additionalProperties": False,
        "properties": {
            "rows": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/row"}},
            "language": {"enum": ["en", "de"]},
            "odd name": {"type": "string", "maxLength": 3},
            "kind": {"const": "x"},
        },
        "$defs": {"row": {"type": "object", "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 5}}}},
    }
    value = {"rows": [{"score": 6}, {"score": "1"}, 7], "language": "fr", "odd name": "four", "extra": 1, "kind": 0}
    assert validate(schema, value, "$.content.result") == (
        ("$.content.result.title", "is missing"),
        ("$.content.result.rows[0].score", "must be at most 5"),
        ("$.content.result.rows[1].score", "must be integer, not string"),
        ("$.content.result.rows[2]", "must be object, not integer"),
        ("$.content.result.language", "is not one of the values of the enum"),
        ("$.content.result['odd name']", "has 4 characters, at most 3 are allowed"),
        ("$.content.result", "has a property that the schema does not allow: 'extra'"),
        ("$.content.result.kind", "is not the one value allowed"),
    )
    assert validate(schema, {"rows": []}) == (
        ("$.title", "is missing"),
        ("$.rows", "has 0 items, at least 1 are needed"),
    )


def test_tuples_are_arrays() -> None:
    assert validate({"type": "array", "items": {"type": "integer"}, "enum": [[1, 2]]}, (1, 2)) == ()


@pytest.mark.parametrize("schema", [{"additionalProperties": False}, {"additionalProperties": {"type": "object"}}])
def test_little_of_the_result_is_echoed(schema: dict[str, Any]) -> None:
    names = [letter * 300 for letter in "abcdefghij"]
    found = validate(schema, dict.fromkeys(names, "secret" * 10))
    told = json.dumps(found)
    assert len(found) == len(names)
    assert "secret" not in told
    assert [told.count(name[:40]) for name in names] == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert all(name[:41] not in told for name in names)


def test_faults_stop_at_the_most() -> None:
    assert len(validate({"items": {"type": "string"}}, [1] * 1_000)) == MAX_FAULTS


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"enum": list(range(3_000))}}, [2_999] * 190_000),
        ({"items": {"required": [f"{at:x}" for at in range(2_000)]}}, [{}] * 250_000),
        ({"items": {"properties": {f"{at:x}": {"type": "integer"} for at in range(600)}}}, [{"257": 1}] * 90_000),
        ({"enum": [[[[[[[[1]]]]]]]]}, [[[[[[[[0] * 380_000]]]]]]]),
    ],
)
def test_work_is_bounded(schema: dict[str, Any], value: object) -> None:
    assert len(canonical(value)) <= MAX_LARGE_BYTES + 250_000
    began = time.process_time()
    validate(schema, value)
    assert time.process_time() - began < 5  # about 0.3 s; the naive form of the first takes minutes


def test_a_schema_outside_the_subset_is_not_used() -> None:
    with pytest.raises(DefinitionError, match=r"result schema: \$\.pattern "):
        validate({"pattern": "^(a+)+$"}, "a" * 24 + "!")


@given(json_values())
def test_no_schema_is_judged_by_accident(schema: object) -> None:
    """A value that is no schema of the subset is refused, and one that is, is one for the reference validator too."""
    try:
        check_schema(schema, "schema")
    except DefinitionError:
        return
    assert isinstance(schema, dict)
    Draft202012Validator.check_schema(json.loads(json.dumps(schema)))
