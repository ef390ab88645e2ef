"""One step of an engagement: a fact at an instant, and what follows from it. Pure.

A live daemon, a restart and `replay` call the same `step`. What was heard goes to `hearing`; what we decided, and the
timers that fired, are taken here.

Source: table P; D14.
"""

from __future__ import annotations

import hashlib

from contractnet.contractor.engagement import Engagement, OwnOffer
from contractnet.contractor.hearing import hear
from contractnet.contractor.records import (
    Bade,
    Began,
    CannotStop,
    Declined,
    Fact,
    Failed,
    Finished,
    LeaseLost,
    Stopped,
    Withdrew,
)
from contractnet.contractor.replies import Reply
from contractnet.ledger.records import Fired, Heard, Misheard
from contractnet.ledger.scribe import Scribe, Writing
from contractnet.messages.codec import MAX_ACT_BYTES, MAX_ENVELOPE_BYTES, canonical
from contractnet.messages.values import CancelFailure, TaskFailure


def step(engagement: Engagement, fact: Fact, at: int) -> list[Writing]:
    """Take one fact and return its entry and those of its conclusions.

    Args:
        engagement: its state is moved.
        fact: a decision of ours is possible now (`engagement.allows`), or it came from a journal.
        at: the step's instant, milliseconds; never less than that of the step before.
    Raises:
        IllegalSend: a decision of ours that is not possible in this state: a bug of the caller's.
    """
    scribe = Scribe(engagement.pen, at)
    match fact:
        case Heard():
            act = fact.message
            scribe.fact(engagement.conversation, fact, act.sender, act.message_id)
            hear(engagement, scribe, act)
        case Misheard():
            scribe.fact(engagement.conversation, fact, fact.sender, fact.message_id)
            engagement.mishear(scribe, fact)
        case _:
            scribe.fact(engagement.conversation, fact)
            _decide(engagement, scribe, fact)
    return scribe.finish()


def _decide(engagement: Engagement, scribe: Scribe, fact: Fact) -> None:
    match fact:
        case Bade():
            _bid(engagement, scribe, fact)
        case Declined():
            assert engagement.cfp is not None  # DELIBERATING is entered by a cfp
            engagement.move(scribe, "#decline")
            engagement.drop()
            engagement.say(scribe, Reply("refuse", engagement.cfp.reply_with, fact.reason, text=fact.text))
        case Withdrew():
            assert engagement.cfp is not None  # OFFERED comes after a cfp
            engagement.move(scribe, "#withdraw")
            engagement.drop(TaskFailure.WITHDRAWN)
            engagement.say(scribe, Reply("refuse:withdrawn", engagement.cfp.reply_with))
        case Began():
            engagement.attempt = fact.attempt
        case Finished():
            assert engagement.accept is not None  # COMMITTED is entered by an accept
            engagement.move(scribe, "#finish")
            engagement.say(scribe, Reply("inform:result", engagement.accept.reply_with, result=fact.result))
        case Failed():
            engagement.fail(scribe, fact)
        case Stopped():
            engagement.move(scribe, "#stopped")
            engagement.say(scribe, Reply("inform:cancelled", engagement.cancel_id))
        case CannotStop():
            _done_all_the_same(engagement, scribe, fact)
        case LeaseLost():
            _overdue(engagement, scribe, "@lease-lost", TaskFailure.LEASE_LOST)
        case Fired():
            _fired(engagement, scribe, fact)
        case _:
            raise AssertionError(f"{type(fact).__name__} is no decision of ours")


def _bid(engagement: Engagement, scribe: Scribe, fact: Bade) -> None:
    cfp = engagement.cfp
    assert cfp is not None  # DELIBERATING is entered by a cfp
    engagement.move(scribe, "#bid")
    text = f"{engagement.pen.seed}|{engagement.conversation}|{engagement.agent}|offer|{len(engagement.offers) + 1}"
    offer = hashlib.sha256(text.encode()).hexdigest()[:24]
    message_id = engagement.say(scribe, Reply("propose", cfp.reply_with, offer=offer, bid=fact))
    until = scribe.at + cfp.content.terms.valid_for_ms + engagement.timers.offer_grace_ms
    engagement.offers[offer] = OwnOffer(offer, message_id, until, fact.price, fact.parts, fact.bundles)


def _done_all_the_same(engagement: Engagement, scribe: Scribe, fact: CannotStop) -> None:
    """P28: what was done is told, with the result where it fits into this act."""
    engagement.move(scribe, "#cannot-stop")
    fits = len(canonical(fact.result)) <= MAX_ACT_BYTES - MAX_ENVELOPE_BYTES
    text = "" if fits else "the result is larger than what this act may carry"
    result = fact.result if fits else None
    done = Reply("failure:cancel", engagement.cancel_id, CancelFailure.ALREADY_DONE, text=text, result=result)
    engagement.say(scribe, done)


def _fired(engagement: Engagement, scribe: Scribe, fact: Fired) -> None:
    if fact.timer == "bid-window":
        engagement.move(scribe, "@bid-window", live_offer=engagement.live_offer)
    elif fact.timer == "offer":
        engagement.move(scribe, "@offer-lapse")
        engagement.drop()
    elif fact.timer == "result":
        _overdue(engagement, scribe, "@result-due", TaskFailure.OVERDUE)
    else:
        engagement.move(scribe, "@stop-timeout")
        engagement.say(scribe, Reply("failure:cancel", engagement.cancel_id, CancelFailure.CANNOT_STOP))


def _overdue(engagement: Engagement, scribe: Scribe, event: str, reason: TaskFailure) -> None:
    assert engagement.accept is not None  # only committed work is overdue
    engagement.move(scribe, event)
    engagement.say(scribe, Reply("failure:task", engagement.accept.reply_with, reason, fence=engagement.accept.content))
