"""Reading who speaks, from what does not decode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.messages import acts as a
from contractnet.messages.codec import canonical, identify
from contractnet.messages.identity import Identity
from tests.support import strategies

RAW = (
    b'{"performative":"propose","message_id":"m-1","conversation_id":"c-1","sender":"scribe","daemon":"d_1",'
    b'"reply_with":"m-1","in_reply_to":"m-0","content":{"offer":"o-1","round":2,"price":1}}'
)
KNOWN = Identity(
    performative="propose",
    message_id="m-1",
    conversation_id="c-1",
    sender="scribe",
    daemon="d_1",
    reply_with="m-1",
    in_reply_to="m-0",
    offer="o-1",
    round=2,
)


@given(strategies.acts())
def test_a_valid_act_is_fully_identified(act: a.AnyAct) -> None:
    found = identify(canonical(act))
    assert found == Identity(
        performative=str(type(act).__struct_config__.tag),
        message_id=act.message_id,
        conversation_id=act.conversation_id,
        sender=act.sender,
        daemon=act.daemon,
        reply_with=act.reply_with,
        in_reply_to=act.in_reply_to,
        offer=getattr(act.content, "offer", None),
        round=getattr(act.content, "round", None),
        receiver=act.receiver,
        protocol=act.protocol,
        answer_to=getattr(act.content, "answer_to", None),
    )


@pytest.mark.parametrize(
    "price",
    [
        *(
            b"NaN",
            b"-Infinity",
            b"1e999",
            b"9" * 5_000,
            b'"\\ud800"',
            b'"\xff"',
            b'1,"price":2',
            b'1,"extra":{}',
            b"null",
        ),
        b"[" * 500 + b"]" * 500,
        b'"' + b"x" * 100_000 + b'"',
    ],
)
def test_bad_values_do_not_hinder(price: bytes) -> None:
    assert identify(RAW.replace(b'"price":1', b'"price":' + price)) == KNOWN


def test_what_is_misshapen_is_left_out() -> None:
    raw = (
        b'{"performative":"shout","message_id":7,"conversation_id":"","sender":"Robert\'); DROP","daemon":null,'
        b'"reply_with":"a\\n","content":{"offer":[],"round":0}}'
    )
    assert identify(raw) == Identity()
    assert identify(RAW.replace(b'"sender":"scribe"', b'"sender":"Scribe"')).sender is None
    assert identify(RAW.replace(b'"round":2', b'"round":true')).round is None


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b'"x"', RAW[:-1], b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000]
)
def test_of_ruins_nothing_is_read(raw: bytes) -> None:
    assert identify(raw) == Identity()


@given(st.binary() | st.text().map(str.encode))
def test_never_raises(raw: bytes) -> None:
    assert isinstance(identify(raw), Identity)
