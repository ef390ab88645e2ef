"""A direct award: one known contractor is asked at its own last price, where an auction would not pay for itself. Pure.

Rules:

1. Off unless the terms say `direct`; looked at as the first call of a tender for one slot opens.
2. The known contractor is the one, of those expected, with the lowest price among the last that each asked for a
   credited result at the skill; of equally cheap ones the seed draws.
3. What an auction among those expected would pay is expected by the stated prior, or by the prices asked at the skill
   so far. What it costs is what the bids cost the manager, and the wait for them.
4. The decision is recorded with its arithmetic, whichever way it goes. Where it is direct the price is posted: it is
   told, and it is the reserve of that call. A contractor that does not take it is followed by an auction.

Source: `mechanisms.awards.direct`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from contractnet.ledger.records import Record
from contractnet.manager.conditions import TenderTerms
from contractnet.manager.records import Decided, Directed, Ended, Opened
from contractnet.mechanisms.awards.direct import direct_award
from contractnet.mechanisms.awards.reserve import MOST_BIDDERS, ObservedPrior
from contractnet.mechanisms.ties import draw

#: prices asked at a skill that a belief rests on: the last ones
MOST_SEEN: Final = 200


class Prices:
    """What was asked at each skill so far; follows from the entries of a ledger in their order."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], deque[int]] = {}  #: (skill, unit) -> prices of closed rounds, micros
        self.last: dict[tuple[str, str], dict[str, int]] = {}  #: (skill, unit) -> agent -> asked for a credited result
        self._skills: dict[str, tuple[str, str]] = {}  #: tender id -> (skill, unit)
        self._open: dict[str, dict[str, int]] = {}  #: tender id -> agent -> what it asked last

    def follow(self, conversation: str, record: Record) -> None:
        """The next entry."""
        tender = conversation.partition(".")[0]
        match record:
            case Opened():
                unit = record.terms.unit + (" a part" if record.terms.shared else "")  # no price of a whole task
                self._skills[tender] = record.spec.skill, unit
                self._open[tender] = {}
            case Decided() if record.course != "bargain":  # the same offers are looked at again
                prices = {bid.participant: bid.price for bid in record.bids}
                self._open[tender].update(prices)
                self.asked.setdefault(self._skills[tender], deque(maxlen=MOST_SEEN)).extend(prices.values())
            case Ended():
                known, asked = self.last.setdefault(self._skills.pop(tender), {}), self._open.pop(tender)
                known.update({one.winner: asked[one.winner] for one in record.filled})
            case _:
                pass


def consider(
    prices: Prices, skill: str, terms: TenderTerms, expected: Iterable[str], seed: str, where: str
) -> Directed | None:
    """Whether to ask one contractor alone; None: nobody is known, or the terms do not want it."""
    if not terms.direct or terms.slots > 1:
        return None
    names, place = {*expected}, (skill, terms.unit)
    known = {agent: price for agent, price in prices.last.get(place, {}).items() if agent in names}
    if not known:
        return None
    agent = min(known, key=lambda one: (known[one], draw(seed, where, one)))
    seen = tuple(prices.asked.get(place, ()))
    decision = direct_award(
        known[agent],
        min(len(names), MOST_BIDDERS),
        terms.prior or ObservedPrior(costs=seen),
        cost_per_bid=terms.bid_cost,
        reply_within_s=-(-terms.reply_within_ms // 1000),
        eta_cost=terms.eta_cost,
        reserve=terms.reserve,
    )
    return Directed(
        participant=agent,
        direct=decision.direct,
        reason=decision.reason,
        price=decision.price,
        bidders=decision.bidders,
        expected_payment=decision.expected_payment,
        expected_saving=decision.expected_saving,
        bidding_cost=decision.bidding_cost,
        waiting_cost=decision.waiting_cost,
        seen=0 if terms.prior else len(seen),
    )
