"""The individual-rationality guard: the last test of every offer and of every acceptance.

Rules:

1. Nothing is offered and nothing is taken that is worth less than no deal, whatever generator, acceptance rule,
   persona, deadline or model asked for it. Equal is enough.
2. Nothing is offered off the grid, out of the public bounds, or back behind an own offer where that is agreed.
3. A price that breaks a rule is clipped to the nearest that does not. Of several issues the last own offer stands
   again, or the best own deal. Each correction has a code, to be recorded.
"""

from __future__ import annotations

from msgspec import Struct

from contractnet.mechanisms.bargaining.boundary import Code, Said
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Additive, PricePreferences, ranked
from contractnet.mechanisms.bargaining.shape import Offer, Strategy, View


class Decision(Struct, frozen=True):
    """What one side says in its turn, and what the guard changed."""

    said: Said
    corrected: Code | None = None  #: why what the generator proposed was not said as it was
    overruled: Offer | None = None  #: an offer that the acceptance rule would have taken, under the reservation


def decide(strategy: Strategy, view: View) -> Decision:
    """One turn: accept the best live offer, or offer, or quit where there is nothing to offer."""
    following, corrected = guarded(view, strategy.generator.propose(view))
    offer, overruled = best_live(view), None
    if offer is not None and strategy.acceptance.accepts(view, offer.terms, following):
        if rational(view, offer.terms):
            return Decision(Said(act="accept", of=offer.turn, terms=offer.terms, unit=_unit(view)), corrected)
        overruled = offer
    if following is None:
        return Decision(Said(act="quit"), corrected, overruled)
    return Decision(Said(act="offer", terms=following, unit=_unit(view)), corrected, overruled)


def bounded(view: View, act: str, proposed: Terms | None) -> Decision:
    """One turn as somebody else proposed it, such as a model: the guard has the last word.

    Args:
        act: `accept` takes the best live offer, if that is rational; `quit`; anything else offers.
        proposed: what is offered, also where an acceptance may not be; None: nothing, which quits.
    """
    following, corrected = guarded(view, proposed)
    offer, overruled = best_live(view), None
    if act == "accept" and offer is not None:
        if rational(view, offer.terms):
            return Decision(Said(act="accept", of=offer.turn, terms=offer.terms, unit=_unit(view)))
        overruled = offer
    if act == "quit" or following is None:
        return Decision(Said(act="quit"), None, overruled)
    return Decision(Said(act="offer", terms=following, unit=_unit(view)), corrected, overruled)


def rational(view: View, terms: Terms) -> bool:
    """Whether a deal is worth at least no deal."""
    return view.mandate.preferences.utility(terms) >= view.mandate.preferences.reservation


def best_live(view: View) -> Offer | None:
    """The live offer that is worth most to the own side; of equal ones the newest."""
    if len(view.live) < 2:
        return view.live[0] if view.live else None
    worth = view.mandate.preferences.utility
    return max(view.live, key=lambda offer: (worth(offer.terms), offer.turn))


def guarded(view: View, proposed: Terms | None) -> tuple[Terms | None, Code | None]:
    """What may be said of what was proposed, and the code of the rule that it broke; None: there is nothing to say."""
    if proposed is None:
        return None, None
    code = broken(view, proposed)
    if code is None:
        return proposed, None
    mine = view.mandate.preferences
    if isinstance(mine, Additive):
        fallback = view.mine[-1] if view.mine else next((terms for _, terms in ranked(mine)), None)
        return fallback, code
    issue = view.rules.agenda.issues[0]
    best = issue.low if mine.side == "buyer" else issue.high
    price = mine.fitted(issue, best if code is Code.SCHEMA else proposed[0])
    if price is not None and view.rules.monotone and view.mine:
        last = view.mine[-1][0]
        price = max(price, last) if mine.side == "buyer" else min(price, last)
    return None if price is None else (price,), code


def broken(view: View, proposed: Terms) -> Code | None:
    """The rule that an own offer breaks, the first of form, bounds, mandate and monotony; None: it may be said."""
    issues = view.rules.agenda.issues
    if len(proposed) != len(issues) or any(type(value) is not int for value in proposed):  # no bool, no float
        return Code.SCHEMA
    for issue, value in zip(issues, proposed, strict=True):
        if not issue.low <= value <= issue.high:
            return Code.PUBLIC_BOUNDS
        if (value - issue.low) % issue.tick:
            return Code.OFF_GRID if issue.options else Code.TICK
    if not rational(view, proposed):
        return Code.OWN_MANDATE
    mine = view.mandate.preferences
    if view.rules.monotone and view.mine and isinstance(mine, PricePreferences):
        step = proposed[0] - view.mine[-1][0]
        if step < 0 if mine.side == "buyer" else step > 0:
            return Code.NOT_MONOTONE
    return None


def _unit(view: View) -> str:
    return view.rules.agenda.issues[0].unit
