"""The book of one manager: all its tenders, its money, what it has seen, and what it has said and not yet sent. Pure.

The book is what a ledger means. A live manager steps it and records the drafts; a manager that starts again, `replay`
and `audit`
feed it the recorded entries: facts are stepped through the same cores, and what they conclude must be what was
recorded, byte for byte (promise 4). There is no second code path.

Source: D4, D12, D13, D14; the gate's steps 2 and 3 in protocols/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from contractnet.bargaining.appeal import appeal
from contractnet.bargaining.records import BargainOpened
from contractnet.bargaining.records import Fact as BargainFact
from contractnet.bargaining.side import Bargain
from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Answered, Pending, Questions
from contractnet.ledger.records import Heard, HeardTurn, Misheard, Quarantined, Record, Said, SaidTurn, Sent, Spoken
from contractnet.ledger.scribe import Pen, Scribe, Writing
from contractnet.manager.accounts import Account
from contractnet.manager.bargains import openings
from contractnet.manager.direct import Prices
from contractnet.manager.kinds import Fact
from contractnet.manager.limits import Standing, check_told
from contractnet.manager.outcomes import Outcomes
from contractnet.manager.plans import PlanState, follow
from contractnet.manager.records import AccountClosed, Awarded, Ended, Granted, Held, Opened, Started
from contractnet.manager.tender import Tender
from contractnet.messages.acts import (
    NotUnderstood,
)
from contractnet.messages.bargaining import AnyBargainAct
from contractnet.messages.contents import (
    NotUnderstoodContent,
)
from contractnet.messages.values import NotUnderstoodReason

#: streams of the manager's own, beside those of tenders and conversations
MONEY, STARTS, STRAYS = "money", "starts", "strays"


@dataclass(slots=True)
class Owed:
    """Something said that the broker has not confirmed for all its receivers."""

    conversation: str
    said: Spoken
    receivers: set[str]  #: not yet covered; an open call counts as one receiver, the empty name
    at: int  #: instant at which it was said


class Book:
    """The state of one manager."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.tenders: dict[str, Tender] = {}
        self.by_key: dict[str, Tender] = {}
        self.bargains: dict[str, Bargain] = {}  #: this manager's sides, by conversation
        self.talking: dict[str, Bargain] = {}  #: those of them that have not ended
        self.bargain_keys: dict[str, str] = {}  #: the caller's key -> conversation of its bargaining
        self.acts: dict[str, list[AnyBargainAct]] = {}  #: what was said in those of its own, by both, in order
        self.accounts = Account()
        self.questions = Questions()
        self.standing = Standing(self.accounts, self.questions)
        self.outcomes = Outcomes()  #: of what was awarded, as far as it is known
        self.prices = Prices()  #: that were asked, by skill
        self.manager_epoch = 0
        self.at = 0  #: of the last entry: `now` never goes back (D14)
        self.seen: dict[tuple[str, str], str] = {}  #: (sender, message id) of everything heard -> digest of its bytes
        #: (receiver, what it names in `in_reply_to`) -> what answered that, to be said again for a duplicate
        self.answers: dict[tuple[str, str], Spoken] = {}
        #: message id said -> its conversation, and whom it was for; nobody: everybody with the skill
        self.spoken: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.unsent: dict[str, Owed] = {}  #: message id said -> what is owed; the outbox
        self.stray_answers: dict[str, int] = {}  #: sender -> how often it was told of an unknown conversation
        self.plans: dict[str, PlanState] = {}  #: by the caller's key
        self.awards = 0  #: made so far
        self.ended: list[str] = []  #: tender ids in the order of their ends
        self._pen = Pen(owner, owner, "")

    # ---- stepping

    def step(self, conversation: str, fact: Fact, at: int) -> list[Writing]:
        """Step the tender that the conversation belongs to, or the bargaining; an opening makes it.

        Raises:
            KeyError: there is none such.
        """
        if isinstance(fact, BargainOpened) or conversation in self.bargains:
            side = self._bargain(conversation, fact)
            written = side.step(cast(BargainFact, fact), at)
            asked = appeal(side, at)
            written += asked
            if asked and side.appeal is not None:
                self.bargains[side.appeal.conversation] = self.talking[side.appeal.conversation] = side.appeal
            if side.machine.finished:
                self.talking.pop(conversation, None)
            return self._follow("", written, at)
        tender_id = conversation.partition(".")[0]
        if isinstance(fact, Opened):
            self._admit(tender_id, fact)
        return self._follow(tender_id, self.tenders[tender_id].step(conversation, fact, at), at)

    def loose(self, conversation: str, record: Record, at: int) -> list[Writing]:
        """A fact that belongs to no tender's core: `Sent`, `Granted`, `Started`, `Quarantined`."""
        tender = self.tenders.get(conversation.partition(".")[0])
        bargain = self.bargains.get(conversation)
        pen = bargain.pen if bargain else tender.pen if tender else self._pen
        scribe = Scribe(pen, at)
        if isinstance(record, Quarantined):
            scribe.fact(conversation, record, record.sender, record.message_id)
            self._answer_stray(scribe, record)
        else:
            scribe.fact(conversation, record)
        return self._follow("", scribe.finish(), at)

    def find(self, conversation: str) -> Tender | None:
        """The tender that holds a call of this conversation, or the mediation of one; None."""
        tender = self.tenders.get(conversation.partition(".")[0])
        if tender is None or not any(call.owns(conversation) for call in tender.calls):
            return None
        return tender

    def answer(self, sender: str, *names: str | None) -> Spoken | None:
        """What answered this sender's message, by what an answer may name it: its `reply_with`, or its message id."""
        found = (self.answers.get((sender, name)) for name in names if name is not None)
        return next((said for said in found if said is not None), None)

    def said_to(self, agent: str, conversation: str, name: str | None) -> bool:
        """Whether a message of ours in this conversation is so named by an answer, and the agent was told it (M3)."""
        where, receivers = self.spoken.get(name or "", ("", ()))
        return where == conversation and (not receivers or agent in receivers)

    def account_of(self, tender_id: str) -> Account:
        """The account whose money pays for a tender. Raises DefinitionError where there is none."""
        name = self.tenders[tender_id].opened.account
        account = self.accounts.find(name)
        if account is None:
            raise DefinitionError(f"there is no account {name!r}; grant it a budget first")
        return account

    # ---- parts

    def _bargain(self, conversation: str, fact: Fact) -> Bargain:
        """The side of that conversation; an opening makes it."""
        if isinstance(fact, BargainOpened):
            if conversation in self.bargains:
                raise DefinitionError(f"there is a bargaining {conversation} already: it opens once")
            if fact.parent is not None and fact != self._opening(conversation, fact):
                raise DefinitionError(f"{conversation}: not the bargaining that its call asks for")
            made = Bargain(self.owner, self.owner, conversation, fact.seed, fact.timers)
            self.bargains[conversation] = self.talking[conversation] = made
            if fact.key is not None:
                self.bargain_keys[fact.key] = conversation
        return self.bargains[conversation]

    def _opening(self, conversation: str, fact: BargainOpened) -> BargainOpened | None:
        """The bargaining that a call waits for in that conversation; None: none such."""
        tender = self.tenders.get(conversation.partition(".")[0])
        call = tender.calls[-1] if tender is not None and tender.calls else None
        return None if call is None or call.conversation != fact.parent else openings(call).get(conversation)

    def _admit(self, tender_id: str, fact: Opened) -> None:
        if tender_id in self.tenders:
            raise DefinitionError(f"there is a tender {tender_id} already: it opens once")
        if self.accounts.find(fact.account) is None:
            raise DefinitionError(f"there is no account {fact.account!r}; grant it a budget first")
        tender = self.tenders[tender_id] = Tender(self.owner, tender_id, self.outcomes, self.prices, self.bargains)
        if fact.key is not None:
            self.by_key[fact.key] = tender

    def _answer_stray(self, scribe: Scribe, stray: Quarantined) -> None:
        """The gate's step 3: an unknown conversation is answered, a not-understood about one only recorded."""
        if stray.about is None or stray.sender is None or stray.conversation is None:
            return
        header = scribe.header(stray.conversation)
        content = NotUnderstoodContent(
            reason=NotUnderstoodReason.UNKNOWN_CONVERSATION, about=(stray.performative or "unknown")[:32]
        )
        act = NotUnderstood(**header, receiver=stray.sender, in_reply_to=stray.about, content=content)
        scribe.say(act, (stray.sender,), stream=STRAYS)
        self.stray_answers[stray.sender] = self.stray_answers.get(stray.sender, 0) + 1

    def _follow(self, tender_id: str, written: list[Writing], at: int) -> list[Writing]:
        """Keep the indexes: what was seen and said, what is owed, what money is held."""
        for draft, record in written:
            if isinstance(record, Heard | HeardTurn | Misheard | Quarantined) and draft.sender and draft.message_id:
                self.seen[draft.sender, draft.message_id] = record.digest
            self._index(tender_id, draft.conversation, record, at)
        self.at = max(self.at, at)
        return written

    def _index(self, tender_id: str, conversation: str, record: Record, at: int) -> None:
        self.outcomes.follow(conversation, record)
        self.prices.follow(conversation, record)
        if isinstance(record, HeardTurn | SaidTurn) and self.bargains[conversation].parent is None:
            self.acts.setdefault(conversation, []).append(record.message)
        match record:
            case Said() | SaidTurn():
                act = record.message
                self.unsent[act.message_id] = Owed(conversation, record, set(record.receivers or ("",)), at)
                self.spoken[act.reply_with] = (act.conversation_id, record.receivers)
                if act.in_reply_to is not None:
                    self.answers[act.receiver, act.in_reply_to] = record
            case Sent():
                owed = self.unsent.get(record.message_id)
                if owed is not None:
                    owed.receivers.difference_update(record.receivers or ("",))
                    if not owed.receivers:
                        del self.unsent[record.message_id]
            case Held() | Ended() | Granted() | AccountClosed() | Pending() | Answered():
                self._count(tender_id, record, at)
                self.accounts.check()
            case Started():
                self.manager_epoch = record.manager_epoch
            case Awarded():
                self.awards += 1
            case _:
                follow(self.plans, record)

    def _count(
        self, tender_id: str, record: Held | Ended | Granted | AccountClosed | Pending | Answered, at: int
    ) -> None:
        """What moves money, and who decided about it. Raises DefinitionError: the ledger says what cannot be."""
        match record:
            case Held():
                self.account_of(tender_id).hold(tender_id, record.amount, record.unit)
            case Ended():
                self.account_of(tender_id).settle(tender_id, record.spent, record.unit)
                self.ended.append(tender_id)
            case Granted():
                self.accounts.grant(record.amount, record.unit, record.account)
                self.standing.granted(record.account)
            case AccountClosed():
                if self.accounts.close(record.account) != record.released:
                    raise DefinitionError(f"account {record.account} did not release {record.released} micros")
            case Pending():
                check_told(record, self.accounts)
                self.questions.ask(record, at)
            case Answered():
                self.standing.answer(record, at)
