"""What the AMQP client cannot decode is marked or mended, and what it can decode stays as it is."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pamqp.commands
import pamqp.exceptions
import pamqp.frame
import pamqp.header
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.transport.amqp import shim

HEADERS, MESSAGE_ID, TIMESTAMP = 1 << 13, 1 << 7, 1 << 6


@pytest.fixture
def shimmed() -> Iterator[None]:
    shim.install()
    yield
    shim.remove()


def short(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def header_frame(flags: int, properties: bytes, size: int = 7) -> bytes:
    payload = struct.pack(">HHQH", 60, 0, size, flags) + properties
    return struct.pack(">BHI", 2, 1, len(payload)) + payload + b"\xce"


def deliver_frame(tag: int, exchange: bytes, key: bytes, *, again: bool = False) -> bytes:
    method = struct.pack(">HH", 60, 60) + short(b"ctag1.0") + struct.pack(">QB", tag, again)
    payload = method + short(exchange) + short(key)
    return struct.pack(">BHI", 1, 1, len(payload)) + payload + b"\xce"


POISON = {
    "timestamp": header_frame(TIMESTAMP, struct.pack(">Q", 2**63 - 1)),
    "message id": header_frame(MESSAGE_ID, short(b"\xff\xfe")),
    "header key": header_frame(HEADERS, struct.pack(">I", 5) + short(b"\xff\xfe") + b"t\x01"),
}


@pytest.mark.parametrize("frame", POISON.values(), ids=POISON)
def test_undecodable_properties_are_marked_and_the_size_is_kept(frame: bytes, shimmed: None) -> None:
    _, _, header = pamqp.frame.unmarshal(frame)
    assert isinstance(header, pamqp.header.ContentHeader)
    assert header.body_size == 7
    assert header.properties.headers is not None
    assert set(header.properties.headers) == {shim.MARK}


@pytest.mark.parametrize("frame", [*POISON.values(), deliver_frame(1, b"cn.cfp", b"\xff")])
def test_without_it_they_break_the_reader(frame: bytes) -> None:
    with pytest.raises((pamqp.exceptions.PAMQPException, ValueError, OverflowError)):
        pamqp.frame.unmarshal(frame)


@given(
    st.integers(0, 2**63 - 1),
    st.binary(max_size=255),
    st.binary(max_size=255),
    st.booleans(),
)
def test_any_delivery_is_decoded(tag: int, exchange: bytes, key: bytes, again: bool) -> None:
    shim.install()
    try:
        _, _, deliver = pamqp.frame.unmarshal(deliver_frame(tag, exchange, key, again=again))
    finally:
        shim.remove()
    assert isinstance(deliver, pamqp.commands.Basic.Deliver)
    assert (deliver.delivery_tag, deliver.consumer_tag, deliver.redelivered) == (tag, "ctag1.0", again)
    assert deliver.routing_key == key.decode("utf-8", "replace")
    assert deliver.exchange == exchange.decode("utf-8", "replace")


@given(st.binary(max_size=300), st.integers(0, 2**16 - 1))
def test_no_properties_break_the_reader(properties: bytes, flags: int) -> None:
    shim.install()
    try:
        _, _, header = pamqp.frame.unmarshal(header_frame(flags, properties, size=99))
    finally:
        shim.remove()
    assert isinstance(header, pamqp.header.ContentHeader)
    assert header.body_size == 99


def test_good_properties_stay_as_they_are(shimmed: None) -> None:
    sent = pamqp.commands.Basic.Properties(headers={"a": 1}, message_id="x", delivery_mode=2)
    data = pamqp.frame.marshal(pamqp.header.ContentHeader(0, 3, sent), 1)
    _, _, header = pamqp.frame.unmarshal(data)
    assert isinstance(header, pamqp.header.ContentHeader)
    assert header.properties == sent
