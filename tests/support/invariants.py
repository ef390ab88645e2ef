"""What must hold of a market in every state, told from what was recorded alone: nothing here looks into a core.

Each invariant has a name; `Broken` carries it. I1 to I12 are numbered as the invariants of a fault run, the others are
named after the promise or the gap of the protocol that they stand for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from contractnet.interaction.definition import load
from contractnet.interaction.machine import Row
from contractnet.ledger.records import Fired, Heard, Misheard, Moved, Quarantined, Said
from contractnet.ledger.scribe import Writing
from contractnet.manager.records import (
    Awarded,
    Checked,
    Closed,
    Ended,
    Freed,
    Grace,
    Granted,
    Held,
    Invited,
    LeaseLapsed,
    Mediated,
    Opened,
)
from contractnet.messages import acts as a
from contractnet.messages import contents as c

TABLES: Final = {
    "C": load("conversation"),
    "I": load("initiator"),
    "P": load("participant"),
    "MI": load("mediation-initiator"),
    "MP": load("mediation-participant"),
}
ROWS: Final = {(name, row.name): row for name, table in TABLES.items() for row in table.rows}
#: rows by which a participant leaves AWARDED without a result
FREEING: Final = frozenset({"I26", "I27", "I28", "I29", "I30"})

NAMES: Final = {
    "I1": "every tender and every call reaches exactly one end",
    "I2": "one live award for each slot and epoch, one credited result for each slot",
    "I5": "no effect twice for one message id",
    "I6": "what is recorded is derived again, and replay gives the live state",
    "I12": "the order of events is a legal run of the tables, and what the rows send is said",
    "money": "granted = held + spent + released, and what is spent is what was credited",
    "G13": "nobody wins twice in one conversation",
    "epochs": "a slot's epoch goes up by one with every loss, and only then (G8)",
    "fence": "a credited result names the present award (G8)",
    "fires": "rounds close and offers lapse at their instants, a grace aside (promise 3)",
    "late": "only what was heard while its round was open counts (R6)",
    "terms": "an award is of an offer that stands, at its own price, within what may be paid",
    "answers": "every live offer ends in accept, reject, cancel or its withdrawal (R3)",
    "no-echo": "a not-understood is never answered with one (R8)",
    "faults": "at most so many not-understoods by the default rule to one peer",
    "sealed": "nobody reads what only another may know (promise 7)",
    "private": "what only the winner or nobody may know is told to nobody else (promise 8)",
    "heard": "everything that was said is heard",
    "bounded": "at most three awards for each slot (D1)",
    "bound": "a commitment is of an own offer that binds (R4)",
}


class Broken(AssertionError):
    """An invariant does not hold."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {NAMES[name]}: {text}")
        self.name = name


def tag(act: Any) -> str:
    return str(act.__struct_config__.tag)


def fact_of(written: Sequence[Writing]) -> tuple[str, str | None, bool]:
    """Who spoke, what an answer names, and whether it was a not-understood; empty where nobody spoke."""
    fact = written[0].record
    if isinstance(fact, Heard):
        act = fact.message
        return act.sender, act.reply_with, isinstance(act, a.NotUnderstood)
    if isinstance(fact, Misheard):
        return fact.sender, fact.reply_with or fact.message_id, fact.performative == "not-understood"
    if isinstance(fact, Quarantined):
        return fact.sender or "", fact.about, fact.performative == "not-understood"
    return "", None, False


class Taken(NamedTuple):
    """A row that a step took."""

    conversation: str
    table: str
    who: str
    row: Row
    before: str  #: the state that it was taken in


class Runs:
    """I12: whether the rows taken are a legal run of their tables, and whether they said what they send."""

    def __init__(self, most_faults: int) -> None:
        self.states: dict[tuple[str, str, str], str] = {}
        self.most_faults = most_faults
        self.faults: Counter[tuple[str, str]] = Counter()  #: (conversation, peer) -> answers by the default rule

    def follow(self, stream: str, written: Sequence[Writing]) -> list[Taken]:
        """The rows that one step took, in order."""
        found: list[Taken] = []
        for draft, record in written:
            for move in record.moves if isinstance(record, Moved) else ():
                key = (f"{stream}|{draft.conversation}", move.table, move.who)
                before = self.states.get(key, TABLES[move.table].start)
                row = ROWS.get((move.table, move.row))
                if row is None or before not in row.states or move.state != (before if row.next == "=" else row.next):
                    raise Broken("I12", f"{move} from {before}")
                self.states[key] = move.state
                found.append(Taken(draft.conversation, move.table, move.who, row, before))
        return found

    def say(self, written: Sequence[Writing], moves: Sequence[Taken], owed: Counter[tuple[str, str]]) -> None:
        """What is said is what the rows send, and at most one answer by the default rule.

        Args:
            owed: (receiver, performative) -> how often, as the moves send it.
        """
        speaker, about, echo = fact_of(written)
        for draft, record in written:
            if not isinstance(record, Said):
                continue
            act = record.message
            if echo and isinstance(act, a.NotUnderstood):
                raise Broken("no-echo", f"{act} answers {written[0].record}")
            for receiver in record.receivers or ("",):
                key = (receiver, tag(act))
                if owed[key]:
                    owed[key] -= 1
                    continue
                if key != (speaker, "not-understood") or act.in_reply_to != about:
                    raise Broken("I12", f"{act} is said, and no row of {[one.row.name for one in moves]} sends it")
                place = (f"{draft.agent}|{draft.conversation}", speaker)
                self.faults[place] += 1
                if self.faults[place] > self.most_faults:
                    raise Broken("faults", f"{place}: one more than {self.most_faults}")
        if +owed:
            raise Broken("I12", f"{dict(+owed)} is owed by {[one.row.name for one in moves]} and not said")


@dataclass
class Place:
    """A slot, as the ledger tells of it."""

    epoch: int = 1
    holder: str | None = None
    where: str = ""  #: conversation of the present award
    price: int = 0
    credited: bool = False
    awards: int = 0


@dataclass
class Talk:
    """One call, as the ledger tells of it."""

    round: int = 0
    due: int = 0  #: instant at which the round ends
    open: bool = False
    closed: bool = False
    live: dict[str, c.ProposeContent] = field(default_factory=dict[str, c.ProposeContent])  #: agent -> its offer
    until: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])  #: (agent, offer) -> its end
    winners: set[str] = field(default_factory=set[str])
    chosen: str | None = None  #: offer that a mediator chose
    proposed: set[str] = field(default_factory=set[str])  #: who is in PROPOSED
    undecided: set[str] = field(default_factory=set[str])  #: of those, when another round was called (R13)

    def take(self, table: str, who: str, row: Row) -> None:
        """One row: who has proposed, and who is neither called again nor rejected."""
        if table == "C":
            self.nobody_is_left()
            self.undecided = set(self.proposed) if row.name in ("C8", "C11") else set()
        elif table == "I" and row.next != "=":
            (self.proposed.add if row.next == "PROPOSED" else self.proposed.discard)(who)
            self.undecided.discard(who)

    def nobody_is_left(self) -> None:
        """R13: who is not called again is rejected, in the same step."""
        if self.undecided:
            raise Broken("I12", f"{sorted(self.undecided)} neither called again nor rejected")


@dataclass
class Business:
    """One tender, as the ledger tells of it."""

    opened: Opened
    slots: dict[int, Place]
    held: int = 0
    ended: bool = False
    grace: int = 0  #: instant until which no timer fires


class LedgerWatch:
    """Follows a manager's ledger, one step at a time."""

    def __init__(self, owner: str, most_strays: int = 5) -> None:
        self.owner = owner
        self.tenders: dict[str, Business] = {}
        self.talks: dict[str, Talk] = {}
        self.granted = 0
        self.spent = 0
        self.runs = Runs(5)
        self.stray_runs = Runs(most_strays)
        self.results: set[str] = set()

    def step(self, written: Sequence[Writing]) -> None:
        """One transaction: a fact and its conclusions."""
        if isinstance(written[0].record, Quarantined):
            self.stray_runs.say(written, (), Counter())
            return
        moves = self.runs.follow(self.owner, written)
        at = written[0].draft.at
        self._fact(written[0].draft.conversation, written[0].record, at)
        for move in moves:
            self._move(written[0].record, move, at)
        left = {move.who for move in moves if move.before == "AWARDED" and move.row.name in FREEING}
        for draft, record in written[1:]:
            if isinstance(record, Freed):
                self._freed(draft.conversation, record, left)
                self._by_its_timer(written[0].record, record)
            else:
                self._conclude(draft.conversation, record, at)
        if left:
            raise Broken("epochs", f"{sorted(left)} left, and no slot is fenced")
        for talk in self.talks.values():
            talk.nobody_is_left()
        owed = Counter(
            (move.who if move.table != "C" else "", sent.partition(":")[0]) for move in moves for sent in move.row.sends
        )
        self.runs.say(written, moves, owed)

    # ---- facts

    def _fact(self, conversation: str, fact: Any, at: int) -> None:
        match fact:
            case Opened():
                slots = {number: Place() for number in range(1, fact.terms.slots + 1)}
                self.tenders[conversation] = Business(fact, slots)
            case Invited():
                self.talks[conversation] = Talk()
            case Grace():
                self.tenders[conversation].grace = fact.until
            case Granted():
                self.granted = fact.amount
            case _:
                pass
        business = self._business(conversation)
        if business is not None and business.ended and isinstance(fact, Invited | Opened | Checked):
            raise Broken("I1", f"{fact} after the end of {conversation}")

    def _business(self, conversation: str) -> Business | None:
        return self.tenders.get(conversation.partition(".")[0])

    # ---- rows

    def _move(self, fact: Any, move: Taken, at: int) -> None:
        where, row, who = move.conversation, move.row, move.who
        talk = self.talks.get(where)
        if talk is None:  # of a mediation
            return
        talk.take(move.table, who, row)
        if move.table == "C" and row.name in ("C1", "C8", "C11"):
            talk.round, talk.open = talk.round + 1, True
            talk.due = at + self.tenders_of(where).opened.terms.reply_within_ms
        elif move.table == "C" and row.name in ("C3", "C19"):
            talk.open = False
        if move.table != "I":
            return
        if row.name == "I1":
            self._counted(talk, who, fact, where, at)
        elif row.name == "I25":
            self._credited(where, who, fact)
        state = TABLES["I"].states[self.runs.states[f"{self.owner}|{where}", "I", who]]
        if not {"offer", "awarded"} & set(state.has):
            talk.live.pop(who, None)

    def tenders_of(self, conversation: str) -> Business:
        """The tender of one of its conversations."""
        return self.tenders[conversation.partition(".")[0]]

    def _counted(self, talk: Talk, who: str, fact: Any, where: str, at: int) -> None:
        business = self.tenders_of(where)
        act = fact.message if isinstance(fact, Heard) else None
        if not isinstance(act, a.Propose):
            raise Broken("I12", f"{fact} counts as an offer of {who}")
        in_time = at < talk.due or at < business.grace
        if not talk.open or act.content.round != talk.round or not in_time:
            raise Broken("late", f"{who}'s offer of round {act.content.round} counts in round {talk.round}: {talk}")
        talk.live[who] = act.content
        end = at + act.content.valid_for_ms - business.opened.timers.offer_margin_ms
        talk.until[who, act.content.offer] = end

    def _credited(self, where: str, who: str, fact: Any) -> None:
        business = self.tenders_of(where)
        mine = [slot for slot in business.slots.items() if slot[1].holder == who and slot[1].where == where]
        if not mine or mine[0][1].credited:
            raise Broken("I2", f"{who} is credited in {where} without a live award: {business.slots}")
        number, place = mine[0]
        if isinstance(fact, Heard):
            content = getattr(fact.message, "content", None)
            fence = (content.slot, content.epoch) if isinstance(content, c.ResultContent) else None
        else:
            fence = (fact.slot, fact.epoch) if isinstance(fact, Checked) else None
        if fence != (number, place.epoch):
            raise Broken("fence", f"{fact} is credited to slot {number}, epoch {place.epoch}")
        place.credited = True

    # ---- conclusions

    def _conclude(self, conversation: str, record: Any, at: int) -> None:
        match record:
            case Held():
                business = self.tenders[conversation]
                if business.held:
                    raise Broken("money", f"{conversation} holds twice")
                business.held = record.amount
            case Mediated():
                self.talks[conversation].chosen = record.offer if record.choice == "offer" else None
            case Awarded():
                self._awarded(conversation, record, at)
            case Closed():
                talk = self.talks[conversation]
                if talk.closed:
                    raise Broken("I1", f"{conversation} is closed twice")
                talk.closed, talk.open = True, False
                if talk.live:
                    raise Broken("answers", f"{conversation} is closed, and these offers stand: {talk.live}")
            case Ended():
                self._ended(conversation, record)
            case _:
                pass

    def _awarded(self, conversation: str, award: Awarded, at: int) -> None:
        business, talk = self.tenders_of(conversation), self.talks[conversation]
        place, terms = business.slots[award.slot], business.opened.terms
        if place.holder is not None or business.ended or talk.closed:
            raise Broken("I2", f"{award} while {place}")
        if award.epoch != place.epoch:
            raise Broken("epochs", f"{award} under another epoch than {place}")
        if award.participant in talk.winners:
            raise Broken("G13", f"{award}: it won before in {conversation}")
        offer = talk.live.get(award.participant)
        if offer is None or offer.offer != award.offer or offer.price != award.price:
            raise Broken("terms", f"{award} is not of the offer that stands: {offer}")
        if at >= talk.until[award.participant, award.offer]:
            raise Broken("terms", f"{award}: its offer has ended")
        most = terms.reserve
        if talk.chosen == award.offer and terms.mediation_limit is not None:
            most = terms.mediation_limit
        if most is not None and award.price > most:
            raise Broken("terms", f"{award}: at most {most} is paid")
        place.awards += 1
        if place.awards > business.opened.timers.max_awards:
            raise Broken("bounded", f"{award} is the {place.awards}th of its slot")
        talk.winners.add(award.participant)
        place.holder, place.price, place.where = award.participant, award.price, conversation

    def _freed(self, conversation: str, lost: Freed, left: set[str]) -> None:
        """Who leaves AWARDED without a result leaves its slot, in the same step.

        Args:
            left: who left in this step; it is taken from there.
        """
        place = self.tenders_of(conversation).slots[lost.slot]
        if lost.participant not in left or place.credited or place.holder != lost.participant:
            raise Broken("I2", f"{lost}: it has not left, or not this slot: {place}")
        left.discard(lost.participant)
        if lost.epoch != place.epoch + 1:
            raise Broken("epochs", f"{lost} after epoch {place.epoch}")
        place.epoch, place.holder = lost.epoch, None

    def _by_its_timer(self, fact: Any, lost: Freed) -> None:
        """The timers of one slot leave the others alone."""
        of = fact.slot if isinstance(fact, LeaseLapsed) else lost.slot
        if isinstance(fact, Fired) and fact.timer.startswith("result:"):
            of = int(fact.timer.removeprefix("result:"))
        if of != lost.slot:
            raise Broken("fires", f"{lost} by the timer of another slot: {fact}")

    def _ended(self, tender: str, end: Ended) -> None:
        business = self.tenders[tender]
        if business.ended:
            raise Broken("I1", f"{tender} ended twice")
        business.ended = True
        credited = {number: place for number, place in business.slots.items() if place.credited}
        paid = sum(place.price for place in credited.values())
        if (end.spent, end.released) != (paid, business.held - paid) or end.released < 0:
            raise Broken("money", f"{end} of {business}")
        self.spent += end.spent
        filled = {one.slot: (one.winner, one.price) for one in end.filled}
        if filled != {number: (place.holder, place.price) for number, place in credited.items()}:
            raise Broken("money", f"{end} names other slots than {credited}")
        said = {one.result_of for one in end.filled}
        if len(said) != len(end.filled) or said & self.results:
            raise Broken("I5", f"{end}: one inform is a result twice")
        self.results |= said
        status = "settled" if len(credited) == len(business.slots) else "partial"
        if credited and end.status not in (status, "cancelled"):
            raise Broken("I1", f"{end} with {len(credited)} of {len(business.slots)} slots credited")
        if not credited and end.status in ("settled", "partial"):
            raise Broken("I1", f"{end} without a result")

    # ---- sums

    @property
    def held(self) -> int:
        """What is set aside for tenders that have not ended."""
        return sum(business.held for business in self.tenders.values() if not business.ended)

    def money(self, held: int, spent: int, released: int | None) -> None:
        """What the accounts say is what the entries say."""
        if released is None or released < 0 or (held, spent) != (self.held, self.spent):
            raise Broken(
                "money", f"{held} held, {spent} spent, {released} released; entries: {self.held}, {self.spent}"
            )
        if held + spent + released != self.granted:
            raise Broken("money", f"{held} + {spent} + {released} is not {self.granted}")

    def fires(self, now: int) -> None:
        """What was due has fired."""
        for name, talk in self.talks.items():
            if now < self.tenders_of(name).grace:
                continue
            if talk.open and now >= talk.due:
                raise Broken("fires", f"the round of {name} is open at {now}: {talk}")
            for agent, content in talk.live.items():
                state = self.runs.states[f"{self.owner}|{name}", "I", agent]
                if state != "AWARDED" and now >= talk.until[agent, content.offer]:
                    raise Broken("fires", f"{agent}'s offer stands in {name} at {now}: {talk}")

    def ends(self) -> None:
        """I1, when everything is quiet."""
        for name, business in self.tenders.items():
            if not business.ended:
                raise Broken("I1", f"{name} does not end")
        for name, talk in self.talks.items():
            if not talk.closed:
                raise Broken("I1", f"{name} does not close")
        for (stream, table, who), state in self.runs.states.items():
            if not TABLES[table].states[state].final:
                raise Broken("I1", f"{table} of {who or 'all'} in {stream} stays {state}")


@dataclass
class OwnOffer:
    """An offer, as a journal tells of it."""

    price: int
    message_id: str
    live: bool = True


class JournalWatch:
    """Follows the journal of a daemon, one step at a time."""

    def __init__(self) -> None:
        self.runs = Runs(5)
        self.offers: dict[tuple[str, str], dict[str, OwnOffer]] = {}  #: (agent, conversation) -> offer id -> offer

    def step(self, written: Sequence[Writing]) -> None:
        """One transaction of one agent, or of the daemon."""
        draft, fact = written[0]
        act = fact.message if isinstance(fact, Heard) else None
        mine = self.offers.setdefault((draft.agent, draft.conversation), {})
        moves = self.runs.follow(draft.agent, written)
        rows = {move.row.name for move in moves}
        if rows & {"P10", "P12"}:
            assert isinstance(act, a.AcceptProposal)
            offer = mine.get(act.content.offer)
            if offer is None or not offer.live or act.content.price < offer.price:
                raise Broken("bound", f"{draft.agent} is committed by {act.content}: {offer}")
        if moves:
            for name, offer in mine.items():
                offer.live = offer.live and not _voids(act, rows, name, offer)
        says = [record.message for _, record in written if isinstance(record, Said)]
        to = says[0].receiver if says else ""
        self.runs.say(written, moves, Counter((to, sent.partition(":")[0]) for m in moves for sent in m.row.sends))
        for said in says:
            if isinstance(said, a.Propose):
                mine[said.content.offer] = OwnOffer(said.content.price, said.message_id)

    def ends(self) -> None:
        """When everything is quiet nobody is at work, bids, or mediates."""
        for (stream, table, who), state in self.runs.states.items():
            if not TABLES[table].states[state].final and state != TABLES[table].start:
                raise Broken("I1", f"{table} of {who} in {stream} stays {state}")


def _voids(act: a.AnyAct | None, rows: set[str], name: str, offer: OwnOffer) -> bool:
    """Whether an offer does not bind any more after a step that took these rows."""
    match act:
        case a.RejectProposal() | a.Cancel():
            return getattr(act.content, "offer", None) in (None, name)
        case a.NotUnderstood():
            return act.in_reply_to == offer.message_id
        case a.Cfp():
            return act.content.offer != name
        case _:
            return bool(rows & {"P3", "P16", "P17"})
