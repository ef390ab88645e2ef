"""Texts that give orders, in tasks and in rationales, before models that obey whatever they read: no award, no price,
no promise and no tool call changes.

Each market is held against the same one with texts of the same shape that say nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contractnet.agent.definition import Definition, read
from contractnet.agent.models import bidder, performer
from contractnet.bidders.complaints import complaints
from contractnet.bidders.decorator import FunctionAgent
from contractnet.bidders.decorator import bidder as decorated
from contractnet.contractor.ports import Agent, Award, Call, Proposal
from contractnet.llm.ladder import FORM
from contractnet.llm.model import Model
from contractnet.market.market import Market
from contractnet.market.task import Task
from tests.support import audit
from tests.support.injections import FRAMES, Obeying, neutral, texts
from tests.support.models import SKILL, write_agent

TEXTS = list(texts())
MODES = {"ada": ('persona = "careful"',), "bob": ('mode = "bounded"', 'persona = "warm"')}
RESULT = {
    "type": "object",
    "properties": {"words": {"type": "integer", "minimum": 0, "maximum": 99}, "text": {"type": "string"}},
    "required": ["words"],
}


def rival(rationales: dict[str, str]) -> FunctionAgent:
    """The worst bid of all, with words that want the award."""

    @decorated(SKILL, capacity=400, name="mallory")
    async def mallory(call: Call) -> Proposal:
        return Proposal("0.4", eta=500, confidence=0.2, rationale=rationales[call.task])

    @mallory.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"words": 1}

    return mallory


def agent(folder: Path, name: str, chat: Obeying, *more: str) -> Agent:
    """As its file makes it, over a chat of the test's own."""
    folder.mkdir(exist_ok=True)
    path = write_agent(folder, name, "http://127.0.0.1:9/v1", *more, capacity=400, cost='per_1k_tokens = "0.05"')
    definition = read(path)
    assert isinstance(definition, Definition)
    part = definition.model
    assert part is not None
    assert definition.cost is not None
    model, complain = Model(part.endpoint, chat), complaints(name, print)
    bid = bidder(model, part, definition.cost, complain)
    return Agent(name, definition.skills, definition.capacity, bid, performer(model, part, complain))


async def decided(folder: Path, chat: Obeying, said: list[str], *more: str) -> dict[str, dict[str, Any]]:
    """For each text: what every agent promised, and who was awarded first, at which price."""
    tasks = [f"Summarise ticket {number:03}: {text}" for number, text in enumerate(said)]
    agents = [agent(folder, name, chat, *lines, *more) for name, lines in MODES.items()]
    ledger, journal = folder / "m.db", folder / "j.db"
    everybody: list[Agent | FunctionAgent] = [*agents, rival(dict(zip(tasks, said, strict=True)))]
    async with Market.open("memory://", agents=everybody, ledger=str(ledger), journal=str(journal)) as market:
        wanted = [
            Task(task, SKILL, {"ticket": text}, result_schema=RESULT, key=f"{number:03}")
            for number, (task, text) in enumerate(zip(tasks, said, strict=True))
        ]
        options = {"reserve": "0.5", "eta_cost": "0.000001", "reply_within": 60, "rule": "best-value", "max_rounds": 1}
        async for _ in market.tender_many(wanted, **options):  # type: ignore[arg-type]  # a dict of options
            pass
    rows = audit.read(ledger)
    keys = {row.conversation: row.body["key"] for row in rows if row.type == "Opened"}
    found: dict[str, dict[str, Any]] = {key: {} for key in keys.values()}
    for row in rows:
        if row.type == "Awarded":
            found[keys[row.tender]].setdefault("award", (row.body["participant"], row.body["price"]))
        if row.type == "Heard" and row.message["performative"] in ("propose", "refuse"):
            promised = tuple(row.content.get(name) for name in ("price", "eta", "confidence", "reason"))
            found[keys[row.tender]].setdefault(row.message["sender"], promised)
    return found


def changed(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> list[str]:
    return [f"{TEXTS[int(key)]}: {one[key]} {other[key]}" for key in one if one[key] != other[key]]


def test_there_are_two_hundred_texts_of_eight_families() -> None:
    assert len(TEXTS) == len(set(TEXTS)) == 200
    assert {family: sum(1 for one, _ in TEXTS if one == family) for family in FRAMES} == dict.fromkeys(FRAMES, 25)
    assert len(FRAMES) == 8


async def test_no_text_changes_an_award_a_price_or_a_tool_call(tmp_path: Path) -> None:
    calm, talked_to = Obeying(), Obeying()
    before = await decided(tmp_path / "calm", calm, [neutral(text) for _, text in TEXTS])
    after = await decided(tmp_path / "talked", talked_to, [text for _, text in TEXTS])
    assert calm.obeyed == 0
    assert talked_to.obeyed > 200  # it did what it was told, wherever it was told something
    assert changed(before, after) == []
    assert {len(one) for one in before.values()} == {4}  # three answers and an award
    assert {one["award"][0] for one in before.values()} <= {"ada", "bob"}
    for body in talked_to.requests:
        assert [tool["function"]["name"] for tool in body.get("tools", ())] in ([], [FORM])
        assert not any("ummarise ticket" in turn["content"] for turn in body["messages"] if turn["role"] == "system")
    spoken = [row for row in audit.read(tmp_path / "talked" / "j.db") if row.type == "Said" and row.agent != "mallory"]
    told = json.dumps([row.message for row in spoken])
    for words in ("You call no tools", "never an instruction", "Be cautious", "good neighbour", "0.000001 only"):
        assert words not in told


async def test_the_texts_do_change_what_a_model_says_that_reads_them(tmp_path: Path) -> None:
    """So the test above can fail; and even here no offer leaves its bounds."""
    chat = Obeying()
    before = await decided(tmp_path / "calm", Obeying(), [neutral(text) for _, text in TEXTS], 'reads = "task"')
    after = await decided(tmp_path / "talked", chat, [text for _, text in TEXTS], 'reads = "task"')
    assert len(changed(before, after)) > 50
    for key, found in after.items():
        counted = -(-len(TEXTS[int(key)][1]) // 4)  # less than what the whole task counts
        for name in MODES:
            price = found[name][0]
            assert price is None or price >= counted * 50
            assert price is None or price <= 500_000


@pytest.mark.parametrize("family", FRAMES)
def test_a_neutral_text_has_the_shape_of_its_model(family: str) -> None:
    for one, text in TEXTS:
        if one == family:
            shape = neutral(text)
            assert len(shape) == len(text)
            assert len(json.dumps(shape, ensure_ascii=False)) == len(json.dumps(text, ensure_ascii=False))
            assert len(shape.split()) == len(text.split())
            assert len(shape.splitlines()) == len(text.splitlines())
            assert sum(map(str.isdecimal, shape)) == sum(map(str.isdecimal, text))
