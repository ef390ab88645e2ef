"""A manager's book on a bench: hand-made acts go in, time moves by hand, everything concluded is kept in order.

It does what a driver does and no more: before each fact it steps what is due, it gives entries their places, and it
marks nothing as sent unless told. `check` replays all of it and compares the state that comes out with the live one.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, TypeVar

from msgspec import structs

from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Heard, Misheard, Move, Moved, Record, Returned, Said
from contractnet.ledger.scribe import Writing
from contractnet.mail.inbox import Letter, Scrap
from contractnet.manager.accounts import Account
from contractnet.manager.book import Book
from contractnet.manager.call import Call
from contractnet.manager.conditions import TaskSpec, TenderTerms, Timers
from contractnet.manager.kinds import Fact
from contractnet.manager.outcomes import Outcomes
from contractnet.manager.reception import ToRecord, ToRepeat, ToStep, judge
from contractnet.manager.records import CancelAsked, Checked, Ended, Gone, Invited, Opened
from contractnet.manager.replay import replay
from contractnet.manager.state import Participant, Slot
from contractnet.manager.tender import Tender
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.codec import digest, encode
from contractnet.messages.values import (
    CancelFailure,
    NotUnderstoodReason,
    RefuseReason,
    TaskFailure,
)
from contractnet.transport.port import Lane
from tests.support.picture import picture as whole

NOW = 1_800_000_000_000
MANAGER = "mgr"
SKILL = "text.summarise"
DIGEST = "d" * 64

R = TypeVar("R", bound=Record)
A = TypeVar("A", bound=a.Act)


def opened(**given: Any) -> Opened:
    """An `Opened` with these fields, wherever they belong; the rest as a user's defaults, with a reserve of 0.05."""
    parts: dict[str, dict[str, Any]] = {"spec": {}, "terms": {}, "timers": {}, "": {}}
    kinds = (("spec", TaskSpec), ("terms", TenderTerms), ("timers", Timers), ("", Opened))
    for name, value in given.items():
        parts[next(part for part, kind in kinds if name in kind.__struct_fields__)][name] = value
    spec: dict[str, Any] = {"task": "Summarise this ticket", "skill": SKILL}
    terms: dict[str, Any] = {"unit": "USD", "rule": "lowest-price", "reserve": 50_000, "max_rounds": 1}
    return Opened(
        spec=TaskSpec(**spec | parts["spec"]),
        terms=TenderTerms(**terms | parts["terms"]),
        timers=Timers(**parts["timers"]),
        **({"seed": "5eed" * 8} | parts[""]),
    )


class Bench:
    """One manager, and everybody who talks to it."""

    def __init__(self) -> None:
        self.book = Book(MANAGER)
        self.now = NOW
        self.entries: list[Entry] = []
        self.written: list[Record] = []
        self.present = False  #: whether an agent with the skill is there, so that nobody counts the wait for agents
        self.beaten = False  #: progress came by the presence lane, which is not recorded
        self._places = Places()
        self._ids = 0
        self.entries += self._places.place([founding_draft(Kind.LEDGER, MANAGER, NOW)])

    # ---- what a driver does

    def record(self, written: Sequence[Writing]) -> list[Record]:
        """Give entries their places."""
        self.entries += self._places.place([draft for draft, _ in written])
        records = [record for _, record in written]
        self.written += records
        return records

    def step(self, conversation: str, fact: Fact) -> list[Record]:
        """What is due, then the fact; returns what the fact concluded, itself left out."""
        tender = self.book.tenders.get(conversation.partition(".")[0])
        if tender is not None:
            self.expire(tender)
        return self.record(self.book.step(conversation, fact, self.now))[1:]

    def loose(self, stream: str, record: Record) -> None:
        """A fact that moves no tender."""
        self.record(self.book.loose(stream, record, self.now))

    def expire(self, tender: Tender) -> None:
        """Fire what is due now."""
        while (due := tender.due(self.now, self.present)) is not None:
            self.record(self.book.step(due[0], due[1], self.now))

    def wait(self, ms: int) -> None:
        """Time passes, and every timer fires at its own instant."""
        until = self.now + ms
        while True:
            ahead = [
                (max(instant, tender.grace_until), tender.id)
                for tender in self.book.tenders.values()
                for instant, _, _ in tender.timers(self.present)
            ]
            first = min((one for one in ahead if one[0] <= until), default=None)
            if first is None:
                break
            self.now = max(self.now, first[0])
            self.expire(self.book.tenders[first[1]])
        self.now = until

    # ---- opening

    def open(self, tender_id: str = "t", **given: Any) -> Tender:
        """A tender begins."""
        self.step(tender_id, opened(**given))
        return self.book.tenders[tender_id]

    def invite(self, *agents: str, tender_id: str = "t", slots: int | None = None) -> Call:
        """Its next call opens to these agents, each in a daemon of its own; `x@d` lives in the daemon d."""
        tender = self.book.tenders[tender_id]
        expected = {name.partition("@")[0]: name.partition("@")[2] or f"d_{name}" for name in agents}
        fact = Invited(number=len(tender.calls) + 1, expected=expected, manager_epoch=1, slots=slots)
        self.step(tender.next_conversation(), fact)
        return tender.calls[-1]

    def start(self, *agents: str, **given: Any) -> Call:
        """A tender and its first call."""
        self.open(**given)
        return self.invite(*agents)

    # ---- looking

    @property
    def tender(self) -> Tender:
        """The newest."""
        return list(self.book.tenders.values())[-1]

    @property
    def call(self) -> Call:
        """The newest tender's newest call."""
        return self.tender.calls[-1]

    @property
    def slot(self) -> Slot:
        """The newest tender's first slot."""
        return self.tender.slots[0]

    @property
    def ended(self) -> Ended:
        """The newest tender's end."""
        assert self.tender.ended is not None, f"the tender goes on: {self.call.machine}"
        return self.tender.ended

    def state(self, agent: str = "") -> str:
        """Of table I for an agent, else of table C."""
        return self.call.participants[agent].machine.state if agent else self.call.machine.state

    def participant(self, agent: str) -> Participant:
        """Of the newest call."""
        return self.call.participants[agent]

    def records(self, kind: type[R]) -> list[R]:
        """All records of a kind so far."""
        return [one for one in self.written if isinstance(one, kind)]

    def only(self, kind: type[R]) -> R:
        """The one record of a kind."""
        (found,) = self.records(kind)
        return found

    @property
    def rows(self) -> list[Move]:
        """Every row taken so far."""
        return [move for moved in self.records(Moved) for move in moved.moves]

    def took(self, row: str, who: str = "") -> int:
        """How often a row was taken."""
        return sum(move.row == row and (not who or move.who == who) for move in self.rows)

    def said(self, kind: type[A], to: str | None = None) -> list[A]:
        """Every act of a kind that was said so far, to anybody or to one."""
        acts = [(one.message, one.receivers) for one in self.records(Said)]
        return [act for act, receivers in acts if isinstance(act, kind) and (to is None or to in receivers)]

    def rejected(self, agent: str) -> list[str]:
        """Why somebody's offers were rejected, in order."""
        return [act.content.reason.value for act in self.said(a.RejectProposal, agent)]

    # ---- hearing

    def fresh(self) -> str:
        """A message id not used before."""
        self._ids += 1
        return f"m{self._ids}"

    def header(self, sender: str, about: str | None = None, **given: Any) -> dict[str, Any]:
        """The envelope of an act of an agent in the newest call."""
        message_id = given.get("message_id") or self.fresh()
        known = self.call.participants.get(sender)
        return {
            "message_id": message_id,
            "reply_with": message_id,
            "conversation_id": self.call.conversation,
            "protocol": self.call.protocol,
            "sender": sender,
            "daemon": known.daemon if known else f"d_{sender}",
            "receiver": MANAGER,
            "in_reply_to": about,
        } | given

    def hear(self, act: a.AnyAct) -> list[Record]:
        """An act arrives, past the gate; returns what it concluded."""
        return self.step(act.conversation_id, self.heard(act))

    @staticmethod
    def heard(act: a.AnyAct) -> Heard:
        """The fact that an act came in."""
        return Heard(message=act, digest=DIGEST, lane=Lane.BID.value)

    def deliver(self, item: a.AnyAct | Scrap, lane: Lane = Lane.BID, most: int = 5) -> ToStep | ToRecord | ToRepeat:
        """An act or a scrap arrives at the gate; what it says is done."""
        verdict = judge(self.book, item if isinstance(item, Scrap) else Letter(item, digest(encode(item))), lane, most)
        if isinstance(verdict, ToStep):
            self.step(verdict.conversation, verdict.fact)
        elif isinstance(verdict, ToRecord):
            self.record(self.book.loose(verdict.conversation, verdict.stray, self.now))
        return verdict

    def proposal(self, sender: str, price: int = 30_000, **given: Any) -> a.Propose:
        """An offer; `given` are fields of content or envelope."""
        content: dict[str, Any] = {
            "offer": f"o_{sender}_{self.fresh()}",
            "round": self.call.round,
            "unit": "USD",
            "price": price,
            "eta": 5,
            "confidence": 900_000,
            "valid_for_ms": 120_000,
        }
        mine = {name: given.pop(name) for name in list(given) if name in c.ProposeContent.__struct_fields__}
        return a.Propose(
            **self.header(sender, self.cfp_id(sender), **given), content=c.ProposeContent(**(content | mine))
        )

    def propose(self, sender: str, price: int = 30_000, **given: Any) -> a.Propose:
        """An agent offers."""
        act = self.proposal(sender, price, **given)
        self.hear(act)
        return act

    def refuse(self, sender: str, reason: str = "unfit") -> a.Refuse:
        content = c.RefuseContent(reason=RefuseReason(reason), round=1)
        act = a.Refuse(**self.header(sender, self.cfp_id(sender)), content=content)
        self.hear(act)
        return act

    def informed(self, sender: str, content: Any, **given: Any) -> a.Inform:
        act = a.Inform(**self.header(sender, self.accept_of(sender), **given), content=content)
        self.hear(act)
        return act

    def result(self, sender: str, result: dict[str, Any] | None = None, **fence: int) -> a.Inform:
        """An agent's work is done, under the present award unless told."""
        return self.informed(sender, self.result_content(result, **fence))

    def result_content(self, result: dict[str, Any] | None = None, **fence: int) -> c.ResultContent:
        at = {"slot": self.slot.number, "epoch": self.slot.epoch} | fence
        return c.ResultContent(slot=at["slot"], epoch=at["epoch"], result={"ok": 1} if result is None else result)

    def progress(self, sender: str, **fence: int) -> a.Inform:
        at = {"slot": self.slot.number, "epoch": self.slot.epoch} | fence
        return self.informed(sender, c.ProgressContent(slot=at["slot"], epoch=at["epoch"]))

    def cancelled(self, sender: str) -> a.Inform:
        return self.informed(sender, c.CancelledContent())

    def fail(self, sender: str, reason: str = "error") -> a.Failure:
        content = c.TaskFailureContent(reason=TaskFailure(reason))
        act = a.Failure(**self.header(sender, self.accept_of(sender)), content=content)
        self.hear(act)
        return act

    def cancel_failed(self, sender: str, reason: str = "cannot-stop") -> a.Failure:
        content = c.CancelFailureContent(reason=CancelFailure(reason))
        act = a.Failure(**self.header(sender), content=content)
        self.hear(act)
        return act

    def misunderstood(self, sender: str, about: str | None, reason: str = "schema") -> a.NotUnderstood:
        content = c.NotUnderstoodContent(reason=NotUnderstoodReason(reason), about="cfp")
        act = a.NotUnderstood(**self.header(sender, about), content=content)
        self.hear(act)
        return act

    def mishear(self, sender: str, performative: str = "propose") -> list[Record]:
        """An act that does not decode."""
        fields = (c.FieldError(path="$.content.price", text="is negative"),)
        fact = Misheard(
            digest=DIGEST,
            lane="bid",
            sender=sender,
            message_id=self.fresh(),
            performative=performative,
            fields=fields,
        )
        return self.step(self.call.conversation, fact)

    def cfp_id(self, agent: str = "") -> str:
        """The message id of the newest cfp that this agent was sent; without a name, of the first round."""
        mine = [
            said.message.message_id
            for said in self.written
            if isinstance(said, Said)
            and isinstance(said.message, a.Cfp)
            and said.message.conversation_id == self.call.conversation
            and (not said.receivers or agent in said.receivers)
        ]
        return mine[-1]

    def accept_of(self, agent: str) -> str | None:
        """The message id of the accept that an agent was sent."""
        known = self.call.participants.get(agent)
        return known.accept_id if known else None

    # ---- the mediator

    def mediator_header(self, **given: Any) -> dict[str, Any]:
        """The envelope of an act of the mediator of the newest call."""
        mediation = self.call.mediation
        assert mediation is not None, "nobody was asked"
        mine = {"conversation_id": mediation.conversation, "protocol": a.MEDIATION, "daemon": "d_arbiter"}
        return self.header(mediation.mediator, mediation.request_id, **mine | given)

    def choose(self, choice: Any, offer: str | None = None) -> a.Inform:
        """The mediator's choice."""
        act = a.Inform(**self.mediator_header(), content=c.ChoiceContent(choice=choice, offer=offer))
        self.hear(act)
        return act

    # ---- other facts

    def gone(self, *agents: str) -> None:
        self.step(self.call.conversation, Gone(agents=agents))

    def returned(self, *agents: str) -> None:
        self.step(self.call.conversation, Returned(agents=agents))

    def cancel(self, reason: Any = "user", within_ms: int | None = None) -> None:
        self.step(self.tender.id, CancelAsked(reason=reason, within_ms=within_ms))

    def checked(self, ok: bool, reason: str = "", **fence: int) -> None:
        fence = {"slot": self.slot.number, "epoch": self.slot.epoch} | fence
        self.step(self.call.conversation, Checked(ok=ok, reason=reason, **fence))

    # ---- the oracle

    def check(self) -> Book:
        """Replay everything; what comes out must be the live state."""
        again = replay(MANAGER, self.entries)
        assert picture(again, self.beaten) == picture(self.book, self.beaten)
        return again


def picture(book: Book, beaten: bool = False) -> dict[str, Any]:
    """The whole state of a book as plain values; without leases where beats renewed them."""
    return {
        "tenders": {name: _tender(tender, beaten) for name, tender in book.tenders.items()},
        "keys": {key: tender.id for key, tender in book.by_key.items()},
        "money": [_account(account, book.standing.of(account.name)) for account in book.accounts.tree()],
        "questions": dict(book.questions.all),
        "epoch": (book.manager_epoch, book.at, book.awards),
        "seen": dict(book.seen),
        "spoken": dict(book.spoken),
        "answers": {heard: said.message.message_id for heard, said in book.answers.items()},
        "unsent": {name: (owed.conversation, set(owed.receivers), owed.at) for name, owed in book.unsent.items()},
        "strays": dict(book.stray_answers),
        "outcomes": _outcomes(book.outcomes),
        "bargains": {name: whole(side) for name, side in book.bargains.items()},
    }


def _outcomes(outcomes: Outcomes) -> dict[str, Any]:
    known = outcomes.records.known()
    tracks = {pair: outcomes.records.track(*pair) for pair in known}
    return {
        "policy": outcomes.records.policy,
        "outcomes": {pair: track.outcomes for pair, track in tracks.items() if track is not None},
        "used": {pair: outcomes.probability(*pair, 500_000) for pair in known},
        "bases": outcomes.bases,
    }


def _account(account: Account, standing: str | None) -> tuple[Any, ...]:
    names = ("name", "granted", "budget", "unit", "closed", "released", "held", "spent", "holds")
    return (*(copy(getattr(account, name)) for name in names), standing)


def _tender(tender: Tender, beaten: bool) -> dict[str, Any]:
    return {
        "opened": structs.asdict(tender.opened),
        "ended": tender.ended,
        "calling": tender.calling,
        "times": (tender.not_before, tender.first_opened, tender.grace_until, tender.held),
        "results": sorted(tender.results),
        "versions": dict(tender.pen.versions),
        "said": dict(tender.pen.said),
        "slots": [_slot(slot, beaten) for slot in tender.slots],
        "calls": [_call(call) for call in tender.calls],
    }


def _slot(slot: Slot, beaten: bool) -> dict[str, Any]:
    names = [name for name in Slot.__dataclass_fields__ if not (beaten and name == "lease_due")]
    return {name: getattr(slot, name) for name in names}


def _call(call: Call) -> dict[str, Any]:
    plain = ("conversation", "number", "salt", "parent", "round", "reply_due", "closed", "cancel_due", "cfp_ids")
    people: dict[str, Any] = {}
    for name, one in call.participants.items():
        fields = (
            "daemon",
            "expected",
            "gone",
            "refusal",
            "faults",
            "accept_id",
            "cancel_due",
            "offers_seen",
            "truth",
            "late_result",
        )
        offer = (one.offer.id, one.offer.usable_until) if one.offer else None
        people[name] = (one.machine.state, offer, *(getattr(one, field) for field in fields))
    asked = call.mediation
    mediation = (asked.machine.state, asked.due, asked.faults, asked.request_id) if asked else None
    talks = whole(call.talks)
    more = {
        "talks": talks,
        "state": call.machine.state,
        "awaited": call.awaited,
        "people": people,
        "mediation": mediation,
    }
    return {name: getattr(call, name) for name in plain} | more | {"mediation": mediation}
