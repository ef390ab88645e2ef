"""What a sender is told about a wrong message."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contractnet.errors import DecodeError
from contractnet.messages.acts import (
    AnyAct,
)
from contractnet.messages.codec import decode_act, decode_beat
from contractnet.messages.contents import (
    Content,
    NotUnderstoodContent,
)
from contractnet.messages.explain import members
from contractnet.messages.values import SHAPES

ENVELOPE: dict[str, Any] = {
    "message_id": "m",
    "conversation_id": "c",
    "protocol": "fipa-contract-net",
    "sender": "s",
    "daemon": "s",
    "receiver": "r",
    "reply_with": "m",
    "in_reply_to": "q",
}


def told(performative: str, content: object, **envelope: object) -> list[tuple[str, str]]:
    with pytest.raises(DecodeError) as caught:
        decode_act(msgspec.json.encode({"performative": performative, "content": content, **ENVELOPE, **envelope}))
    assert caught.value.code == "schema"
    return list(caught.value.fields)


def test_a_proposal_with_everything_wrong() -> None:
    content = {
        "offer": "o 1",
        "round": 0,
        "unit": "usd",
        "price": "0.05",
        "eta": 2.5,
        "confidence": 0.9,
        "currency": "$",
    }
    assert told("propose", content, sender="Scribe", protocol="auction", reply_by=-1) == [
        ("$.protocol", "is not one of the values allowed"),
        ("$.sender", f"Expected `str`: {SHAPES['id'][1]}"),
        ("$.reply_by", "Expected `int` >= 0"),
        ("$.content", "has an unknown field 'currency'"),
        ("$.content.offer", "Expected `str`: 1 to 96 of A-Z, a-z, 0-9, _ . : -"),
        ("$.content.round", "Expected `int` >= 1"),
        ("$.content.unit", "Expected `str`: 1 to 16 of A-Z, 0-9 and _, such as USD"),
        ("$.content.price", "Expected `int`, got `str`"),
        ("$.content.eta", "Expected `int`, got `float`"),
        ("$.content.confidence", "Expected `int`, got `float`"),
        ("$.content.valid_for_ms", "is missing"),
    ]


def test_kinds_of_content() -> None:
    assert told("inform", {"kind": "gossip"}) == [
        ("$.content.kind", "is unknown; one of result, progress, cancelled, choice, settled")
    ]
    assert told("inform", {"slot": 1}) == [
        ("$.content.kind", "is missing; one of result, progress, cancelled, choice, settled")
    ]
    assert told("failure", {"kind": "task", "reason": "tired", "slot": 1}) == [
        ("$.content.reason", "is not one of the values allowed")
    ]
    assert told("refuse", []) == [("$.content", "Expected `object`, got `array`")]
    assert told("agree", {"but": 1}) == [("$.content", "has an unknown field 'but'")]


def test_elements_of_arrays_have_their_places() -> None:
    offers = [
        {"offer": "o", "price": 1, "eta": 1, "confidence": 1},
        {"offer": "o", "price": -1, "eta": 1, "confidence": 1},
    ]
    terms = {"unit": "USD", "rule": "r", "work_within_ms": 1, "lease_ms": 1, "valid_for_ms": 1, "surprise": 1}
    content = {"kind": "call", "offers": offers, "choices": ["offer", "coin"], "reply_within_ms": 1, "terms": terms}
    assert told("request", content) == [
        ("$.content.offers[1].price", "Expected `int` >= 0"),
        ("$.content.choices[1]", "is not one of the values allowed"),
        ("$.content.terms", "has an unknown field 'surprise'"),
    ]


def test_at_most_three_unknown_names_and_32_faults_are_told() -> None:
    found = told("agree", {f"inner{at}": 1 for at in range(50)}, **{f"outer{at}": 1 for at in range(2)})
    assert found == [
        ("$", "has an unknown field 'outer0'"),
        ("$", "has an unknown field 'outer1'"),
        ("$.content", "has an unknown field 'inner0'"),
    ]
    many: dict[str, object] = {name: [] for name in ENVELOPE} | {f"x{at}": 1 for at in range(9)}
    assert 8 < len(told("propose", {}, **many)) <= 32


def test_presence_is_explained_alike() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_beat(b'{"performative":"presence","daemon":"D","incarnation":1,"sequence":1,"lease_ms":0,"agents":[{}]}')
    assert [path for path, _ in caught.value.fields] == ["$.daemon", "$.lease_ms", "$.agents[0]"]


def test_members_of_a_union() -> None:
    assert len(members(AnyAct)) == 11
    assert members(Content) == [Content]
    assert members(NotUnderstoodContent | None) == [NotUnderstoodContent]
    assert members(int | None) == []
