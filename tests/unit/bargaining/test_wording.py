"""Nothing that binds nobody is said, whoever words a turn."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.bargaining.player import Move, Owed, OwnTurn, Refusal
from contractnet.bargaining.records import Plan, TurnTaken
from contractnet.bargaining.strategist import Strategist
from contractnet.bargaining.wording import worded
from contractnet.bargaining.words import plain
from contractnet.ledger.records import SaidTurn
from contractnet.mechanisms.bargaining.issues import Issue, agenda, choice
from contractnet.mechanisms.bargaining.shape import Rules
from contractnet.messages.bargaining import BargainAccept, BargainPropose
from tests.support.room import Room, sells

PRICE = Issue(name="price", low=0, high=100_000_000, tick=10_000, unit="USD")
MANY = agenda(
    choice("colour", "red", "4 colours", "two-tone"),
    Issue(name="days", low=0, high=400, unit="d"),
    Issue(name="shift", low=-9, high=9),
)
OWED = Owed(
    agent="a",
    peer="b",
    conversation="c",
    subject="a lamp",
    rules=Rules(agenda=agenda(PRICE), turns=8, buyer=0),
    me=0,
    turn=2,
    mine=(),
    theirs=(),
    act="offer",
    terms=(12_500_000,),
    time_left_s=1,
)
SEVERAL = replace(OWED, rules=Rules(agenda=MANY, turns=8), terms=(1, 30, -2))


def said(words: str, owed: Owed) -> str:
    return worded(TurnTaken(turn=owed.turn, words=words, words_for=owed.terms), owed).words


@pytest.mark.parametrize(
    "words", ["35 USD is my last word", "12.50 USD", "I would go to ten", "for free", "112.5", "１３ USD", "by 12.5.2"]
)
def test_a_number_that_is_not_the_price_is_not_said(words: str) -> None:
    assert said(words, OWED) == "offer 12.5 USD"


@pytest.mark.parametrize("words", ["12.5 USD, gladly", "what do you say?", ""])
def test_other_words_are(words: str) -> None:
    assert said(words, OWED) == words


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("4 colours in 30 d, shift -2", True),
        ("30 days would do", True),
        ("in colour", True),
        ("5 colours", False),
        ("two-tone", False),  # an option, and not the one that is offered
        ("31 days", False),
        ("30.5 d", False),
        ("14 colours", False),
        ("thirty days", False),
        ("4", False),
    ],
)
def test_of_several_issues_the_values_of_the_terms_are_bound(words: str, kept: bool) -> None:
    assert said(words, SEVERAL) == (words if kept else "offer colour 4 colours, days 30, shift -2")


def test_who_walks_away_names_no_number() -> None:
    leaving = replace(OWED, act="quit", terms=None)
    assert said("12.5 or nothing", leaving) == "quit"
    assert said("Another time.", leaving) == "Another time."


@given(st.sampled_from([OWED, SEVERAL, replace(OWED, act="quit", terms=None)]), st.text(max_size=60))
def test_whatever_the_words_are_no_digit_is_new(owed: Owed, words: str) -> None:
    assert {*re.findall(r"\d", said(words, owed))} <= {*re.findall(r"\d", plain(owed))}
    assert said(plain(owed), owed) == plain(owed)


class Boasts(Strategist):
    """Words every turn with another number."""

    def __init__(self) -> None:
        super().__init__(sells)

    async def word(self, owed: Owed) -> str:
        return "I take 99 USD and no cent less"


class Moves:
    """As it, of its own moves."""

    async def consider(self, asked: object) -> Plan | Refusal:
        return Boasts()._planner(asked)  # type: ignore[arg-type]

    async def propose(self, own: OwnTurn) -> Move | None:
        return Move("offer", (50_000_000,), "I take 99 USD and no cent less", words_for=(50_000_000,))


@pytest.mark.looptime
@pytest.mark.parametrize("player", [Boasts(), Moves()])
async def test_a_player_cannot_say_what_binds_nobody(player: Boasts | Moves) -> None:
    room = Room(Strategist(), player)
    await room.play()
    acts = [one.message for one in room.of("seller", SaidTurn)]
    texts = [one.content.text for one in acts if isinstance(one, BargainPropose | BargainAccept)]
    assert any(texts)
    assert not [text for text in texts if "99" in text]
