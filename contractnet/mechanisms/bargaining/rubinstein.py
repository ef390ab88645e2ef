"""Rubinstein's alternating offers: what each side gets of a pie that shrinks while they wait.

Source: Rubinstein 1982; the finite game by backward induction (Ståhl 1972).
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, View, price_of
from contractnet.messages.values import PPM


class Rubinstein(Struct, frozen=True, kw_only=True):
    """Offers the equilibrium share of the room, as far as the room is known.

    The other side's reservation is not known: it is a belief. With a wrong one the shares are of another pie, and the
    offers still never pass the own reservation.
    """

    own: int = 900_000  #: what a pie of 1 is worth to the own side one turn later, ppm
    other: int = 900_000  #: the same of the other side
    finite: bool = True  #: whether the bound of turns counts; else as if there was none
    rival: int | None = None  #: believed reservation price of the other side, micros; None: the own opening

    @property
    def name(self) -> str:
        return "rubinstein" if self.finite else "rubinstein-infinite"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        price_of(mandate, rules, self.name)
        first_share(self.own, self.other)

    def propose(self, view: View) -> Terms | None:
        mine = price_of(view.mandate, view.rules, self.name)
        issue = view.rules.agenda.issues[0]
        rival = view.mandate.span(issue)[0] if self.rival is None else self.rival
        left = view.rules.turns - view.turn
        share = finite_share(self.own, self.other, left) if self.finite else first_share(self.own, self.other)
        exact = mine.limit * ONE + share * (rival - mine.limit)
        price = exact // ONE if mine.side == "buyer" else -(-exact // ONE)
        fitted = mine.fitted(issue, price)
        return None if fitted is None else (fitted,)


@lru_cache(maxsize=1024)
def first_share(own: int, other: int) -> int:
    """What the proposer gets where nothing bounds the turns, parts of ONE: (1 - d_other) / (1 - d_own * d_other).

    Args:
        own, other: discounts per turn of the proposer and of the responder, ppm; within 0 and 1,000,000, not both that.
    Raises:
        MechanismError: they are not.
    """
    if not (0 <= own <= PPM and 0 <= other <= PPM) or own == other == PPM:
        raise MechanismError(f"rubinstein: discounts {own} and {other} ppm are within 0 and {PPM}, not both {PPM}")
    return (PPM - other) * PPM * ONE // (PPM * PPM - own * other)


@lru_cache(maxsize=4096)
def finite_share(own: int, other: int, turns: int) -> int:
    """What the proposer gets where so many turns are left, its own included, parts of ONE: all of it in the last one.

    x_last = 1 and x_t = 1 - d_responder(t) * x_(t+1), the sides changing places each turn.

    Raises:
        MechanismError: there is no turn, or a discount is out of its bounds.
    """
    if turns < 1:
        raise MechanismError(f"rubinstein: {turns} turns; at least 1")
    first_share(own, other)
    share = ONE
    for left in range(2, turns + 1):  # with `left` turns to go `other` responds where turns - left is even
        share = ONE - (own if (turns - left) % 2 else other) * share // PPM
    return share
