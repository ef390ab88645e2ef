"""What a decoder complains about, for who wrote the value: every shape has words, and no pattern is shown."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from contractnet.messages import values as v
from contractnet.messages.plainly import in_words, without_regex

PATTERNED = {
    "id": v.AgentId,
    "skill": v.Skill,
    "unit": v.Unit,
    "key": v.OfferId,
    "rung": v.RungName,
    "receiver": v.Receiver,
    "digest": v.Digest,
}


class Given(Struct, forbid_unknown_fields=True):
    name: v.AgentId
    turns: v.Turns = 1
    ladder: v.Rungs = ()
    text: v.TaskText = "x"
    sure: bool = False
    lifetime: int | None = None
    share: Annotated[float, Meta(gt=0)] = 1.0


def complaint(value: object, kind: Any) -> msgspec.ValidationError:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind)
    return caught.value


@pytest.mark.parametrize("shape", v.SHAPES)
def test_a_pattern_is_said_as_what_it_means(shape: str) -> None:
    error = complaint("no! ", PATTERNED[shape])
    meaning = v.SHAPES[shape][1]
    assert in_words(error, "it") == f"it: must be {meaning}"
    assert in_words(error) == f"must be {meaning}"
    assert without_regex(str(error)) == f"Expected `str`: {meaning}"


def test_a_pattern_that_has_no_words_is_not_shown_either() -> None:
    error = complaint("b", Annotated[str, Meta(pattern="^a'?$")])
    assert in_words(error, "it") == "it: must be of another form; protocols/message.schema.json has it"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": 5}, "name: is a whole number; it must be a text"),
        ({"name": "a", "turns": 0}, "turns: must be at least 1"),
        ({"name": "a", "turns": 2_000}, "turns: must be at most 1000"),
        ({"name": "a", "share": 0.0}, "share: must be more than 0.0"),
        ({"name": "a", "sure": "x"}, "sure: is a text; it must be true or false"),
        ({"name": "a", "lifetime": []}, "lifetime: is a list; it must be a whole number"),
        ({"name": "a", "text": ""}, "text: must be a text of at least 1 characters"),
        ({"name": "a", "ladder": ["a"] * 17}, "ladder: must be a list of at most 16 entries"),
        ({"name": "a", "ladder": ["a", 3]}, "ladder[1]: is a whole number; it must be a text"),
        ({"name": "a", "ladder": ["a", "B c"]}, f"ladder[1]: must be {v.SHAPES['rung'][1]}"),
        ({"name": "a", "x": 1}, "'x' is not known there"),
        ({}, "'name' is missing"),
        ([], "is a list; it must be an object"),
    ],
)
def test_each_complaint_has_its_place_and_words(given: object, said: str) -> None:
    assert in_words(complaint(given, Given)) == said


def test_what_is_no_complaint_about_a_value_is_said_as_it_is() -> None:
    assert in_words(ValueError("no JSON"), "line 1") == "line 1: no JSON"
    assert in_words(ValueError("no JSON")) == "no JSON"
