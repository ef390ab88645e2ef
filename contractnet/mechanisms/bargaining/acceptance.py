"""When an offer is taken. None of these rules has the last word: `guard.decide` refuses what is under the reservation.

Source: the usual acceptance conditions of automated negotiation (next, const, time, combi), after Baarslag and others;
OG-Narrator (2402.15813) for `better`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.schedules import relative_time
from contractnet.mechanisms.bargaining.shape import View
from contractnet.messages.values import PPM


class AcceptNext(Struct, frozen=True, kw_only=True):
    """Takes what is worth as much as the own next offer: a * U(offered) + b >= U(own next)."""

    a: int = PPM  #: ppm
    b: int = 0  #: of the utility's unit: micros of a price, ppm of several issues
    ticks: int = 0  #: added to b, in ticks of a price: what both lose by rounding to their own sides

    def accepts(self, view: View, offered: Terms, following: Terms | None) -> bool:
        if following is None:
            return False
        worth = view.mandate.preferences.utility
        slack = self.b + self.ticks * view.rules.agenda.issues[0].tick if self.ticks else self.b
        return self.a * worth(offered) + slack * PPM >= worth(following) * PPM


class AcceptBetter(Struct, frozen=True):
    """Takes what is strictly better than the own next offer, as OG-Narrator does."""

    def accepts(self, view: View, offered: Terms, following: Terms | None) -> bool:
        worth = view.mandate.preferences.utility
        return following is not None and worth(offered) > worth(following)


class AcceptAtLeast(Struct, frozen=True):
    """Takes what is worth a fixed utility: U(offered) >= alpha."""

    alpha: int = 0  #: of the utility's unit; 0 of a price is the reservation

    def accepts(self, view: View, offered: Terms, following: Terms | None) -> bool:
        return view.mandate.preferences.utility(offered) >= self.alpha


class AcceptAfter(Struct, frozen=True):
    """Takes anything, from a relative time on: tau >= T0."""

    after: int  #: T0, ppm of the own rounds

    def accepts(self, view: View, offered: Terms, following: Terms | None) -> bool:
        return late(view, self.after)


class AcceptCombined(Struct, frozen=True, kw_only=True):
    """`next`, or from a relative time on what is worth alpha: next or (tau >= T0 and U(offered) >= alpha)."""

    after: int  #: T0, ppm of the own rounds
    alpha: int | Literal["best", "mean"] = "best"  #: of the utility's unit, or of the offers received in the window
    window: int | None = None  #: the last so many offers received; None: all
    following: AcceptNext = AcceptNext()

    def accepts(self, view: View, offered: Terms, following: Terms | None) -> bool:
        if self.following.accepts(view, offered, following):
            return True
        worth = view.mandate.preferences.utility
        if not late(view, self.after):
            return False
        if isinstance(self.alpha, int):
            return worth(offered) >= self.alpha
        if self.window is not None and self.window < 1:
            raise MechanismError(f"combined: a window of {self.window} offers is none; at least 1")
        received = [worth(terms) for terms in (view.theirs if self.window is None else view.theirs[-self.window :])]
        if self.alpha == "best":
            return worth(offered) >= max(received)
        return worth(offered) * len(received) >= sum(received)


def late(view: View, after: int) -> bool:
    """Whether the relative time of the own rounds is at least so many ppm."""
    return relative_time(view.round, view.rounds) * PPM >= after * ONE
