"""One agent's side of conversations on a bench: hand-made acts of a manager, decisions of ours, time by hand.

As `bench.Bench` does for a manager: what is due is stepped before each fact, entries are given their places, and
`check` replays the journal and compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from contractnet.contractor.engagement import Engagement, Timers
from contractnet.contractor.records import Bade, Declined, Fact, Seeded
from contractnet.contractor.replay import DAEMON, AnySide, Diary, replay
from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Heard, Misheard, Move, Moved, Record, Said
from contractnet.ledger.scribe import Writing
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.codec import spec_digest
from contractnet.messages.values import CancelReason, NotUnderstoodReason, RefuseReason, RejectReason

NOW = 1_800_000_000_000
SKILL = "text.summarise"
SALT = "5a" * 32
DIGEST = "d" * 64

A = TypeVar("A", bound=a.Act)


class Side:
    """One agent, and the manager who talks to it."""

    def __init__(self, agent: str = "x", daemon: str = "d", timers: Timers | None = None) -> None:
        self.agent = agent
        self.timers = timers or Timers()
        self.diary = Diary(daemon, self.timers)
        self.now = NOW
        self.conversation = "t.1"
        self.written: list[Record] = []
        self.entries: list[Entry] = []
        self._places = Places()
        self._ids = 0
        self.entries += self._places.place([founding_draft(Kind.JOURNAL, daemon, NOW)])
        self.record(self.diary.loose(daemon, DAEMON, Seeded(seed="5eed" * 8), NOW))

    # ---- what a driver does

    def record(self, written: Sequence[Writing]) -> list[Record]:
        self.entries += self._places.place([draft for draft, _ in written])
        records = [record for _, record in written]
        self.written += records
        return records

    def step(self, fact: Fact) -> list[Record]:
        """What is due, then the fact; returns what the fact concluded, itself left out."""
        self.expire()
        return self.record(self.diary.step(self.agent, self.conversation, fact, self.now))[1:]

    @property
    def side(self) -> AnySide:
        """Whatever its table."""
        known = self.diary.mediations.get((self.agent, self.conversation))
        return known or self.engagement

    def expire(self) -> None:
        if self.diary.known(self.agent, self.conversation) is None:
            return
        while (timer := self.side.due(self.now)) is not None:
            self.record(self.diary.step(self.agent, self.conversation, timer, self.now))

    def wait(self, ms: int) -> None:
        """Time passes, and every timer fires at its own instant."""
        until = self.now + ms
        while (deadline := self.side.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.expire()
        self.now = until

    # ---- looking

    @property
    def engagement(self) -> Engagement:
        return self.diary.engagement(self.agent, self.conversation)

    @property
    def state(self) -> str:
        return self.side.machine.state

    @property
    def rows(self) -> list[Move]:
        return [move for one in self.written if isinstance(one, Moved) for move in one.moves]

    def said(self, kind: type[A]) -> list[A]:
        acts = [one.message for one in self.written if isinstance(one, Said)]
        return [act for act in acts if isinstance(act, kind)]

    @property
    def offer(self) -> str:
        """Our newest offer's id."""
        return list(self.engagement.offers)[-1]

    # ---- the manager speaks

    def fresh(self) -> str:
        self._ids += 1
        return f"m{self._ids}"

    def header(self, about: str | None = None, **given: Any) -> dict[str, Any]:
        message_id = given.get("message_id") or self.fresh()
        return {
            "message_id": message_id,
            "reply_with": message_id,
            "conversation_id": self.conversation,
            "protocol": a.ITERATED_CONTRACT_NET,
            "sender": "mgr",
            "daemon": "mgr",
            "receiver": self.agent,
            "in_reply_to": about,
        } | given

    def hear(self, act: a.AnyAct) -> list[Record]:
        return self.step(Heard(message=act, digest=DIGEST, lane="inbox"))

    def mishear(self, performative: str = "cfp") -> list[Record]:
        fields = (c.FieldError(path="$.content.round", text="is 0"),)
        fact = Misheard(
            digest=DIGEST,
            lane="inbox",
            sender="mgr",
            message_id=self.fresh(),
            performative=performative,
            fields=fields,
        )
        return self.step(fact)

    def request(self, *prices: int, limit: int | None = 50_000, within_ms: int = 10_000) -> a.Request:
        """A manager asks a mediator, in a conversation of its own."""
        offers = tuple(
            c.LiveOffer(offer=f"o{number}", price=price, eta=5, confidence=900_000)
            for number, price in enumerate(prices, 1)
        )
        terms = c.Terms(unit="USD", rule="lowest-price", work_within_ms=600_000, lease_ms=60_000, valid_for_ms=120_000)
        content = c.RequestContent(
            offers=offers, choices=("offer", "round", "none"), reply_within_ms=within_ms, terms=terms, limit=limit
        )
        header = self.header(protocol=a.MEDIATION, parent="t.1")
        act = a.Request(**header, reply_by=self.now + within_ms, content=content)
        self.hear(act)
        return act

    def cfp_act(self, round_: int = 1, within_ms: int = 20_000, **given: Any) -> a.Cfp:
        terms = c.Terms(
            unit="USD",
            rule="lowest-price",
            work_within_ms=600_000,
            lease_ms=60_000,
            valid_for_ms=given.pop("valid_for_ms", 120_000),
            parts=given.pop("parts", None),
            items=given.pop("items", None),
        )
        content = c.CfpContent(
            task="Summarise",
            skill=SKILL,
            round=round_,
            max_rounds=3,
            reply_within_ms=within_ms,
            terms=terms,
            spec_digest=spec_digest("Summarise", {}, {"key": "s3cret"}, SALT),
            offer=given.pop("offer", None),
        )
        return a.Cfp(**self.header(**given), reply_by=self.now + within_ms, content=content)

    def cfp(self, round_: int = 1, **given: Any) -> a.Cfp:
        act = self.cfp_act(round_, **given)
        self.hear(act)
        return act

    def accept(self, offer: str | None = None, private: dict[str, Any] | None = None, **given: Any) -> a.AcceptProposal:
        """Accepts our newest offer, or the named one, at its price unless another is given."""
        known = self.engagement.offers.get(offer or next(reversed(self.engagement.offers), ""))
        price = given.pop("price", known.price if known else 10_000)
        content = c.AcceptContent(
            offer=offer or self.offer,
            round=1,
            slot=1,
            epoch=given.pop("epoch", 1),
            price=price,
            work_within_ms=600_000,
            lease_ms=60_000,
            pickup_ms=10_000,
            private={"key": "s3cret"} if private is None else private,
            salt=SALT,
            parts=given.pop("parts", None),
            items=given.pop("items", None),
        )
        act = a.AcceptProposal(**self.header(**given), content=content)
        self.hear(act)
        return act

    def reject(self, offer: str | None = None, reason: str = "outbid") -> a.RejectProposal:
        """Of one offer where named, else of the whole conversation."""
        content = c.RejectContent(reason=RejectReason(reason), offer=offer)
        act = a.RejectProposal(**self.header(), content=content)
        self.hear(act)
        return act

    def cancel(self) -> a.Cancel:
        act = a.Cancel(**self.header(), content=c.CancelContent(reason=CancelReason.USER))
        self.hear(act)
        return act

    def misunderstand(self, about: str | None, reason: str = "schema") -> a.NotUnderstood:
        content = c.NotUnderstoodContent(reason=NotUnderstoodReason(reason), about="propose")
        act = a.NotUnderstood(**self.header(about), content=content)
        self.hear(act)
        return act

    # ---- we decide

    def bid(self, price: int = 10_000, confidence: int = 900_000) -> None:
        self.step(Bade(price=price, eta=5, confidence=confidence))

    def decline(self, reason: str = "unfit") -> None:
        self.step(Declined(reason=RefuseReason(reason)))

    # ---- the oracle

    def check(self) -> Diary:
        again = replay(self.diary.daemon, self.entries, self.timers)
        assert picture(again) == picture(self.diary)
        return again


def picture(diary: Diary) -> dict[str, Any]:
    """The whole state of a diary as plain values."""
    return {
        "seed": diary.seed,
        "tying": {agent: tied for agent, tied in diary.tying.items() if tied},
        "hosted": diary.hosted,
        "at": diary.at,
        "seen": dict(diary.seen),
        "unsent": {key: conversation for key, (conversation, _) in diary.unsent.items()},
        "said": sorted(diary.said),
        "engagements": {key: _engagement(one) for key, one in diary.engagements.items() if one.pen.versions},
    }


def _engagement(one: Engagement) -> dict[str, Any]:
    plain = ("manager", "heard_at", "bid_until", "result_due", "attempt", "stop_due", "faults", "cancel_id")
    more = {"cfp": one.cfp, "accept": one.accept, "repair": one.repair, "answers": one.answers}
    offers = [(o.id, o.message_id, o.until, o.price, o.live, o.end) for o in one.offers.values()]
    state = {"state": one.machine.state, "offers": offers, "versions": one.pen.versions, "said": one.pen.said}
    return {name: getattr(one, name) for name in plain} | more | state
