"""Second rung: each side states its reservation price to the mediator alone; it is settled between them, or it is
certified that there is no zone of agreement.

Rules:

1. Each commits to its number before either is opened: the digest of it and a nonce. The certificate carries both
   digests, so neither side and no mediator can say another number later.
2. What comes out is a price, or one bit. That bit is a good end: nobody need go on looking for what there is not.
3. The settlement is checked with both numbers by whoever is shown them (`verify`), such as a court or a test.

The mediator is trusted with both numbers. Sides may shade: see `double_auction`.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Issue
from contractnet.mechanisms.bargaining.mediation.double_auction import HALF, price_between
from contractnet.mechanisms.bargaining.preferences import Private


class Sealed(Private, frozen=True, kw_only=True):
    """What one side tells the mediator. For its eyes only."""

    price: int  #: reservation price as stated, micros
    nonce: str  #: made by the side, so that its digest cannot be guessed; at least 16 characters

    @property
    def commitment(self) -> str:
        """SHA-256, hex; sent before the number."""
        return hashlib.sha256(f"{self.price}|{self.nonce}".encode()).hexdigest()


class Certificate(Struct, frozen=True, kw_only=True):
    """What the mediator states to both. Reveals no number but the price."""

    buyer: str  #: commitment
    seller: str  #: commitment
    k: int  #: ppm of the way from the ask to the bid
    price: int | None  #: micros; None: what was stated leaves no zone of agreement on the grid

    @property
    def no_zone(self) -> bool:
        """Whether it certifies that there is no zone of agreement in what was stated."""
        return self.price is None


def settle(issue: Issue, buyer: Sealed, seller: Sealed, commitments: tuple[str, str], k: int = HALF) -> Certificate:
    """Open both and settle: at k * bid + (1 - k) * ask, never past what either stated.

    Args:
        commitments: of the buyer and of the seller, as they came before the numbers.
        k: ppm.
    Raises:
        MechanismError: a number is not the one that was committed to, or a nonce is too short.
    """
    for who, sealed, before in (("buyer", buyer, commitments[0]), ("seller", seller, commitments[1])):
        if sealed.commitment != before:
            raise MechanismError(f"sealed: the {who}'s number is not the one it committed to")
        if len(sealed.nonce) < LEAST_NONCE:
            raise MechanismError(f"sealed: the {who}'s nonce is under {LEAST_NONCE} characters, so it can be guessed")
    price = price_between(issue, buyer.price, seller.price, k)
    return Certificate(buyer=commitments[0], seller=commitments[1], k=k, price=price)


def verify(certificate: Certificate, issue: Issue, buyer: Sealed, seller: Sealed) -> bool:
    """Whether a certificate is what these two numbers give."""
    try:
        return settle(issue, buyer, seller, (certificate.buyer, certificate.seller), certificate.k) == certificate
    except MechanismError:
        return False


#: characters
LEAST_NONCE = 16
