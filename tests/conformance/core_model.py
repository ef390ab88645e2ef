"""Both sides' cores joined by a network that reorders and may lose: what may happen, for `exploration` to walk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from contractnet.interaction.definition import load
from tests.conformance.core_parties import ManagerSide, _Agent
from tests.conformance.core_sides import Event, LocalMachine, Mail, Outcome
from tests.conformance.exploration import Move

FINAL = {
    table: load(name).properties["final"]
    for table, name in (
        ("C", "conversation"),
        ("I", "initiator"),
        ("P", "participant"),
        ("MI", "mediation-initiator"),
        ("MP", "mediation-participant"),
    )
}
Box = tuple[int, ...]  #: messages on one way, by number, sorted


class Joined(NamedTuple):
    """A manager, its peers, and what is on its way to and from each."""

    manager: int
    peers: tuple[int, ...]
    to: tuple[Box, ...]
    back: tuple[Box, ...]


class CoreModel:
    """What can happen among a manager and its peers."""

    def __init__(self, manager: ManagerSide, peers: dict[str, _Agent], *, loss: bool) -> None:
        self.manager = manager
        self.peers = peers
        self.names = list(peers)
        self.loss = loss
        self.rows_used: set[str] = set()
        self._mails: list[Mail] = []
        self._numbers: dict[Mail, int] = {}
        self._over: dict[tuple[int, int], bool] = {}

    def start(self) -> Joined:
        """The call is on its way."""
        number, said = self.manager.opened()
        empty: tuple[Box, ...] = tuple(() for _ in self.names)
        return self._send(Joined(number, tuple(one.idle() for one in self.peers.values()), empty, empty), said)

    def settled(self, now: Joined) -> bool:
        """Nothing on its way, and nobody waits."""
        if any(now.to) or any(now.back):
            return False
        return self._manager_over(now.manager) and all(
            self._peer_over(at, number) for at, number in enumerate(now.peers)
        )

    def moves(self, now: Joined) -> Iterator[Move[Joined]]:
        """Everything that may happen next."""
        for at, name in enumerate(self.names):
            yield from self._deliveries(now, at, name)
            for event in self._events(at, now.peers[at]):
                yield from self._peer_step(now, at, event, event[0] == "timer")
        for event in self._events(-1, now.manager):
            yield from self._manager_step(now, event, event[0] == "timer")

    # ---- parts

    def _events(self, at: int, number: int) -> list[Event]:
        cache: dict[tuple[int, int], list[Event]] = self.__dict__.setdefault("_event_lists", {})
        if (at, number) not in cache:
            side: LocalMachine[Any] = self.manager if at < 0 else self.peers[self.names[at]]
            cache[at, number] = side.events(number)
        return cache[at, number]

    def _deliveries(self, now: Joined, at: int, name: str) -> Iterator[Move[Joined]]:
        for mail, left in _each(now.back[at]):
            rest = now._replace(back=_with(now.back, at, left))
            if self.loss:
                yield Move(f"lost from {name}: {self._mails[mail].act}", rest, True)
            yield from self._manager_step(rest, ("hear", (name, self._mails[mail])), True)
        for mail, left in _each(now.to[at]):
            rest = now._replace(to=_with(now.to, at, left))
            if self.loss:
                yield Move(f"lost to {name}: {self._mails[mail].act}", rest, True)
            yield from self._peer_step(rest, at, ("hear", (name, self._mails[mail])), True)
            if self._mails[mail].act.partition(":")[0] in ("cfp", "request"):
                yield from self._returned(rest, name, self._mails[mail])

    def _returned(self, rest: Joined, name: str, mail: Mail) -> Iterator[Move[Joined]]:
        """The call of the open round, or the request, is given back by the transport."""
        if mail.act == "cfp":
            round_ = self.manager.keys[rest.manager][1]  # type: ignore[index]
            if f'"round":{round_},' not in mail.content:
                return
        yield from self._manager_step(rest, ("returned", name), False)

    def _manager_step(self, now: Joined, event: Event, forced: bool) -> Iterator[Move[Joined]]:
        outcome = self.manager.step(now.manager, event)
        if outcome is not None:
            self.rows_used.update(outcome.rows)
            yield Move(_label("manager", event), self._send(now._replace(manager=outcome.after), outcome.said), forced)

    def _peer_step(self, now: Joined, at: int, event: Event, forced: bool) -> Iterator[Move[Joined]]:
        outcome: Outcome | None = self.peers[self.names[at]].step(now.peers[at], event)
        if outcome is not None:
            self.rows_used.update(outcome.rows)
            back = tuple(sorted((*now.back[at], *(self._number(mail) for _, mail in outcome.said))))
            peers = (*now.peers[:at], outcome.after, *now.peers[at + 1 :])
            yield Move(_label(self.names[at], event), now._replace(peers=peers, back=_with(now.back, at, back)), forced)

    def _send(self, now: Joined, said: tuple[tuple[str, Mail], ...]) -> Joined:
        to = list(now.to)
        for receiver, mail in said:
            if receiver in self.peers:
                at = self.names.index(receiver)
                to[at] = tuple(sorted((*to[at], self._number(mail))))
        return now._replace(to=tuple(to))

    def _number(self, mail: Mail) -> int:
        number = self._numbers.get(mail)
        if number is None:
            number = self._numbers[mail] = len(self._mails)
            self._mails.append(mail)
        return number

    def _manager_over(self, number: int) -> bool:
        key: Any = self.manager.keys[number]
        state, _, people, _, asked, _ = key
        people_over = all(one[1] in FINAL["I"] for one in people)
        return state in FINAL["C"] and people_over and (asked is None or asked in FINAL["MI"])

    def _peer_over(self, at: int, number: int) -> bool:
        key: Any = self.peers[self.names[at]].keys[number]
        return key[0] == "IDLE" or key[0] in FINAL["P"] | FINAL["MP"]


def _label(who: str, event: Event) -> str:
    kind, what = event
    if kind == "hear":
        assert isinstance(what, tuple)
        return f"{who} hears {what[1].act}"
    return f"{who}: {kind} {what}"


def _each(box: Box) -> Iterator[tuple[int, Box]]:
    """Each different message, and the others."""
    for at, mail in enumerate(box):
        if at == 0 or box[at - 1] != mail:
            yield mail, box[:at] + box[at + 1 :]


def _with(boxes: tuple[Box, ...], at: int, box: Box) -> tuple[Box, ...]:
    return (*boxes[:at], box, *boxes[at + 1 :])
