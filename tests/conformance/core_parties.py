"""The parties of a search over the cores: a manager with its book, a bidder and a mediator with their diaries.

Each stands behind its own gate. A rival, if there is one, has no network: its words come at any moment at which the
manager waits for such; so all that an evaluation may decide about the others is met.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from msgspec import structs

from contractnet.contractor.engagement import Timers
from contractnet.contractor.ports import Agent, Award, Call, Refusal
from contractnet.contractor.reception import Reception, ToStep
from contractnet.contractor.records import (
    Bade,
    CannotStop,
    Chose,
    Declined,
    Fact,
    Failed,
    Finished,
    LeaseLost,
    Seeded,
    Stopped,
    Took,
    Withdrew,
)
from contractnet.contractor.replay import DAEMON, AnySide, Diary
from contractnet.ledger.records import Fired, Heard, Returned
from contractnet.ledger.scribe import Writing
from contractnet.mail.inbox import Letter
from contractnet.manager.book import Book
from contractnet.manager.reception import ToStep as Fit
from contractnet.manager.reception import judge
from contractnet.manager.records import CancelAsked, Invited
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import RefuseReason, TaskFailure
from contractnet.transport.port import Lane
from tests.conformance.core_sides import Event, LocalMachine, Mail, Post
from tests.support import bench

NOW = bench.NOW
MANAGER = bench.MANAGER
CALL, DISPUTE = "t.1", "t.1.m"
RIVAL = "z"
#: prices: the best, one under the reserve, one over it, one that arrives in another currency
CHEAP, FAIR, DEAR, BAD = 10_000, 20_000, 60_000, 13
SCHEMA = {"type": "object", "properties": {"ok": {"type": "integer"}}}
Names = dict[tuple[str, str], str]


async def _no(_: Call) -> Refusal:
    return Refusal("unfit")


async def _nothing(_: Award) -> dict[str, Any]:
    return {}


class ManagerSide(LocalMachine[Book]):
    """A manager with one call.

    Args:
        peers: agents with a network of their own, bidders and a mediator.
        rival: whether somebody without a network bids too.
        given: terms of the tender.
    """

    def __init__(self, post: Post, peers: tuple[str, ...], rival: bool, **given: Any) -> None:
        super().__init__(post)
        self.peers = peers
        self.rival = rival
        self.given = given

    def opened(self) -> tuple[int, tuple[tuple[str, Mail], ...]]:
        """The local state when the call has been said, and what was said."""
        book, names = Book(MANAGER), Names()
        book.step("t", bench.opened(result_schema=SCHEMA, **self.given), NOW)
        bidders = [peer for peer in self.peers if peer != self.given.get("mediator")]
        expected = {name: f"d_{name}" for name in (*bidders, *([RIVAL] if self.rival else []))}
        written = book.step(CALL, Invited(number=1, expected=expected, manager_epoch=1), NOW)
        said = [found for _, record in written for found in self.say(record, names)]
        to_all = [(peer, mail) for receiver, mail in said for peer in bidders if receiver == ""]
        return self.begin(book, names), tuple(to_all)

    def key(self, core: Book, names: Names) -> Hashable:
        tender = core.tenders["t"]
        (call, *_) = tender.calls
        told = ("cfp.", "accept.", "cancel", "request")
        people = tuple(
            (
                name,
                one.machine.state,
                (one.offer.id, one.offer.message.content.price) if one.offer else None,
                one.gone,
                name in call.awaited,
                frozenset(one.offers_seen) if name in self.peers else None,
            )
            for name, one in sorted(call.participants.items())
        )
        asked = call.mediation.machine.state if call.mediation is not None else None
        known = frozenset(
            (to, name)
            for to, name in names
            if name.startswith(told) or (name == "not-understood" and to == self.given.get("mediator"))
        )
        slots = tuple((one.epoch, one.holder, one.done, one.abandoned) for one in tender.slots)
        return (call.machine.state, call.round, people, slots, asked, known)

    def own_events(self, core: Book, names: Names) -> Iterator[Event]:
        tender = core.tenders["t"]
        for _, conversation, timer in tender.timers():
            if conversation == CALL and timer != Fired(timer=f"offer:{RIVAL}"):
                yield "timer", timer
        if tender.calling:
            yield "cancel", ""
        if self.rival:
            state = tender.calls[0].participants[RIVAL].machine.state
            for word in _RIVALS_WORDS.get(state, ()):
                yield "rival", word

    def take(self, core: Book, names: Names, event: Event) -> list[Writing] | None:
        kind, what = event
        match what:
            case (str() as peer, Mail() as mail):
                return self._hear(core, names, peer, mail)
            case _ if kind == "timer":
                return self._fire(core, what)
            case _ if kind == "cancel":
                return core.step("t", CancelAsked(reason="user"), NOW)
            case str() as peer if kind == "returned":
                call = core.tenders["t"].calls[0]
                mediates = peer == self.given.get("mediator")
                sent = (
                    names[peer, "request"] if mediates else names.get((peer, f"cfp.{call.round}"), names["", "cfp.1"])
                )
                if peer not in call.unreached(sent, (peer,)):
                    return None
                return core.step(DISPUTE if mediates else CALL, Returned(agents=(peer,)), NOW)
            case _:
                return self._rival(core, names, str(what))

    def _fire(self, core: Book, timer: Any) -> list[Writing]:
        at = NOW
        if isinstance(timer, Fired) and timer.timer.startswith("offer:"):
            (at,) = (instant for instant, where, one in core.tenders["t"].timers() if (where, one) == (CALL, timer))
        return core.step(CALL, timer, at)

    def _hear(self, core: Book, names: Names, peer: str, mail: Mail) -> list[Writing]:
        about = names.get((peer, mail.about)) or names.get(("", mail.about))
        act = self.post.act(mail, about)
        if isinstance(act, a.Propose) and act.content.price == BAD:
            act = structs.replace(act, content=structs.replace(act.content, unit="EUR"))
        verdict = judge(core, Letter(act, act.message_id), Lane.BID, 5)
        assert isinstance(verdict, Fit), f"{mail} is kept apart: {verdict}"
        assert isinstance(verdict.fact, Heard), f"{mail} answers nothing: {verdict}"
        return core.step(verdict.conversation, verdict.fact, NOW)

    def _rival(self, core: Book, names: Names, word: str) -> list[Writing]:
        call = core.tenders["t"].calls[0]
        newest = max(
            (name for to, name in names if to in ("", RIVAL) and name.startswith("cfp.")), key=lambda n: int(n[4:])
        )
        cfp = names.get((RIVAL, newest)) or names["", newest]
        accept = next((one for (to, name), one in names.items() if to == RIVAL and name.startswith("accept.")), cfp)
        self._words = getattr(self, "_words", 0) + 1
        mine = f"z{self._words}"
        header: dict[str, Any] = {
            "message_id": mine, "reply_with": mine, "conversation_id": CALL, "protocol": call.protocol,
            "sender": RIVAL, "daemon": f"d_{RIVAL}", "receiver": MANAGER, "in_reply_to": cfp,
        }  # fmt: skip
        act: a.AnyAct
        if word.startswith("bid"):
            price = {"cheap": CHEAP - 1, "fair": FAIR - 1, "dear": DEAR - 1}[word[4:]]
            content = c.ProposeContent(
                offer=f"{word[4:]}{call.round}", round=call.round, unit="USD", price=price, eta=5, confidence=1,
                valid_for_ms=10_000_000,
            )  # fmt: skip
            act = a.Propose(**header, content=content)
        elif word == "refuse":
            act = a.Refuse(**header, content=c.RefuseContent(reason=RefuseReason.UNFIT, round=call.round))
        elif word == "result":
            slot = next(slot for slot in core.tenders["t"].slots if slot.holder == RIVAL)
            done = c.ResultContent(slot=slot.number, epoch=slot.epoch, result={"ok": 1})
            act = a.Inform(**header | {"in_reply_to": accept}, content=done)
        elif word == "fail":
            failed = c.TaskFailureContent(reason=TaskFailure.ERROR)
            act = a.Failure(**header | {"in_reply_to": accept}, content=failed)
        else:
            act = a.Inform(**header | {"in_reply_to": names.get((RIVAL, "cancel"), cfp)}, content=c.CancelledContent())
        verdict = judge(core, Letter(act, mine), Lane.BID, 5)
        assert isinstance(verdict, Fit), f"{act} is kept apart: {verdict}"
        assert isinstance(verdict.fact, Heard), f"{act} answers nothing: {verdict}"
        return core.step(CALL, verdict.fact, NOW)


#: state of the rival in table I -> what it may say
_RIVALS_WORDS = {
    "INVITED": ("bid cheap", "bid dear", "refuse"),
    "REINVITED": ("bid cheap", "refuse"),
    "PROPOSED": ("refuse",),
    "HELD": ("refuse",),
    "AWARDED": ("result", "fail"),
    "CANCELLING": ("cancelled",),
}


class _Agent(LocalMachine[Diary]):
    """What a bidder and a mediator have in common: one agent in a daemon of its own, and one conversation."""

    conversation = CALL

    def __init__(self, post: Post, agent: str) -> None:
        super().__init__(post)
        self.agent = agent
        self.agents = {agent: Agent(id=agent, skills=(bench.SKILL,), capacity=9, bid=_no, perform=_nothing)}

    def idle(self) -> int:
        """The number of the local state in which nothing was heard."""
        daemon = f"d_{self.agent}"
        diary = Diary(daemon, Timers())
        diary.loose(daemon, DAEMON, Seeded(seed="5eed" * 8), NOW)
        return self.begin(diary, Names())

    def side(self, core: Diary) -> AnySide | None:
        """Its side of the conversation, if there is one."""
        key = (self.agent, self.conversation)
        return core.engagements.get(key) or core.mediations.get(key)

    def facts(self, core: Diary) -> Iterator[Fact]:
        """What it may decide, possible or not."""
        raise NotImplementedError

    def own_events(self, core: Diary, names: Names) -> Iterator[Event]:
        side = self.side(core)
        if side is None:
            return
        deadline = side.deadline()
        if deadline is not None and (timer := side.due(deadline)) is not None:
            yield "timer", timer
        for fact in self.facts(core):
            if side.allows(fact):
                yield "decision", _Decision(fact)

    def take(self, core: Diary, names: Names, event: Event) -> list[Writing] | None:
        kind, what = event
        if kind == "decision":
            assert isinstance(what, _Decision)
            return core.step(self.agent, self.conversation, what.fact, NOW)
        if kind == "timer":
            return core.step(self.agent, self.conversation, what, NOW)  # type: ignore[arg-type]
        assert isinstance(what, tuple)
        mail: Mail = what[1]
        act = self.post.act(mail, names.get((MANAGER, mail.about)))
        (verdict,) = Reception(core, self.agents).judge(Letter(act, act.message_id), Lane.INBOX)
        assert isinstance(verdict, ToStep), f"{mail} is kept apart: {verdict}"
        assert isinstance(verdict.fact, Heard), f"{mail} answers nothing: {verdict}"
        return core.step(self.agent, self.conversation, verdict.fact, NOW)


class _Decision:
    """A fact as a key: two that are written alike are the same."""

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self._text = repr(fact)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Decision) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return self._text


class BidderSide(_Agent):
    """A bidder: `bids` offers a round at most, good ones, dear ones and bad ones; any end of its work."""

    def __init__(self, post: Post, agent: str, rounds: int, prices: tuple[int, ...], bids: int = 2) -> None:
        super().__init__(post, agent)
        self.most = bids * rounds
        self.prices = prices

    def facts(self, core: Diary) -> Iterator[Fact]:
        engagement = core.engagements[self.agent, self.conversation]
        if len(engagement.offers) < self.most:
            for price in self.prices:
                yield Bade(price=price, eta=5, confidence=900_000)
        yield Declined(reason=RefuseReason.UNFIT)
        yield Withdrew()
        if engagement.machine.has("committed"):
            yield Finished(result={"ok": 1})
            yield Finished(result={"ok": "no"})
            yield Failed(reason=TaskFailure.ERROR)
            yield LeaseLost()
        yield Stopped()
        yield CannotStop(result={"ok": 1})

    def key(self, core: Diary, names: Names) -> Hashable:
        side = core.engagements.get((self.agent, self.conversation))
        if side is None:
            return ("IDLE",)
        offers = tuple((one.id, one.price, one.live) for one in side.offers.values())
        accept = side.accept.content.offer if side.accept is not None else None
        fence = (side.accept.content.slot, side.accept.content.epoch) if side.accept is not None else None
        cfp = side.cfp.content if side.cfp is not None else None
        named = (cfp.round, cfp.offer) if cfp is not None else None
        return (side.machine.state, named, offers, accept, fence)


class MediatorSide(_Agent):
    """A mediator: it may take the request once; any choice, possible or not, a refusal, a failure."""

    conversation = DISPUTE

    def facts(self, core: Diary) -> Iterator[Fact]:
        mediating = core.mediations[self.agent, self.conversation]
        if not self._taken(core):
            yield Took()
        for offer in mediating.offers:
            yield Chose(choice="offer", offer=offer.offer)
        yield Chose(choice="offer", offer="bogus")
        yield Chose(choice="round")
        yield Chose(choice="none")
        yield Declined(reason=RefuseReason.POLICY)
        yield Failed(reason=TaskFailure.ERROR)

    def _taken(self, core: Diary) -> bool:
        return any(isinstance(said.message, a.Agree) for _, _, said in core.said.values())

    def key(self, core: Diary, names: Names) -> Hashable:
        side = core.mediations.get((self.agent, self.conversation))
        if side is None:
            return ("IDLE",)
        offers = tuple(one.offer for one in side.offers)
        return (side.machine.state, offers, self._taken(core), side.repair is not None, side.request is not None)
