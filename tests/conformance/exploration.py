"""Walk every state a model can reach, and find those from which it can never settle."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)


class Move(NamedTuple, Generic[S]):
    """One thing that can happen."""

    label: str  #: for people, and for models built on models
    after: S
    forced: bool  #: happens without anybody's decision: a delivery, a loss, a timer, a derived event


@dataclass
class Exploration(Generic[S]):
    """What a walk found."""

    states: dict[S, tuple[S, str] | None] = field(default_factory=dict[S, "tuple[S, str] | None"])  #: with the way back
    settled: list[S] = field(default_factory=list[S])
    stuck: list[S] = field(default_factory=list[S])  #: no way to settle
    stuck_unless_decided: list[S] = field(default_factory=list[S])  #: no way by deliveries and timers alone

    def story(self, state: S) -> str:
        """How the model came here, for the text of a failing test."""
        labels: list[str] = []
        while (back := self.states[state]) is not None:
            state, label = back
            labels.append(label)
        return " ; ".join(reversed(labels))


@contextmanager
def without_collecting() -> Iterator[None]:
    """A walk keeps all it makes: to look for garbage again and again takes a fifth of its time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@without_collecting()
def explore(start: S, moves: Callable[[S], Iterable[Move[S]]], settled: Callable[[S], bool]) -> Exploration[S]:
    """Every state reachable from `start`, breadth first."""
    found = Exploration[S]()
    found.states[start] = None
    before: dict[S, list[S]] = {}
    before_forced: dict[S, list[S]] = {}
    todo = deque([start])
    while todo:
        state = todo.popleft()
        if settled(state):
            found.settled.append(state)
        for move in moves(state):
            before.setdefault(move.after, []).append(state)
            if move.forced:
                before_forced.setdefault(move.after, []).append(state)
            if move.after not in found.states:
                found.states[move.after] = (state, move.label)
                todo.append(move.after)
    reaching = _back(found.settled, before)
    reaching_forced = _back(found.settled, before_forced)
    found.stuck = [state for state in found.states if state not in reaching]
    found.stuck_unless_decided = [state for state in found.states if state not in reaching_forced]
    return found


def _back(ends: Iterable[S], before: dict[S, list[S]]) -> set[S]:
    """All from which one of `ends` is reached."""
    seen = set(ends)
    todo = list(seen)
    while todo:
        for state in before.get(todo.pop(), ()):
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return seen
