"""What the participant hears: each message becomes one event of table P, by the gate's classification.

Rules: a cfp for a round already seen is recorded; an accept is live if its offer is, or if it was accepted before; one
below its offer's price, or for more parts than that offered, is of no offer of ours; a reject ends the conversation if
it names no offer, or the last live one; only a not-understood with the reason `schema` about an offer of ours moves.

Source: table P; the gate's step 5 in protocols/README.md; G10, G14.
"""

from __future__ import annotations

from contractnet.contractor.engagement import Engagement, OwnOffer
from contractnet.contractor.records import Failed
from contractnet.contractor.replies import Reply
from contractnet.ledger.scribe import Scribe
from contractnet.messages.acts import (
    MEDIATION,
    AcceptProposal,
    AnyAct,
    Cancel,
    Cfp,
    NotUnderstood,
    RejectProposal,
)
from contractnet.messages.codec import spec_digest
from contractnet.messages.contents import AcceptContent, Bundle
from contractnet.messages.values import CancelFailure, NotUnderstoodReason, TaskFailure


def hear(engagement: Engagement, scribe: Scribe, act: AnyAct) -> None:
    if engagement.manager is None:
        engagement.manager = act.sender
    if engagement.protocol is None and act.protocol != MEDIATION:
        engagement.begin(act.protocol)
    match act:
        case Cfp():
            _called(engagement, scribe, act)
        case AcceptProposal():
            _accepted(engagement, scribe, act)
        case RejectProposal():
            _rejected(engagement, scribe, act)
        case Cancel():
            _cancelled(engagement, scribe, act)
        case NotUnderstood():
            _misunderstood(engagement, scribe, act)
        case _:
            name = str(act.__struct_config__.tag)
            engagement.complain(scribe, act.sender, act.reply_with, name, NotUnderstoodReason.ILLEGAL_ACT)


def _called(engagement: Engagement, scribe: Scribe, act: Cfp) -> None:
    first = engagement.cfp is None
    if not first and engagement.cfp is not None and act.content.round <= engagement.cfp.content.round:
        return  # the gate: a cfp for a round already seen is recorded
    fresh = first and engagement.machine.can("?cfp")  # one that an accept overtook is no first call any more (P34)
    row = engagement.received(scribe, act, "?cfp" if fresh else "?cfp:next")
    if row is not None and row.sends:  # P33: it left the conversation before
        engagement.cfp = act
        engagement.say(scribe, Reply(row.sends[0], act.reply_with))
    if row is None or not engagement.machine.has("deliberating"):
        return
    engagement.cfp, engagement.heard_at, engagement.repair = act, scribe.at, None
    engagement.repairs = 0
    window, timers = act.content.reply_within_ms, engagement.timers
    margin = window * timers.margin_ppm // 1_000_000
    engagement.bid_until = (
        scribe.at + window - min(max(margin, timers.margin_least_ms), timers.margin_most_ms, window // 2)
    )
    for offer in engagement.offers.values():
        offer.live = offer.live and offer.id == act.content.offer


def _accepted(engagement: Engagement, scribe: Scribe, act: AcceptProposal) -> None:
    offer = engagement.offers.get(act.content.offer)
    same = engagement.accept is not None and engagement.accept.content.offer == act.content.offer
    cheaper = offer is not None and not _offered(engagement, offer, act.content)  # nobody offered that
    live = (offer is not None and offer.live and not cheaper) or same
    row = engagement.received(scribe, act, "?accept:live" if live else "?accept:dead")
    if row is None:
        return
    if not live:
        dead = offer.end if offer and not cheaper else TaskFailure.UNKNOWN_OFFER
        dead = dead if dead in row.reasons else TaskFailure(row.reasons[0])
        engagement.say(scribe, Reply("failure:task", act.reply_with, dead, fence=act.content))
        engagement.drop(TaskFailure.UNKNOWN_OFFER)  # with the conversation's end, whichever others there were
    elif engagement.machine.has("committed") and engagement.accept is None:
        engagement.accept = act
        engagement.result_due = scribe.at + act.content.work_within_ms
        _check_digest(engagement, scribe, act)
    elif engagement.last_answer is not None:  # P39: the last word about the work is said again
        engagement.answers[act.message_id] = engagement.last_answer


def _offered(engagement: Engagement, offer: OwnOffer, award: AcceptContent) -> bool:
    """Whether an award is what was offered, or better: so many parts at so much each."""
    assert engagement.cfp is not None  # an offer was made on it
    terms = engagement.cfp.content.terms
    if terms.items is not None:
        bundles = offer.bundles or (Bundle(items=terms.items, price=offer.price),)
        return any({*one.items} == {*(award.items or terms.items)} and award.price >= one.price for one in bundles)
    whole = terms.parts or 1
    parts = award.parts or whole
    return parts <= min(offer.most or whole, whole) and award.price >= parts * offer.price


def _check_digest(engagement: Engagement, scribe: Scribe, act: AcceptProposal) -> None:
    """Another task than announced is nobody's fault, and no commitment (G10)."""
    assert engagement.cfp is not None  # an offer was made on it
    wanted = engagement.cfp.content.spec_digest
    if wanted is None:
        return
    task, salt = engagement.cfp.content, act.content.salt or ""
    if spec_digest(task.task, task.input, act.content.private, salt) != wanted:
        engagement.fail(scribe, Failed(reason=TaskFailure.SPEC_CHANGED, text="the digest of the task is another"))


def _rejected(engagement: Engagement, scribe: Scribe, act: RejectProposal) -> None:
    named = act.content.offer
    others = any(offer.live for offer in engagement.offers.values() if offer.id != named)
    known = named in engagement.offers and engagement.offers[named].live
    end = named is None or (engagement.machine.has("offered") and known and not others)
    if engagement.received(scribe, act, "?reject:end" if end else "?reject:one") is None:
        return
    for offer in engagement.offers.values():
        if offer.live and (end or offer.id == named):
            offer.live, offer.end = False, TaskFailure.UNKNOWN_OFFER


def _cancelled(engagement: Engagement, scribe: Scribe, act: Cancel) -> None:
    working = engagement.machine.has("committed")
    row = engagement.received(scribe, act, "?cancel")
    if row is None:
        return
    for offer in engagement.offers.values():
        offer.live = False
    if working:
        engagement.stop_due = scribe.at + engagement.timers.stop_ms
        engagement.cancel_id = act.reply_with
    for answer in row.sends:
        engagement.say(scribe, Reply(answer, act.reply_with, CancelFailure.ALREADY_DONE))


def _misunderstood(engagement: Engagement, scribe: Scribe, act: NotUnderstood) -> None:
    """Only the reason `schema` about an offer of ours moves a state."""
    if act.content.reason is not NotUnderstoodReason.SCHEMA:
        return
    about = next((offer for offer in engagement.offers.values() if offer.message_id == act.in_reply_to), None)
    if about is None or engagement.received(scribe, act, "?not-understood") is None:
        return
    about.live, about.end = False, TaskFailure.UNKNOWN_OFFER
    if engagement.machine.has("deliberating"):
        engagement.repair = act
        engagement.repairs += 1
