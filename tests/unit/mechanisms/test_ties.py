"""Ties: drawn over participant ids by the recorded seed, and by nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.mechanisms.ties import draw

names = st.text("abcdefghij", min_size=1, max_size=8)


def winner(participants: list[str], seed: str, where: str = "t.1|1", offers: str = "o") -> str:
    bids = [
        Bid(participant=name, offer=f"{offers}{place}", price=5, eta=1, probability=1)
        for place, name in enumerate(participants)
    ]
    return AWARD_RULES["lowest-price"].rank(bids, Conditions(), seed, where).standings[0].participant


def test_a_lot_is_the_hash_that_the_docstring_names() -> None:
    assert draw("seed", "t.1|1", "a") == hashlib.sha256(b"seed|t.1|1|a").hexdigest()


@given(st.lists(names, min_size=2, max_size=6, unique=True), st.permutations(range(6)), st.text(max_size=8), names)
def test_neither_order_nor_offer_ids_move_the_draw(
    participants: list[str], places: list[int], seed: str, offers: str
) -> None:
    other = [participants[place] for place in places if place < len(participants)]
    assert winner(participants, seed) == winner(other, seed, offers=offers)


@given(st.lists(names, min_size=2, max_size=6, unique=True), st.text(max_size=8))
def test_the_smallest_lot_goes_first(participants: list[str], seed: str) -> None:
    assert winner(participants, seed) == min(participants, key=lambda name: draw(seed, "t.1|1", name))


def test_every_participant_has_about_the_same_chance() -> None:
    """2,000 seeds over four ids: 500 each, and a deviation of six sigma (19 each) would be no accident."""
    wins = Counter(winner(["a", "b", "c", "d"], f"{seed:032x}") for seed in range(2_000))
    assert all(abs(wins[name] - 500) < 6 * 19.4 for name in "abcd"), wins


def test_another_round_draws_anew() -> None:
    """One seed serves many draws: over 64 rounds of the same two, both win some."""
    wins = Counter(winner(["a", "b"], "seed", f"t.1|{number}") for number in range(64))
    assert set(wins) == {"a", "b"}
    assert min(wins.values()) > 12, wins
