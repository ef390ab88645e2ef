"""A whole bargaining of two, as a pure function: the same generators, guard and boundary that a live one uses.

Rules:

1. Turns are bounded and alternate; each is one act. Who moves last is in the result: with few turns that is decisive.
2. Each act passes the boundary. One with a fault is recorded, takes the turn and changes nothing else.
3. All is derived from the two players, the rules and the seed: run it again and every act is the same.
"""

from __future__ import annotations

from typing import Literal, Protocol, cast

from msgspec import Struct

from contractnet.mechanisms.bargaining.boundary import Code, Fault, Heard, check
from contractnet.mechanisms.bargaining.guard import Decision, decide
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Act, Offer, Rules, Strategy, View, fit, view_of

Status = Literal["agreed", "quit", "exhausted"]


class Bargainer(Protocol):
    """One side of a session. `Player` is ours; any other is believed nothing."""

    @property
    def mandate(self) -> Mandate:
        """Its own; it comes back to it in its view, and goes nowhere else."""
        ...

    def check(self, rules: Rules, me: int) -> None:
        """Refuse a bargaining that it cannot play, before anything is said.

        Raises:
            MechanismError: says why.
        """
        ...

    def move(self, view: View) -> Decision:
        """Its act in the turn that is due."""
        ...


class Player(Struct, frozen=True):
    """A side that plays a strategy behind the guard."""

    strategy: Strategy
    mandate: Mandate

    def check(self, rules: Rules, me: int) -> None:
        fit(self.mandate, rules, me)
        self.strategy.generator.check(rules, self.mandate)

    def move(self, view: View) -> Decision:
        return decide(self.strategy, view)


class Move(Struct, frozen=True):
    """One turn, as it is recorded."""

    turn: int
    by: int
    act: Act | Literal["refused"]
    terms: Terms | None  #: as they were let through; None where there are none
    of: int | None = None  #: of an acceptance: the turn of the offer
    faults: tuple[Fault, ...] = ()  #: why it was refused
    corrected: Code | None = None  #: what the speaker's own guard changed; private to the speaker
    overruled: int | None = None  #: turn of the offer that its guard would not let it take; private to the speaker


class Exchange(Struct, frozen=True, kw_only=True):
    """All that was said, and how it ended."""

    moves: tuple[Move, ...]
    status: Status
    terms: Terms | None  #: of the deal; None: there is none
    accepted_by: int | None  #: who accepted
    last: Literal[0, 1]  #: who had the last turn by the rules, whether or not it came to it

    @property
    def turns(self) -> int:
        """How many turns were made."""
        return len(self.moves)

    @property
    def round(self) -> int:
        """The round of the last turn, from 0: two turns are one round."""
        return (len(self.moves) - 1) // 2


def bargain(first: Bargainer, second: Bargainer, rules: Rules, seed: str = "") -> Exchange:
    """Play it out.

    Args:
        first: moves first.
        seed: for whatever a strategy draws.
    Raises:
        MechanismError: the rules have no meaning, or a side cannot play by them.
    """
    rules.check()
    players = (first, second)
    for me, player in enumerate(players):
        player.check(rules, me)
    offers: tuple[Offer, ...] = ()
    moves: list[Move] = []
    for turn in range(rules.turns):
        by = turn % 2
        decision = players[by].move(view_of(rules, players[by].mandate, offers, turn, seed))
        said = decision.said
        faults = check(said, Heard(rules=rules, turn=turn, by=by, offers=offers))
        overruled = None if decision.overruled is None else decision.overruled.turn
        if faults:
            moves.append(Move(turn, by, "refused", None, None, faults, decision.corrected, overruled))
            continue
        terms = None if said.terms is None else tuple(cast("Terms", said.terms))
        moves.append(Move(turn, by, cast("Act", said.act), terms, said.of, (), decision.corrected, overruled))
        if said.act == "quit":
            return _ended(rules, moves, "quit", None)
        if said.act == "accept":
            return _ended(rules, moves, "agreed", terms)
        offers = (*offers, Offer(turn, by, cast("Terms", terms), said.until))
    return _ended(rules, moves, "exhausted", None)


def _ended(rules: Rules, moves: list[Move], status: Status, terms: Terms | None) -> Exchange:
    by = moves[-1].by if status == "agreed" else None
    return Exchange(moves=tuple(moves), status=status, terms=terms, accepted_by=by, last=rules.last)
