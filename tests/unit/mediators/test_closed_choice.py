"""A model that settles a deadlock: it sees letters, and what comes back is a recorded offer, a round, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contractnet.contractor.ports import Choice
from contractnet.errors import ModelTimeout
from contractnet.ledger.records import Asked
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.mediators.closed_choice import ClosedChoice, shuffled
from tests.support.chat import ScriptedChat, ok
from tests.unit.mediators.test_ladder import dispute, offer

OFFERS = [offer(f"offer_{name}", price) for name, price in (("ada", 30_000), ("bob", 40_000), ("cy", 70_000))]


async def chosen(*script: Any, **more: Any) -> tuple[Choice | None, ScriptedChat, list[Asked]]:
    chat, noted = ScriptedChat(*script), list[Asked]()
    rung = ClosedChoice(Model(Endpoint("http://x/v1", "m", structured="json_schema"), chat), 5)
    found = await rung(dispute(*OFFERS, limit=50_000, note=noted.append, **more))
    return found, chat, noted


async def test_a_letter_is_the_offer_that_stands_under_it() -> None:
    listed = shuffled(dispute(*OFFERS, limit=50_000))
    for letter, one in zip("AB", listed, strict=True):
        found, _, _ = await chosen(ok({"choice": letter}))
        assert found is not None
        assert (found.choice, found.offer) == ("offer", one.offer)


@pytest.mark.parametrize("name", ["round", "none"])
async def test_it_may_choose_a_round_or_none(name: str) -> None:
    found, _, noted = await chosen(ok({"choice": name}))
    assert found is not None
    assert (found.choice, found.offer) == (name, None)
    assert [one.purpose for one in noted] == ["mediate"]


async def test_what_it_sees_names_nobody_and_lists_nothing_over_the_limit() -> None:
    _, chat, _ = await chosen(ok({"choice": "none"}))
    sent = json.dumps(chat.requests)
    assert "0.03 USD, 5 seconds, 90 percent" in sent
    assert not [word for word in ("offer_ada", "ada", "0.07", "t.1") if word in sent]
    schema = sent[sent.index('"enum"') :]
    assert '["A", "B", "round", "none"]' in schema


@pytest.mark.parametrize("bad", ["C", "a", "offer_ada", "0.01"])
async def test_another_answer_is_told_once_and_then_passed_on(bad: str) -> None:
    found, chat, _ = await chosen(ok({"choice": bad}), ok({"choice": bad}))
    assert found is None
    assert len(chat.requests) == 2
    mended, _, _ = await chosen(ok({"choice": bad}), ok({"choice": "none"}))
    assert mended is not None


async def test_a_model_that_does_not_answer_passes_it_on() -> None:
    assert (await chosen(ModelTimeout("m", "timeout")))[0] is None


def test_the_order_is_drawn_by_the_request() -> None:
    assert shuffled(dispute(*OFFERS, limit=None)) == shuffled(dispute(*reversed(OFFERS), limit=None))
