"""Splitting bodies: elements come as they came; a broken array is refused once; the cost is bounded."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import DecodeError
from contractnet.messages.codec import canonical
from contractnet.messages.split import elements
from tests.support.strategies import json_values

_white = st.text(" \t\r\n", max_size=2).map(str.encode)
_bad = st.sampled_from(
    [
        b"NaN",
        b"tru",
        b"01",
        b'"\\x"',
        b'"\x01"',
        b"{1}",
        b"[1,]",
        b'{"a":[NaN]}',
        b'"],[\\"" "{"',
        b"1 2",
        b'{"a" "b"}',
        b"-",
    ]
)


@given(
    st.lists(st.tuples(_white, json_values(4).map(canonical) | _bad, _white), min_size=1, max_size=6), _white, _white
)
def test_elements_come_as_they_came(parts: list[tuple[bytes, bytes, bytes]], before: bytes, after: bytes) -> None:
    body = before + b"[" + b",".join(left + one + right for left, one, right in parts) + b"]" + after
    assert elements(body, 256) == [one for _, one, _ in parts]


@given(st.lists(_bad | json_values(2).map(canonical), min_size=1, max_size=6))
def test_an_unclosed_string_spoils_the_body_only(parts: list[bytes]) -> None:
    with pytest.raises(DecodeError) as caught:
        elements(b"[" + b",".join([*parts, b'"open]']), 256)
    assert caught.value.code == "json"


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b"", "json", "is not a JSON array"),
        (b"{}", "json", "is not a JSON array"),
        (b"\xef\xbb\xbf[1]", "json", "is not a JSON array"),
        ("[1]".encode("utf-16"), "json", "is not a JSON array"),
        (b"[]", "schema", "is an empty array"),
        (b"[1", "json", "does not close"),
        (b"[NaN,[1]", "json", "does not close"),
        (b"[1][2]", "json", "something after the array"),
        (b"[1]]", "json", "something after the array"),
        (b"[" + b"1," * 256 + b"1]", "schema", "more than 256"),
        (b"[" + b"NaN," * 256 + b"1]", "schema", "more than 256"),
        (b"[NaN," + b"[" * 200_000 + b"]" * 200_000 + b"]", "json", "too intricate"),
    ],
)
def test_a_body_that_is_no_array_of_envelopes(body: bytes, code: str, told: str) -> None:
    with pytest.raises(DecodeError) as caught:
        elements(body, 256)
    assert caught.value.code == code
    assert told in str(caught.value)


def test_an_element_nested_beyond_the_decoder_spoils_no_other() -> None:
    body = b"[1," + b"[" * 50_000 + b"]" * 50_000 + b",2]"
    found = elements(body, 256)
    assert (found[0], found[2]) == (b"1", b"2")


@pytest.mark.parametrize(
    "filling", [b'\\"', b"\\", b'"', b"[", b"]", b"{}", b",", b'"",', b"NaN,", b"\xff", b'"\\', b" "]
)
def test_cost_is_linear_whatever_the_bytes(filling: bytes) -> None:
    for head in (b"[NaN,", b'[NaN,"', b'["'):
        body = (head + filling * 1_048_576)[:1_048_576]
        began = time.process_time()
        with pytest.raises(DecodeError):
            elements(body, 256)
        assert time.process_time() - began < 3  # about 0.05 s; minutes where a start is tried again and again
