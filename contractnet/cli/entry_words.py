"""What an entry of a ledger says, in words: who speaks to whom, or what was decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import msgspec

from contractnet.cli.act_words import duration, performative, shorten, words_of
from contractnet.cli.bargain_words import tell_bargaining, words_of_turn
from contractnet.cli.output import instant
from contractnet.contractor import records as journal
from contractnet.errors import LedgerUnusable
from contractnet.ledger import questions
from contractnet.ledger import records as common
from contractnet.ledger.founding import FOUNDED, founding
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Record
from contractnet.manager import kinds, plans
from contractnet.manager import records as manager
from contractnet.manager.limits import LIMIT
from contractnet.manager.paid import ExplorationGranted
from contractnet.messages.acts import Cfp
from contractnet.messages.values import show_amount

RECORDS: Final[dict[str, type[Record]]] = {
    **journal.FACTS,
    **journal.LOOSE,
    **journal.CONCLUSIONS,
    **kinds.FACTS,
    **kinds.LOOSE,
    **kinds.CONCLUSIONS,
}


@dataclass(frozen=True, slots=True)
class Told:
    """An entry in words."""

    words: str
    performative: str | None = None  #: where it is a message
    sender: str | None = None  #: of a message
    receivers: tuple[str, ...] = ()  #: of a message; none: all with the skill
    named: tuple[str, ...] = ()  #: agents that it is about

    def concerns(self, agent: str) -> bool:
        """Whether an agent speaks, hears or is named here."""
        return agent == self.sender or agent in self.receivers or agent in self.named


def tell(entry: Entry) -> Told:
    """An entry in words; one that this version does not know is shown as it is stored."""
    told = _tell(entry)
    return replace(told, words=printable(told.words))


def printable(text: str) -> str:
    """Without what a terminal would take for an order, or would not show: agents write what they like."""
    return "".join(character if character.isprintable() else " " for character in text)


def _tell(entry: Entry) -> Told:
    kind = RECORDS.get(entry.type)
    if entry.type == FOUNDED:
        return Told(_founded(entry))
    if kind is None:
        return Told(shorten(entry.body))
    try:
        record = msgspec.json.decode(entry.body, type=kind)
    except msgspec.MsgspecError:
        return Told(f"(not readable) {shorten(entry.body)}")
    words = tell_bargaining(record)
    if words is not None:
        return Told(words)
    return _tell_message(entry, record) or _tell_manager(record) or _tell_contractor(record) or Told(f"({entry.type})")


def _tell_message(entry: Entry, record: Record) -> Told | None:
    match record:
        case common.Heard():
            act = record.message
            to = () if isinstance(act, Cfp) and entry.agent == act.sender else (entry.agent,)
            return Told(words_of(act), performative(act), act.sender, to)
        case common.Said():
            act = record.message
            return Told(words_of(act), performative(act), act.sender, record.receivers)
        case common.HeardTurn(message=turn):
            return Told(words_of_turn(turn), performative(turn), turn.sender, (entry.agent,))
        case common.SaidTurn(message=turn):
            return Told(words_of_turn(turn), performative(turn), turn.sender, record.receivers)
        case common.Misheard():
            faults = "; ".join(f"{field.path}: {field.text}" for field in record.fields)
            return Told(
                f"{record.performative}, not understood: {shorten(faults)}",
                record.performative,
                record.sender,
                (entry.agent,),
            )
        case common.Quarantined():
            who = (record.sender,) if record.sender else ()
            what = f" {record.performative} from {record.sender}" if record.performative else ""
            return Told(f"set aside{what}: {shorten(record.why)}", named=who)
        case common.Fired():
            kind, _, which = record.timer.partition(":")
            return Told(f"timer {record.timer} fired", named=(which,) if kind in ("offer", "cancel") and which else ())
        case common.Sent():
            return Told(f"the broker has {record.message_id}", named=record.receivers)
        case common.Moved():
            rows = ", ".join(f"{move.row} {move.who or move.table} {move.state}" for move in record.moves)
            return Told(f"rows {rows}", named=tuple(move.who for move in record.moves if move.who))
        case _:
            return None


def _tell_manager(record: Record) -> Told | None:
    match record:
        case manager.Opened():
            return Told(_opened(record))
        case manager.Invited():
            names = tuple(sorted(record.expected))
            return Told(f"call {record.number}: {_names(names)} expected to answer", named=names)
        case manager.Gone():
            return Told(f"gone: {_names(record.agents)}", named=record.agents)
        case common.Returned():
            return Told(f"the broker knows no queue for {_names(record.agents)}", named=record.agents)
        case manager.LeaseLapsed():
            return Told(f"lease of slot {record.slot} epoch {record.epoch} lapsed")
        case manager.Grace():
            return Told(f"was away: no timer fires before {instant(record.until)}")
        case manager.Checked():
            verdict = "ok" if record.ok else f"not ok: {shorten(record.reason)}"
            return Told(f"check of slot {record.slot} epoch {record.epoch}: {verdict}")
        case manager.CancelAsked():
            return Told(f"cancel asked for: {record.reason}")
        case manager.Judged():
            verdict = "good" if record.ok else "bad"
            return Told(f"judged {verdict}" + (f": {shorten(record.note)}" if record.note else ""))
        case plans.Drafted():
            return Told(f"plan {record.key} drafted by {record.by}: {_names(tuple(one.id for one in record.tasks))}")
        case plans.Approved():
            why = f": {shorten(record.why)}" if record.why else ""
            return Told(f"plan {record.key} {'approved' if record.ok else 'refused'} by {record.by}{why}")
        case ExplorationGranted():
            return Told(f"exploration may give up {show_amount(record.amount)} {record.unit} in all")
        case manager.Granted():
            account = f" for account {record.account}" if record.account else ""
            return Told(f"budget of {show_amount(record.amount)} {record.unit}{account}")
        case manager.AccountClosed():
            return Told(f"account {record.account} closed: {show_amount(record.released)} released")
        case questions.Pending():
            return Told(_asked(record))
        case questions.Answered():
            amount = f" {show_amount(record.amount)}" if record.amount is not None else ""
            why = f": {shorten(record.why)}" if record.why else ""
            return Told(f"decision {record.id} by {record.by}: {record.choice}{amount}{why}")
        case manager.Started():
            return Told(f"manager started, epoch {record.manager_epoch}")
        case manager.Held():
            return Told(f"holds {show_amount(record.amount)} {record.unit}")
        case _:
            return _tell_outcome(record)


def _tell_outcome(record: Record) -> Told | None:
    match record:
        case manager.Directed():
            how = "asked alone" if record.direct else "not asked alone"
            return Told(
                f"{record.participant} {how} at {show_amount(record.price)}: {record.reason}",
                named=(record.participant,),
            )
        case manager.Decided():
            bids = tuple(bid.participant for bid in record.bids)
            return Told(_decided(record), named=(*bids, *record.refused, *record.silent))
        case manager.BargainsEnded():
            return Told("the bargainings have ended")
        case manager.Bargained():
            deals = ", ".join(f"{agent} {show_amount(one.price)}" for agent, one in record.agreed.items())
            return Told(f"agreed: {deals or 'with nobody'}", named=tuple(record.agreed))
        case manager.Mediated():
            choice = f"{record.choice} {record.offer}" if record.offer else record.choice
            why = f" ({shorten(record.why)})" if record.why else ""
            return Told(f"mediator {record.mediator} chose {choice}{why}", named=(record.mediator,))
        case manager.Awarded():
            price = show_amount(record.price)
            parts = f" for {record.parts} parts" if record.parts else ""
            text = f"slot {record.slot} epoch {record.epoch} awarded to {record.participant} at {price}{parts}"
            return Told(text, named=(record.participant,))
        case manager.Freed():
            more = f" ({shorten(record.detail)})" if record.detail else ""
            text = (
                f"slot {record.slot} lost by {record.participant}: {record.reason}{more}; epoch is {record.epoch} now"
            )
            return Told(text, named=(record.participant,))
        case manager.Closed():
            why = f" ({record.reason})" if record.reason else ""
            again = f"; calls again after {instant(record.again_at)}" if record.again_at is not None else ""
            truth = "".join(f"; {agent} {known}" for agent, known in record.truth.items())
            return Told(f"call closed: {record.outcome}{why}{truth}{again}", named=tuple(record.truth))
        case manager.Ended():
            why = f" ({record.reason})" if record.reason else ""
            paid = "" if record.price is None else f" for {show_amount(record.price)} {record.unit}"
            by = f", {record.winner}{paid}" if record.winner else ""
            return Told(f"tender ended: {record.status}{why}{by}", named=(record.winner,) if record.winner else ())
        case _:
            return None


def _tell_contractor(record: Record) -> Told | None:
    match record:
        case journal.Bade():
            return Told(f"bids {show_amount(record.price)}, eta {record.eta} s")
        case journal.Declined():
            return Told(f"declines: {record.reason.value}")
        case journal.Withdrew():
            return Told("takes its offer back")
        case journal.Began():
            return Told(f"work begins, attempt {record.attempt}")
        case journal.Finished():
            return Told("work done")
        case journal.Failed():
            return Told(f"work failed: {record.reason.value}")
        case journal.Stopped():
            return Told("work stopped")
        case journal.CannotStop():
            return Told("work done although it was cancelled")
        case journal.Took():
            return Told("looks at the request")
        case journal.Chose():
            by = f" by {record.rung}" if record.rung else ""
            return Told(f"chooses {record.choice}" + (f" {record.offer}" if record.offer else "") + by)
        case journal.Passed():
            return Told(f"{record.rung} passes it on: {shorten(record.why)}")
        case journal.Settled():
            return Told(f"ended by {record.rung}" if record.rung else "no rung has ended it")
        case journal.LeaseLost():
            return Told(f"lease lost: {shorten(record.text) or 'no beat was confirmed'}")
        case journal.Hosted():
            names = tuple(sorted(record.agents))
            return Told(f"hosts {_names(names)}", named=names)
        case journal.Seeded():
            return Told("journal begun")
        case journal.Timed():
            return Told("timers of this start recorded")
        case common.Asked():
            tokens = f"{'about ' if record.guessed else ''}{record.tokens_in} + {record.tokens_out} tokens"
            cost = f", {show_amount(record.cost)} {record.unit}" if record.cost else ""
            took = duration(record.latency_ms)
            return Told(f"asks {record.endpoint} to {record.purpose}: {record.outcome}, {tokens}{cost}, {took}")
        case _:
            return None


def _founded(entry: Entry) -> str:
    try:
        found = founding(entry, "the ledger")
    except LedgerUnusable:
        return shorten(entry.body)
    return f"{found.kind.value} of {found.owner} begun"


def _asked(record: questions.Pending) -> str:
    if record.kind != LIMIT:
        return f"decision {record.id} pending: {record.kind} {record.about}"
    known = {name: record.told.get(name) for name in ("granted", "held", "spent", "released")}
    amounts = [f"{name} {show_amount(amount)}" for name, amount in known.items() if isinstance(amount, int)]
    about = f"of account {record.about}" if record.about else "of the market"
    return f"decision {record.id} pending: the limit {about} is reached: {', '.join(amounts)}"


def _opened(record: manager.Opened) -> str:
    spec, terms = record.spec, record.terms
    reserve = "no reserve" if terms.reserve is None else f"reserve {show_amount(terms.reserve)} {terms.unit}"
    key = f", key {record.key}" if record.key is not None else ""
    account = f", account {record.account}" if record.account else ""
    return (
        f"tender opened: {spec.skill}, rule {terms.rule}, {reserve}{account}, "
        f"within {duration(terms.within_ms)}{key}: {shorten(spec.task)}"
    )


def _decided(record: manager.Decided) -> str:
    stands = "stands" if record.course == "bargain" else "awarded"
    bids = [_bid(bid, stands) for bid in record.bids]
    bids += [f"{agent} refused {reason.value}" for agent, reason in record.refused.items()]
    bids += [f"{agent} silent" for agent in record.silent]
    ties = f"; tied, drawn by the seed: {_names(record.ties)}" if record.ties else ""
    course = {"award": "", "iterate": f", round {record.round + 1} follows", "mediate": ", a mediator is asked"}
    course["bargain"] = f", first it bargains with {_names(record.invited)}"
    return f"decided by {record.rule}{course.get(record.course, '')}: {'; '.join(bids) or 'nobody bid'}{ties}"


def _bid(bid: manager.Assessed, stands: str) -> str:
    end = bid.reason.value if bid.reason else stands
    return f"{bid.participant} {show_amount(bid.price)} score {show_amount(bid.score)} {end}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nobody"
