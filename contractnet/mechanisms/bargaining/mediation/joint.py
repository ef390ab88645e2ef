"""The deadlock of a bargaining that both put before a mediator: what each rung gives, from what was said and told.

Rules:

1. Nothing comes out that one side has not said or told before that it would take. A side that told its reservation
   takes what is no worse than that; a side that told nothing takes what it has offered itself, of a price anything no
   worse than that.
2. A choice by a model or a person names one of the recorded offers; its terms are copied.
3. All is derived from the requests and the recorded seed: compute it again and it is the same.

Source: our own; G15.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.mediation.closed_choice import Candidate, closed_list
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.mediation.sealed import Certificate, Sealed, settle
from contractnet.mechanisms.bargaining.mediation.single_text import Annealing, Honest, anneal
from contractnet.mechanisms.bargaining.mediation.standing import standing_offers
from contractnet.mechanisms.bargaining.preferences import Additive, PricePreferences, Private
from contractnet.mechanisms.bargaining.shape import Offer, Rules
from contractnet.messages.values import PPM

#: of a price, or of the best deal: a gain or loss from which a vote is a strong one
_STRONG_PPM: Final = 100_000
_ANNEALING: Final = Annealing()
#: candidates of a closed choice at most, one for each letter: the newest
MOST_CANDIDATES: Final = 26


class Recorded(Struct, frozen=True):
    """An offer that both have on record."""

    id: str
    offer: Offer


class Case(Private, frozen=True, kw_only=True):
    """All that a mediator knows of a bargaining. Private: it holds what both told in confidence."""

    rules: Rules
    offers: tuple[Recorded, ...]  #: in the order of their turns
    told: tuple[Sealed | Additive | None, Sealed | Additive | None]  #: by the side that moves first, and the other
    names: tuple[str, str]  #: agent ids, as well
    seed: str  #: recorded; of orders and of changes of the text


class Outcome(Struct, frozen=True, kw_only=True):
    """How a rung ended it: the terms of a deal, or none, with the certificate that there is no zone of agreement."""

    terms: Terms | None
    offer: str | None = None  #: whose terms they are, where they were copied
    certificate: Certificate | None = None


def takes(case: Case, side: int, terms: Terms) -> bool:
    """Whether a side has said or told that it would take these terms. `side`: 0 moves first."""
    told = case.told[side]
    if isinstance(told, Additive):
        return told.utility(terms) >= told.reservation
    own = [one.offer.terms for one in case.offers if one.offer.by == side]
    if case.rules.buyer is None:
        return terms in own
    buys = case.rules.buyer == side
    if told is not None:
        return terms[0] <= told.price if buys else terms[0] >= told.price
    return any(terms[0] <= offered[0] if buys else terms[0] >= offered[0] for offered in own)


def candidates(case: Case) -> tuple[Candidate, ...]:
    """The recorded offers that both would take, at most one for each letter, in the order of the seed."""
    fit = [one for one in case.offers if takes(case, 0, one.offer.terms) and takes(case, 1, one.offer.terms)]
    newest = [Candidate(one.id, case.names[one.offer.by], one.offer.terms) for one in fit[-MOST_CANDIDATES:]]
    return closed_list(newest, case.seed, "mediation", further_round=False).candidates


def outcome(case: Case, rung: str, offer: str | None = None) -> Outcome | None:
    """What a rung gives; None: it passes it on.

    Args:
        rung: one that is not built in gives a recorded offer, or nothing.
        offer: the one that was chosen, where the rung is a choice by somebody outside; None: no deal was.
    """
    if rung == Rung.STANDING_OFFERS:
        return _agreed(case, _standing(case))
    if rung == Rung.SEALED_RESERVATIONS:
        return _sealed(case)
    if rung == Rung.SINGLE_TEXT:
        return _agreed(case, _text(case))
    if offer is None:
        return Outcome(terms=None) if rung in (Rung.CLOSED_CHOICE, Rung.HUMAN) else None
    found = next((one for one in candidates(case) if one.id == offer), None)
    return None if found is None else Outcome(terms=found.terms, offer=found.id)


def _standing(case: Case) -> Terms | None:
    if case.rules.buyer is None:
        return None
    price = standing_offers(case.rules, [one.offer for one in case.offers], case.rules.turns).price
    return None if price is None else (price,)


def _sealed(case: Case) -> Outcome | None:
    one, other = case.told
    if case.rules.buyer is None or not isinstance(one, Sealed) or not isinstance(other, Sealed):
        return None
    buyer, seller = (one, other) if case.rules.buyer == 0 else (other, one)
    found = settle(case.rules.agenda.issues[0], buyer, seller, (buyer.commitment, seller.commitment))
    return Outcome(terms=None if found.price is None else (found.price,), certificate=found)


def _text(case: Case) -> Terms | None:
    voters: list[Honest] = []
    for side, told in enumerate(case.told):
        if told is None:
            return None
        if isinstance(told, Additive):
            voters.append(Honest(told, _STRONG_PPM))
            continue
        issue, name = case.rules.agenda.issues[0], case.rules.side(side)
        if name is None:
            return None
        strong = (issue.high - issue.low) * _STRONG_PPM // PPM
        voters.append(Honest(PricePreferences(side=name, limit=told.price), max(strong, 1)))
    agenda = case.rules.agenda
    start = case.offers[-1].offer.terms if case.offers else tuple(issue.low for issue in agenda.issues)
    try:
        return anneal(agenda, voters, start, _ANNEALING, case.seed).text
    except MechanismError:  # no issue has two values
        return None


def _agreed(case: Case, terms: Terms | None) -> Outcome | None:
    """Rule 1, once more."""
    if terms is None or not (takes(case, 0, terms) and takes(case, 1, terms)):
        return None
    return Outcome(terms=terms)
