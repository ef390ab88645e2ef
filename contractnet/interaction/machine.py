"""The machine: a protocol table, and where one side of one conversation stands in it.

Rules it keeps:

1. A step is looked up, never computed: (state, event, guards) gives one row or none.
2. A move the table does not have changes nothing. It raises IllegalSend where the event is ours (prefix `#`, `@` or
   `=`) and OutOfSequence where it is the peer's (prefix `?`).
3. A final state still takes the events it has rows for: `finished` says that nothing more is waited for, not that
   nothing more is answered.
4. Programs ask for properties (`has("offer")`), performatives and `finished`. State names are for tables and people.

Source: protocols/*.toml; protocols/README.md says how to read a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from contractnet.errors import DefinitionError, IllegalSend, OutOfSequence

#: in the column `next`: the state stays
SAME: Final = "="
#: first character of an event that a peer's message raises
RECEIVED: Final = "?"


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One state of a table."""

    means: str  #: one line for people
    final: bool = False  #: nothing more is waited for
    may_leave: bool = False  #: final, and yet a row leads out of it
    iterated: bool = False  #: no part of fipa-contract-net
    outcome: str | None = None  #: how a conversation ended; on final states of table C only
    has: tuple[str, ...] = ()  #: properties, each declared in the table's [properties]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"name": "row"}):
    """One row of a table, as it stands in the file."""

    name: str  #: stable name such as `I26`
    states: tuple[str, ...]  #: states, or groups of them, that it applies to
    events: tuple[str, ...]  #: events, each declared in the table's [events]
    next: str  #: the state after it, or SAME
    does: str  #: one line for people
    by: str  #: rule of FIPA (`R6`), `X` for an extension, `XI` for one of the iterated protocol
    guard: str | None = None  #: `name` or `not name`, a guard declared in the table's [guards]
    sends: tuple[str, ...] = ()  #: acts it sends, as `performative` or `performative:kind-or-reason`
    reasons: tuple[str, ...] = ()  #: the only reasons those acts may give; empty: any of the closed list
    one_offer: bool = False  #: the reject it sends names one offer, not the whole conversation
    fires: tuple[str, ...] = ()  #: events it raises in other tables, as `I:#award`
    iterated: bool = False  #: no part of fipa-contract-net
    see: tuple[str, ...] = ()  #: further rules (R), gaps (G) and decisions (D) it rests on


class Step(msgspec.Struct, frozen=True):
    """A row applied to one state and one event."""

    row: Row
    next: str  #: the state after it, never SAME
    guard: str | None = None  #: guard to be asked, without `not`
    wanted: bool = True  #: the guard's value that this step needs
    otherwise: Step | None = None  #: the step for the guard's other value


class Table:
    """A protocol table, ready to be walked. Immutable; get one from `definition.load`.

    Attributes:
        states: name -> state, in the order of the file.
        rows: in the order of the file, groups expanded.
        events: event -> what it means.
        properties: property -> the states that have it; `final` is one of them.
    """

    def __init__(
        self,
        *,
        name: str,
        title: str,
        protocols: Iterable[str],
        start: str,
        states: Mapping[str, State],
        rows: Iterable[Row],
        events: Mapping[str, str],
        properties: Iterable[str],
    ) -> None:
        self.name: Final = name
        self.title: Final = title
        self.protocols: Final = tuple(protocols)
        self.start: Final = start
        self.states: Final = dict(states)
        self.rows: Final = tuple(rows)
        self.events: Final = dict(events)
        self.properties: Final = {
            wanted: frozenset(state for state, about in self.states.items() if wanted in about.has)
            for wanted in properties
        } | {"final": frozenset(state for state, about in self.states.items() if about.final)}
        self._steps: Final = _index(self.rows)

    def step(self, state: str, event: str, guards: Mapping[str, bool] | None = None) -> Step | None:
        """The one step for this state and event, or None where the table has no row.

        Args:
            guards: guard name -> whether it holds; only those that a row of this state and event asks for are read.
        Raises:
            IllegalSend: a row asks for a guard that was not given.
        """
        found = self._steps.get((state, event))
        if found is None or found.guard is None:
            return found
        if guards is None or found.guard not in guards:
            text = f"table {self.name}: {event!r} in {state} depends on {found.guard!r}: say whether it holds"
            raise IllegalSend(text, state=state, sender="", performative=event)
        return found if guards[found.guard] is found.wanted else found.otherwise

    def steps(self) -> Mapping[tuple[str, str], tuple[Step, ...]]:
        """(state, event) -> its steps, one or, with complementary guards, two. For checks, drawings and tests."""
        return {
            key: (first,) if first.otherwise is None else (first, first.otherwise) for key, first in self._steps.items()
        }

    def legal(self, state: str, prefix: str = "") -> frozenset[str]:
        """The events with a row in this state, guards aside; only those that begin with `prefix` (`@`: its timers)."""
        return frozenset(event for of, event in self._steps if of == state and event.startswith(prefix))

    def has(self, state: str, wanted: str) -> bool:
        """Whether a state has a property.

        Raises:
            DefinitionError: the table declares no such property.
        """
        try:
            return state in self.properties[wanted]
        except KeyError:
            known = ", ".join(sorted(self.properties))
            raise DefinitionError(f"table {self.name} has no property {wanted!r}; it has {known}") from None

    def __repr__(self) -> str:
        return f"Table({self.name}: {self.title}, {len(self.rows)} rows)"


class Machine:
    """One side of one conversation: a table, and the state it is in.

    Attributes:
        table: the table it walks.
        state: where it stands; begins at the table's start.
        peer: id of the other side, for error texts and for nothing else.
    """

    __slots__ = ("peer", "state", "table")

    def __init__(self, table: Table, state: str | None = None, peer: str = "") -> None:
        if state is not None and state not in table.states:
            raise DefinitionError(f"table {table.name} has no state {state!r}; it has {', '.join(table.states)}")
        self.table = table
        self.state = table.start if state is None else state
        self.peer = peer

    def fire(self, event: str, **guards: bool) -> Row:
        """Take a step and return its row; `state` is then the state after it.

        Raises:
            IllegalSend: an event of ours without a row, or one whose guard was not given; the state is unchanged.
            OutOfSequence: an event of the peer's without a row; the state is unchanged. Answer it with not-understood
                (out-of-sequence), a not-understood excepted: that is recorded only.
        """
        step = self.table.step(self.state, event, guards)
        if step is None:
            raise self._refusal(event)
        self.state = step.next
        return step.row

    def can(self, event: str, **guards: bool) -> bool:
        """Whether `fire` would take a step. Raises IllegalSend where a guard is asked for and not given."""
        return self.table.step(self.state, event, guards) is not None

    def has(self, wanted: str) -> bool:
        """Whether the present state has a property. Raises DefinitionError where the table declares none such."""
        return self.table.has(self.state, wanted)

    @property
    def finished(self) -> bool:
        """Whether the present state is final: nothing more is waited for."""
        return self.state in self.table.properties["final"]

    @property
    def outcome(self) -> str | None:
        """How the conversation ended, in table C: `ok`, `partial`, `failed`, `no-award` or `cancelled`; else None."""
        return self.table.states[self.state].outcome

    def _refusal(self, event: str) -> IllegalSend | OutOfSequence:
        error = OutOfSequence if event.startswith(RECEIVED) else IllegalSend
        legal = ", ".join(sorted(self.table.legal(self.state, event[:1]))) or "none"
        text = f"table {self.table.name}: no row for {event!r} in {self.state}; of its kind it takes {legal}"
        return error(text, state=self.state, sender=self.peer, performative=event)

    def __repr__(self) -> str:
        return f"Machine({self.table.name}: {self.state})"


def _index(rows: Iterable[Row]) -> dict[tuple[str, str], Step]:
    """(state, event) -> its step. The second of two guarded rows becomes the first one's `otherwise`."""
    found: dict[tuple[str, str], Step] = {}
    for row in rows:
        guard, wanted = split_guard(row.guard)
        for state in row.states:
            for event in row.events:
                step = Step(row, state if row.next == SAME else row.next, guard, wanted)
                first = found.get((state, event))
                if first is not None:
                    step = msgspec.structs.replace(first, otherwise=step)
                found[state, event] = step
    return found


def split_guard(guard: str | None) -> tuple[str | None, bool]:
    """`not name` -> (name, False); `name` -> (name, True); None -> (None, True)."""
    if guard is None:
        return None, True
    return guard.removeprefix("not "), not guard.startswith("not ")
