"""The evaluation of a closed round: the set of offers is ranked by the stated rule, then a course is taken.

The courses, and when each is taken:

1. award: the rule fills every slot; or it fills some, and another round could not fill more. The parts of a divisible
   task are slots (`manager.allotment`).
2. bargain: the terms ask for it, it was not held yet, and a round is left in which what is agreed can be proposed.
   The decision waits for it (`manager.bargains`); with nobody's agreement it is one of the others.
3. iterate: slots are left, somebody bid over the reserve or under the least score and may come down, somebody is still
   there, and the recorded rounds give no reason to stop (R13, R16).
4. mediate: nobody can be awarded, offers stand, a mediator is named and was not asked in this conversation (G15).
5. no award; also where there are too few bids that could be awarded: neither a round nor a mediator brings more.

Never two of them (R13). The decision, with every bid's score and reason, is one entry (`manager.decision`).
Source: table C, C5 to C9; G2, G9, G17; D8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from contractnet.manager.allotment import Allotment, allot
from contractnet.manager.award import award, lapse, reject
from contractnet.manager.bargains import keeps_word, talks_of, to_bargain_with
from contractnet.manager.call import Call, Step
from contractnet.manager.calling import call_again, items_of, why_not
from contractnet.manager.decision import Choice, decided
from contractnet.manager.exploring import explored
from contractnet.manager.mediation import escalate
from contractnet.manager.ranking import bids_at_close, ranking
from contractnet.mechanisms.awards.shape import LossReason, Ranking, Standing
from contractnet.mechanisms.awards.stopping import RoundOutcome, Stop, StopPolicy, stop
from contractnet.messages.values import RejectReason


def evaluate(call: Call, step: Step) -> None:
    """The round is closed: take the course that its offers give."""
    lapse(call, step)
    call.bids = bids_at_close(call, [one for one in call.having("biddable") if keeps_word(call, one)])
    ranked, fault = ranking(call, call.bids)
    call.outcomes.append(_outcome(call, ranked))
    allotted = allot(call, ranked)
    call.losing, fault = allotted.losses if call.terms.shared else None, fault or allotted.fault
    choice, allotted = _exploring(call, ranked, _choose(call, ranked, allotted), allotted)
    call.decided = decided(call, ranked, allotted, choice, fault)
    step.scribe.note(call.conversation, call.decided)
    rest = ranked.standings
    if not call.having("biddable"):
        call.move(step, "=no-live-offer")
    elif choice.course == "bargain":
        call.talks = talks_of(call, choice.invited)
    elif choice.course == "iterate":
        call.move(step, "#iterate", more_rounds=True)
        next_round(call, step, rest, choice.invited)
    elif choice.course == "mediate":
        escalate(call, step)
    elif choice.course == "no-award":
        call.move(step, "#no-award")
        reject_rest(call, step, rest)
    else:
        call.move(step, "#award")
        _award(call, step, choice, allotted)
        reject_rest(call, step, rest)


def next_round(call: Call, step: Step, ranked: Sequence[Standing], invited: Sequence[Standing]) -> None:
    """A revised cfp to some of those who proposed, a reject to the others (R13)."""
    call_again(call, step, invited)
    reject_rest(call, step, ranked, RejectReason.NOT_SHORTLISTED)


def reject_rest(call: Call, step: Step, ranked: Sequence[Standing], reason: RejectReason | None = None) -> None:
    """Reject whoever of these has still an offer to be decided on; for `reason`, or for what the ranking says. So are
    those who did not propose what they had agreed to: their offers of before are no bids any more.
    """
    for one in ranked:
        participant = call.participants[one.participant]
        if participant.machine.has("biddable"):
            reject(call, step, participant, reason or why_not(call, one) or RejectReason.NO_AWARD)
    for participant in call.having("biddable"):
        if not keeps_word(call, participant):
            reject(call, step, participant, RejectReason.NOT_SHORTLISTED)


# ---- parts


def _outcome(call: Call, ranked: Ranking) -> RoundOutcome:
    """What the round came to, for the stop rules; with few rounds who speaks last is decisive, so it is recorded."""
    new = [one for one in call.having("biddable") if one.offer and one.offer.message.content.round == call.round]
    latest = max((one.offer.heard_at for one in new if one.offer), default=0)
    best = ranked.standings[0].score if ranked.standings else None
    last = tuple(sorted(one.agent for one in new if one.offer and one.offer.heard_at == latest))
    return RoundOutcome(number=call.round, eligible=len(ranked.eligible), best=best, last=last)


def _choose(call: Call, ranked: Ranking, allotted: Allotment) -> Choice:
    seats, eligible, winners = len(call.slots), ranked.eligible, allotted.winners
    if call.posted is not None:  # it is taken or not
        return Choice("award", winners) if winners else Choice("no-award")
    if with_whom := to_bargain_with(call, ranked):
        return Choice("bargain", invited=with_whom)
    too_dear = any(one.barred in (LossReason.OVER_RESERVE, LossReason.UNDER_SCORE) for one in ranked.standings)
    short = too_dear and (allotted.left > 0 or ranked.short)
    why = _stop(call) if short else None
    if short and why is None and any(not call.participants[one.participant].gone for one in ranked.standings):
        return Choice("iterate", invited=_shortlist(call, ranked.standings))
    if winners:
        held = eligible[seats : 2 * seats] if not call.terms.shared else ()
        return Choice("award", winners, held, stop=why)
    failed = any(one.barred is LossReason.RULE_FAILED for one in ranked.standings)
    if ranked.standings and not eligible and not failed and call.terms.mediator is not None and call.mediation is None:
        return Choice("mediate", stop=why)
    return Choice("no-award", stop=why)


def _exploring(call: Call, ranked: Ranking, choice: Choice, allotted: Allotment) -> tuple[Choice, Allotment]:
    """The choice, or an award to another than the best to learn of it: the best is its runner-up then."""
    found = explored(call, ranked) if choice.course == "award" else None
    if found is None:
        return choice, allotted
    winner = next(one for one in ranked.eligible if one.participant == found.participant)
    losses = {name: why for name, why in allotted.losses.items() if name != found.participant}
    other = replace(
        allotted,
        winners=(winner,),
        paid={winner.participant: winner.price},
        losses=losses | {found.instead_of: LossReason.EXPLORED},
    )
    return replace(choice, winners=(winner,), held=tuple(choice.winners), explored=found), other


def _stop(call: Call) -> Stop | None:
    terms = call.terms
    policy = StopPolicy(
        max_rounds=terms.max_rounds,
        more=True,  # the caller asked for so many: looked at before the tender was opened
        target=terms.target,
        least_progress=terms.least_progress,
        patience=terms.patience,
    )
    return stop(call.outcomes, policy)


def _shortlist(call: Call, ranked: Sequence[Standing]) -> Sequence[Standing]:
    """Who is called again: the best of those who are still there, then of the others; as ranked."""
    there = sorted(ranked, key=lambda one: call.participants[one.participant].gone)
    chosen = {one.participant for one in there[: call.terms.shortlist]}
    return [one for one in ranked if one.participant in chosen]


def _award(call: Call, step: Step, choice: Choice, allotted: Allotment) -> None:
    """C5: each slot gets its winner; at most one runner-up a slot is held (G9)."""
    free, named = deque(call.slots), dict(zip(items_of(call), call.slots, strict=False))
    for one in choice.winners:
        got = [named[item] for item in allotted.items.get(one.participant, ())]
        slot, *joined = got or [free.popleft() for _ in range(allotted.parts.get(one.participant, 1))]
        award(call, step, slot, call.participants[one.participant], allotted.paid[one.participant], joined)
        named = {item: left for item, left in named.items() if left not in got}
    for slot in named.values() if call.terms.items else free:
        slot.abandoned = True
    for one in choice.held:
        call.move_one(step, call.participants[one.participant], "#hold")
