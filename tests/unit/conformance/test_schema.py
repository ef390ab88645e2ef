"""The reader of the schema against a library that reads all of JSON Schema."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contractnet.conformance.schema import Schema
from contractnet.conformance.tables import BARGAINING
from tests.conformance.write_transcripts import FOLDER, PROTOCOLS
from tests.support.examples import often

DOCUMENT = json.loads((PROTOCOLS / "message.schema.json").read_text(encoding="utf-8"))
SCHEMA, LIBRARY = Schema(DOCUMENT), Draft202012Validator(DOCUMENT)


def _messages() -> list[dict[str, Any]]:
    """One of each act and kind, out of the transcripts."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("legal-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            if (message := json.loads(line).get("message")) is not None:
                bargains = message["protocol"] == BARGAINING
                found.setdefault((bargains, message["performative"], message["content"].get("kind")), message)
    return list(found.values())


MESSAGES = _messages()
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False).map(lambda x: x + 0.5),
    st.text(max_size=60),
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.text(max_size=8), SCALARS, max_size=3))


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A message with up to three fields replaced, taken away or added, at any depth."""
    message: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(MESSAGES)))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = message
        while True:
            names = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not names:
                break
            name = draw(st.sampled_from(names))
            if isinstance(place[name], dict | list) and draw(st.booleans()):
                place = place[name]
                continue
            how = draw(st.sampled_from(["replace", "drop", "add"]))
            if how == "drop":
                del place[name]
            elif how == "replace":
                place[name] = draw(VALUES)
            elif isinstance(place, dict):
                place[draw(st.text(min_size=1, max_size=8))] = draw(VALUES)
            break
    return message


def test_the_acts_of_the_transcripts_keep_the_schema() -> None:
    assert len(MESSAGES) == 17 + 12
    for message in MESSAGES:
        assert SCHEMA.misfits(message) == []


@given(spoiled())
@settings(max_examples=often(400), deadline=None)
def test_it_takes_what_the_library_takes(message: dict[str, Any]) -> None:
    """But for `1.0`, which JSON Schema calls an integer: the strategy makes none."""
    assert (not SCHEMA.misfits(message)) is LIBRARY.is_valid(message)


@pytest.mark.parametrize(
    ("change", "path", "word"),
    [
        ({"price": 1.0}, "$.content.price", "type"),
        ({"price": True}, "$.content.price", "type"),
        ({"price": -1}, "$.content.price", "maximum"),
        ({"unit": "usd"}, "$.content.unit", "pattern"),
        ({"colour": "red"}, "$.content.colour", "additionalProperties"),
    ],
)
def test_it_says_where_and_why(change: dict[str, Any], path: str, word: str) -> None:
    proposal = copy.deepcopy(next(one for one in MESSAGES if one["performative"] == "propose"))
    proposal["content"] |= change
    (misfit,) = SCHEMA.misfits(proposal)
    assert (misfit.path, misfit.word) == (path, word)


def test_what_is_missing_is_named() -> None:
    proposal = copy.deepcopy(next(one for one in MESSAGES if one["performative"] == "propose"))
    del proposal["content"]["eta"]
    (misfit,) = SCHEMA.misfits(proposal)
    assert (misfit.path, misfit.word) == ("$.content.eta", "required")


def test_a_word_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="multipleOf"):
        Schema({"properties": {"n": {"type": "integer", "multipleOf": 2}}})
