"""Bidders that other distributions bring: functions of either kind, what `@bidder` makes, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

import contractnet.bidders.brought as module
from contractnet.agent.loading import load_agent
from contractnet.bidders.brought import Brought
from contractnet.bidders.decorator import FunctionAgent, bidder
from contractnet.contractor.ports import Award, Call, Proposal, Refusal
from contractnet.errors import DefinitionError
from contractnet.messages.contents import Terms

AGENT = """
id = "ada"
skills = ["text.count"]
capacity = 3
[bid]
bidder = "found"
"""


def a_call() -> Call:
    terms = Terms(unit="USD", rule="best-value", work_within_ms=600_000, lease_ms=1, valid_for_ms=1)
    return Call(
        task="Count",
        skill="text.count",
        input={},
        terms=terms,
        round=1,
        conversation="c",
        manager="m",
        time_left_s=10,
    )


def plain(call: Call) -> Proposal:
    return Proposal(price="0.01", eta=5, confidence=0.5)


async def slowly(call: Call) -> Refusal:
    return Refusal("busy")


def whole() -> FunctionAgent:
    """Bids and works, under other names than the file's."""

    @bidder(skill="text.other", name="other")
    async def one(call: Call) -> Refusal:
        return Refusal("unfit")

    @one.perform
    async def work(award: Award) -> dict[str, bool]:
        return {"done": True}

    return one


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the distribution brings."""
    things: list[object] = []
    monkeypatch.setattr(module, "brought", lambda group, name, what: things[-1])
    return things


@pytest.mark.parametrize(
    ("brings", "said"),
    [(plain, "Proposal(price=10000 micros"), (slowly, "Refusal('busy')"), (whole(), "Refusal('unfit')")],
    ids=["function", "coroutine", "decorated"],
)
async def test_it_is_asked_as_any_bidder_is(found: list[object], brings: object, said: str) -> None:
    found.append(brings)
    assert repr(await Brought("found").bid(a_call())).startswith(said)


def test_an_agent_has_the_id_skills_and_places_of_its_file(found: list[object], tmp_path: Path) -> None:
    found.append(whole())
    (tmp_path / "ada.toml").write_text(AGENT)
    agent = load_agent(str(tmp_path / "ada.toml"), print)
    assert (agent.id, agent.skills, agent.capacity) == ("ada", ("text.count",), 3)
    found.append(plain)
    with pytest.raises(DefinitionError, match=r"bid\.bidder: bidder 'found' brings nothing that does the work; add"):
        load_agent(str(tmp_path / "ada.toml"), print)
    (tmp_path / "ada.toml").write_text(AGENT + '[perform]\ncommand = ["true"]\n')
    assert load_agent(str(tmp_path / "ada.toml"), print).id == "ada"


@pytest.mark.parametrize("none", [3, FunctionAgent], ids=["number", "class"])
def test_what_is_no_bidder_is_refused(found: list[object], none: object) -> None:
    found.append(none)
    with pytest.raises(DefinitionError, match="the entry point names a function that takes a Call"):
        Brought("found")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[cost]\nprice = "1"\n', r"\[bid\] says who computes the offers; leave \[cost\] out, or it"),
        ('[model]\nbase_url = "http://x/v1"\nname = "m"\n', r"leave \[model\] out"),
        ("more = 1\n", "bid.more is no key; .bid. has bidder"),
    ],
)
def test_what_goes_beside_it(more: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "ada.toml").write_text(AGENT + more)
    with pytest.raises(DefinitionError, match=said):
        load_agent(str(tmp_path / "ada.toml"), print)
