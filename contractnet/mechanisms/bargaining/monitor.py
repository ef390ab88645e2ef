"""What negotiations came to over time: the deal rate with its test for a fall, and how much payoffs vary.

Rules:

1. Outcomes stand in the order of their ends. Whether there was room for a deal is not known of a live negotiation, so
   feasible cases and others are in one rate here: it is good for watching a market, not for comparing strategies.
2. Payoffs are of deals alone, and never mixed: those of one unit, measured against the same thing, stand together.
3. A share is taken where there is something to divide by. What has no payoff, or no share, is counted and said.
4. The later half of the payoffs is compared with the earlier one by their spreads, once, of the shares where all have
   one: p is of this look alone. Who looks again and again takes it for a hint, and `falling` for the test.

Source: the tests are stated in `falling` and `variance`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.falling import Fall, FallPolicy, falling
from contractnet.mechanisms.bargaining.fixed import nearest
from contractnet.mechanisms.bargaining.metrics import Mean, Rate, mean, rate
from contractnet.mechanisms.bargaining.variance import SpreadTest, spread_test
from contractnet.messages.values import PPM

#: payoffs that two halves are made of, at least
LEAST_PAYOFFS: Final = 4


class Payoff(Struct, frozen=True, kw_only=True):
    """What a deal was worth to the side that is watched, over what it is measured against."""

    amount: int  #: micros of `unit`; negative where the deal was worse than that
    of: int  #: micros: what it is measured against
    unit: str
    against: str  #: what that is, such as `reserve`


class Outcome(Struct, frozen=True, kw_only=True):
    """How one negotiation ended: a tender, or a bargaining."""

    name: str  #: tender id, or conversation id
    at: int  #: of its end, milliseconds since the Unix epoch
    deal: bool
    reason: str = ""  #: why there was no deal
    payoff: Payoff | None = None  #: of a deal; None: there is none, or nothing to measure it against


class Payoffs(Struct, frozen=True, kw_only=True):
    """The payoffs of one unit against one thing."""

    unit: str
    against: str
    amount: Mean  #: micros; the variance in micros squared
    share: Mean  #: of what they are measured against, ppm; the variance in ppm squared
    without_share: int  #: measured against nothing at all: no share is taken
    spread: SpreadTest | None  #: the earlier half against the later one; None: too few
    of_shares: bool  #: whether that is of shares (ppm), or of amounts (micros)


class Monitored(Struct, frozen=True, kw_only=True):
    """Everything at once."""

    deals: Rate
    reasons: dict[str, int]  #: why there was no deal -> how often
    fall: Fall | None
    looks: int  #: that the test has made, up to the fall where it saw one
    missing: int  #: outcomes until the next look
    payoffs: tuple[Payoffs, ...]  #: by unit, then by what they are measured against
    without_payoff: int  #: deals


def monitored(outcomes: Iterable[Outcome], policy: FallPolicy, seed: str) -> Monitored:
    """What they came to.

    Args:
        outcomes: in any order; they are taken in that of their ends.
        policy: of the test for a fall, chosen before looking.
        seed: of the comparison of spreads.
    Raises:
        MechanismError: the policy is out of its bounds, or one negotiation stands there twice.
    """
    ordered = sorted(outcomes, key=lambda one: (one.at, one.name))
    names = Counter(one.name for one in ordered)
    if len(names) < len(ordered):
        raise MechanismError(f"monitor: {names.most_common(1)[0][0]} stands there twice")
    deals = [one.deal for one in ordered]
    fall = falling(deals, policy)
    whole = max(len(deals) - policy.before, 0) // policy.block
    paid = [one.payoff for one in ordered if one.deal and one.payoff is not None]
    kinds = sorted({(one.unit, one.against) for one in paid})
    return Monitored(
        deals=rate(sum(deals), len(deals)),
        reasons=dict(sorted(Counter(one.reason for one in ordered if not one.deal).items())),
        fall=fall,
        looks=whole if fall is None else fall.look,
        missing=policy.before + (whole + 1) * policy.block - len(deals),
        payoffs=tuple(_payoffs([one for one in paid if (one.unit, one.against) == kind], seed) for kind in kinds),
        without_payoff=sum(deals) - len(paid),
    )


def _payoffs(found: Sequence[Payoff], seed: str) -> Payoffs:
    shares = [nearest(one.amount * PPM, one.of) for one in found if one.of > 0]
    amounts = [one.amount for one in found]
    of_shares = len(shares) == len(found)
    compared = shares if of_shares else amounts
    half = len(compared) // 2
    return Payoffs(
        unit=found[0].unit,
        against=found[0].against,
        amount=mean(amounts),
        share=mean(shares),
        without_share=len(found) - len(shares),
        spread=spread_test(compared[:half], compared[half:], seed) if len(compared) >= LEAST_PAYOFFS else None,
        of_shares=of_shares,
    )
