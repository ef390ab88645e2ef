"""Exploration: now and then the award goes to somebody little is known of, within what was granted for that. Pure.

Off unless the ledger holds a grant for it (`ExplorationGranted`), in the tender's unit, and the terms allow it
(`explore`, the most that one decision may give up). What a decision gives up is a score, not money that is paid: the
record says it, and the grant bounds the sum over all tenders, in the order of the ledger. Only where one winner is
sought by `best-value` or `first-score`, which score in micros and pay the price asked.
Source: D15; the maths is in `mechanisms.calibration.exploration`.
"""

from __future__ import annotations

from typing import Final

from contractnet.manager.call import Call
from contractnet.mechanisms.awards.shape import Ranking
from contractnet.mechanisms.calibration.exploration import ExplorationPolicy, Explored, explore

#: the award rules under which there is any
EXPLORING: Final = frozenset({"best-value", "first-score"})


def explored(call: Call, ranked: Ranking) -> Explored | None:
    """Who is awarded in the place of the best of a closed round; None: nobody, or it is off."""
    terms, grant = call.terms, call.known.exploration
    if not terms.explore or grant.unit != terms.unit or terms.rule not in EXPLORING or len(call.slots) != 1:
        return None
    trials = {bid.participant: call.known.records.trials(bid.participant, call.spec.skill) for bid in call.bids}
    policy = ExplorationPolicy(granted=grant.granted, most=terms.explore)
    return explore(ranked, trials, grant.spent, policy, call.seed, f"{call.conversation}|{call.round}|explore")
