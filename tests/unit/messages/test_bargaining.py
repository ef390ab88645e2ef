"""The acts of a bargaining: bounded, whole numbers only, told from those of a contract net by their protocol."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contractnet.errors import DecodeError, DefinitionError
from contractnet.messages import bargaining as b
from contractnet.messages import contents as c
from contractnet.messages import values as v
from contractnet.messages.acts import BARGAINING, AnyAct
from contractnet.messages.codec import canonical, decode_act, decode_bargain, encode
from contractnet.messages.identity import bargains
from contractnet.messages.schemas import message_schema
from tests.support import strategies as s
from tests.unit.messages.test_acts import unbounded

ACTS: tuple[type[b.BargainAct], ...] = get_args(b.AnyBargainAct)
SCHEMA = Draft202012Validator(message_schema())
_terms = st.lists(st.integers(-v.MAX_MICROS, v.MAX_MICROS), min_size=1, max_size=16).map(tuple)
_text = s.texts.filter(bool)
_issues = st.builds(
    b.IssueContent,
    name=_text.map(lambda text: text[:64]),
    low=st.integers(-v.MAX_MICROS, v.MAX_MICROS),
    high=st.integers(-v.MAX_MICROS, v.MAX_MICROS),
    tick=st.integers(1, 10**15),
    unit=st.none() | s.units,
    options=st.lists(_text.map(lambda text: text[:64]), max_size=3).map(tuple),
)
_offer: dict[str, st.SearchStrategy[Any]] = {
    "offer": s.keys,
    "turn": st.integers(0, 999),
    "terms": _terms,
    "unit": st.none() | s.units,
    "text": s.texts,
}
_CONTENTS: dict[type[b.BargainAct], st.SearchStrategy[Any]] = {
    b.BargainRequest: st.builds(
        b.BargainRequestContent,
        subject=_text,
        issues=st.lists(_issues, min_size=1, max_size=3).map(tuple),
        turns=s.small,
        reply_within_ms=s.durations,
        turn_within_ms=s.durations,
        buyer=st.sampled_from([None, "initiator", "participant"]),
        monotone=st.booleans(),
        standing=st.booleans(),
        lifetime=st.none() | s.small,
        offer=st.none() | s.keys,
        mediator=st.none() | st.just("arbiter"),
        ladder=st.lists(st.sampled_from(["standing-offers", "sealed-reservations"]), max_size=2).map(tuple),
    ),
    b.BargainAgree: st.just(c.Content()),
    b.BargainRefuse: st.builds(c.RefuseContent, reason=st.sampled_from(list(v.RefuseReason)), round=st.just(1)),
    b.BargainPropose: st.builds(b.OfferContent, **_offer, valid_for_ms=st.none() | s.durations),
    b.BargainAccept: st.builds(b.AcceptanceContent, **_offer),
    b.BargainReject: st.builds(
        b.EndingContent, reason=st.sampled_from(list(v.EndReason)), offer=st.none() | s.keys, text=s.texts
    ),
    b.BargainCancel: st.builds(c.CancelContent, reason=st.sampled_from(list(v.CancelReason))),
    b.BargainInform: st.builds(b.AgreedContent, offer=s.keys, terms=_terms) | st.builds(c.CancelledContent),
    b.BargainFailure: st.builds(c.TaskFailureContent, reason=st.sampled_from(list(v.TaskFailure)))
    | st.builds(c.CancelFailureContent, reason=st.sampled_from(list(v.CancelFailure))),
    b.BargainNotUnderstood: st.builds(
        c.NotUnderstoodContent, reason=st.sampled_from(list(v.NotUnderstoodReason)), about=st.just("propose")
    ),
}


def _act(kind: type[b.BargainAct]) -> st.SearchStrategy[Any]:
    return st.builds(
        kind,
        content=_CONTENTS[kind],
        message_id=s.keys,
        conversation_id=s.keys,
        protocol=st.just(BARGAINING),
        sender=s.agent_ids,
        daemon=s.agent_ids,
        receiver=s.agent_ids,
        reply_with=s.keys,
        in_reply_to=st.none() | s.keys,
        parent=st.none() | s.keys,
    )


acts = st.sampled_from(ACTS).flatmap(_act)
OFFER = b.BargainPropose(
    message_id="ann-1",
    conversation_id="buyer.1.b1",
    protocol="contractnet-bargaining",
    sender="ann",
    daemon="ann",
    receiver="buyer",
    reply_with="ann-1",
    in_reply_to="buyer-1",
    content=b.OfferContent(offer="o-1", turn=1, terms=(60_000_000,), unit="USD"),
)


def changed(**content: Any) -> bytes:
    """The offer with other content, as any peer may write it."""
    message = json.loads(canonical(OFFER))
    message["content"] |= content
    return json.dumps(message).encode()


def test_the_tags_are_the_performatives_of_the_table() -> None:
    assert sorted(str(act.__struct_config__.tag) for act in ACTS) == [
        *("accept-proposal", "agree", "cancel", "failure", "inform", "not-understood", "propose", "refuse"),
        *("reject-proposal", "request"),
    ]
    assert tuple(_CONTENTS) == ACTS


def test_every_field_is_bounded_and_no_number_is_a_float() -> None:
    _, definitions = msgspec.json.schema_components(ACTS)
    assert unbounded(definitions, "$") == []


@given(acts)
def test_every_act_reads_back_equal_and_keeps_the_published_schema(act: b.AnyBargainAct) -> None:
    raw = encode(act)
    assert decode_bargain(raw) == act
    assert canonical(decode_bargain(raw)) == raw
    SCHEMA.validate(json.loads(raw))


@given(acts)
def test_no_act_of_a_bargaining_is_one_of_a_contract_net(act: b.AnyBargainAct) -> None:
    raw = encode(act)
    assert bargains(raw)
    with pytest.raises(DecodeError) as caught:
        decode_act(raw)
    assert "$.protocol" in [path for path, _ in caught.value.fields]


@given(s.acts())
def test_no_act_of_a_contract_net_is_one_of_a_bargaining(act: AnyAct) -> None:
    raw = encode(act)
    assert not bargains(raw)
    with pytest.raises(DecodeError):
        decode_bargain(raw)


@given(st.binary(max_size=60))
def test_whether_it_bargains_is_told_of_anything(noise: bytes) -> None:
    assert not bargains(noise)
    assert not bargains(b"contractnet-bargaining" + noise)
    assert not bargains(b'["contractnet-bargaining"]')
    assert bargains(b'{"protocol": "contractnet-bargaining", "x": NaN}')


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"terms": [40.5]}, "$.content.terms"),
        ({"terms": [True]}, "$.content.terms"),
        ({"terms": []}, "$.content.terms"),
        ({"terms": [0] * 17}, "$.content.terms"),
        ({"terms": [10**16]}, "$.content.terms"),
        ({"turn": -1}, "$.content.turn"),
        ({"turn": 1_000}, "$.content.turn"),
        ({"unit": "usd"}, "$.content.unit"),
        ({"reservation": 90_000_000}, "$.content"),
    ],
)
def test_an_offer_outside_its_bounds_is_refused_with_the_field(content: dict[str, Any], path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_bargain(changed(**content))
    assert caught.value.fields[0][0].startswith(path)
    assert not SCHEMA.is_valid(json.loads(changed(**content)))


def test_an_offer_that_no_peer_would_take_is_not_sent() -> None:
    wrong = msgspec.structs.replace(OFFER, content=msgspec.structs.replace(OFFER.content, turn=5_000))
    with pytest.raises(DefinitionError, match="BargainPropose cannot be sent"):
        encode(wrong)
