"""Words around acts: they change no number, hold none but the bound price, and nothing private unless it is leaked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.arena.bargaining.narration import VOICES, Heard, Narrating, Voice, narrated
from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.scenarios import product
from contractnet.arena.bargaining.trials import Seat, Table, play
from contractnet.bargaining.words import Spoken
from contractnet.mechanisms.bargaining.session import Exchange
from contractnet.messages.values import show_amount

CANARY = "77.77"


def spoken_session(player: str, voice: Voice | None, heard: Heard, leaked: bool = False, cost: str = "40") -> Exchange:
    """A buyer whose budget is the canary, and a linear seller."""
    one = named(player)
    seat: Seat = one.side
    if voice is not None:
        narrator = voice
        seat = lambda mine: Narrating(one.side(mine), narrator, heard, leaked=leaked)  # noqa: E731
    scenario = product(f"thing:cost={cost},budget={CANARY},high=150")
    return play(scenario, (seat, named("linear").side), Table(turns=12), "buyer", "s")[1]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(("linear", "boulware", "conceder", "og-exp", "relative", "zeuthen", "takes-any-gain")),
    st.sampled_from(VOICES),
    st.integers(0, 150),
    st.booleans(),
)
def test_words_never_change_a_number(player: str, voice: Voice, cost: int, leaked: bool) -> None:
    heard = Heard()
    with_words = spoken_session(player, voice, heard, leaked, str(cost))
    assert with_words == spoken_session(player, None, Heard(), cost=str(cost))
    assert any(heard.texts[0])


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_a_text_holds_no_number_but_the_bound_price_and_nothing_private(voice: Voice) -> None:
    heard = Heard()
    exchange = spoken_session("linear", voice, heard)
    own = [move for move in exchange.moves if move.by == 0]
    for text, move in zip(heard.texts[0], own, strict=True):
        bound = {show_amount(move.terms[0])} if move.terms else set()
        assert Heard(texts=([text], [])).numbers(0) <= bound
        assert CANARY not in text
        assert "private" not in text


def test_a_leak_is_on_purpose_and_says_the_limit() -> None:
    heard = Heard()
    spoken_session("linear", VOICES[0], heard, leaked=True)
    assert all(CANARY in text for text in heard.texts[0])


def test_a_sentence_with_another_number_is_not_sent() -> None:
    voice = Voice(name="odd", offers=("I could pay 60, say {price}.",), accept="{price}.", quit="Bye at 5.")
    spoken = Spoken(act="offer", price="40", unit="USD", turn=0)
    assert narrated(voice, spoken) == ("offer 40 USD", True)
    assert narrated(voice, Spoken(act="accept", price="40", unit="USD", turn=1)) == ("40.", False)
    assert narrated(voice, Spoken(act="quit", price=None, unit="USD", turn=1)) == ("quit", True)
