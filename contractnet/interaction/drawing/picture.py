"""What the picture of a protocol table shows: its states, its rows as arrows, and the rows that are listed instead.

Rules:

1. Rows between the same two states share an arrow; states whose arrows to one target bear the same rows share it too.
2. A row that leaves the state as it is is no arrow: the state's box names it, and a list tells its events.
3. A row that leads from so many states to one (MANY) is one arrow from a list of their names, and named in their boxes.
4. A state or an arrow of the iterated protocol alone is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from contractnet.interaction.machine import SAME, Row, Table

#: from this number of states on, a row is drawn once, from a list of their names
MANY: Final = 5


class Arrow(NamedTuple):
    """Rows that lead from each of some states to another one."""

    sources: tuple[str, ...]
    target: str
    rows: tuple[Row, ...]
    listed: bool = False  #: drawn from a list of the sources' names

    @property
    def iterated(self) -> bool:
        """Whether the basic protocol has none of it."""
        return all(row.iterated for row in self.rows)


class Picture(NamedTuple):
    """All that is drawn of a table."""

    table: Table
    arrows: tuple[Arrow, ...]
    stays: dict[str, tuple[Row, ...]]  #: state -> the rows that leave it as it is
    leaves: dict[str, tuple[Row, ...]]  #: state -> the rows out of it that are drawn from a list of names


def picture(table: Table) -> Picture:
    """What is drawn of a table."""
    stays: dict[str, list[Row]] = {state: [] for state in table.states}
    leaves: dict[str, list[Row]] = {state: [] for state in table.states}
    between: dict[tuple[str, str], list[Row]] = {}
    listed: list[Arrow] = []
    for row in table.rows:
        for state in row.states:
            if row.next in (SAME, state):
                stays[state].append(row)
        outside = tuple(state for state in row.states if row.next not in (SAME, state))
        if len(outside) >= MANY:
            listed.append(Arrow(outside, row.next, (row,), listed=True))
            for state in outside:
                leaves[state].append(row)
            continue
        for state in outside:
            between.setdefault((state, row.next), []).append(row)
    return Picture(table, (*_joined(between, list(table.states)), *listed), _frozen(stays), _frozen(leaves))


def _joined(between: dict[tuple[str, str], list[Row]], order: Sequence[str]) -> list[Arrow]:
    """One arrow for all that bear the same rows to the same target; those that run back stay alone."""
    found: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    rows: dict[tuple[str, ...], tuple[Row, ...]] = {}
    for (source, target), listed in between.items():
        names = tuple(row.name for row in listed)
        rows[names] = tuple(listed)
        back = source if order.index(source) > order.index(target) else ""
        found.setdefault((target, names, back), []).append(source)
    return [Arrow(tuple(sources), target, rows[names]) for (target, names, _), sources in found.items()]


def _frozen(found: dict[str, list[Row]]) -> dict[str, tuple[Row, ...]]:
    return {state: tuple(rows) for state, rows in found.items()}


# ---- words


def shortened(rows: Iterable[Row]) -> list[str]:
    """Row names, three or more in a sequence as `I36-I40`."""
    names = [row.name for row in rows]
    groups: list[list[str]] = []
    for name in names:
        if groups and _number(name) == _number(groups[-1][-1]) + 1:
            groups[-1].append(name)
        else:
            groups.append([name])
    return [word for group in groups for word in ([f"{group[0]}-{group[-1]}"] if len(group) > 2 else group)]


def _number(name: str) -> int:
    return int(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def about_state(table: Table, name: str) -> str:
    """What a state is, in one line."""
    state = table.states[name]
    parts = [f"{name}: {state.means}"]
    if state.final:
        parts.append("final" + (", and a row leads out of it" if state.may_leave else ""))
    if state.outcome is not None:
        parts.append(f"outcome {state.outcome}")
    if state.has:
        parts.append(f"properties: {', '.join(state.has)}")
    if state.iterated:
        parts.append("iterated protocol only")
    return "; ".join(parts)


def about_row(row: Row) -> str:
    """What a row does, in one line."""
    parts = [f"{row.name}: {row.does}"]
    if row.sends:
        reasons = f" ({', '.join(row.reasons)})" if row.reasons else ""
        parts.append(f"sends {', '.join(row.sends)}{reasons}")
    if row.fires:
        parts.append(f"fires {', '.join(row.fires)}")
    parts.append(f"by {', '.join((row.by, *row.see))}")
    return "; ".join(parts)
