"""How a live bargaining ended, in words: the ends that a market of this process does not come to by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contractnet.bargaining.records import BargainCalledOff, TurnTaken
from contractnet.bargaining.result import result_of
from contractnet.cli.bargain_live_view import View, outcome
from contractnet.ledger.records import Fired, HeardTurn, SaidTurn
from contractnet.messages.bargaining import AnyBargainAct
from contractnet.messages.values import CancelReason
from tests.support.haggle import Pair, begun


def acts(pair: Pair) -> list[AnyBargainAct]:
    """What the buyer has said and heard."""
    return [record.message for _, record in pair.written["buyer"] if isinstance(record, SaidTurn | HeardTurn)]


def in_time(pair: Pair) -> None:
    """The buyer waits in vain."""
    pair.now = pair.sides["buyer"].deadline() or 0
    pair.step("buyer", Fired(timer="turn-due"))


def silent() -> Pair:
    pair = begun()
    pair.deliver()  # the agree
    pair.step("buyer", TurnTaken(turn=0))
    in_time(pair)
    return pair


def called_off() -> Pair:
    pair = begun()
    pair.deliver()
    pair.step("seller", BargainCalledOff(reason=CancelReason.SHUTDOWN))
    pair.deliver()
    return pair


def without_a_word() -> Pair:
    """The buyer takes the seller's first offer, and nothing comes of it."""
    pair = Pair()
    pair.open(limit=100_000_000)
    pair.deliver()
    pair.take()
    pair.deliver()
    pair.step("buyer", TurnTaken(turn=0))
    pair.deliver()
    pair.step("seller", TurnTaken(turn=1))
    pair.deliver()
    pair.step("buyer", TurnTaken(turn=2, act="accept", terms=(100_000_000,)))
    in_time(pair)
    return pair


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (silent, "no agreement: seller did not answer in time"),
        (called_off, "no agreement: seller called it off (shutdown)"),
        (without_a_word, "unknown: we accepted 100 USD, and no word came; seller may hold it for agreed"),
    ],
)
def test_an_end_without_agreement_says_why(made: Callable[[], Pair], said: str) -> None:
    pair = made()
    side, known = pair.sides["buyer"], acts(pair)
    assert side.machine.finished
    assert outcome(result_of(side, known), side, known) == said


def test_who_leaves_while_a_word_is_awaited_is_told_how_to_learn_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    view, pair = View("seller", "own.db", as_json=False), begun()
    assert view.left(None) == "nothing was said yet"
    assert "run the same command again" in view.left(pair.sides["buyer"])
    assert "contractnet log own.db --conversation t-1.b" in view.left(called_off().sides["buyer"])
    assert "recorded nowhere" in View("seller", "memory://", as_json=False).left(pair.sides["buyer"])


def test_what_the_other_side_writes_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    view, pair = View("seller", "own.db", as_json=False), begun()
    pair.deliver()
    pair.step("buyer", TurnTaken(turn=0))
    pair.deliver()
    pair.step("seller", TurnTaken(turn=1, words="\x1b[2J mine", words_for=(100_000_000,)))
    pair.deliver()
    view.turns(pair.sides["buyer"], acts(pair))
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("seller  propose 100 USD, turn 2 of 8")
    assert "\x1b" not in line
    view.turns(pair.sides["buyer"], acts(pair))
    assert capsys.readouterr().out == "", "each is shown once"
