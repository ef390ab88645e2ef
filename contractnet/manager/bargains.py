"""Bargaining after a round: with whom of those who proposed, about what, and what came of it. Pure.

Rules:

1. Each bargaining is a conversation of its own whose parent is the call, over one price: from 0 to what the agent's
   offer on file asks. The manager buys, and has the first turn.
2. Its limit is the reserve, and never more than the offer on file; it is in no message.
3. An agreement is no award. It is the most that a later offer of that agent may ask; the manager pays it only if it
   awards. So it may agree with several, and is bound to each by that alone. A word on what the manager accepted that
   comes when all have ended (UNKNOWN, then B27) settles that bargaining, and its call no more: that goes by the offers.
4. What is opened follows from the terms and the offers: a restart opens the very same, a replay too.

Source: protocols/README.md, section 8; rows C5 to C8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from contractnet.bargaining.opening import grid
from contractnet.bargaining.records import BargainOpened, Plan
from contractnet.bargaining.records import Timers as BargainTimers
from contractnet.bargaining.wire import rules_of
from contractnet.errors import ContractNetError
from contractnet.manager.call import Call
from contractnet.manager.conditions import BargainTerms, TaskSpec, TenderTerms, Timers
from contractnet.manager.records import Agreement
from contractnet.manager.state import Participant, Talk, Talks
from contractnet.mechanisms.awards.shape import LossReason, Ranking, Standing
from contractnet.mechanisms.bargaining.brought import check_strategy, find_strategy
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mechanisms.bargaining.shape import Rules, fit
from contractnet.messages.bargaining import BargainRequestContent, IssueContent

#: added to a call's conversation id, with a number
SUFFIX = ".b"


def to_bargain_with(call: Call, ranked: Ranking) -> Sequence[Standing]:
    """The best of those who proposed, also over the reserve, where the terms ask for it now; empty: it is not held."""
    terms = call.terms.bargain
    if terms is None or call.talks is not None or call.round >= call.terms.max_rounds:
        return ()
    if any(one.barred is LossReason.RULE_FAILED for one in ranked.standings):
        return ()
    able = [one for one in ranked.standings if not call.participants[one.participant].gone and _able(call, one.price)]
    return able[: terms.best]


def talks_of(call: Call, invited: Sequence[Standing]) -> Talks:
    """The conversations with these, numbered as they are ranked."""
    return Talks(
        {
            one.participant: Talk(f"{call.conversation}{SUFFIX}{number}", one.offer, one.price)
            for number, one in enumerate(invited, 1)
        }
    )


def openings(call: Call) -> Mapping[str, BargainOpened]:
    """What opens while the decision waits: conversation -> its opening."""
    terms = call.terms.bargain
    if call.talks is None or terms is None or not call.bargaining:
        return {}
    return {
        talk.conversation: BargainOpened(
            peer=agent,
            request=request_of(call.spec, call.terms, terms, talk),
            plan=plan_of(call.terms, terms, talk.price),
            timers=timers_of(call.timers),
            seed=hashlib.sha256(f"{call.seed}|{talk.conversation}|bargain".encode()).hexdigest()[:32],
            parent=call.conversation,
        )
        for agent, talk in call.talks.by_agent.items()
    }


def talked(call: Call) -> bool:
    """Whether all that the decision waits for has ended."""
    if call.talks is None or not call.bargaining:
        return False
    sides = [call.sides.get(talk.conversation) for talk in call.talks.by_agent.values()]
    return all(side is not None and side.over for side in sides)


def agreements(call: Call) -> dict[str, Agreement]:
    """What was agreed, with those whose offers still stand; agent id -> agreement."""
    found: dict[str, Agreement] = {}
    for agent, talk in sorted(call.talks.by_agent.items()) if call.talks is not None else ():
        side = call.sides.get(talk.conversation)
        if side is None or side.deal is None:
            continue
        if call.participants[agent].machine.has("biddable"):
            offer, (price,) = side.deal
            found[agent] = Agreement(conversation=talk.conversation, offer=offer, price=price)
    return found


def keeps_word(call: Call, participant: Participant) -> bool:
    """Whether its offer on file asks no more than what was agreed with it, if anything was."""
    agreed = call.talks.agreed.get(participant.agent) if call.talks is not None else None
    return agreed is None or participant.offer is None or participant.offer.message.content.price <= agreed.price


# ---- what is said and played


def request_of(spec: TaskSpec, terms: TenderTerms, bargain: BargainTerms, talk: Talk) -> BargainRequestContent:
    """What the request says: all of it public to both."""
    tick = grid(talk.price)
    issue = IssueContent(name="price", low=0, high=talk.price - talk.price % tick, tick=tick, unit=terms.unit)
    return BargainRequestContent(
        subject=spec.task,
        issues=(issue,),
        turns=bargain.turns,
        reply_within_ms=bargain.within_ms,
        turn_within_ms=bargain.within_ms,
        buyer="initiator",
        offer=talk.offer,
        mediator=bargain.mediator,
        ladder=bargain.ladder,
        mediate_within_ms=bargain.mediate_within_ms,
    )


def plan_of(terms: TenderTerms, bargain: BargainTerms, price: int) -> Plan:
    """How the manager plays against an offer of this price, micros."""
    limit = price if terms.reserve is None else min(terms.reserve, price)
    mandate = Mandate(preferences=PricePreferences(side="buyer", limit=limit))
    return Plan(strategy=bargain.strategy, mandate=mandate, confides=(bargain.mediator,) if bargain.mediator else ())


def timers_of(timers: Timers) -> BargainTimers:
    """What of a manager's timers a bargaining goes by."""
    return BargainTimers(grace_ms=timers.bargain_grace_ms, max_faults=timers.max_faults)


def check_bargain(spec: TaskSpec, terms: TenderTerms, bargain: BargainTerms, price: int) -> None:
    """Refuse a bargaining over an offer of this price that cannot be played.

    Raises:
        ContractNetError: says why. May raise what a generator of another distribution raises, too.
    """
    rules, mandate = _fit(spec, terms, bargain, price)
    find_strategy(bargain.strategy).generator.check(rules, mandate)


def _able(call: Call, price: int) -> bool:
    """Whether there is anything to bargain over, and the strategy can play it. A generator of another distribution is
    not asked here, where its answer is not recorded: what it cannot play it walks away from, in its turn.
    """
    terms = call.terms.bargain
    assert terms is not None  # asked only then
    find_strategy(terms.strategy)
    try:
        check_strategy(terms.strategy, *_fit(call.spec, call.terms, terms, price))
    except ContractNetError:
        return False
    return price > 0


def _fit(spec: TaskSpec, terms: TenderTerms, bargain: BargainTerms, price: int) -> tuple[Rules, Mandate]:
    """The rules of a bargaining over an offer of this price, and a mandate that fits them."""
    plan = plan_of(terms, bargain, price)
    rules = rules_of(request_of(spec, terms, bargain, Talk("", "offer", price)))
    fit(plan.mandate, rules, 0)
    return rules, plan.mandate
