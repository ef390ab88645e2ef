"""A daemon before a manager that is not ours: it repairs an offer once, and says its last word again when asked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from contractnet.contractor.ports import Call, Proposal, Refusal
from contractnet.mail.inbox import Letter, letters
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.bargaining import AnyMessage, BargainNotUnderstood
from contractnet.messages.codec import encode, join
from contractnet.messages.values import NotUnderstoodReason
from contractnet.transport.port import DaemonParty, Down, Lane, Link, ManagerParty, Parcel, Standby, ToAgents, Up
from tests.support.side import SALT, Side
from tests.support.town import Town

pytestmark = pytest.mark.looptime


class Stranger:
    """Says what it likes to the agent `a`, and keeps what it hears."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.side = Side("a", "a")
        self.heard: list[AnyMessage] = []

    async def say(self, act: a.AnyAct) -> None:
        lane = Lane.CFP if isinstance(act, a.Cfp) else Lane.INBOX
        await self.link.send(Parcel(ToAgents(("a",), lane), join([encode(act)])), 5)

    async def hear(self, kind: type[a.AnyAct], count: int) -> Any:
        """Wait for the `count`-th act of a kind."""
        async with asyncio.timeout(60):
            while sum(isinstance(one, kind) for one in self.heard) < count:
                await self.hear_more()
        return [one for one in self.heard if isinstance(one, kind)][count - 1]

    async def hear_more(self) -> None:
        """What comes next."""
        for event in await self.link.receive():
            if isinstance(event, Up | Down | Standby):
                continue
            self.heard += [one.act for one in letters(event) if isinstance(one, Letter)]
            event.ack()


async def test_an_offer_is_repaired_once_and_then_refused() -> None:
    asked: list[int] = []

    def answers(call: Call) -> Proposal | Refusal:
        asked.append(len(call.errors))
        return Proposal(price="0.01", eta=5)

    async with Town() as town:
        town.host("a", town.agent("a", answers=answers))
        async with town.hub.attach(ManagerParty("mgr")) as link:
            stranger = Stranger(link)
            await stranger.say(stranger.side.cfp_act())
            for number in (1, 2):
                offer = await stranger.hear(a.Propose, number)
                fault = c.FieldError(path="$.content.price", text="not to my taste")
                content = c.NotUnderstoodContent(reason=_SCHEMA, about="propose", fields=(fault,))
                await stranger.say(a.NotUnderstood(**stranger.side.header(offer.reply_with), content=content))
            refusal = await stranger.hear(a.Refuse, 1)
            assert refusal.content.reason.value == "invalid-proposal"
        assert asked == [0, 1], "the bidder ran for the offer and for its one repair"


async def test_a_fresh_accept_of_done_work_hears_the_result_again() -> None:
    async with Town() as town:
        town.host("a", town.agent("a"))
        async with town.hub.attach(ManagerParty("mgr")) as link:
            stranger = Stranger(link)
            await stranger.say(stranger.side.cfp_act())
            bid = await stranger.hear(a.Propose, 1)
            terms = {"offer": bid.content.offer, "round": 1, "slot": 1, "epoch": 1, "price": 10_000}
            times = {"work_within_ms": 600_000, "lease_ms": 60_000, "pickup_ms": 10_000}
            spec = {"private": {"key": "s3cret"}, "salt": SALT}
            for number in (1, 2):
                accept = c.AcceptContent(**terms, **times, **spec)  # type: ignore[arg-type]  # a table of plain values
                await stranger.say(a.AcceptProposal(**stranger.side.header(bid.reply_with), content=accept))
                await stranger.hear(a.Inform, number)
            first, second = (one for one in stranger.heard if isinstance(one, a.Inform))
            assert first == second
        assert sum(town.worked.values()) == 1


_SCHEMA = NotUnderstoodReason.SCHEMA


async def test_a_call_that_does_not_decode_is_named_to_who_said_it_and_again_by_the_next_process() -> None:
    """The same bytes again, and after a restart: the recorded answer, byte for byte."""
    async with Town() as town:
        town.host("a", town.agent("a"))
        async with town.hub.attach(ManagerParty("mgr")) as link:
            stranger = Stranger(link)
            call = encode(stranger.side.cfp_act()).replace(b'"round":1', b'"round":0')
            for number in (1, 2, 3):
                await link.send(Parcel(ToAgents(("a",), Lane.CFP), join([call])), 5)
                told = await stranger.hear(a.NotUnderstood, number)
                assert [field.path for field in told.content.fields] == ["$.content.round"]
                if number == 2:
                    await town.kill("a")
                    town.host("a", town.agent("a"))
            assert len({one.message_id for one in stranger.heard}) == 1
            await stranger.say(stranger.side.cfp_act())
            assert (await stranger.hear(a.Propose, 1)).content.round == 1
        town.journals["a"].check()


@pytest.mark.parametrize("answer_to", ["agent", "manager"])
async def test_a_request_to_bargain_that_does_not_decode_is_named_where_it_asks_for_its_answer(answer_to: str) -> None:
    async with Town() as town:
        town.host("a", town.agent("a"))
        party = DaemonParty("bob", {"bob": ("text.none",)}) if answer_to == "agent" else ManagerParty("bob")
        async with town.hub.attach(party) as link:
            stranger = Stranger(link)
            header = stranger.side.header(sender="bob", daemon="bob", protocol=a.BARGAINING)
            content = {"answer_to": answer_to, "turns": 0}
            request = {**header, "performative": "request", "content": content}
            await link.send(Parcel(ToAgents(("a",), Lane.INBOX), json.dumps([request]).encode()), 5)
            async with asyncio.timeout(60):
                while not stranger.heard:
                    await stranger.hear_more()
            (told,) = stranger.heard
            assert isinstance(told, BargainNotUnderstood)
            assert (told.sender, told.receiver, told.in_reply_to) == ("a", "bob", header["reply_with"])
            paths = {field.path for field in told.content.fields}
            assert {"$.content.turns", "$.content.issues", "$.content.subject"} <= paths
        town.journals["a"].check()
