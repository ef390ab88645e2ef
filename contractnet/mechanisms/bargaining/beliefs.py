"""What the other side's offers tell of its reservation price, and how good such statements are.

A grid of prices that its reservation might be; each is weighed by how well its offers fit a concession from its first
offer to that price: P(r | offers) is proportional to the product of exp(-(y_t - line_t(r))^2 / (2 sigma^2)).
A belief, never a fact: it serves to choose among own offers, and the guard does not look at it.

Source: grid posterior with the likelihood of the Bayesian opponent model; Brier 1950 for the score.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE, exp
from contractnet.mechanisms.bargaining.preferences import Side
from contractnet.mechanisms.bargaining.schedules import concession
from contractnet.messages.values import PPM


class ReservationModel(Struct, frozen=True, kw_only=True):
    """How the other side is assumed to concede."""

    sigma: int  #: micros, by how much its offers stray from the line
    beta: int = PPM  #: ppm, of the polynomial concession that it is assumed to make


class Belief(Struct, frozen=True):
    """One price that may be its reservation."""

    price: int  #: micros
    chance: int  #: ppm, floored


def reservation_belief(
    model: ReservationModel, offers: Sequence[int], rounds: int, grid: Sequence[int]
) -> tuple[Belief, ...]:
    """The chance of each price of the grid, in its order; all alike before the second offer.

    Args:
        offers: the other side's so far, micros, the first one first.
        rounds: how many it has in all.
        grid: prices that its reservation may be, micros.
    Raises:
        MechanismError: the grid is empty, or sigma is not positive.
    """
    if not grid or model.sigma < 1:
        raise MechanismError("belief: the grid has at least one price, and sigma is positive")
    over = 2 * model.sigma * model.sigma
    misfits: list[int] = []
    for price in grid:
        misfit = 0
        for round_, offer in enumerate(offers):
            gone = concession("polynomial", model.beta, 0, round_, rounds)
            misfit += (offer - offers[0] - gone * (price - offers[0]) // ONE) ** 2
        misfits.append(misfit * ONE // over)
    weights = [exp(min(misfits) - misfit) for misfit in misfits]
    total = sum(weights)
    return tuple(Belief(price, PPM * weight // total) for price, weight in zip(grid, weights, strict=True))


def acceptance_chance(beliefs: Sequence[Belief], price: int, side: Side) -> int:
    """The stated chance that the other side gains by a price, ppm.

    Args:
        side: which the other side is: a seller gains at or over its reservation, a buyer at or under it.
    """
    if side == "seller":
        return sum(one.chance for one in beliefs if one.price <= price)
    return sum(one.chance for one in beliefs if one.price >= price)


def brier_of(beliefs: Sequence[Belief], price: int) -> int:
    """The Brier score of a belief once the reservation is known, ppm: 0 is certain and right, 2,000,000 the worst.

    Args:
        price: the reservation price, one of the grid.
    """
    return sum((one.chance - PPM * (one.price == price)) ** 2 for one in beliefs) // PPM
