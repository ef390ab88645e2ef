"""An award rule that another distribution brings: the fastest bid under the reserve, of equally fast ones the cheapest."""

from __future__ import annotations

from contractnet.mechanisms.awards.scored import ScoredRule
from contractnet.mechanisms.rules import Bid, Conditions


def by_eta(bid: Bid, conditions: Conditions) -> tuple[int, int]:
    """The larger is better."""
    return (-bid.eta, -bid.price)


FASTEST = ScoredRule(name="fastest", key=by_eta)
