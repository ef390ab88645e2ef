"""Mediation, both sides joined: every course settles, whatever is lost or reordered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from contractnet.interaction.definition import load
from contractnet.interaction.machine import RECEIVED, Table
from tests.conformance.exploration import Move, explore

ASKING, MEDIATOR = load("mediation-initiator"), load("mediation-participant")


class Mediation(NamedTuple):
    """Both sides, and what is on its way: acts by name, sorted."""

    asking: str
    mediator: str
    to_mediator: tuple[str, ...]
    to_asking: tuple[str, ...]
    taken: bool  #: the mediator said that somebody looks at it; it says so once


class Model:
    """What can happen; `no_row` collects messages that arrive where a table has no row."""

    def __init__(self, loss: bool) -> None:
        self.loss = loss
        self.no_row: set[tuple[str, str, str]] = set()

    def settled(self, now: Mediation) -> bool:
        over = now.asking in ASKING.properties["final"]
        return over and now.mediator in MEDIATOR.properties["final"] | {"IDLE"} and not now[2] and not now[3]

    def moves(self, now: Mediation) -> Iterator[Move[Mediation]]:
        for at, act in enumerate(now.to_asking):
            left = now._replace(to_asking=now.to_asking[:at] + now.to_asking[at + 1 :])
            if self.loss:
                yield Move(f"lost {act}", left, True)
            yield from self._asking(left, f"?{act}")
        for at, act in enumerate(now.to_mediator):
            left = now._replace(to_mediator=now.to_mediator[:at] + now.to_mediator[at + 1 :])
            if self.loss:
                yield Move(f"lost {act}", left, True)
            if act == "request":
                yield from self._asking(left, "#returned")
            yield from self._mediator(left, f"?{act}")
        for event in (ASKING.legal(now.asking, "#") | ASKING.legal(now.asking, "@")) - {"#returned"}:
            yield from self._asking(now, event)
        for event in MEDIATOR.legal(now.mediator, "#") | MEDIATOR.legal(now.mediator, "@"):
            if event == "#choose":
                yield from self._mediator(now, event, choice="inform:choice")
                yield from self._mediator(now, event, choice="inform:badchoice")
            elif event != "#take" or not now.taken:
                yield from self._mediator(now._replace(taken=now.taken or event == "#take"), event)

    def _asking(self, now: Mediation, event: str) -> Iterator[Move[Mediation]]:
        step = ASKING.step(now.asking, event)
        if step is None:
            yield from self._dropped(ASKING, now.asking, event, now)
            return
        sent = (_act(act) for act in step.row.sends)
        on_its_way = tuple(sorted((*now.to_mediator, *sent)))
        yield Move(event, now._replace(asking=step.next, to_mediator=on_its_way), event[0] in "?@")

    def _mediator(self, now: Mediation, event: str, choice: str = "") -> Iterator[Move[Mediation]]:
        step = MEDIATOR.step(now.mediator, event)
        if step is None:
            yield from self._dropped(MEDIATOR, now.mediator, event, now)
            return
        sent = (choice or _act(act) for act in step.row.sends)
        on_its_way = tuple(sorted((*now.to_asking, *sent)))
        yield Move(event, now._replace(mediator=step.next, to_asking=on_its_way), event[0] in "?@")

    def _dropped(self, table: Table, state: str, event: str, now: Mediation) -> Iterator[Move[Mediation]]:
        if event.startswith(RECEIVED):
            self.no_row.add((table.name, state, event))
            yield Move(f"{event} (no row)", now, True)


def _act(sent: str) -> str:
    return sent if sent.startswith(("inform:", "failure:")) else sent.split(":")[0]


@pytest.mark.parametrize(("loss", "states"), [(False, 279), (True, 306)])
def test_mediation_always_settles(loss: bool, states: int) -> None:
    model = Model(loss)
    found = explore(Mediation("NEW", "IDLE", (), (), False), model.moves, model.settled)
    reached = len(found.states)
    assert not model.no_row
    assert not found.stuck, found.story(found.stuck[0])
    assert all((now.mediator == "ANSWERED") or now.asking != "CHOSEN" for now in found.settled)
    assert reached == states
