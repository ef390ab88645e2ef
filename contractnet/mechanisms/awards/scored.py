"""The award rules for a single task: a key for each bid, and a payment rule.

| rule | key, the larger is better | paid |
|---|---|---|
| `lowest-price` | -price | own price |
| `best-value` | V*p // 1_000_000 - price - lambda*eta | own price |
| `second-price` | -price | the best price that lost, at most the reserve |
| `first-score` | S - price, S = V*p // 1_000_000 - lambda*eta, at least `least_score` | own price |
| `second-score` | as `first-score` | the price at which the score would equal the best that lost, at most the reserve |
| `highest-quality-under-reserve` | p, then -price, then -eta | own price |
| `lexicographic` | the stated order of price, eta and probability, each by its step | own price |

`least_score` is 0 for the two scoring auctions where none is stated. p is the probability of a good result by the
deadline, calibrated by the caller; V is the value, or the reserve where none is stated. With k slots "that lost" is the
(k+1)th bid: with one slot for each bidder that is the price of its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.awards.payment import PaymentRule, next_price, next_score, own_price
from contractnet.mechanisms.awards.shape import AwardRule, Exposure, Key, LossReason, Payment, Ranking, arrange
from contractnet.mechanisms.rules import Bid, Conditions, Criterion, best_value

#: a term of the call that a rule may not do without; `worth` is a value, or a reserve to stand for it
Term = Literal["reserve", "worth"]

KeyFunction = Callable[[Bid, Conditions], Key]


#: what `lexicographic` compares where the terms state no order
DEFAULT_ORDER: Final = (Criterion(what="price"), Criterion(what="probability"), Criterion(what="eta"))


class ScoredRule(Struct, frozen=True, kw_only=True):
    """An award rule made of a key function and a payment rule. Meets `AwardRule`."""

    name: str
    key: KeyFunction  #: of one bid and the terms; always of the same length
    pays: PaymentRule = own_price
    exposure: Exposure = Exposure.OWN_PRICE
    needs: tuple[Term, ...] = ()  #: terms without which it has no meaning
    scores: bool = False  #: whether the first entry of the key is micros, so that `least_score` applies

    def check(self, conditions: Conditions) -> None:
        """See `AwardRule.check`."""
        if "reserve" in self.needs and conditions.reserve is None:
            raise MechanismError(f"{self.name} needs a reserve: a winner without rivals is paid the reserve")
        if "worth" in self.needs and conditions.value is None and conditions.reserve is None:
            raise MechanismError(f"{self.name} needs a value, or a reserve to stand for it")
        if conditions.min_bids < 1:
            raise MechanismError(f"min_bids: {conditions.min_bids} is no number of bids; at least 1")
        if any(criterion.step < 1 for criterion in conditions.order):
            raise MechanismError("order: a step is at least 1")

    def rank(self, bids: Sequence[Bid], conditions: Conditions, seed: str, where: str) -> Ranking:
        """See `AwardRule.rank`."""
        self.check(conditions)
        judged = [(bid, *self._judge(bid, conditions)) for bid in bids]
        return arrange(self.name, judged, conditions, seed, where)

    def payments(self, ranking: Ranking, slots: int = 1) -> tuple[Payment, ...]:
        """See `AwardRule.payments`."""
        return self.pays(ranking, slots)

    def _judge(self, bid: Bid, conditions: Conditions) -> tuple[Key, LossReason | None]:
        key = self.key(bid, conditions)
        if conditions.reserve is not None and bid.price > conditions.reserve:
            return key, LossReason.OVER_RESERVE
        if self.scores and conditions.least_score is not None and key[0] < conditions.least_score:
            return key, LossReason.UNDER_SCORE
        return key, None


class Scoring(ScoredRule, frozen=True, kw_only=True):
    """A scoring auction: a bid that would leave the manager worse off than no award is never taken.

    Source: Che 1993, design competition through multidimensional auctions; turned to the manager's own terms.
    """

    def rank(self, bids: Sequence[Bid], conditions: Conditions, seed: str, where: str) -> Ranking:
        """See `AwardRule.rank`; the least score is 0 where none is stated, and is recorded as such."""
        return ScoredRule.rank(self, bids, with_least_score(conditions), seed, where)


def with_least_score(conditions: Conditions) -> Conditions:
    """The terms with a least score: 0, what no award is worth, where none is stated."""
    return conditions if conditions.least_score is not None else replace(conditions, least_score=0)


def by_price(bid: Bid, conditions: Conditions) -> Key:
    """The cheapest first."""
    return (-bid.price,)


def by_value(bid: Bid, conditions: Conditions) -> Key:
    """The one worth most first: expected value less price and the cost of waiting, micros."""
    return (best_value(bid, conditions),)


def by_quality(bid: Bid, conditions: Conditions) -> Key:
    """The surest first; among equally sure ones the cheapest, then the fastest."""
    return (bid.probability, -bid.price, -bid.eta)


def by_order(bid: Bid, conditions: Conditions) -> Key:
    """The stated criteria, one after the other; an amount counts by its step, a fixed grid that no rival moves."""
    return tuple(_criterion(bid, one) for one in conditions.order or DEFAULT_ORDER)


def _criterion(bid: Bid, criterion: Criterion) -> int:
    if criterion.what == "probability":
        return bid.probability // criterion.step
    return -((bid.price if criterion.what == "price" else bid.eta) // criterion.step)


_RULES: Final = (
    ScoredRule(name="lowest-price", key=by_price),
    ScoredRule(name="best-value", key=by_value, needs=("worth",), scores=True),
    ScoredRule(name="second-price", key=by_price, pays=next_price, exposure=Exposure.RIVALS, needs=("reserve",)),
    Scoring(name="first-score", key=by_value, needs=("worth",), scores=True),
    Scoring(
        name="second-score",
        key=by_value,
        pays=next_score,
        exposure=Exposure.RIVALS,
        needs=("reserve",),
        scores=True,
    ),
    ScoredRule(name="highest-quality-under-reserve", key=by_quality, needs=("reserve",)),
    ScoredRule(name="lexicographic", key=by_order),
)

#: the rules that come with the package, by name
AWARD_RULES: Final[Mapping[str, AwardRule]] = MappingProxyType({rule.name: rule for rule in _RULES})


def award_rule(name: str) -> AwardRule:
    """The built-in rule of that name.

    Raises:
        DefinitionError: there is none; says which there are.
    """
    if name not in AWARD_RULES:
        raise DefinitionError(f"award rule {name[:64]!r} is not known; there are: {', '.join(sorted(AWARD_RULES))}")
    return AWARD_RULES[name]
