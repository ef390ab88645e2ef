"""What an endpoint can do: rungs, the name of the limit, and that one bad answer does not last."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contractnet.errors import ModelRefused, ModelUnavailable
from contractnet.llm.ask import Question, ask
from contractnet.llm.chat import Answer
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.ladder import FORM
from contractnet.llm.model import Asking, Model
from contractnet.llm.probe import AGAIN_S, PROBE, best_rung
from tests.support.chat import Notes, ScriptedChat, ok

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
QUESTION = Question("You count.", "How many?", 50)
GOOD, PROBED = ok({"n": 3}), ok({"quorl_count": 7412})
REFUSED = Answer(400, b"{}")
pytestmark = pytest.mark.looptime


class Bench:
    def __init__(self, *script: Answer | Exception | float, **of_endpoint: Any) -> None:
        self.chat = ScriptedChat(*script)
        self.model = Model(Endpoint("http://x/v1", "m", **of_endpoint), self.chat)
        self.notes = Notes()
        self.asking = Asking("perform", "d" * 64, self.notes)

    async def ask(self, within_s: float = 20) -> dict[str, Any]:
        return await ask(self.model, QUESTION, SCHEMA, within_s, self.asking)

    async def rung(self) -> str:
        return await best_rung(self.model, 20, self.asking)

    @property
    def limits(self) -> list[str]:
        return [name for body in self.chat.requests for name in body if name.startswith("max_")]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ([PROBED], "json_schema"),
        ([ok("Of course!"), ok(None, call=(FORM, '{"quorl_count": 7411}'))], "function"),
        ([REFUSED] * 4 + [PROBED], "json_object"),
        ([ok({"count": 1}), ok("?"), ok({})], "prompt"),
        ([Answer(404, b""), *[Answer(422, b"")] * 2, *[REFUSED] * 2], "prompt"),
    ],
)
async def test_which_rung_works_is_found_out_once(script: list[Answer], found: str) -> None:
    bench = Bench(*script)
    rungs = await asyncio.gather(*(best_rung(bench.model, 20, bench.asking) for _ in range(5)))
    assert set(rungs) == {found}
    assert len(bench.chat.requests) == len(script)
    assert {one.purpose for one in bench.notes.asked} == {"probe"}
    assert all(PROBE["required"][0] not in turn["content"] for turn in bench.chat.requests[0]["messages"])


async def test_a_model_that_is_not_there_is_no_question_of_form() -> None:
    bench = Bench(Answer(404, b""))
    with pytest.raises(ModelRefused, match="there is no such model"):
        await bench.ask()
    assert bench.model.rung is None


async def test_an_endpoint_that_is_down_is_probed_again_later() -> None:
    bench = Bench(ModelUnavailable("down", "unreachable"))
    with pytest.raises(ModelUnavailable):
        await bench.ask()
    bench.chat.script = [PROBED, GOOD]
    assert await bench.ask() == {"n": 3}
    assert bench.model.rung == "json_schema"


async def test_an_endpoint_that_knows_the_older_name_of_the_limit_alone() -> None:
    bench = Bench(REFUSED, PROBED, GOOD)
    assert await bench.ask() == {"n": 3}
    assert bench.model.rung == "json_schema"
    assert bench.limits == ["max_completion_tokens", "max_tokens", "max_tokens"]


async def test_a_name_that_was_taken_stays_though_the_answer_was_bad() -> None:
    bench = Bench(REFUSED, ok("Of course!"), PROBED)
    assert await bench.rung() == "function"
    assert bench.limits == ["max_completion_tokens", "max_tokens", "max_tokens"]


async def test_a_name_that_the_operator_wrote_is_used() -> None:
    bench = Bench(REFUSED, REFUSED, PROBED, GOOD, limit_as="max_tokens")
    assert await bench.ask() == {"n": 3}
    assert bench.limits == ["max_tokens"] * 4
    assert Bench(GOOD, limit_as="max_tokens", structured="prompt").model.limit_as == "max_tokens"


async def test_one_bad_answer_does_not_last() -> None:
    bench = Bench(ok("Of course!"), PROBED)
    assert await bench.rung() == "function"
    await asyncio.sleep(AGAIN_S - 1)
    assert await bench.rung() == "function"
    assert len(bench.chat.requests) == 2
    await asyncio.sleep(2)
    bench.chat.script = [1.0, PROBED]
    first = asyncio.ensure_future(bench.rung())
    await asyncio.sleep(0.5)
    assert await bench.rung() == "function"  # others do not wait
    assert await first == "json_schema"
    await asyncio.sleep(AGAIN_S * 2)
    assert await bench.rung() == "json_schema"
    assert len(bench.chat.requests) == 3


async def test_looking_again_in_vain_costs_a_part_of_the_time_and_changes_nothing() -> None:
    for trouble in (ModelUnavailable("down", "unreachable"), 60.0):
        bench = Bench(ok("Of course!"), PROBED)
        assert await bench.rung() == "function"
        await asyncio.sleep(AGAIN_S)
        bench.chat.script = [trouble, trouble]
        began = asyncio.get_running_loop().time()
        assert await bench.rung() == "function"
        assert asyncio.get_running_loop().time() - began <= 20 / 3 + 0.01


async def test_a_recording_is_asked_in_the_same_way_whatever_the_time() -> None:
    bench = Bench(ok("Of course!"), PROBED, record=True)
    assert await bench.rung() == "function"
    await asyncio.sleep(AGAIN_S * 3)
    assert await bench.rung() == "function"
    assert len(bench.chat.requests) == 2
