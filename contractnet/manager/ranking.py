"""The offers of a call as its award rule sees them: bids and conditions made of recorded facts, ranked, and paid for.

A rule that another distribution brought is held to the promises of `mechanisms.awards.shape`: one that raises, drops or
doubles a bid, compares by anything but whole numbers, judges by other terms, or lets one over the reserve win awards
nothing, and the decision says what was wrong with it. A payment under what was asked or over the reserve is none: what
was asked is paid.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from contractnet.manager.call import Call
from contractnet.manager.conditions import TenderTerms
from contractnet.manager.state import Offer, Participant
from contractnet.mechanisms.awards.brought import find_rule
from contractnet.mechanisms.awards.shape import LossReason, Ranking, Standing, arrange
from contractnet.mechanisms.calibration.records import Calibrated
from contractnet.mechanisms.rules import Bid, Conditions


def conditions_of(terms: TenderTerms) -> Conditions:
    """What a rule may look at of the terms."""
    return Conditions(
        reserve=terms.reserve,
        value=terms.value,
        eta_cost=terms.eta_cost,
        least_score=terms.least_score,
        min_bids=terms.min_bids,
        order=terms.order,
    )


def drawn_at(call: Call) -> str:
    """Where a draw of this round takes place, see `ties.draw`."""
    return f"{call.conversation}|{call.round}"


def bids_at_close(call: Call, bidders: Sequence[Participant]) -> tuple[Bid, ...]:
    """The offers on file of these as a round closes; what is made of their confidence then, the call keeps."""
    call.estimates = {
        one.agent: _estimate(call, one.agent, one.offer.message.content.confidence)
        for one in bidders
        if one.offer is not None
    }
    return tuple(
        _bid(one, one.offer, call.estimates[one.agent].probability) for one in bidders if one.offer is not None
    )


def standing_bids(call: Call, bidders: Sequence[Participant]) -> list[Bid]:
    """Of the bids that the last decision looked at those of these, with the probabilities of then: what has become
    known since changes nothing in it.
    """
    names = {one.agent for one in bidders}
    return [bid for bid in call.bids if bid.participant in names]


def ranking(call: Call, bids: Sequence[Bid]) -> tuple[Ranking, str]:
    """The bids by the rule of the terms, the best first; and what was wrong with the rule, empty where nothing was.

    Raises:
        DefinitionError: the rule is not known here: a distribution that brought it is not installed.
    """
    terms, where = call.terms, drawn_at(call)
    conditions = replace(conditions_of(terms), reserve=call.reserve)
    if terms.items:  # who gets what is the allotment's: here they stand by what they ask at least
        return arrange(terms.rule, [(bid, (-bid.price,), None) for bid in bids], conditions, call.seed, where), ""
    rule = find_rule(terms.rule)
    try:
        ranked = rule.rank(bids, conditions, call.seed, where)
        fault = _fault(ranked, bids, conditions)
        if not fault:
            return ranked, ""
    except Exception as error:  # its text need not be the same again, and the decision must
        fault = f"it raised {type(error).__name__}"
    barred = [(bid, (-bid.price,), LossReason.RULE_FAILED) for bid in bids]
    return arrange(terms.rule, barred, conditions, call.seed, where), fault


def payments(call: Call, ranked: Ranking) -> dict[str, int]:
    """What each winner of the ranking is paid for a good result: agent id -> micros.

    A payment that breaks the promises is the winner's own price.
    """
    try:
        paid = find_rule(call.terms.rule).payments(ranked, len(call.slots))
        amounts = {one.participant: one.amount for one in paid}
    except Exception:
        amounts = {}
    reserve = call.reserve
    return {
        one.participant: _within(amounts.get(one.participant), one.price, reserve)
        for one in ranked.winners(len(call.slots))
    }


def payment_without(call: Call, participant: str) -> int:
    """What a runner-up is paid: as if those who have lost their award had not bid. Micros."""
    gone = {lost.participant for lost in call.lost}
    bids = [bid for bid in call.bids if bid.participant not in gone]
    ranked, _ = ranking(call, bids)
    enough = replace(ranked, conditions=replace(ranked.conditions, min_bids=1))  # there were, when the round closed
    paid = payments(call, enough)
    own = next(bid.price for bid in call.bids if bid.participant == participant)
    return paid.get(participant, own)


# ---- parts


def _estimate(call: Call, agent: str, stated: int) -> Calibrated:
    """The probability of a good result that the terms let the award use."""
    if call.terms.confidence == "calibrated":
        return call.known.probability(agent, call.spec.skill, stated)
    n = call.known.records.trials(agent, call.spec.skill)
    return Calibrated(probability=stated, stated=stated, method="stated", n=n)


def _bid(participant: Participant, offer: Offer, probability: int) -> Bid:
    content = offer.message.content
    return Bid(
        participant=participant.agent,
        offer=content.offer,
        price=content.price,
        eta=content.eta,
        probability=probability,
    )


def _fault(ranked: Ranking, bids: Sequence[Bid], conditions: Conditions) -> str:
    """What a rule got wrong; empty: nothing."""
    if type(ranked) is not Ranking or any(type(one) is not Standing for one in ranked.standings):
        return "it gave no ranking"
    if len({len(one.key) for one in ranked.standings}) > 1 or not all(_whole(one.key) for one in ranked.standings):
        return "keys are not whole numbers, as many in each"
    if replace(ranked.conditions, least_score=None) != replace(conditions, least_score=None):
        return "the ranking is by other terms"
    if [one.eligible for one in ranked.standings] != sorted((one.eligible for one in ranked.standings), reverse=True):
        return "a bid that may not win stands before one that may"
    if sorted((one.participant, one.offer, one.price) for one in ranked.standings) != sorted(
        (bid.participant, bid.offer, bid.price) for bid in bids
    ):
        return "the ranking does not hold each bid once"
    if conditions.reserve is not None and any(one.price > conditions.reserve for one in ranked.eligible):
        return "a bid over the reserve is eligible"
    return ""


def _whole(key: tuple[object, ...]) -> bool:
    return bool(key) and all(type(one) is int for one in key)


def _within(amount: object, price: int, reserve: int | None) -> int:
    if type(amount) is int and price <= amount and (reserve is None or amount <= reserve):
        return amount
    return price
