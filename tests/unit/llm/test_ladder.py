"""The ladder: how structure is asked for, and what is taken for an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contractnet.errors import ModelUnusable
from contractnet.llm.chat import Said, read
from contractnet.llm.ladder import FORM, answer_in, form, strict, words
from tests.support.chat import completion

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}},
    "required": ["n"],
    "additionalProperties": False,
}


def said(content: str | None = None, **more: Any) -> Said:
    return read(json.dumps(completion(content, **more)).encode())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('{"n": 1}', {"n": 1}),
        ('\n```json\n{"n": 1}\n```\n', {"n": 1}),
        ('<think>{"n": 9}</think>\n{"n": 1}', {"n": 1}),
        ('Here you are: {"n": {"m": 1}} as asked.', {"n": {"m": 1}}),
        ("{}", {}),
    ],
)
def test_a_json_object_is_found_where_models_put_it(content: str, found: dict[str, Any]) -> None:
    assert answer_in(said(content), "json_schema") == found


def test_the_arguments_of_the_form_are_the_answer() -> None:
    assert answer_in(said(None, call=(FORM, '{"n": 2}')), "function") == {"n": 2}
    assert answer_in(said('{"n": 3}'), "function") == {"n": 3}  # the form was ignored, and answered all the same


@pytest.mark.parametrize(
    ("heard", "outcome"),
    [
        (said(None), "no-json"),
        (said("I would rather not."), "no-json"),
        (said("[1]"), "no-json"),
        (said('{"n": 1'), "no-json"),
        (said('{"n": 1', finish="length"), "cut-short"),
        (said('{"n": NaN}'), "no-json"),
        (said('{"n": 1e999}'), "no-json"),
        (said('{"n": "\\u0000"}'), "no-json"),
        (said("{" * 100_000), "no-json"),
        (said('{"n":' * 90 + "1" + "}" * 90), "no-json"),
        (said(None, call=("transfer_money", "{}")), "tool-call"),
        (said(None)._replace(refusal="no"), "declined"),
    ],
)
def test_what_is_no_answer(heard: Said, outcome: str) -> None:
    with pytest.raises(ModelUnusable) as caught:
        answer_in(heard, "function")
    assert caught.value.outcome == outcome
    assert "rather" not in str(caught.value)


def test_a_call_is_an_answer_on_the_rung_of_functions_alone() -> None:
    with pytest.raises(ModelUnusable) as caught:
        answer_in(said('{"n": 1}', call=(FORM, '{"n": 1}')), "json_schema")
    assert caught.value.outcome == "tool-call"


def test_what_is_sent_on_each_rung() -> None:
    schema = form("json_schema", SCHEMA)["response_format"]["json_schema"]
    assert schema == {"name": FORM, "strict": True, "schema": SCHEMA}
    function = form("function", SCHEMA)
    assert function["tools"][0]["function"]["parameters"] == SCHEMA
    assert function["tool_choice"]["function"]["name"] == FORM
    assert form("json_object", SCHEMA) == {"response_format": {"type": "json_object"}}
    assert form("prompt", SCHEMA) == {}
    assert words("json_schema", SCHEMA) == ""
    assert all('"minimum":1' in words(rung, SCHEMA) for rung in ("function", "json_object", "prompt"))


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        (SCHEMA, True),
        ({**SCHEMA, "additionalProperties": True}, False),
        ({**SCHEMA, "required": []}, False),
        ({"type": "object"}, False),
        ({"type": "array", "items": SCHEMA}, True),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({**SCHEMA, "properties": {"n": {"type": "object"}}}, False),
        ({"$ref": "#/$defs/a", "$defs": {"a": SCHEMA}}, True),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}}, False),
    ],
)
def test_what_the_strict_mode_takes(schema: dict[str, Any], found: bool) -> None:
    assert strict(schema) is found
