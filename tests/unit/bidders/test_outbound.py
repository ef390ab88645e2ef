"""What a model was told, and the key of its endpoint, go to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.bidders.outbound import leaks
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.prompts import load_prompts
from contractnet.llm.secret import Secret

SYSTEM = load_prompts("careful").perform.system
ENDPOINT = Endpoint("http://x/v1", "m", Secret("sk-canary-4711"))


@pytest.mark.parametrize(
    "said",
    [
        SYSTEM,
        "Sure! " + SYSTEM[:60],
        "You call no tools, and reach",
        "YOU\u200b CALL no\ntools -- and   reach",
        {"text": ["fine", {"more": "you call no tools and reach nothing"}]},
        {"you call no tools and reach": 1},
        "the key is sk-canary-4711.",
        {"k": ["sk-canary-4711"]},
    ],
)
def test_what_is_not_sent(said: Any) -> None:
    assert leaks(said, SYSTEM, ENDPOINT)


@pytest.mark.parametrize("said", ["", "A short summary of the text.", "You call no tools", {"n": 1, "t": None}, [True]])
def test_what_is_sent(said: Any) -> None:
    assert not leaks(said, SYSTEM, ENDPOINT)
    assert not leaks("sk-canary-4711", SYSTEM, Endpoint("http://x/v1", "m"))
