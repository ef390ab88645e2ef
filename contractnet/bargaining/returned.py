"""What a player returned, made fit to be recorded. Pure.

Rules:

1. What cannot be read back from a record is no answer: recorded, it would keep the ledger from opening.
2. What is worded is public: the mandate stays behind.
"""

from __future__ import annotations

from typing import cast

from contractnet.bargaining.player import Move, Note, Owed, Refusal
from contractnet.bargaining.records import BargainDeclined, BargainTaken, Plan, TurnTaken
from contractnet.bargaining.side import Bargain
from contractnet.ledger.readable import readable
from contractnet.mechanisms.bargaining.guard import Decision
from contractnet.messages.values import plain_text


def answered(bargain: Bargain, answer: Plan | Refusal) -> BargainTaken | BargainDeclined:
    """The answer to a request. Raises what a generator of another distribution raises at a plan, too."""
    if isinstance(answer, Refusal):
        return readable(BargainDeclined(reason=answer.reason, text=plain_text(answer.text)))
    taken = readable(BargainTaken(plan=answer))
    bargain.check_plan(taken.plan)
    return taken


def moved(turn: int, move: Move | None) -> TurnTaken:
    """A turn as a proposer wants it; None: the strategy plays it."""
    if move is None:
        return TurnTaken(turn=turn)
    words = plain_text(move.words)
    return readable(TurnTaken(turn=turn, act=move.act, terms=move.terms, words=words, words_for=move.words_for))


def owed(bargain: Bargain, decision: Decision, at: int, given_s: float, note: Note) -> Owed:
    """What may be worded of a decision."""
    view, said = bargain.view(at), decision.said
    assert bargain.peer is not None  # known since the request
    assert bargain.request is not None
    return Owed(
        agent=bargain.agent,
        peer=bargain.peer,
        conversation=bargain.conversation,
        subject=bargain.request.subject,
        rules=view.rules,
        me=view.me,
        turn=view.turn,
        mine=view.mine,
        theirs=view.theirs,
        act="offer" if said.act == "offer" else "accept" if said.act == "accept" else "quit",
        terms=None if said.terms is None else tuple(cast("tuple[int, ...]", said.terms)),  # the guard's own
        time_left_s=given_s,
        note=note,
    )
