"""Whether the deal rate has fallen: a stated test for a live ledger, looked at again and again without crying wolf.

The outcomes are cut into blocks in their order. When a block is full it is compared with all before it, one-sided, by
Fisher's exact test. The j-th look may use 1/(j(j+1)) of the level alpha, which sums to alpha over any number of looks:
while the rate stands still, the probability that the test ever says "fallen" is at most alpha.

Source: Fisher 1935; alpha spent by the union bound over the telescoping series 1/(j(j+1)).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.metrics import Rate, rate
from contractnet.messages.values import PPM


class FallPolicy(Struct, frozen=True, kw_only=True):
    """How much is noticed, how soon."""

    block: int = 50  #: bargainings a look
    before: int = 50  #: bargainings before the first block that is looked at
    alpha: int = 50_000  #: ppm: the probability of ever saying "fallen" while the rate stands still


class Fall(Struct, frozen=True, kw_only=True):
    """A fall that was seen."""

    look: int  #: which look it was, from 1
    first: int  #: place of the block's first outcome, from 0
    before: Rate  #: of all before the block
    block: Rate
    p: int  #: ppm, rounded up


def falling(deals: Sequence[bool], policy: FallPolicy = FallPolicy()) -> Fall | None:  # noqa: B008  (frozen)
    """The first fall in a sequence of outcomes, in their order; None: none is seen.

    Args:
        deals: True where there was a deal. Feasible cases and others are not told apart by a ledger: say so.
    Raises:
        MechanismError: the policy is out of its bounds.
    """
    if policy.block < 1 or policy.before < 1 or not 0 < policy.alpha < PPM:
        raise MechanismError("falling: block and before are at least 1, alpha is within 1 and 999,999 ppm")
    good = sum(deals[: policy.before])
    for look, first in enumerate(range(policy.before, len(deals) - policy.block + 1, policy.block), 1):
        now = sum(deals[first : first + policy.block])
        top, bottom = fisher(good, first, now, policy.block)
        if top * PPM * look * (look + 1) <= policy.alpha * bottom:
            return Fall(
                look=look,
                first=first,
                before=rate(good, first),
                block=rate(now, policy.block),
                p=-(-PPM * top // bottom),
            )
        good += now
    return None


def fisher(successes: int, n: int, later_successes: int, later_n: int) -> tuple[int, int]:
    """The probability of so few successes later or fewer, given all successes there were: an exact fraction.

    Source: Fisher's exact test, one-sided: the lower tail of the hypergeometric distribution.
    """
    if not (0 <= successes <= n and 0 <= later_successes <= later_n):
        raise MechanismError(f"fisher: {successes} of {n} and {later_successes} of {later_n}")
    good, bad = successes + later_successes, n - successes + later_n - later_successes
    least = max(0, later_n - bad)
    top = sum(comb(good, count) * comb(bad, later_n - count) for count in range(least, later_successes + 1))
    return top, comb(n + later_n, later_n)
