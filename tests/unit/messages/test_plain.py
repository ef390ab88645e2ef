"""Plain JSON: the fast look never misses what the exact look finds; faults are shown short and clean."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import DefinitionError
from contractnet.messages.codec import canonical
from contractnet.messages.plain import (
    MAX_DEPTH,
    check_payload,
    duplicate_name,
    faults,
    shown,
    step,
    suspicious,
    too_deep_or_oddly_named,
)
from tests.support.strategies import json_values, payloads

_any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_wild: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | _any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_any_text, inner, max_size=3),
    max_leaves=8,
)


def deep(depth: int) -> Any:
    value: Any = {}
    for at in range(depth - 1):
        value = [value] if at % 2 == 0 and at < depth - 2 else {"a": value}
    return value


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(st.dictionaries(_any_text, _wild, max_size=3))
def test_the_fast_look_misses_nothing(payload: dict[str, Any]) -> None:
    if any(True for _ in faults(payload)):
        assert suspicious(canonical(payload)) or too_deep_or_oddly_named(payload)


@given(payloads(), st.integers(1, 90))
def test_depth_is_judged_alike_by_both_looks(payload: dict[str, Any], depth: int) -> None:
    payload = {"x": payload, "y": deep(depth)}
    too_deep = depth_of(payload) > MAX_DEPTH
    assert too_deep_or_oddly_named(payload) or not too_deep
    assert any("deep" in text for _, text in faults(payload)) == too_deep


def test_the_fast_look_is_content_with_ordinary_payloads() -> None:
    payload = {"text": 'Zeile 1\nZeile 2\t"ü"', "rows": [{"a": 1, "b b": [1.5, None]}] * 50, "n": 10**17}
    assert not suspicious(canonical(payload))
    assert not too_deep_or_oddly_named(payload)
    assert not too_deep_or_oddly_named(deep(MAX_DEPTH))


@given(json_values())
def test_plain_values_have_no_faults(value: object) -> None:
    assert list(faults(value)) == []


def test_every_fault_is_named_in_order() -> None:
    value = {
        "a": [1, {"b": float("nan")}],
        "odd name": 2**64,
        "c": {"x\n": 1, 5: 2},
        "d": "\x00",
        "e": "\ud800",
        "f": {1},
    }
    assert list(faults(value, "$.content.input")) == [
        ("$.content.input.a[1].b", "is not a finite number"),
        ("$.content.input['odd name']", "is an integer outside -2^63 to 2^63 - 1; send it as a string"),
        ("$.content.input.c", "has a name with a control character or a lone surrogate: 'x?'"),
        ("$.content.input.c", "has a name that is not a string but int"),
        ("$.content.input.d", "holds a NUL character"),
        ("$.content.input.e", "holds a lone surrogate"),
        ("$.content.input.f", "is a set, which JSON does not have; convert it to text or a number first"),
    ]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "tasks.jsonl line 2: input: must be a JSON object"),
        ({"a": float("inf")}, "tasks.jsonl line 2: input: $.a is not a finite number"),
    ],
)
def test_a_users_payload_is_refused_with_its_place(value: object, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        check_payload(value, "tasks.jsonl line 2: input")
    assert str(caught.value).startswith(told)


def test_a_loop_in_a_users_payload_ends() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    with pytest.raises(DefinitionError, match="nested more than 64 deep"):
        check_payload(loop, "input")


# ---- names that come twice


@given(_wild)
def test_no_duplicates_where_there_are_none(value: object) -> None:
    assert duplicate_name(json.dumps(value)) is None


@given(payloads(), st.lists(st.sampled_from(["a", "b"]) | st.integers(0, 2), max_size=4), st.data())
def test_a_duplicate_is_found_wherever_it_is(
    payload: dict[str, Any], way: list[str | int], data: st.DataObject
) -> None:
    members = [json.dumps(name) + ":" + json.dumps(value) for name, value in payload.items()]
    members += ['"twice":1', '"\\u0074wice":2']
    text = "{" + ",".join(data.draw(st.permutations(members))) + "}"
    path = "$"
    for name in reversed(way):
        text = f'{{"{name}":{text}}}' if isinstance(name, str) else "[" + "0," * name + text + "]"
    for name in way:
        path = step(path, name)
    assert duplicate_name(text) == (path, "the name 'twice' comes twice")
    msgspec.json.decode(text)  # the strict decoder keeps the last and says nothing


# ---- what is shown


@given(st.text(st.characters(), max_size=60))
def test_a_shown_name_is_short_and_clean(name: str) -> None:
    seen = shown(name)
    assert len(seen) <= 40
    assert list(faults({seen: seen})) == []


@given(st.lists(st.text(max_size=60) | st.integers(0, 10**6), max_size=30))
def test_a_path_is_bounded(names: list[str | int]) -> None:
    path = "$"
    for name in names:
        path = step(path, name)
    assert len(path) <= 160
