"""The decision entry: each bid with its score, its margin and why it lost, who refused and why, who was silent.

Everything that `contractnet log --explain` says is in it. Source: D8; promise 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contractnet.manager.allotment import Allotment, most_parts
from contractnet.manager.call import Call
from contractnet.manager.calling import why_not
from contractnet.manager.records import Assessed, Course, Decided
from contractnet.mechanisms.awards.panel import abnormally_low, homogeneous
from contractnet.mechanisms.awards.shape import Key, LossReason, Ranking, Standing, margin_of
from contractnet.mechanisms.awards.stopping import Stop
from contractnet.mechanisms.calibration.exploration import Explored
from contractnet.messages.values import RefuseReason


@dataclass(frozen=True, slots=True)
class Choice:
    """What a closed round comes to."""

    course: Course
    winners: Sequence[Standing] = ()
    held: Sequence[Standing] = ()  #: runners-up, at most one a slot (G9)
    invited: Sequence[Standing] = ()  #: whom the next round is for
    stop: Stop | None = None  #: why there is no next round
    explored: Explored | None = None  #: why the winner is not the best


def decided(call: Call, ranked: Ranking, allotted: Allotment, choice: Choice, fault: str) -> Decided:
    """The record of a closed round.

    Args:
        ranked: its bids, by the rule of the terms.
        allotted: who gets what, if it comes to an award.
        choice: what the round came to.
        fault: what was wrong with the rule; empty: nothing.
    """
    refused = {
        agent: RefuseReason(participant.refusal)
        for agent, participant in sorted(call.participants.items())
        if participant.refusal is not None and participant.refusal in RefuseReason._value2member_map_
    }
    terms, winners = call.terms, [one.participant for one in choice.winners]
    low = abnormally_low(call.bids, terms.reserve or 0, terms.low_bid_ppm)
    return Decided(
        round=call.round,
        rule=terms.rule,
        bids=_assessed(call, ranked, allotted, choice, {one.participant for one in low}),
        refused=refused,
        silent=tuple(participant.agent for participant in call.having("silent")),
        winner=winners[0] if winners else None,
        runner_up=choice.held[0].participant if choice.held else None,
        ties=allotted.ties if winners else (),
        course=choice.course,
        invited=tuple(sorted(one.participant for one in choice.invited)),
        stop=choice.stop.reason if choice.stop else None,
        last=call.outcomes[-1].last,
        alarms=homogeneous(call.bids, _models(call)),
        fault=fault,
        explored=choice.explored,
    )


def _models(call: Call) -> dict[str, str | None]:
    """What each bidder says is behind its offer; None: it does not say."""
    return {one.agent: one.offer.message.content.model or None for one in call.participants.values() if one.offer}


def _assessed(call: Call, ranked: Ranking, allotted: Allotment, choice: Choice, low: set[str]) -> tuple[Assessed, ...]:
    measure = (choice.winners or ranked.standings)[-1 if choice.winners else 0].key if ranked.standings else ()
    awards = choice.course == "award"
    return tuple(_assess(call, one, measure, allotted, one.participant in low, awards) for one in ranked.standings)


def _assess(
    call: Call,
    one: Standing,
    measure: Key,
    allotted: Allotment,
    low: bool,
    awards: bool,
) -> Assessed:
    offer = call.participants[one.participant].offer
    assert offer is not None  # a biddable state has an offer on file
    content, estimate = offer.message.content, call.estimates[one.participant]
    margin, criterion = margin_of(one.key, measure)
    why, pays = allotted.losses.get(one.participant), allotted.paid.get(one.participant) if awards else None
    return Assessed(
        participant=one.participant,
        offer=one.offer,
        price=content.price,
        eta=content.eta,
        confidence=content.confidence,
        probability=estimate.probability,
        by=estimate.method,
        outcomes=estimate.n,
        score=one.score,
        margin=margin,
        criterion=criterion,
        rank=one.rank,
        tied=one.tied,
        why=why,
        reason=why.told if why is LossReason.EXPLORED else None if pays is not None else why_not(call, one),
        pays=pays,
        low=low,
        parts=allotted.parts.get(one.participant) if awards else None,
        most=most_parts(call, one.participant),
        items=allotted.items.get(one.participant, ()) if awards else (),
    )
