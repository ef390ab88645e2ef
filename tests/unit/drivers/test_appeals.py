"""A call's bargaining that its sides do not end: both ask the mediator that they named; whoever dies in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.player import Asking, Refusal
from contractnet.bargaining.records import BargainMediated, Plan
from contractnet.bargaining.strategist import Strategist
from contractnet.contractor.ports import Agent, Call, Proposal
from contractnet.contractor.replay import replay
from contractnet.ledger.records import Said, SaidTurn
from contractnet.manager.conditions import BargainTerms
from contractnet.manager.records import Ended
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mediators.scripted import arbiter
from contractnet.messages.codec import canonical
from contractnet.messages.values import PPM
from tests.support.town import Town

pytestmark = pytest.mark.looptime

FIRM = "boulware"
ASKS, LEAST, RESERVE = "0.09", 40_000, 50_000
TERMS = BargainTerms(best=1, turns=2, within_ms=5_000, strategy=FIRM, mediator="arbiter")


def seller(town: Town, least: int = LEAST, trusts: tuple[str, ...] = ("arbiter",)) -> Agent:
    """Asks too much, unless a price is agreed."""

    def bid(call: Call) -> Proposal:
        agreed = call.agreed
        return Proposal(price=ASKS if agreed is None else f"{agreed / 1_000_000:.6f}", eta=5)

    def plays(asked: Asking) -> Plan | Refusal:
        mandate = Mandate(preferences=PricePreferences(side="seller", limit=least), margin=PPM)  # it never comes down
        return Plan(strategy=FIRM, mandate=mandate, confides=trusts)

    return replace(town.agent("a", answers=bid), bargain=Strategist(plays))


async def bought(town: Town, **given: Any) -> Ended:
    """One tender over a reserve that the offer is above."""
    terms: dict[str, Any] = {"reserve": RESERVE, "max_rounds": 3, "bargain": TERMS} | given
    await town.tender(**terms)
    (end,) = await town.ends()
    await town.quiet()
    await asyncio.sleep(60)  # virtual: what is on its way arrives
    town.check()
    for name in ("a", "arbiter"):
        assert replay(name, town.journals[name].entries()).unsent == {}
    return end


def appeals(town: Town) -> tuple[Appeal, Appeal]:
    """The manager's, and the agent's."""
    mine = [one for one in town.manager.book.bargains.values() if isinstance(one, Appeal)]
    theirs = [one for one in town.daemons["a"].diary.bargains.values() if isinstance(one, Appeal)]
    return mine[-1], theirs[-1]


async def test_the_mediated_price_is_proposed_and_awarded() -> None:
    async with Town() as town:
        town.host("a", seller(town))
        town.host("arbiter", arbiter.agent())
        town.start()
        end = await bought(town)
        mine, theirs = appeals(town)
        assert mine.bargain.settled == theirs.bargain.settled
        assert mine.bargain.settled is not None
        assert mine.bargain.settled.rung == "sealed-reservations"
        assert (mine.conversation, theirs.conversation) == ("t0.1.b1.m0", "t0.1.b1.m1")
        assert (end.status, end.price) == ("settled", 45_000)


async def test_a_mediator_that_it_does_not_trust_is_told_nothing_but_what_was_offered() -> None:
    """Whoever opens a bargaining names whom it likes."""
    async with Town() as town:
        town.host("a", seller(town, trusts=("another",)))
        town.host("arbiter", arbiter.agent())
        town.start()
        end = await bought(town)
        mine, theirs = appeals(town)
        assert mine.asked is not None
        assert mine.asked.confidence is not None
        assert theirs.asked is not None
        assert theirs.asked.confidence is None
        assert (end.status, end.price) == ("no-award", None)
        journal = "".join(entry.body for entry in town.journals["arbiter"].entries())
        assert str(LEAST) not in journal


async def test_no_zone_of_agreement_is_no_award() -> None:
    async with Town() as town:
        town.host("a", seller(town, least=60_000))
        town.host("arbiter", arbiter.agent())
        town.start()
        end = await bought(town)
        mine, _ = appeals(town)
        assert mine.bargain.settled is not None
        assert mine.bargain.settled.certificate is not None
        assert mine.bargain.deal is None
        assert end.status == "no-award"


async def test_a_mediator_that_nobody_hosts_is_not_waited_for() -> None:
    async with Town() as town:
        town.host("a", seller(town))
        town.start()
        await town.tender(reserve=RESERVE, max_rounds=3, bargain=TERMS)
        (end,) = await town.ends()
        assert end.status == "no-award"
        records = [entry.body for entry in town.ledger.entries() if entry.type == BargainMediated.__name__]
        assert records == ['{"taken":false,"why":"the request reached nobody"}']
        town.check()


async def test_nothing_that_a_side_tells_the_mediator_is_in_a_message_to_the_other() -> None:
    async with Town() as town:
        town.host("a", seller(town))
        town.host("arbiter", arbiter.agent())
        town.start()
        await bought(town)
        mine, theirs = appeals(town)
        assert mine.asked is not None
        assert theirs.asked is not None
        told = [canonical(one.asked.confidence).decode() for one in (mine, theirs) if one.asked is not None]
        nonces = [words.partition('"nonce":"')[2].partition('"')[0] for words in told]
        assert all(len(nonce) == 64 for nonce in nonces)
        journals = (town.ledger, town.journals["a"], town.journals["arbiter"])
        for entry in (one for journal in journals for one in journal.entries()):
            if entry.type in (Said.__name__, SaidTurn.__name__) and '"receiver":"arbiter"' not in entry.body:
                assert not [nonce for nonce in nonces if nonce in entry.body]


@pytest.mark.parametrize("recorded", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("who", ["a", "arbiter", "mgr"])
async def test_whoever_dies_in_any_commit_it_comes_to_the_same(who: str, recorded: bool) -> None:
    commit, died = 2, True
    while died:
        async with Town() as town:
            town.host("a", seller(town))
            town.host("arbiter", arbiter.agent())
            town.start()
            ledger = town.ledger if who == "mgr" else town.journals[who]
            await asyncio.sleep(8)  # virtual: everybody is there
            first = ledger.commits
            ledger.recorded, ledger.dies_at = recorded, first + commit
            reviver = asyncio.create_task(revive(town, who))
            end = await bought(town)
            died = reviver.done()
            reviver.cancel()
            assert (end.status, end.price) == ("settled", 45_000)
        commit += 1
    assert commit > 6


async def revive(town: Town, who: str) -> None:
    """It dies, and is started again a moment later."""
    ledger = town.ledger if who == "mgr" else town.journals[who]
    await ledger.died.wait()
    await town.kill(who)
    await asyncio.sleep(0.7)  # virtual
    if who == "mgr":
        town.start()
    else:
        town.host(who)
