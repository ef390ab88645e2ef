"""A model-backed bidder: code owns the numbers that bind, every call is answered in time, views are apart."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import typing
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.bidders import cost as costs
from contractnet.bidders.complaints import complaints
from contractnet.bidders.cost import CostModel, Estimate, answer, quote
from contractnet.bidders.estimator import Estimator, Limits, Opinion, form
from contractnet.bidders.model import ModelBidder, refused
from contractnet.bidders.narrator import Narrator
from contractnet.bidders.performer import ModelPerformer
from contractnet.bidders.views import PublicOffer, TaskFacts, TaskWords, WorkView, facts
from contractnet.clock import LoopClock
from contractnet.contractor.ports import Award, Call, Proposal, Refusal
from contractnet.errors import (
    ModelError,
    ModelLimited,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    ModelUnusable,
    WorkFailed,
)
from contractnet.llm.chat import Answer
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.llm.prompts import load_prompts
from contractnet.messages.contents import Feedback, Terms
from contractnet.messages.values import RefuseReason, RejectReason
from tests.support.chat import Notes, ScriptedChat, messages, ok

COST = CostModel(per_1k_tokens=10_000, margin_pct=50, floor=100)
TASK = "Summarise the text"
DOWN = ModelUnavailable("down", "unreachable")
pytestmark = pytest.mark.looptime


def call(reserve: int | None = None, time_left_s: float = 10, **changes: Any) -> Call:
    terms = Terms(unit="USD", rule="best-value", work_within_ms=600_000, lease_ms=1, valid_for_ms=1, reserve=reserve)
    found = Call(
        task=TASK,
        skill="text.summarise",
        input={"text": "x" * 4000},
        terms=terms,
        round=1,
        conversation="c",
        manager="m",
        time_left_s=time_left_s,
    )
    return replace(found, **changes)


def estimate(tokens: int = 2000, seconds: int = 30, pct: int = 80, **more: int) -> Answer:
    return ok({"effort_tokens": tokens, "seconds": seconds, "success_pct": pct, **more})


class Bench:
    def __init__(
        self,
        *script: Answer | Exception | float,
        cost: CostModel = COST,
        bounded: bool = False,
        reads_task: bool = False,
    ) -> None:
        self.chat = ScriptedChat(*script)
        self.notes = Notes()
        self.log: list[str] = []
        model = Model(Endpoint("http://x/v1", "m", structured="json_schema"), self.chat)
        prompts = load_prompts("careful")
        complain = complaints("ada", self.log.append)
        self.bid = ModelBidder(
            cost,
            Estimator(model, prompts, cost if bounded else None),
            Narrator(model, prompts),
            least_pct=10,
            reads_task=reads_task,
            prompt=prompts.digest,
            name="m",
            complain=complain,
        )
        self.perform = ModelPerformer(model, prompts, 500, complain)

    async def __call__(self, asked: Call) -> Proposal | Refusal:
        return await self.bid(replace(asked, note=self.notes))


# ---- the numbers


async def test_what_was_agreed_is_what_is_asked_and_no_model_is() -> None:
    bench = Bench()
    offer = await bench(call(agreed=12_345))
    assert isinstance(offer, Proposal)
    assert offer.price == 12_345
    assert bench.notes.asked == []


async def test_the_estimate_is_priced_by_the_generator_and_worded_by_the_narrator() -> None:
    bench = Bench(estimate(), ok("I know such texts."))
    offer = await bench(call())
    assert isinstance(offer, Proposal)
    assert (offer.price, offer.eta, offer.confidence) == (30_000, 30, 800_000)  # 2000 tokens at 0.01, and a half
    assert offer.rationale == "I know such texts."
    assert (offer.model, offer.prompt) == ("m", load_prompts("careful").digest)
    assert [one.purpose for one in bench.notes.asked] == ["estimate", "narrate"]


async def test_who_estimates_sees_facts_and_none_of_the_callers_words() -> None:
    bench = Bench(estimate(), ok("Gladly."))
    await bench(call())
    system, user = messages(bench.chat.requests[0])
    assert TASK not in json.dumps(bench.chat.requests[0])
    assert "xxxx" not in user["content"]
    assert "tokens: 1008" in user["content"]
    assert "Be cautious" in system["content"]
    schema = bench.chat.requests[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["effort_tokens"] == {"type": "integer", "minimum": 1008, "maximum": 22_160}
    assert schema["properties"]["seconds"]["maximum"] == 600


async def test_an_operator_may_let_it_read_the_task() -> None:
    bench = Bench(estimate(), ok("Gladly."), reads_task=True)
    await bench(call())
    system, user = messages(bench.chat.requests[0])
    assert TASK in user["content"]
    assert TASK not in system["content"]


async def test_later_rounds_go_by_the_same_estimate_and_come_down_to_the_least() -> None:
    bench = Bench(estimate(), ok("Gladly."))
    outbid = Feedback(reason=RejectReason.OUTBID)
    prices = []
    for round_ in (1, 2, 3):
        offer = await bench(call(round=round_, max_rounds=3, feedback=outbid if round_ > 1 else None))
        assert isinstance(offer, Proposal)
        prices.append(offer.price)
    assert prices == [30_000, 25_000, 20_000]
    assert [one.purpose for one in bench.notes.asked].count("estimate") == 1


async def test_who_has_little_room_left_asks_more() -> None:
    cost = CostModel(per_1k_tokens=10_000, margin_pct=50, pressure_pct=100)
    prices = []
    for taken in (0, 1, 4):
        offer = await Bench(estimate(), ok("Gladly."), cost=cost)(call(taken=taken, capacity=4))
        assert isinstance(offer, Proposal)
        prices.append(offer.price)
    assert prices == [30_000, 35_000, 50_000]


@pytest.mark.parametrize(("steps", "price"), [(101, 20_000), (250, 25_000), (400, 40_000), (6_648, 60_000)])
async def test_a_price_that_the_model_proposes_is_cut(steps: int, price: int) -> None:
    schema = form(1008, 22_160, 600, Limits(10_080, 664_800))["properties"]["price_steps"]
    assert schema == {"type": "integer", "minimum": 101, "maximum": 6_648}
    offer = await Bench(estimate(price_steps=steps), ok("Gladly."), bounded=True)(call())
    assert isinstance(offer, Proposal)
    assert offer.price == price


@given(
    tokens=st.integers(0, 10**6),
    wanted=st.none() | st.integers(-(10**9), 10**9),
    reserve=st.none() | st.integers(0, 10**8),
    floor=st.integers(0, 10**6),
    rate=st.integers(0, 10**6),
    margin=st.integers(0, 1_000),
    taken=st.integers(0, 9),
)
def test_no_offer_is_ever_under_the_reservation_price_or_over_a_public_reserve(
    tokens: int, wanted: int | None, reserve: int | None, floor: int, rate: int, margin: int, taken: int
) -> None:
    cost = CostModel(per_1k_tokens=rate, margin_pct=margin, floor=floor, pressure_pct=200)
    asked = call(reserve, taken=taken, capacity=5, max_rounds=3, round=2, feedback=Feedback(reason=RejectReason.OUTBID))
    offer = answer(cost, asked, wanted, Estimate(tokens, 30, 80))
    least = quote(cost, tokens).least
    if isinstance(offer, Proposal):
        assert offer.price >= least
        assert reserve is None or offer.price <= reserve
    else:
        assert reserve is not None
        assert offer.reason in (RefuseReason.OVER_RESERVE, RefuseReason.UNFIT)
        assert reserve < least or offer.reason is RefuseReason.UNFIT


# ---- every call is answered, in time


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([ok("No."), ok("No!")], "invalid-proposal"),
        ([estimate(tokens=1), estimate(pct=101)], "invalid-proposal"),
        ([ok(None, call=("send_email", "{}")), ok("{}")], "invalid-proposal"),
        ([DOWN], "busy"),
        ([Answer(503, b"")], "busy"),
        ([Answer(429, b"", 60.0)], "busy"),
        ([100.0], "busy"),
        ([Answer(401, b"")], "unfit"),
        ([Answer(404, b"")], "unfit"),
        ([estimate(pct=9)], "unfit"),
        ([estimate(seconds=600, pct=9)], "unfit"),
        ([Answer(200, b"<html>")], "invalid-proposal"),
    ],
)
async def test_what_goes_wrong_is_a_refusal_in_time(script: list[Answer | Exception | float], reason: str) -> None:
    bench = Bench(*script)
    end = asyncio.get_running_loop().time() + 10
    answered = await bench(call())
    assert isinstance(answered, Refusal)
    assert answered.reason == reason
    assert asyncio.get_running_loop().time() < end - 0.3
    assert "http" not in answered.text
    assert bench.notes.asked


@given(time_left_s=st.floats(0, 5), pause=st.floats(0, 6))
@pytest.mark.looptime(False)
def test_no_answer_is_late(time_left_s: float, pause: float) -> None:
    import looptime

    async def run() -> None:
        bench = Bench(float(pause), estimate(), float(pause), ok("Gladly."))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await bench(call(time_left_s=time_left_s))
        assert loop.time() - begun <= max(0.0, time_left_s) + 1e-6

    loop = looptime.new_event_loop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


async def test_what_an_operator_must_mend_is_told_once() -> None:
    bench = Bench(Answer(401, b""))
    for _ in range(3):
        await bench(call())
    assert bench.log == [
        "ada: the model's endpoint answered 401: the API key is missing or wrong; see the entries Asked of the journal"
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModelUnusable("x", "invalid"), "invalid-proposal"),
        (ModelTimeout("x", "timeout"), "busy"),
        (ModelLimited("x", "limit"), "busy"),
        (ModelLimited("x", "budget"), "unfit"),
        (ModelUnavailable("x", "circuit"), "busy"),
        (ModelRefused("x", "refused", 401), "unfit"),
    ],
)
def test_refusals(error: ModelError, reason: str) -> None:
    assert refused(error).reason == reason


async def test_another_unit_asks_no_model() -> None:
    bench = Bench(estimate())
    terms = Terms(unit="EUR", rule="best-value", work_within_ms=600_000, lease_ms=1, valid_for_ms=1)
    answered = await bench(call(terms=terms))
    assert isinstance(answered, Refusal)
    assert answered.reason == "unsupported"
    assert bench.chat.requests == []


# ---- the work


def award(schema: Mapping[str, Any] | None = None, within_ms: int = 20_000) -> Award:
    async def beat(text: str) -> None:
        """Nobody hears it."""

    return Award(
        task=TASK,
        skill="text.summarise",
        input={"text": "Good morning."},
        price=1,
        deadline=LoopClock().now() + within_ms,
        fence="c/1/1",
        attempt=1,
        result_schema=schema,
        beat=beat,
    )


async def test_the_model_works_and_its_result_is_validated() -> None:
    schema = {"type": "object", "properties": {"words": {"type": "integer"}}, "required": ["words"]}
    bench = Bench(ok({"words": "two"}), ok({"words": 2}))
    assert await bench.perform(award(schema)) == {"words": 2}
    system, user = messages(bench.chat.requests[0])
    assert "Good morning" in user["content"]
    assert "Good morning" not in system["content"]
    assert "price" not in json.dumps(bench.chat.requests[0])


async def test_a_task_without_a_form_gets_a_text() -> None:
    assert await Bench(ok({"text": "Hi."})).perform(award()) == {"text": "Hi."}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([ok("?")], "no result of the form that is wanted"),
        ([100.0], "did not finish in time"),
        ([DOWN], "could not be reached"),
        ([Answer(401, b"")], "could not be reached"),
        ([Answer(429, b"", 900.0)], "limits left no room"),
    ],
)
async def test_work_that_fails_says_so_before_its_deadline(script: list[Answer | Exception | float], said: str) -> None:
    with pytest.raises(WorkFailed, match=said):
        await Bench(*script).perform(award())
    assert asyncio.get_running_loop().time() < 20


# ---- views apart


def reachable(kind: object, seen: set[object]) -> set[object]:
    """All classes in the fields of a class, and in the fields of those."""
    for part in typing.get_args(kind) or [kind]:
        if isinstance(part, list):  # the arguments of a callable
            for one in part:
                reachable(one, seen)
        if not isinstance(part, type) or part in seen:
            continue
        seen.add(part)
        if dataclasses.is_dataclass(part) or issubclass(part, msgspec.Struct):
            for hint in typing.get_type_hints(part).values():
                reachable(hint, seen)
    return seen


PRIVATE = {CostModel, costs.Quote, Estimate, Limits, Opinion}
PUBLIC = {TaskWords, PublicOffer, WorkView}


def taken(of: type) -> set[object]:
    """All classes that somebody gets to see: arguments of its making and of its call."""
    found: set[object] = set()
    for function in (vars(of)["__init__"], vars(of)["__call__"]):
        for name, hint in typing.get_type_hints(function).items():
            if name != "return":
                reachable(hint, found)
    return found


def test_nobody_who_speaks_sees_what_is_private() -> None:
    for speaker in (Narrator, ModelPerformer):
        assert taken(speaker) & PRIVATE == set()
    assert taken(Narrator) & PUBLIC == {PublicOffer}
    for view in PUBLIC | {TaskFacts}:
        assert reachable(view, set()) & PRIVATE == set()


def test_facts_hold_numbers_and_the_skill_alone() -> None:
    hints = typing.get_type_hints(TaskFacts)
    assert {name for name, hint in hints.items() if hint is not int} == {"skill"}


def test_facts_of_texts_of_one_shape_are_the_same() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {}}}}}
    one = facts(call(input={"text": "aa bb 11\ncc", "n": [1, {"m": True}]}, result_schema=schema))
    two = facts(call(input={"text": "zz yy 99\nxx", "n": [7, {"m": None}]}, result_schema=schema))
    assert replace(one, tokens=0) == replace(two, tokens=0)
    assert (one.lines, one.digits, one.values, one.result_values, one.seconds) == (3, 2, 3, 2, 600)


@pytest.mark.parametrize(
    "private", [COST, Limits(4711, 8000), Opinion(Estimate(4711, 1, 1))], ids=["cost", "limits", "opinion"]
)
def test_what_is_private_prints_nothing(private: object) -> None:
    assert "4711" not in repr(private)
    assert "10000" not in repr(private)
