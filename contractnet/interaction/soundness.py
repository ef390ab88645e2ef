"""What a protocol table must be before anybody walks it.

Rules it checks, in this order; each refusal names the row and says what to do:

1. No `?` event depends on a guard: what a received message is, is decided before the table, the same way on both sides.
2. One step for one (state, event), or exactly two with complementary guards.
3. A lone guard stands only on a decision of ours (`#`): a timer or a derived event always finds its row.
4. Every state is reached from the start.
5. A final state is left by no row, unless it says `may_leave`.
6. From every state some final state is reached.
7. From every state but the start, a final state is reached by own timers and derived events alone: no silence of the
   other side keeps a conversation open.
8. A not-understood is never answered with a not-understood (R8).
"""

from __future__ import annotations

from collections.abc import Iterable

from contractnet.errors import DefinitionError
from contractnet.interaction.machine import RECEIVED, SAME, Row, Table, split_guard

#: events that happen without the other side: own timers and what is derived from other tables
_OWN = ("@", "=")
_DECISION = "#"


def check(table: Table, where: str) -> None:
    """Refuse a table that breaks one of the rules.

    Args:
        where: the file, for the error text.
    Raises:
        DefinitionError: the first rule broken, with row and remedy.
    """
    _one_step_each(table, where)
    _ways(table, where)
    for row in table.rows:
        answers = any(sent.split(":")[0] == "not-understood" for sent in row.sends)
        if answers and any(event.startswith("?not-understood") for event in row.events):
            raise DefinitionError(
                f"{where}, row {row.name}: answers a not-understood with a not-understood; only record it (R8)"
            )


def _one_step_each(table: Table, where: str) -> None:
    seen: dict[tuple[str, str], list[Row]] = {}
    for row in table.rows:
        for state in row.states:
            for event in row.events:
                seen.setdefault((state, event), []).append(row)
    for (state, event), rows in seen.items():
        names = " and ".join(row.name for row in rows)
        guarded = [split_guard(row.guard) for row in rows if row.guard is not None]
        if guarded and event.startswith(RECEIVED):
            raise DefinitionError(
                f"{where}, row {names}: {event!r} depends on a guard; a received event may not: make it two events"
            )
        if len(rows) == 1:
            if guarded and not event.startswith(_DECISION):
                raise DefinitionError(
                    f"{where}, row {names}: {event!r} in {state} has no row for the other value of the guard"
                    f" {rows[0].guard!r}; only a decision (#) may lack one: add the complementary row"
                )
            continue
        complementary = len(rows) == len(guarded) == 2 and len({guard for guard, _ in guarded}) == 1
        if not complementary or guarded[0][1] is guarded[1][1]:
            raise DefinitionError(
                f"{where}, rows {names}: more than one row for {event!r} in {state};"
                " keep one, or give two of them the guards `name` and `not name`"
            )


def _ways(table: Table, where: str) -> None:
    final = table.properties["final"]
    arrows = {(state, _after(row, state), event) for row in table.rows for state in row.states for event in row.events}
    reached = _closure({table.start}, ((a, b) for a, b, _ in arrows))
    for state in table.states:
        if state not in reached:
            raise DefinitionError(f"{where}, state {state}: cannot be reached from {table.start}; add a row or drop it")
    for row in table.rows:
        for state in row.states:
            if state in final and not table.states[state].may_leave and _after(row, state) not in final:
                raise DefinitionError(
                    f"{where}, row {row.name}: leads out of the final state {state}; end in a final state,"
                    f" or say may_leave = true in [states.{state}]"
                )
    ends = _closure(final, ((b, a) for a, b, _ in arrows))
    by_itself = _closure(final, ((b, a) for a, b, event in arrows if event.startswith(_OWN)))
    for state in table.states:
        if state not in ends:
            raise DefinitionError(
                f"{where}, state {state}: a dead end, no row leads to a final state; add a way to end"
            )
    for state in table.states:
        if state not in by_itself and state != table.start:
            raise DefinitionError(
                f"{where}, state {state}: no timer (@) or derived event (=) leads to a final state, so a silent peer"
                " keeps it open for ever; add one"
            )


def _after(row: Row, state: str) -> str:
    return state if row.next == SAME else row.next


def _closure(start: Iterable[str], arrows: Iterable[tuple[str, str]]) -> set[str]:
    """All that is reached from `start` along `arrows`."""
    following: dict[str, set[str]] = {}
    for a, b in arrows:
        following.setdefault(a, set()).add(b)
    seen, todo = set(start), list(start)
    while todo:
        for state in following.get(todo.pop(), ()):
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return seen
