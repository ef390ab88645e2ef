"""An offer generator brought by another distribution: a share of the way to the other side's last offer."""

from __future__ import annotations

from msgspec import Struct

from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, View, price_of


class Split(Struct, frozen=True, kw_only=True):
    """Opens at its own end, then meets the other side part of the way. The guard keeps it from going too far."""

    percent: int = 50  #: of the way

    @property
    def name(self) -> str:
        return "split-the-difference"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        price_of(mandate, rules, self.name)

    def propose(self, view: View) -> Terms | None:
        mine = price_of(view.mandate, view.rules, self.name)
        issue = view.rules.agenda.issues[0]
        price = view.mandate.span(issue)[0]
        if view.mine and view.theirs:
            own, other = view.mine[-1][0], view.theirs[-1][0]
            price = own + (other - own) * self.percent // 100
        fitted = mine.fitted(issue, price)
        return None if fitted is None else (fitted,)


SPLIT = Split()
