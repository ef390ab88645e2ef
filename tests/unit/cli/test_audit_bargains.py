"""Bargainings of a manager's ledger: judged by who knows nothing of the package, and told in words without a limit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contractnet.bidders.bargainer import seller
from contractnet.bidders.decorator import bidder
from contractnet.cli.audit_bargains import BargainAudit
from contractnet.cli.audit_protocol import Judged
from contractnet.cli.entry_words import tell
from contractnet.cli.main import run
from contractnet.cli.sequence import story
from contractnet.cli.story import Arrow
from contractnet.conformance.tables import Protocols
from contractnet.contractor.ports import Award, Call, Proposal
from contractnet.ledger.places import Places
from contractnet.ledger.port import Entry
from contractnet.ledger.records import HeardTurn
from contractnet.market.market import Market
from contractnet.market.task import Task
from contractnet.resources import folder
from tests.support.haggle import CONVERSATION, Pair
from tests.support.ledgers import bargained

LIMIT = 61_230_000


def entries(pair: Pair, who: str = "buyer") -> list[Entry]:
    return Places().place([writing.draft for writing in pair.written[who]])


def played(turns: int = 40) -> Pair:
    pair = Pair(turns=turns)
    pair.open(limit=LIMIT)
    pair.deliver()
    pair.take()
    pair.play()
    return pair


def verdicts(found: list[Entry]) -> list[Judged | None]:
    audit = BargainAudit(Protocols(folder("protocols")))
    assert all(audit.take(entry) for entry in found)
    return list(audit.verdicts())


@pytest.mark.parametrize("who", ["buyer", "seller"])
@pytest.mark.parametrize("turns", [1, 2, 3, 40])
def test_a_bargaining_keeps_the_protocol(turns: int, who: str) -> None:
    assert verdicts(entries(played(turns), who)) == [Judged(CONVERSATION, None, ())]


def test_one_that_is_open_is_not_judged() -> None:
    pair = Pair()
    pair.open()
    assert verdicts(entries(pair)) == []


def test_an_entry_of_another_conversation_is_none_of_its() -> None:
    assert not BargainAudit(Protocols(folder("protocols"))).take(entries(one_opened(), "seller")[1])


def one_opened() -> Pair:
    pair = Pair()
    pair.open()
    pair.deliver()
    return pair


@pytest.mark.parametrize("who", ["buyer", "seller"])
def test_terms_that_were_changed_in_the_ledger_are_found(who: str) -> None:
    found = entries(played(), who)
    at = next(at for at, entry in enumerate(found) if entry.type == "SaidTurn" and '"propose"' in entry.body)
    body = json.loads(found[at].body)
    body["message"]["content"]["terms"] = [100_000_001]
    found[at] = msgspec.structs.replace(found[at], body=json.dumps(body))
    (verdict,) = verdicts(found)
    assert verdict is not None
    assert verdict.fault is not None
    assert verdict.fault.kind == "envelope"


def test_it_is_told_in_words_that_hold_no_limit() -> None:
    pair = played()
    words = [tell(entry).words for who in pair.written for entry in entries(pair, who)]
    assert not [one for one in words if "61.23" in one or str(LIMIT) in one]
    assert words[0].startswith("bargains with seller over price 0 to 100 USD in 40 turns of 10 s: a report, by linear")
    assert any(one.startswith("inform agreed ") for one in words)


def test_it_is_drawn_with_the_states_behind_the_messages() -> None:
    arrows = [item for item in story(entries(played())).items if isinstance(item, Arrow)]
    assert arrows[0].words.startswith("request to bargain over price")
    assert arrows[0].states == ("ASKING",)
    assert arrows[-1].states == ("AGREED",)


# ---- of daemons

SKILL = "text.write"


async def between_agents(folder: Path) -> tuple[str, str]:
    """A ledger, and the journal of two agents of which one buys from the other in its work."""

    @bidder(skill="text.sell", name="ada", bargain=seller("0.02"))
    async def ada(call: Call) -> Proposal:
        return Proposal("0.05", eta=5)

    @bidder(skill=SKILL, name="bob")
    async def bob(call: Call) -> Proposal:
        return Proposal("0.05", eta=5)

    @ada.perform
    @bob.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"status": (await award.bargain("ada", "paper", limit="0.05", high="0.09")).status}

    ledger, journal = str(folder / "market.db"), str(folder / "agents.db")
    async with Market.open("memory://", agents=[ada, bob], ledger=ledger, journal=journal) as market:
        contract = await market.tender(Task("write", SKILL), reserve="0.10")
        assert await contract.result() == {"status": "agreed"}
    return ledger, journal


def test_both_sides_in_a_journal_are_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger, journal = asyncio.run(between_agents(tmp_path))
    assert run(["audit", ledger, "--journal", journal]) == 0
    assert "3 conversations judged\n1 of 1 awards re-derived, 0 violations" in capsys.readouterr().out
    assert run(["audit", ledger]) == 0
    assert "1 conversations judged" in capsys.readouterr().out


# ---- after a round


def test_those_after_a_round_belong_to_their_call(save: Callable[[str, Sequence[Entry]], Path], capsys: Any) -> None:
    path = save("bargained", bargained().entries)
    assert run(["audit", str(path)]) == 0
    assert "0 violations" in capsys.readouterr().out
    assert run(["log", "--explain", "t", str(path)]) == 0
    told = capsys.readouterr().out
    assert "Before the award the price is bargained over with b, c." in told
    assert run(["log", str(path)]) == 0
    words = capsys.readouterr().out
    assert "first it bargains with b, c: b 0.04 score" in words
    assert "agreed: b 0.0" in words


def test_what_belongs_to_nothing_moves_nobody_and_is_its_senders_fault() -> None:
    """A not-understood about no act of ours is recorded, and the turn after it is a turn."""
    pair = Pair()
    pair.open()
    pair.deliver()
    pair.take()
    pair.deliver()
    stray = pair.stray("buyer")
    pair.step("buyer", HeardTurn(message=stray, digest="d", lane="bid"))
    pair.play()
    assert verdicts(entries(pair)) == [Judged(CONVERSATION, None, ("seller",))]
