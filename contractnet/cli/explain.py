"""`contractnet log --explain`: why a tender was decided as it was, in plain words, from recorded reasons only.

Nothing is computed again here and nothing is guessed: `contractnet replay` checks that the reasons are the right ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contractnet.cli.entry_words import printable
from contractnet.errors import DefinitionError, LedgerUnusable
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Record
from contractnet.manager import records as manager
from contractnet.manager.conditions import TenderTerms
from contractnet.manager.paid import Filled
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.messages.values import PPM, RefuseReason, show_amount

_KINDS: Final = {
    kind.__name__: kind
    for kind in (
        manager.Opened,
        manager.Invited,
        manager.Directed,
        manager.Decided,
        manager.Bargained,
        manager.Mediated,
        manager.Awarded,
        manager.Freed,
        manager.Closed,
        manager.Ended,
    )
}
_RULES: Final = {
    "lowest-price": "the cheapest bid wins and is paid its price",
    "best-value": "value x probability - price - eta cost x eta, the largest wins and is paid its price",
    "second-price": "the cheapest bid wins and is paid the best price that lost, at most the reserve",
    "first-score": "value x probability - price - eta cost x eta, the largest wins and is paid its price",
    "second-score": "the largest score wins and is paid the price at which it would equal the best that lost",
    "highest-quality-under-reserve": "the surest bid wins, then the cheapest, then the fastest; it is paid its price",
    "lexicographic": "the bids are compared by the stated criteria, one after the other; paid is the winner's price",
}
#: of a divisible task
_PART_RULES: Final = {
    "lowest-price": "the cheapest bids get the parts, each is paid its price for each",
    "second-price": "the cheapest bids get the parts; a winner is paid the prices at which rivals would do its parts, "
    "the reserve where nobody would",
}
_BUNDLE_RULE: Final = (
    "what costs least together is bought, an item that nobody does counting its reserve; a winner is paid what its "
    "bundle saves the others"
)
#: rules whose score is no amount
_PLAIN: Final = frozenset({"highest-quality-under-reserve", "lexicographic"})
_LOSSES: Final = {
    LossReason.OUTBID: "others are better",
    LossReason.EXPLORED: "the best; the award went to one of whom less is known, to learn of it",
    LossReason.LOST_DRAW: "as good as the winner; the recorded seed drew the other",
    LossReason.OVER_RESERVE: "over the reserve",
    LossReason.UNDER_SCORE: "its score is under the least that is taken",
    LossReason.TOO_FEW_BIDS: "good enough, but there are fewer bids than the terms demand",
    LossReason.RULE_FAILED: "the award rule failed",
}
_REFUSALS: Final = {
    RefuseReason.BUSY: "busy: its capacity was taken",
    RefuseReason.UNFIT: "unfit: not a task for it",
    RefuseReason.OVER_RESERVE: "the public reserve is under its price",
}
_FREED: Final[dict[manager.Reason, str]] = {
    "failed": "it said that it failed",
    "lease": "it was silent for a whole lease",
    "result-deadline": "the result was overdue",
    "invalid-result": "its result does not meet the schema",
    "check": "its result did not pass the check",
    "user": "the tender was cancelled",
}
_STOPS: Final = {
    "target-met": "the best score has met the target",
    "bound-reached": "the last round was reached",
    "no-progress": "the last rounds brought no progress",
}
_DIRECT: Final = {
    "one-bidder": "Direct award, nobody else could be asked:",
    "cannot-pay": "Direct award, an auction would not pay for itself:",
    "over-reserve": "No direct award, the known price is over the reserve:",
    "auction-pays": "No direct award, an auction is expected to pay for itself:",
}
_COURSES: Final = {
    "iterate": "Another round follows",
    "mediate": "Nobody can be awarded: the mediator is asked.",
    "no-award": "Nobody is awarded.",
}


def explain(entries: Iterable[Entry], wanted: str) -> Iterator[str]:
    """The lines of an explanation.

    Args:
        entries: of a manager's ledger, in order.
        wanted: a tender's id, the beginning of one, or its key.
    Raises:
        DefinitionError: no tender, or several, are so called.
    """
    beginning = wanted.partition(".")[0] or wanted  # of a conversation, too
    found: dict[str, list[tuple[str, Record]]] = {}
    for entry in entries:
        kind = _KINDS.get(entry.type)
        if kind is None:
            continue
        record, tender = _read(entry, kind), entry.conversation.partition(".")[0]
        if isinstance(record, manager.Opened) and (record.key == wanted or tender.startswith(beginning)):
            found[tender] = []
        if tender in found:
            found[tender].append((entry.conversation, record))
    if not found:
        raise DefinitionError(f"no tender {wanted[:64]} is here: name the beginning of its id, or its key")
    if len(found) > 1 and wanted not in found:
        raise DefinitionError(f"{len(found)} tenders begin with {wanted[:64]!r}: {', '.join([*found][:5])}; name one")
    tender = wanted if wanted in found else next(iter(found))
    told = _Teller()
    for conversation, record in found[tender]:
        for line in told.tell(tender, conversation, record):
            yield printable(line)


def _read(entry: Entry, kind: type[Record]) -> Record:
    try:
        return msgspec.json.decode(entry.body, type=kind)
    except msgspec.MsgspecError as error:
        raise LedgerUnusable(f"entry {entry.position} is not readable: contractnet replay says why") from error


class _Teller:
    """What was told so far: the terms that amounts are counted in."""

    terms: TenderTerms

    def tell(self, tender: str, conversation: str, record: Record) -> Iterator[str]:
        match record:
            case manager.Opened():
                self.terms = record.terms
                key = f", key {record.key}" if record.key else ""
                yield f"Tender {tender}{key}: {record.spec.task[:200]} ({record.spec.skill})"
                yield from self._terms(record.terms)
            case manager.Invited():
                yield f"Call {record.number}, {conversation}: {len(record.expected)} expected to answer."
            case manager.Directed():
                yield self._directed(record)
            case manager.Decided():
                yield from self._decided(record)
            case manager.Bargained():
                deals = [f"{agent} at {self._amount(one.price)}" for agent, one in record.agreed.items()]
                yield f"Agreed: {', '.join(deals)}." if deals else "Nothing was agreed: the round takes its course."
            case manager.Mediated():
                choice = {"offer": f"chose the offer {record.offer}", "round": "asked for one more round"}
                why = f" ({record.why})" if record.why else ""
                yield f"Mediator {record.mediator} {choice.get(record.choice, 'chose nothing')}{why}."
            case manager.Awarded():
                what = f"Slot {record.slot}" if record.parts is None else _parts(record)
                what = f"{', '.join(record.items)}," if record.items else what
                yield f"{what} was awarded to {record.participant} for {self._amount(record.price)}."
            case manager.Freed():
                detail = f" ({record.detail})" if record.detail else ""
                why = _FREED.get(record.reason, record.reason)
                yield f"Slot {record.slot} was lost by {record.participant}: {why}{detail}."
            case manager.Closed(again_at=int()):
                yield "Busy is not no, death is not failure: the tender calls again."
            case manager.Ended():
                yield from self._ended(record)
            case _:
                pass

    def _terms(self, terms: TenderTerms) -> Iterator[str]:
        words = {terms.rule: _BUNDLE_RULE} if terms.items else _PART_RULES if terms.divisible else _RULES
        yield f"Rule {terms.rule}: {words.get(terms.rule, 'brought by another distribution')}."
        said = [f"value {self._amount(terms.value)}"] if terms.value is not None else []
        if terms.reserve is not None:
            how = "public" if terms.public_reserve else "secret"
            prior = terms.prior
            belief = (
                f", the best for costs from {show_amount(prior.low)} to {show_amount(prior.high)}, each as likely"
                if prior
                else ""
            )
            said.append(f"reserve {self._amount(terms.reserve)} ({how}{belief})")
        if terms.eta_cost:
            said.append(f"{self._amount(terms.eta_cost)} for each second of waiting")
        if terms.least_score is not None:
            said.append(f"least score {show_amount(terms.least_score)}")
        if terms.order:
            said.append("order " + ", ".join(f"{one.what} in steps of {one.step}" for one in terms.order))
        if terms.bond is not None:
            bonus, stake = self._amount(terms.bond.bonus), self._amount(terms.bond.stake)
            said.append(f"a bond on stated confidence, bonus {bonus}, stake {stake}")
        if terms.min_bids > 1:
            said.append(f"at least {terms.min_bids} bids")
        if terms.items:
            said.append("items " + ", ".join(f"{one.name} at most {show_amount(one.reserve)}" for one in terms.items))
        elif terms.divisible:
            said.append(f"{terms.slots} parts, reserve and prices for one")
        elif terms.slots > 1:
            said.append(f"{terms.slots} slots")
        if said:
            yield f"Terms: {'; '.join(said)}."

    def _directed(self, record: manager.Directed) -> str:
        belief = f"the last {record.seen} prices asked" if record.seen else "the stated prior"
        sums = (
            f"{record.participant} asked {self._amount(record.price)} last; an auction among {record.bidders} is "
            f"expected to pay {show_amount(record.expected_payment)} by {belief}, so to save "
            f"{show_amount(record.expected_saving)}, and costs {show_amount(record.bidding_cost)} for bids and "
            f"{show_amount(record.waiting_cost)} for the wait"
        )
        return f"{_DIRECT[record.reason]} {sums}."

    def _decided(self, record: manager.Decided) -> Iterator[str]:
        bids, refused, silent = len(record.bids), len(record.refused), len(record.silent)
        yield f"Round {record.round}: {bids} bid, {refused} refused, {silent} silent."
        width = max((len(bid.participant) for bid in record.bids), default=0)
        for bid in record.bids:
            yield f"  {bid.rank}. {bid.participant:<{width}}  {self._bid(record, bid)}"
        for agent, reason in record.refused.items():
            yield f"  {agent} refused: {_REFUSALS.get(reason, reason.value)}."
        if record.silent:
            yield f"  Silent, which is no refusal: {', '.join(record.silent)}."
        if record.ties:
            yield f"  As good as each other: {', '.join(record.ties)}; the seed recorded before the first bid drew."
        low = [bid.participant for bid in record.bids if bid.low]
        if low:
            share = self.terms.low_bid_ppm * 100 / PPM
            yield f"  Abnormally low, under {share:g} % of the reserve: {', '.join(low)}. Flagged, not excluded."
        for alarm in record.alarms:
            what = "prices are near-equal" if alarm.reason == "near-equal-prices" else f"one model, {alarm.model}"
            yield f"  Alarm: {what} ({', '.join(alarm.participants)}); the panel may be one bidder. Nobody is excluded."
        if record.fault:
            yield f"  The award rule failed, so nothing is awarded: {record.fault}"
        if record.stop:
            yield f"  No further round: {_STOPS[record.stop]}. Who spoke last: {', '.join(record.last) or 'nobody'}."
        if record.course == "iterate":
            yield f"  {_COURSES['iterate']}, for {', '.join(record.invited)}."
        elif record.course == "bargain":
            yield f"  Before the award the price is bargained over with {', '.join(record.invited)}."
        elif record.course != "award":
            yield f"  {_COURSES[record.course]}"

    def _bid(self, record: manager.Decided, bid: manager.Assessed) -> str:
        chance = f"{bid.probability * 100 / PPM:.0f} %"
        if bid.probability != bid.confidence:
            chance += f" (says {bid.confidence * 100 / PPM:.0f} %)"
        terms = f"{self._amount(bid.price)}, {bid.eta} s, {chance}; score {self._score(record, bid.score)}"
        if bid.parts is not None and bid.pays is not None:
            given = f"{bid.parts} of the {bid.most} parts it can do"
            return f"{terms}: awarded {given}, paid {self._amount(bid.pays)}"
        if bid.items and bid.pays is not None:
            return f"{terms}: awarded {', '.join(bid.items)}, paid {self._amount(bid.pays)}"
        if bid.pays is not None:
            return f"{terms}: awarded" + (f", paid {self._amount(bid.pays)}" if bid.pays != bid.price else "")
        if bid.why is None:
            return f"{terms}: not decided yet"
        behind = f" by {self._score(record, -bid.margin)}" if bid.why is LossReason.OUTBID and bid.margin < 0 else ""
        return f"{terms}: {_LOSSES[bid.why]}{behind if not bid.criterion else ''}"

    def _score(self, record: manager.Decided, score: int) -> str:
        return str(score) if record.rule in _PLAIN else show_amount(score)

    def _ended(self, record: manager.Ended) -> Iterator[str]:
        why = f" ({record.reason})" if record.reason else ""
        paid = ", ".join(self._paid(one) for one in record.filled)
        money = f" Of what was held {show_amount(record.released)} was released." if record.released else ""
        yield f"Ended {record.status}{why}{f': {paid}' if paid else ''}.{money}"
        if record.forfeits:
            owed = ", ".join(f"{one.participant} {self._amount(one.amount)}" for one in record.forfeits)
            yield f"Owed of bonds, for awards that were lost: {owed}."

    def _paid(self, one: Filled) -> str:
        bond = "" if self.terms.bond is None else f" (price {show_amount(one.price)}, bond {show_amount(one.bond)})"
        return f"{one.winner} for {self._amount(one.price + one.bond)}{bond}"

    def _amount(self, amount: int) -> str:
        return f"{show_amount(amount)} {self.terms.unit}"


def _parts(record: manager.Awarded) -> str:
    return f"Slot {record.slot}, {record.parts} part{'s' if record.parts != 1 else ''} of the task,"
