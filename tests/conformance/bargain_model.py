"""Both sides of a bargaining joined: table B twice, the gate's classification, a network that reorders, loses, repeats.

Time has no length: a timer fires at any moment in a state that has it, and an offer may lapse at any moment. Messages
are delivered in any order. What was delivered may come again, and an acceptance may be said again while it is not
answered; the gate answers both as it did before. Any offer or acceptance may be a bad one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from contractnet.interaction.machine import RECEIVED, Row, Table
from tests.conformance.exploration import Move

NONE: Final = 0
_UNSAID: Final = frozenset({"#returned"})  #: not a decision: the network says it
_ABOUT: Final = ("request", "propose", "accept-proposal")


class Message(NamedTuple):
    """A message on its way. Sortable, so that a set of them has one form."""

    act: str  #: performative, with its kind where it has one
    serial: int  #: of its sender; stands for the message id
    offer: int = NONE
    turn: int = 0
    good: bool = True
    about: str = ""  #: not-understood: performative


class Side(NamedTuple):
    """What one side is in."""

    state: str
    turn: int = 0  #: that is due
    mine: frozenset[int] = frozenset()  #: own offers that are live
    theirs: frozenset[int] = frozenset()
    deal: int = NONE  #: accepted or agreed
    serial: int = 0  #: of the last message
    seen: frozenset[int] = frozenset()  #: serials of the other side; kept where messages may come twice
    accept: Message | None = None  #: said and not answered
    answers: tuple[tuple[int, Message], ...] = ()  #: serial -> the recorded answer; kept where messages may come twice


class Pair(NamedTuple):
    """Both sides, and what is on its way."""

    sides: tuple[Side, Side]  #: initiator, participant
    ways: tuple[tuple[Message, ...], tuple[Message, ...]]  #: to each of them, sorted
    repeats: int  #: left


class BargainModel:
    """What can happen. `no_row` collects messages that arrive where the table has no row for them."""

    def __init__(
        self, table: Table, *, turns: int, loss: bool = False, repeats: int = 0, standing: bool = False
    ) -> None:
        self.table, self.turns, self.loss, self.standing = table, turns, loss, standing
        self.repeats = repeats
        self.start = Pair((Side(table.start), Side(table.start)), ((), ()), repeats)
        self.no_row: set[tuple[str, str]] = set()
        self.used: set[tuple[str, str, str]] = set()
        self._final = table.properties["final"]
        self._waits = {"THEIRS", "MENDING"}

    def settled(self, pair: Pair) -> bool:
        """Nothing on its way, and nobody waits."""
        over = all(side.state in self._final or side.state == self.table.start for side in pair.sides)
        return over and pair.sides[0].state != self.table.start and pair.ways == ((), ())

    def moves(self, pair: Pair) -> Iterator[Move[Pair]]:
        for me in (0, 1):
            yield from self._deliveries(pair, me)
            yield from self._own(pair, me)

    # ---- the network

    def _deliveries(self, pair: Pair, me: int) -> Iterator[Move[Pair]]:
        way = pair.ways[me]
        for at, message in enumerate(way):
            if at and way[at - 1] == message:
                continue
            left = _way(pair, me, way[:at] + way[at + 1 :])
            if self.loss:
                yield Move(f"lost {message.act}", left, True)
            if message.act == "request" and pair.sides[0].state == "ASKING":
                yield from self._fire(left, 0, "#returned")
            if message.serial in pair.sides[me].seen:
                answer = dict(pair.sides[me].answers).get(message.serial)
                again = left if answer is None else _on(left, 1 - me, answer)
                yield Move(f"{me} gets {message.act} again", again, True)
                continue
            yield from self._take(left, me, message)
            if pair.repeats:
                yield from self._take(pair._replace(repeats=pair.repeats - 1), me, message)
        side = pair.sides[me]
        if pair.repeats and side.accept is not None and side.accept not in pair.ways[1 - me]:
            again = _on(pair, 1 - me, side.accept)
            yield Move(f"{me} accepts again", again._replace(repeats=pair.repeats - 1), False)

    def _take(self, pair: Pair, me: int, message: Message) -> Iterator[Move[Pair]]:
        side = pair.sides[me]
        if self.repeats:
            pair = _side(pair, me, side._replace(seen=side.seen | {message.serial}))
        yield from self._fire(pair, me, self._classify(side, message), message)

    def _classify(self, side: Side, message: Message) -> str:
        """The gate."""
        due = message.turn == side.turn
        if message.act == "propose":
            if side.state in self._final:
                return "?propose:late"
            if due and message.turn == self.turns - 1:
                return "?propose:last"
            return "?propose:ok" if due and message.good else "?propose:bad"
        if message.act == "accept-proposal":
            live = side.state in self._waits and due and message.good and message.offer in side.mine
            return "?accept:live" if live else "?accept:dead"
        performative = message.act.split(":")[0]
        return f"?{'reject' if performative == 'reject-proposal' else message.act}"

    # ---- a side

    def _own(self, pair: Pair, me: int) -> Iterator[Move[Pair]]:
        side = pair.sides[me]
        for event in (self.table.legal(side.state, "#") | self.table.legal(side.state, "@")) - _UNSAID:
            if event == "#open" and me == 1:
                continue
            if event == "#accept":
                for offer in side.theirs:
                    yield from self._fire(pair, me, event, Message("", 0, offer))
                    yield from self._fire(pair, me, event, Message("", 0, offer, good=False))
            elif event == "#offer":
                yield from self._fire(pair, me, event)
                yield from self._fire(pair, me, event, Message("", 0, good=False))
            else:
                yield from self._fire(pair, me, event)
        if side.state in self._waits:
            for offer in side.mine:
                yield Move(f"{me}: an offer lapses", _side(pair, me, side._replace(mine=side.mine - {offer})), True)

    def _fire(self, pair: Pair, me: int, event: str, message: Message | None = None) -> Iterator[Move[Pair]]:
        """Take a row; `message` is what was heard, or what a decision is about."""
        side = pair.sides[me]
        guards = {"turns_left": side.turn < self.turns - 1, "live_offer": bool(side.theirs)}
        step = self.table.step(side.state, event, guards)
        if step is None:
            if event.startswith(RECEIVED):  # the default answer of the gate moves no state
                self.no_row.add((side.state, event))
                yield Move(f"{me}: {event} (no row)", pair, True)
            return
        self.used.add((step.row.name, side.state, event))
        after = self._after(side, step.next, event, message)
        for act in step.row.sends:
            said = self._said(side, act, step.row, event, message)
            after = after._replace(serial=said.serial)
            if said.act == "accept-proposal":
                after = after._replace(accept=said)
            if self.repeats and event.startswith(RECEIVED) and message is not None:
                after = after._replace(answers=(*after.answers, (message.serial, said)))
            pair = _on(pair, 1 - me, said)
        yield Move(f"{me}: {event}", _side(pair, me, after), event[0] in "?@" or event in _UNSAID)

    def _after(self, side: Side, state: str, event: str, message: Message | None) -> Side:
        offer = NONE if message is None else message.offer
        also: Mapping[str, object] = {}
        if event == "#offer":
            number = side.serial + 1
            theirs = side.theirs if self.standing else frozenset[int]()
            mine = (side.mine if self.standing else frozenset[int]()) | {number}
            also = {"turn": side.turn + 1, "mine": mine, "theirs": theirs}
        elif event == "?propose:ok":
            theirs = (side.theirs if self.standing else frozenset[int]()) | {offer}
            also = {"turn": side.turn + 1, "theirs": theirs, "mine": side.mine if self.standing else frozenset()}
        elif event == "?not-understood" and message is not None and message.about == "propose":
            also = {"turn": side.turn - 1, "mine": side.mine - {offer}}
        elif event in ("#accept", "?accept:live"):
            also = {"deal": offer}
        after = side._replace(state=state, **also)  # type: ignore[arg-type]
        if state in self._final and state not in ("AGREED", "UNKNOWN"):
            after = after._replace(mine=frozenset(), theirs=frozenset(), deal=NONE)
        if state not in ("ACCEPTING", "UNKNOWN"):
            after = after._replace(accept=None)
        return after

    def _said(self, side: Side, act: str, row: Row, event: str, message: Message | None) -> Message:
        performative = act.split(":")[0]
        whole = act if performative in ("inform", "failure") else performative
        serial = side.serial + 1
        good = message is None or message.good or performative not in ("propose", "accept-proposal")
        if performative == "propose":
            return Message(whole, serial, serial, side.turn, good)
        if performative == "accept-proposal":
            return Message(whole, serial, NONE if message is None else message.offer, side.turn, good)
        if performative == "not-understood" and message is not None:
            return Message(whole, serial, message.offer, about=message.act)
        return Message(whole, serial)


def _way(pair: Pair, me: int, way: tuple[Message, ...]) -> Pair:
    return pair._replace(ways=(way, pair.ways[1]) if me == 0 else (pair.ways[0], way))


def _on(pair: Pair, to: int, message: Message) -> Pair:
    return _way(pair, to, tuple(sorted((*pair.ways[to], message))))


def _side(pair: Pair, me: int, side: Side) -> Pair:
    return pair._replace(sides=(side, pair.sides[1]) if me == 0 else (pair.sides[0], side))
