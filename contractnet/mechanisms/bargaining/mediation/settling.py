"""The ladder as a pure function, for experiments and replay: rung after rung, until one ends the deadlock.

Whatever a mediator proposes, each side has the last word on it by its own reservation: a side that would be worse off
than without a deal says no, and the next rung is tried. A person and a model are asked by drivers, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.mediation.double_auction import HALF
from contractnet.mechanisms.bargaining.mediation.sealed import Certificate, Sealed, settle
from contractnet.mechanisms.bargaining.mediation.single_text import Annealing, Honest, Vote, Voter, anneal
from contractnet.mechanisms.bargaining.mediation.standing import standing_offers
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mechanisms.bargaining.session import Exchange
from contractnet.mechanisms.bargaining.shape import Offer, Rules
from contractnet.mechanisms.ties import draw


class Party(Voter, Protocol):
    """A side, as far as the mediator sees it."""

    def sealed(self, nonce: str) -> Sealed:
        """The reservation price that it states; for the mediator alone."""
        ...


class Frank(Struct, frozen=True):
    """A side that states what is true. A price's strong vote is a tenth of its range, another's a tenth of the best."""

    mandate: Mandate
    strong: int = 100_000  #: gain or loss from which a vote is a strong one, of the utility's unit

    def sealed(self, nonce: str) -> Sealed:
        mine = self.mandate.preferences
        if not isinstance(mine, PricePreferences):
            raise MechanismError("sealed reservations: of several issues there is no reservation price")
        return Sealed(price=mine.limit, nonce=nonce)

    def vote(self, present: Terms, changed: Terms) -> Vote:
        return Honest(self.mandate.preferences, self.strong).vote(present, changed)

    def takes(self, text: Terms) -> bool:
        return Honest(self.mandate.preferences, self.strong).takes(text)


class Tried(Struct, frozen=True, kw_only=True):
    """One rung, and what came of it."""

    rung: Rung
    terms: Terms | None  #: that both take; None: it did not end the deadlock
    certificate: Certificate | None = None


class Mediated(Struct, frozen=True, kw_only=True):
    """How the ladder ended."""

    tried: tuple[Tried, ...]
    terms: Terms | None  #: of the deal

    @property
    def no_zone(self) -> bool:
        """Whether it ended with the certificate that there is no zone of agreement."""
        last = self.tried[-1].certificate if self.tried else None
        return last is not None and last.no_zone


def climb(
    rules: Rules,
    exchange: Exchange,
    parties: tuple[Party, Party],
    rungs: Sequence[Rung],
    seed: str,
    k: int = HALF,
    annealing: Annealing = Annealing(),  # noqa: B008  (frozen)
) -> Mediated:
    """Try the rungs in order. A certified "no zone of agreement" ends it too.

    Args:
        parties: in the order of moving.
        seed: of the nonces and the changes of the text.
    Raises:
        MechanismError: a rung asks somebody outside.
    """
    offers = tuple(Offer(one.turn, one.by, one.terms) for one in exchange.moves if one.act == "offer" and one.terms)
    tried: list[Tried] = []
    for rung in rungs:
        done = _try(rung, rules, offers, exchange.turns, parties, seed, k, annealing)
        taken = done.terms is not None and all(party.takes(done.terms) for party in parties)
        tried.append(done if taken else Tried(rung=rung, terms=None, certificate=done.certificate))
        if taken or (done.certificate is not None and done.certificate.no_zone):
            break
    return Mediated(tried=tuple(tried), terms=tried[-1].terms if tried else None)


def _try(
    rung: Rung,
    rules: Rules,
    offers: Sequence[Offer],
    turn: int,
    parties: tuple[Party, Party],
    seed: str,
    k: int,
    annealing: Annealing,
) -> Tried:
    passed_on = Tried(rung=rung, terms=None)
    if rung in (Rung.STANDING_OFFERS, Rung.SEALED_RESERVATIONS) and rules.buyer is None:
        return passed_on  # of several issues there is no best bid, and no reservation price
    if rung is Rung.EXTRA_ROUND:
        return passed_on  # a call has rounds
    if rung is Rung.STANDING_OFFERS:
        price = standing_offers(rules, offers, turn, k).price
        return Tried(rung=rung, terms=None if price is None else (price,))
    if rung is Rung.SEALED_RESERVATIONS:
        assert rules.buyer is not None  # else passed on above
        buyer = parties[rules.buyer].sealed(draw(seed, "sealed", "buyer"))
        seller = parties[1 - rules.buyer].sealed(draw(seed, "sealed", "seller"))
        certificate = settle(rules.agenda.issues[0], buyer, seller, (buyer.commitment, seller.commitment), k)
        terms = None if certificate.price is None else (certificate.price,)
        return Tried(rung=rung, terms=terms, certificate=certificate)
    if rung is Rung.SINGLE_TEXT:
        start = offers[-1].terms if offers else next(iter(rules.agenda.deals()))
        return Tried(rung=rung, terms=anneal(rules.agenda, parties, start, annealing, seed).text)
    raise MechanismError(f"{rung}: somebody outside is asked; that is the driver's business")
