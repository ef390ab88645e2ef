"""The monotonic concession protocol with Zeuthen's rule: who has less to lose by a conflict stands firm.

Both propose at once. It is agreed when one finds the other's proposal as good as its own. Else the side with the
smaller risk concedes, by the least step that makes its own the larger one; the deal maximises the product of the gains.
The rule needs both utilities: a mediator has them (`concede`), a generator has a belief about the other's.

Source: Rosenschein and Zlotkin 1994 (monotonic concession), after Zeuthen 1930 and Harsanyi 1956.
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda, Terms
from contractnet.mechanisms.bargaining.micro import nth_best
from contractnet.mechanisms.bargaining.opponent import Frequency
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, Preferences, PricePreferences, ranked
from contractnet.mechanisms.bargaining.shape import Rules, View
from contractnet.mechanisms.ties import draw

Tie = Literal["both", "first", "second"]


class Concession(Struct, frozen=True, kw_only=True):
    """How a run of the protocol ended, and every pair of proposals on the way."""

    proposals: tuple[tuple[Terms, Terms], ...]  #: of both sides, step by step
    deal: Terms | None  #: None: neither side could concede
    drawn: bool  #: both found the other's as good, so a lot decided between the two


def risk(mine: Preferences, own: Terms, other: Terms) -> Fraction:
    """The largest chance of conflict that a side would rather bear than yield: the loss by yielding over the own gain.

    1 where it has nothing to lose by conflict: its own proposal, or the other's, is worth no more than no deal.
    """
    gain, yielded = mine.utility(own) - mine.reservation, mine.utility(other) - mine.reservation
    return Fraction(1) if gain <= 0 or yielded <= 0 else Fraction(gain - yielded, gain)


def concede(
    sides: tuple[Preferences, Preferences], agenda: Agenda, openings: tuple[Terms, Terms], tie: Tie, seed: str = ""
) -> Concession:
    """Run the protocol for both sides, as a mediator that knows both.

    Args:
        tie: who concedes where the risks are equal.
        seed: of the draw where each finds the other's proposal as good as its own.
    Raises:
        MechanismError: an opening is off the agenda or under its own side's reservation.
    """
    for who, (side, opening) in enumerate(zip(sides, openings, strict=True)):
        if not agenda.holds(opening) or side.utility(opening) < side.reservation:
            raise MechanismError(f"zeuthen: opening {list(opening)} of side {who} is off the agenda or under its limit")
    now, path = openings, [openings]
    while True:
        pleased = [side.utility(now[1 - who]) >= side.utility(now[who]) for who, side in enumerate(sides)]
        if any(pleased):
            drawn = all(pleased) and now[0] != now[1]
            taken = int(draw(seed, "zeuthen", "deal"), 16) % 2 if drawn else int(pleased[0])
            return Concession(proposals=tuple(path), deal=now[taken], drawn=drawn)
        risks = risk(sides[0], now[0], now[1]), risk(sides[1], now[1], now[0])
        equal = risks[0] == risks[1]
        moving = (
            (equal and tie in ("both", "first")) or risks[0] < risks[1],
            (equal and tie in ("both", "second")) or risks[1] < risks[0],
        )
        after = (
            least_concession(sides[0], sides[1], agenda, now[0], now[1]) if moving[0] else now[0],
            least_concession(sides[1], sides[0], agenda, now[1], now[0]) if moving[1] else now[1],
        )
        if after == now:
            return Concession(proposals=tuple(path), deal=None, drawn=False)
        now = after
        path.append(now)


def least_concession(mine: Preferences, theirs: Preferences, agenda: Agenda, own: Terms, other: Terms) -> Terms:
    """The dearest own deal under the present one that makes the own risk the larger and does not lower their utility.

    A deal that is as good to the other side as its own ends the matter, so it will do too. The present proposal where
    there is no such step.
    """
    floor, asked = theirs.utility(own), theirs.utility(other)

    def does(terms: Terms) -> bool:
        given = theirs.utility(terms)
        if given < floor:
            return False
        return given >= asked or risk(mine, terms, other) > risk(theirs, other, terms)

    if isinstance(mine, Additive):
        worth = mine.utility(own)
        return next((terms for value, terms in ranked(mine) if value < worth and does(terms)), own)
    steps = _steps(mine, agenda, own[0])
    place = bisect_left(steps, True, key=lambda price: does((price,)))  # once a step is large enough, larger ones are
    return (steps[place],) if place < len(steps) else own


class Zeuthen(Struct, frozen=True, kw_only=True):
    """The generator for turns: concede where the own risk is not the larger one, else repeat the offer.

    What the other side may gain is a belief. Left out, for a price: its reservation is where the own side opened, as if
    each had opened at the other's limit; for several issues: what the frequencies of its offers tell.
    """

    rival: Preferences | None = None  #: believed preferences of the other side

    @property
    def name(self) -> str:
        return "zeuthen"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        if self.rival is not None and type(self.rival) is not type(mandate.preferences):
            raise MechanismError("zeuthen: the believed preferences are about something else than the own ones")

    def propose(self, view: View) -> Terms | None:
        mine = view.mandate.preferences
        if not view.mine or not view.theirs:
            return view.mine[-1] if view.mine else self._opening(view)
        own, other = view.mine[-1], view.theirs[-1]
        theirs = self._believed(view)
        if mine.utility(other) >= mine.utility(own):
            return own
        if risk(mine, own, other) > risk(theirs, other, own):
            return own
        return least_concession(mine, theirs, view.rules.agenda, own, other)

    def _opening(self, view: View) -> Terms | None:
        mine = view.mandate.preferences
        if isinstance(mine, Additive):
            return nth_best(view, 0)
        issue = view.rules.agenda.issues[0]
        price = mine.fitted(issue, view.mandate.span(issue)[0])
        return None if price is None else (price,)

    def _believed(self, view: View) -> Preferences:
        if self.rival is not None:
            return self.rival
        mine = view.mandate.preferences
        if isinstance(mine, Additive):
            agenda = view.rules.agenda
            return Additive(agenda, Frequency().scores(agenda, view.theirs, view.rounds))
        return PricePreferences("seller" if mine.side == "buyer" else "buyer", view.mine[0][0])


def _steps(mine: PricePreferences, agenda: Agenda, own: int) -> range:
    """The prices that concede, the smallest step first, up to the reservation."""
    issue = agenda.issues[0]
    end = mine.fitted(issue, issue.high if mine.side == "buyer" else issue.low)
    if end is None:
        return range(0)
    return (
        range(own + issue.tick, end + 1, issue.tick)
        if mine.side == "buyer"
        else range(own - issue.tick, end - 1, -issue.tick)
    )
