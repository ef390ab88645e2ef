"""Asking for JSON of a schema: probe, validation, one repair, lower rungs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contractnet.errors import ModelTimeout, ModelUnusable
from contractnet.llm.ask import Question, ask, say
from contractnet.llm.chat import Answer
from contractnet.llm.endpoint import Endpoint, Rung
from contractnet.llm.model import Asking, Model
from tests.support.chat import Notes, ScriptedChat, ok

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["n"],
    "additionalProperties": False,
}
QUESTION = Question("You count.", "How many?", 50)
GOOD, BAD = ok({"n": 3}), ok({"n": 30})
REFUSED = Answer(400, b"{}")
pytestmark = pytest.mark.looptime


class Bench:
    def __init__(self, *script: Answer | Exception | float, structured: Rung | None = "json_schema") -> None:
        self.chat = ScriptedChat(*script)
        self.model = Model(Endpoint("http://x/v1", "m", structured=structured), self.chat)
        self.notes = Notes()
        self.asking = Asking("perform", "d" * 64, self.notes)

    async def ask(self, within_s: float = 20) -> dict[str, Any]:
        return await ask(self.model, QUESTION, SCHEMA, within_s, self.asking)


async def test_a_valid_answer() -> None:
    bench = Bench(GOOD)
    assert await bench.ask() == {"n": 3}
    (sent,) = bench.chat.requests
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user"]
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "tools" not in sent


async def test_a_wrong_answer_is_repaired_once_with_the_validators_words() -> None:
    bench = Bench(BAD, GOOD)
    assert await bench.ask() == {"n": 3}
    first, second = bench.chat.requests
    assert [turn["role"] for turn in second["messages"]] == ["system", "user", "assistant", "user"]
    assert second["messages"][:2] == first["messages"]
    assert "$.n: must be at most 9" in second["messages"][3]["content"]
    assert bench.notes.outcomes == ["invalid", "ok"]


@pytest.mark.parametrize("second", [BAD, ok("No."), ok(None), ok(None, call=("send_email", "{}"))])
async def test_a_second_wrong_answer_is_an_error(second: Answer) -> None:
    bench = Bench(BAD, second)
    with pytest.raises(ModelUnusable):
        await bench.ask()
    assert len(bench.chat.requests) == 2


async def test_the_repair_has_what_is_left_of_the_time() -> None:
    bench = Bench(2.0, BAD, 2.0, GOOD)
    with pytest.raises(ModelTimeout):
        await bench.ask(within_s=3)
    assert bench.chat.timeouts == [pytest.approx(3), pytest.approx(1)]
    assert asyncio.get_running_loop().time() == pytest.approx(3)


async def test_a_form_that_the_endpoint_does_not_take_is_asked_for_otherwise() -> None:
    bench = Bench(REFUSED, REFUSED, GOOD)
    assert await bench.ask() == {"n": 3}
    assert [one.rung for one in bench.notes.asked] == ["json_schema", "function", "json_object"]
    assert '"maximum":9' in bench.chat.requests[2]["messages"][1]["content"]


async def test_a_few_words() -> None:
    bench = Bench(ok(" Gladly. "))
    assert await say(bench.model, QUESTION, 5, bench.asking) == " Gladly. "
    for nothing in (ok("  "), ok(None), ok("x", call=("send_email", "{}"))):
        bench = Bench(nothing)
        with pytest.raises(ModelUnusable):
            await say(bench.model, QUESTION, 5, bench.asking)
        assert len(bench.chat.requests) == 1
