"""What an endpoint sends is read with bounds, and believed in nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contractnet.errors import ModelUnusable
from contractnet.llm.chat import Message, read, request
from tests.support.chat import completion


def raw(**changes: Any) -> bytes:
    return json.dumps({**completion("hello"), **changes}).encode()


def test_a_completion() -> None:
    said = read(raw())
    assert (said.content, said.call, said.finish, said.tokens_in, said.tokens_out) == ("hello", None, "stop", 100, 20)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>bad gateway</html>",
        b"null",
        b"\xff\xfe",
        b"{}",
        raw(choices=[]),
        raw(choices=None),
        raw(choices=[{"message": None}]),
        raw(choices=[{"message": {"content": 7}}]),
        raw()[:-20],
        b"[" * 100_000,
    ],
)
def test_what_is_none(body: bytes) -> None:
    with pytest.raises(ModelUnusable) as caught:
        read(body)
    assert caught.value.outcome == "garbage"


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1, "completion_tokens": 10**12}])
def test_counts_that_are_missing_or_absurd_are_not_believed(usage: Any) -> None:
    said = read(raw(usage=usage))
    assert (said.tokens_in, said.tokens_out) == (None, None)


def test_equal_requests_have_equal_hashes() -> None:
    turns = [Message("system", "a"), Message("user", "b")]
    one = request("m", turns, 7, {"b": 1, "a": 2})
    assert one.digest == request("m", turns, 7, {"a": 2, "b": 1}).digest
    assert len({one.digest, request("m", turns, 8, {"a": 2, "b": 1}).digest, request("n", turns, 7, {}).digest}) == 3
    assert one.tokens_in == -(-len(one.body) // 4)
