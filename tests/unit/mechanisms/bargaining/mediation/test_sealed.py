"""Sealed reservations: commitments, the settlement, and the certificate that there is nothing to settle."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import price_issue
from contractnet.mechanisms.bargaining.mediation.sealed import Certificate, Sealed, settle, verify
from tests.unit.mechanisms.bargaining.worlds import UNIT, money

ISSUE = price_issue(0, 120 * UNIT)
NONCE = "0123456789abcdef"


def sealed(price: float, nonce: str = NONCE) -> Sealed:
    return Sealed(price=money(price), nonce=nonce)


def settled(budget: float, cost: float) -> Certificate:
    buyer, seller = sealed(budget), sealed(cost, NONCE[::-1])
    return settle(ISSUE, buyer, seller, (buyer.commitment, seller.commitment))


def test_where_they_meet_it_is_the_middle() -> None:
    found = settled(100, 60)
    assert (found.price, found.no_zone) == (money(80), False)


def test_where_they_do_not_meet_that_is_certified_and_no_number_shown() -> None:
    found = settled(59, 60)
    assert (found.price, found.no_zone) == (None, True)
    assert not any(str(money(one)) in repr(found) for one in (59, 60))


def test_a_commitment_is_the_digest_of_the_number_and_the_nonce() -> None:
    assert sealed(1).commitment == hashlib.sha256(b"1000000|0123456789abcdef").hexdigest()
    assert sealed(1).commitment != sealed(1, NONCE[::-1]).commitment


def test_nobody_says_another_number_later() -> None:
    buyer, seller = sealed(100), sealed(60, NONCE[::-1])
    with pytest.raises(MechanismError, match="the seller's number is not the one it committed to"):
        settle(ISSUE, buyer, sealed(70, NONCE[::-1]), (buyer.commitment, seller.commitment))
    short = sealed(100, "abc")
    with pytest.raises(MechanismError, match="the buyer's nonce is under 16"):
        settle(ISSUE, short, seller, (short.commitment, seller.commitment))


@given(st.integers(0, 120 * UNIT), st.integers(0, 120 * UNIT))
def test_a_certificate_can_be_checked_and_not_forged(budget: int, cost: int) -> None:
    buyer, seller = Sealed(price=budget, nonce=NONCE), Sealed(price=cost, nonce=NONCE[::-1])
    found = settle(ISSUE, buyer, seller, (buyer.commitment, seller.commitment))
    assert verify(found, ISSUE, buyer, seller)
    assert found.price is None or cost <= found.price <= budget
    assert not verify(replace(found, price=UNIT * 121), ISSUE, buyer, seller)
    assert not verify(found, ISSUE, replace(buyer, price=budget + 1), seller)
