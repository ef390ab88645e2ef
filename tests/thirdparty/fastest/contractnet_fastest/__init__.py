"""An award rule brought by another distribution: the fastest bid under the reserve."""

from __future__ import annotations

from contractnet.mechanisms.awards.scored import ScoredRule
from contractnet.mechanisms.rules import Bid, Conditions


def by_eta(bid: Bid, conditions: Conditions) -> tuple[int, int]:
    """The larger is better."""
    return (-bid.eta, -bid.price)


FASTEST = ScoredRule(name="fastest", key=by_eta)
