"""What winners are paid. All amounts in micros; at least what the winner asked, at most the reserve."""

from __future__ import annotations

from collections.abc import Callable

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.shape import Payment, Ranking, Standing

#: from a ranking and the number of slots to what each winner is paid, in the order of `Ranking.winners`
PaymentRule = Callable[[Ranking, int], tuple[Payment, ...]]


def own_price(ranking: Ranking, slots: int = 1) -> tuple[Payment, ...]:
    """Each winner is paid what it asked (pay-as-bid). Nobody else can move that; asking more than the cost pays.

    Source: first-price sealed-bid procurement auction.
    """
    return tuple(_payment(winner, winner.price) for winner in ranking.winners(slots))


def next_price(ranking: Ranking, slots: int = 1) -> tuple[Payment, ...]:
    """Each winner is paid the lowest price that lost, at most the reserve; the reserve where nobody lost.

    Truth is a best reply, for a bidder of one slot and without collusion. What it exposes: a shill bid under the
    manager's hand lowers the payment down to the winner's price, and losers who agree raise it up to the reserve.

    Source: Vickrey 1961, with reserve, turned to procurement; for k slots of one kind the (k+1)th price.
    """
    reserve = _reserve(ranking)
    rest = ranking.eligible[slots:]
    amount = min(rest[0].price, reserve) if rest else reserve
    return tuple(_payment(winner, amount) for winner in ranking.winners(slots))


def next_score(ranking: Ranking, slots: int = 1) -> tuple[Payment, ...]:
    """Each winner is paid the price at which its score would equal the best score that lost, at most the reserve.

    A winner of score s that asked p is paid p + s - t, where t is the best score that lost, and the least score that
    is taken where nobody lost: S(q) - paid = t. The quality counts as given: truth about the price is a best reply.
    It exposes what `next_price` does.

    Source: Che 1993, second-score auction.
    """
    reserve = _reserve(ranking)
    rest = ranking.eligible[slots:]
    least = ranking.conditions.least_score
    if least is None:
        raise MechanismError(f"{ranking.rule}: the ranking has no least score; a winner without rivals has no payment")
    threshold = max(rest[0].score, least) if rest else least
    return tuple(
        _payment(winner, min(winner.price + winner.score - threshold, reserve)) for winner in ranking.winners(slots)
    )


def _reserve(ranking: Ranking) -> int:
    if ranking.conditions.reserve is None:
        raise MechanismError(f"{ranking.rule} needs a reserve: a winner without rivals is paid the reserve")
    return ranking.conditions.reserve


def _payment(winner: Standing, amount: int) -> Payment:
    return Payment(participant=winner.participant, offer=winner.offer, price=winner.price, amount=amount)
