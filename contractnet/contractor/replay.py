"""The journal read back: every engagement of a daemon, what it owes, what it hosted. The same check as a manager's
replay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import cast

from contractnet.bargaining.appeal import Appeal, appeal
from contractnet.bargaining.player import Task
from contractnet.bargaining.records import BargainOpened
from contractnet.bargaining.records import Fact as BargainFact
from contractnet.bargaining.records import Timers as BargainTimers
from contractnet.bargaining.side import Bargain
from contractnet.contractor.engagement import Engagement
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.misheard import MisheardOpenings
from contractnet.contractor.outcomes import OwnOutcomes
from contractnet.contractor.pairing import Key
from contractnet.contractor.persons import check_person
from contractnet.contractor.records import FACTS, LOOSE, Fact, Hosted, MisheardOpening, Seeded, Timed, Timers
from contractnet.contractor.side import Side
from contractnet.contractor.stepping import step
from contractnet.errors import ReplayDifference
from contractnet.ledger.port import Entry
from contractnet.ledger.questions import Answered, Pending, Questions
from contractnet.ledger.records import (
    Asked,
    Fired,
    Heard,
    HeardTurn,
    Misheard,
    Quarantined,
    Record,
    SaidTurn,
    Sent,
    Spoken,
)
from contractnet.ledger.rederive import rederive
from contractnet.ledger.scribe import Pen, Scribe, Writing
from contractnet.messages.acts import MEDIATION
from contractnet.messages.bargaining import AnyBargainAct

AnySide = Engagement | Mediating | Bargain

#: streams of the daemon's own
DAEMON, STRAYS = "daemon", "strays"


class Diary:
    """What a journal means: the state of all agents of one daemon. Pure."""

    def __init__(self, daemon: str, timers: Timers | None = None) -> None:
        self.daemon = daemon
        self.seed = ""
        self.engagements: dict[tuple[str, str], Engagement] = {}  #: by (agent, conversation)
        self.mediations: dict[tuple[str, str], Mediating] = {}  #: as well
        self.bargains: dict[tuple[str, str], Bargain] = {}  #: as well
        self.questions = Questions()
        self._pairs: defaultdict[str, dict[Key, Mediating]] = defaultdict(dict)  #: agent -> sides of bargainings
        #: (agent, conversation) of a bargaining that the agent opened -> all that was said in it, in order
        self.acts: defaultdict[tuple[str, str], list[AnyBargainAct]] = defaultdict(list)
        self.agreements: dict[tuple[str, str], Bargain] = {}  #: (agent, parent) -> the last that ended agreed
        self.tying: defaultdict[str, set[str]] = defaultdict(set)  #: agent -> conversations that take a place of it
        self.unsent: dict[tuple[str, str], tuple[str, Spoken]] = {}  #: (agent, message id) -> (conversation, said)
        self.said: dict[str, tuple[str, str, Spoken]] = {}  #: message id -> (agent, conversation, said)
        self.hosted: dict[str, list[str]] = {}
        #: (agent or daemon, sender, message id) of everything heard -> digest of its bytes
        self.seen: dict[tuple[str, str, str], str] = {}
        self.misheard = MisheardOpenings(daemon)
        self.outcomes = OwnOutcomes()  #: of the agents' awards, as far as the journal knows
        self.spent: dict[str, int] = {}  #: endpoint -> micros that its models have cost
        self.at = 0  #: of the last entry
        self.timed: Timers | None = None  #: what the journal says of its timers
        self._default = timers or Timers()  #: of conversations that began before it said so
        self._pen = Pen(daemon, daemon, "")

    def engagement(self, agent: str, conversation: str) -> Engagement:
        """The agent's side of a conversation; a new one where there was none."""
        found = self.engagements.get((agent, conversation))
        if found is None:
            found = Engagement(agent, self.daemon, conversation, self.seed, self.timed or self._default)
            self.engagements[agent, conversation] = found
        return found

    def mediation(self, agent: str, conversation: str) -> Mediating:
        """The agent's side of a mediation; a new one where there was none."""
        found = self.mediations.get((agent, conversation))
        if found is None:
            timers = self.timed or self._default
            found = Mediating(agent, self.daemon, conversation, self.seed, timers, self._pairs[agent])
            self.mediations[agent, conversation] = found
        return found

    def bargain(self, agent: str, conversation: str) -> Bargain:
        """The agent's side of a bargaining; a new one where there was none."""
        found = self.bargains.get((agent, conversation))
        if found is None:
            found = Bargain(agent, self.daemon, conversation, self.seed, self.bargain_timers)
            self.bargains[agent, conversation] = found
        return found

    @property
    def bargain_timers(self) -> BargainTimers:
        """What of the daemon's timers a bargaining that begins now goes by."""
        timers = self.timed or self._default
        return BargainTimers(
            margin_ppm=timers.margin_ppm,
            margin_least_ms=timers.margin_least_ms,
            margin_most_ms=timers.margin_most_ms,
            grace_ms=timers.offer_grace_ms,
            max_faults=timers.max_faults,
        )

    def known(self, agent: str, conversation: str) -> Side | Bargain | None:
        """The agent's side of a conversation, whatever its table; None: it has none."""
        key = (agent, conversation)
        return self.engagements.get(key) or self.mediations.get(key) or self.bargains.get(key)

    def side(self, agent: str, conversation: str, fact: Fact) -> AnySide:
        """As `known`; where it has none, the one that this fact begins: a message heard, or an opening."""
        if (agent, conversation) in self.bargains or isinstance(fact, HeardTurn | BargainOpened):
            return self.bargain(agent, conversation)
        if (agent, conversation) in self.mediations or (
            (agent, conversation) not in self.engagements
            and isinstance(fact, Heard)
            and fact.message.protocol == MEDIATION
        ):
            return self.mediation(agent, conversation)
        return self.engagement(agent, conversation)

    @property
    def max_faults(self) -> int:
        """How often one is told that it was not understood."""
        return (self.timed or self._default).max_faults

    def task_of(self, bargain: Bargain) -> Task | None:
        """The call that a bargaining belongs to, where it is its peer's own."""
        engagement = self.engagements.get((bargain.agent, bargain.parent or ""))
        if engagement is None or engagement.cfp is None or engagement.manager != bargain.peer:
            return None
        called = engagement.cfp.content
        prices = [offer.price for offer in engagement.offers.values() if offer.live]
        return Task(called.task, called.skill, called.input, called.terms, prices[-1] if prices else None)

    def _of_its_manager(self, talk: Bargain) -> bool:
        """Whether the call that a bargaining names is its peer's own: anybody may name one."""
        engagement = self.engagements.get((talk.agent, talk.parent or ""))
        return engagement is not None and engagement.manager == talk.peer

    def agreed_price(self, engagement: Engagement) -> int | None:
        """The price that its manager and its agent, the seller, have bargained for and agreed, micros; None: none."""
        bargain, cfp = self.agreements.get((engagement.agent, engagement.conversation)), engagement.cfp
        if bargain is None or bargain.rules is None or bargain.deal is None or cfp is None:
            return None
        fits = (
            bargain.peer == engagement.manager and bargain.me is not None and bargain.rules.side(bargain.me) == "seller"
        )
        same_unit = bargain.rules.agenda.issues[0].unit == cfp.content.terms.unit
        return bargain.deal[1][0] if fits and same_unit else None

    def sides(self) -> list[AnySide]:
        """Every side of every conversation."""
        return [*self.engagements.values(), *self.mediations.values(), *self.bargains.values()]

    def begin(self, seed: str, timers: Timers, hosted: dict[str, list[str]], at: int) -> list[Writing]:
        """A process begins: what of these the journal does not say yet."""
        written: list[Writing] = []
        if not self.seed:
            written += self.loose(self.daemon, DAEMON, Seeded(seed=seed), at)
        if self.timed != timers:
            written += self.loose(self.daemon, DAEMON, Timed(timers=timers), at)
        if self.hosted != hosted:
            written += self.loose(self.daemon, DAEMON, Hosted(agents=hosted), at)
        return written

    def step(self, agent: str, conversation: str, fact: Fact, at: int) -> list[Writing]:
        """Step one side."""
        side = self.side(agent, conversation, fact)
        if isinstance(side, Bargain):
            talk = side.bargain if isinstance(side, Appeal) else side
            ended = talk.deal is not None
            written = side.step(cast(BargainFact, fact), at)
            written += appeal(side, at)
            if side.appeal is not None:
                self.bargains[agent, side.appeal.conversation] = side.appeal
            if talk.deal is not None and not ended and self._of_its_manager(talk):
                self.agreements[agent, talk.parent or ""] = talk
            return self._follow(written, at)
        if isinstance(side, Mediating):
            check_person(self.questions, conversation, fact)
            return self._follow(side.step(fact, at), at)
        written = step(side, fact, at)
        if side.ties_capacity:
            self.tying[agent].add(conversation)
        else:
            self.tying[agent].discard(conversation)
        return self._follow(written, at)

    def loose(self, agent: str, conversation: str, record: Record, at: int) -> list[Writing]:
        """A fact that moves nobody: `Sent`, `Quarantined`, `Hosted`, `Seeded`, `Timed`, `Asked`, a decision."""
        side = self.known(agent, conversation)
        scribe = Scribe(side.pen if side else self._pen, at)
        if isinstance(record, Quarantined):
            scribe.fact(conversation, record, record.sender, record.message_id)
        else:
            scribe.fact(conversation, record)
        match record:
            case MisheardOpening():
                self.misheard.take(scribe, record, self.seed, conversation, self.max_faults)
            case Sent():
                self.unsent.pop((agent, record.message_id), None)
            case Seeded():
                self.seed = record.seed
            case Hosted():
                self.hosted = record.agents
            case Timed():
                self.timed = record.timers
            case Pending():
                self.questions.ask(record, at)
            case Answered():
                self.questions.answer(record, at)
            case Asked():
                self.spent[record.endpoint] = self.spent.get(record.endpoint, 0) + record.cost
            case _:
                pass
        return self._follow(scribe.finish(), at)

    def _follow(self, written: list[Writing], at: int) -> list[Writing]:
        for draft, record in written:
            self.outcomes.follow(draft.agent, draft.conversation, record)
            if isinstance(record, Heard | HeardTurn | Misheard | Quarantined) and draft.sender and draft.message_id:
                self.seen[draft.agent, draft.sender, draft.message_id] = record.digest
                if isinstance(record, Heard | HeardTurn):
                    self.misheard.understood(draft.agent, draft.sender)
            if isinstance(record, HeardTurn | SaidTurn):
                opened = self.bargains.get((draft.agent, draft.conversation))
                if opened is not None and opened.me == 0:
                    self.acts[draft.agent, draft.conversation].append(record.message)
            if isinstance(record, Spoken):
                self.unsent[draft.agent, record.message.message_id] = (draft.conversation, record)
                self.said[record.message.message_id] = (draft.agent, draft.conversation, record)
        self.at = max(self.at, at)
        return written


def together(side: AnySide) -> tuple[AnySide, ...]:
    """What moves with a side: what ends one request about a bargaining ends the other."""
    if isinstance(side, Mediating):
        return side.sides
    return (side, side.appeal) if isinstance(side, Bargain) and side.appeal is not None else (side,)


def replay(daemon: str, entries: Iterable[Entry], timers: Timers | None = None) -> Diary:
    """Rebuild the diary of a daemon from its journal, checking every entry.

    Args:
        timers: of conversations before the first `Timed` entry; None: those of D7.

    Raises:
        ReplayDifference: an entry is not what the facts before it give; names its position.
    """
    diary = Diary(daemon, timers)

    def conclude(entry: Entry, record: Record) -> list[Writing]:
        if entry.type in LOOSE:
            return diary.loose(entry.agent, entry.conversation, record, entry.at)
        fact = cast(Fact, record)  # FACTS holds the members of Fact
        _check_place(diary, entry, fact)
        return diary.step(entry.agent, entry.conversation, fact, entry.at)

    rederive(entries, FACTS | LOOSE, conclude)
    return diary


def _check_place(diary: Diary, entry: Entry, fact: Fact) -> None:
    """What was heard was new, and of the conversation where it stands; no timer fired before its instant (D14)."""
    if isinstance(fact, Heard | HeardTurn):
        act = fact.message
        fresh = (entry.agent, act.sender, act.message_id) not in diary.seen
        if fresh and act.conversation_id == entry.conversation:
            return
    elif not isinstance(fact, Fired) or diary.side(entry.agent, entry.conversation, fact).due(entry.at) == fact:
        return
    text = f"position {entry.position}: this `{entry.type}` entry does not belong here: {fact}"[:500]
    raise ReplayDifference(text, entry.position)
