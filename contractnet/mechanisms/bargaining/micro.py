"""MiCRO: concede only as often as the other side does, one deal at a time. The default for several issues.

Own rational deals, the best first. Where the other side has sent at least as many different offers as the own side, the
next best is sent, else an earlier own offer again, drawn from the seed. It looks at the order of the own deals alone
and at no deadline.

Source: de Jonge, MiCRO (doi 10.1007/s10458-024-09678-1).
"""

from __future__ import annotations

from msgspec import Struct

from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, ranked
from contractnet.mechanisms.bargaining.shape import Rules, View
from contractnet.mechanisms.ties import draw


class Micro(Struct, frozen=True):
    """The generator. A price too: then one tick is one step, so it wants many turns or a coarse tick."""

    @property
    def name(self) -> str:
        return "micro"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        if isinstance(mandate.preferences, Additive):
            ranked(mandate.preferences)

    def propose(self, view: View) -> Terms | None:
        if not view.mine:
            return nth_best(view, 0)
        due = next_due(view)
        if due is not None:
            return due
        earlier = sorted(set(view.mine))
        lot = int(draw(view.seed, f"micro|{view.turn}", str(view.me)), 16)
        return earlier[lot % len(earlier)]


class AcceptMicro(Struct, frozen=True):
    """Takes what is worth at least the least good of the own offers, the next one too if it is due."""

    def accepts(self, view: View, offered: Terms, following: Terms | None) -> bool:
        worth = view.mandate.preferences.utility
        due = next_due(view)
        asked = [*view.mine, *([] if due is None else [due])]
        return bool(asked) and worth(offered) >= min(map(worth, asked))


def next_due(view: View) -> Terms | None:
    """The next best deal where it is due and rational; else None."""
    sent = len(set(view.mine))
    return nth_best(view, sent) if sent <= len(set(view.theirs)) else None


def nth_best(view: View, place: int) -> Terms | None:
    """The own rational deal of that place, the best is 0; None after the last."""
    mine = view.mandate.preferences
    if isinstance(mine, Additive):
        deals = ranked(mine)
        return deals[place][1] if place < len(deals) else None
    issue = view.rules.agenda.issues[0]
    best = mine.fitted(issue, issue.low if mine.side == "buyer" else issue.high)
    if best is None:
        return None
    price = best + place * issue.tick if mine.side == "buyer" else best - place * issue.tick
    return (price,) if mine.fitted(issue, price) == price else None
