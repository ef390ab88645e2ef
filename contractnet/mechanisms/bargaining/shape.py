"""The shape of an offer generator and of an acceptance rule: what they are given, what they give back.

Rules that every generator keeps, built in or brought by another distribution:

1. Pure: the own mandate, the public past and the recorded seed in, an offer out. So each offer can be computed again.
2. It is given nothing private of the other side, and gives nothing but terms. Words are made elsewhere, without it.
3. It cannot lose what the mandate keeps: whatever it proposes passes the guard (`guard.py`) before it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Protocol, runtime_checkable

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda, Terms
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, Side
from contractnet.messages.values import PPM

#: the group of entry points under which a distribution offers generators; each names an `OfferGenerator` object
ENTRY_POINTS: Final = "contractnet.offer_generators"

MOST_TURNS: Final = 1_000

Act = Literal["offer", "accept", "quit"]


class Rules(Struct, frozen=True, kw_only=True):
    """The public terms of one bargaining. The sides take turns; each turn is one act."""

    agenda: Agenda
    turns: int  #: of both sides together, 1..MOST_TURNS; who has the last one is decisive when they are few
    buyer: Literal[0, 1] | None = None  #: who buys, 0 moves first; needed for a price, None for several issues
    monotone: bool = False  #: whether it is agreed that no offer takes back what an earlier one gave; a price only
    standing: bool = False  #: whether earlier offers stay live beside newer ones of the same side
    lifetime: int | None = None  #: turns for which an offer is live; None: no limit

    @property
    def last(self) -> Literal[0, 1]:
        """Who has the last turn."""
        return 0 if self.turns % 2 else 1

    def side(self, by: int) -> Side | None:
        """Which side of a price a mover is."""
        return None if self.buyer is None else "buyer" if by == self.buyer else "seller"

    def check(self) -> None:
        """Refuse terms that have no meaning, before anything is said.

        Raises:
            MechanismError: says which.
        """
        if not 1 <= self.turns <= MOST_TURNS:
            raise MechanismError(f"turns: {self.turns} is not within 1 and {MOST_TURNS}")
        if self.lifetime is not None and self.lifetime < 1:
            raise MechanismError(f"lifetime: {self.lifetime} turns is no time to answer; at least 1")
        if (self.agenda.single is None) is (self.buyer is not None):
            raise MechanismError("who buys is stated for a price, and only for a price")
        if self.monotone and self.buyer is None:
            raise MechanismError(
                "monotone: of several issues nobody but a trusted mediator can tell what is a concession; leave it out"
            )


class Offer(Struct, frozen=True):
    """An offer that was said and let through. Public."""

    turn: int  #: when it was said, from 0; an acceptance names it
    by: int  #: who said it: 0 moves first, 1 second
    terms: Terms
    until: int | None = None  #: when it ends, milliseconds since the epoch; None: by the rules alone


def live_offers(rules: Rules, offers: Sequence[Offer], by: int, turn: int, now: int | None = None) -> tuple[Offer, ...]:
    """The offers that the side `by` may accept in that turn, the newest last.

    The newest offer of the other side; with `standing` all of them; none that is over.

    Args:
        offers: let through so far, the newest last.
        now: milliseconds since the epoch; None: nothing ends by the clock.
    """
    theirs = [offer for offer in offers if offer.by != by]
    if not rules.standing:
        theirs = theirs[-1:]
    return tuple(offer for offer in theirs if not is_over(rules, offer, turn, now))


def is_over(rules: Rules, offer: Offer, turn: int, now: int | None = None) -> bool:
    """Whether an offer has ended by the rules or by the clock."""
    if rules.lifetime is not None and turn - offer.turn > rules.lifetime:
        return True
    return offer.until is not None and now is not None and now > offer.until


class View(Struct, frozen=True, kw_only=True):
    """What one side knows when it moves: its own mandate, and what both heard."""

    rules: Rules
    mandate: Mandate
    me: Literal[0, 1]  #: 0 moves first
    turn: int  #: the turn to be made, from 0
    mine: tuple[Terms, ...] = ()  #: own offers so far, the first one first
    theirs: tuple[Terms, ...] = ()  #: the other side's
    live: tuple[Offer, ...] = ()  #: the other side's offers that may be accepted now, the newest last
    seed: str = ""  #: recorded before the first turn; for whatever is drawn

    @property
    def round(self) -> int:
        """Own turns before this one."""
        return self.turn // 2

    @property
    def rounds(self) -> int:
        """Own turns in all, at least 1."""
        return max((self.rules.turns + 1 - self.me) // 2, 1)


def view_of(
    rules: Rules, mandate: Mandate, offers: Sequence[Offer], turn: int, seed: str = "", now: int | None = None
) -> View:
    """What the side whose turn it is knows, from the record: so a session, a live side and a replay see the same.

    Args:
        mandate: of that side.
        offers: of both that were let through so far, in order.
        now: milliseconds since the epoch; None: nothing ends by the clock.
    """
    me: Literal[0, 1] = 1 if turn % 2 else 0
    return View(
        rules=rules,
        mandate=mandate,
        me=me,
        turn=turn,
        mine=tuple([offer.terms for offer in offers if offer.by == me]),
        theirs=tuple([offer.terms for offer in offers if offer.by != me]),
        live=live_offers(rules, offers, me, turn, now),
        seed=seed,
    )


@runtime_checkable
class OfferGenerator(Protocol):
    """What to offer next.

    Another distribution registers such an object under the entry point group `contractnet.offer_generators`.
    """

    @property
    def name(self) -> str:
        """As configuration and the command line write it: lower-case words joined by hyphens."""
        ...

    def check(self, rules: Rules, mandate: Mandate) -> None:
        """Refuse a bargaining in which the generator has no meaning, before anything is said.

        Raises:
            MechanismError: says why.
        """
        ...

    def propose(self, view: View) -> Terms | None:
        """The next offer; None: there is none to be made."""
        ...


@runtime_checkable
class AcceptanceRule(Protocol):
    """Whether to take what the other side offers. Its yes is not the last word: see `guard.decide`."""

    def accepts(self, view: View, offered: Terms, following: Terms | None) -> bool:
        """Whether it takes an offer.

        Args:
            offered: the live offer that is best for the own side.
            following: what the own side would offer instead; None: it has nothing to offer.
        """
        ...


class Strategy(Struct, frozen=True):
    """How one side plays: what it offers, and when it takes."""

    generator: OfferGenerator
    acceptance: AcceptanceRule


def fit(mandate: Mandate, rules: Rules, me: int) -> None:
    """Refuse a mandate that is about something else than what is bargained over.

    Raises:
        MechanismError: says which.
    """
    mine = mandate.preferences
    if not 0 <= mandate.margin <= PPM:
        raise MechanismError(f"mandate: margin {mandate.margin} is not within 0 and {PPM} ppm")
    if isinstance(mine, PricePreferences):
        if rules.side(me) != mine.side:
            raise MechanismError(f"mandate: it is a {mine.side}'s price, and the rules say {rules.side(me)}")
    elif rules.buyer is not None or mine.agenda != rules.agenda:
        raise MechanismError("mandate: its issues are not those of the rules")


def price_of(mandate: Mandate, rules: Rules, who: str) -> PricePreferences:
    """The preferences of a mandate over a price.

    Raises:
        MechanismError: the bargaining is about something else; `who` cannot play it.
    """
    if rules.agenda.single is None or not isinstance(mandate.preferences, PricePreferences):
        raise MechanismError(f"{who}: made for a single price; for several issues there are micro and logrolling")
    return mandate.preferences
