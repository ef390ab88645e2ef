"""The page of the ledger's format, from the records themselves."""

from __future__ import annotations

from contractnet.contractor import records as contractor
from contractnet.ledger.founding import Founding
from contractnet.ledger.port import Draft, Entry
from contractnet.ledger.records import Move, Record
from contractnet.manager import conditions, kinds, paid
from contractnet.manager import records as manager
from docs.tools.source import ClassSource, class_of
from docs.tools.text import table, unwrapped

_PARTS = (
    conditions.TaskSpec,
    conditions.TenderTerms,
    conditions.Timers,
    manager.Assessed,
    paid.Filled,
    paid.Forfeit,
    Move,
)


def _fields(source: ClassSource) -> str:
    if not source.fields:
        return "No fields.\n"
    rows = [
        (f"`{one.name}`", f"`{one.type}`", "" if one.default is None else f"`{one.default}`", one.meaning)
        for one in source.fields
    ]
    return table(("field", "type", "default", "meaning"), rows)


def entry_columns() -> str:
    """The columns of an entry."""
    rows = [
        (f"`{one.name}`", f"`{one.type}`", one.meaning)
        for one in (*class_of(Entry).fields[:1], *class_of(Draft).fields, *class_of(Entry).fields[1:])
    ]
    return table(("column", "type", "meaning"), rows)


def _kinds(title: str, kinds: dict[str, type[Record]], seen: set[str]) -> str:
    parts = [f"### {title}\n"]
    for name, kind in kinds.items():
        if name in seen:
            parts.append(f"`{name}`: see [above](#{name.lower()}).\n")
            continue
        seen.add(name)
        parts.append(f"#### {name}\n\n{unwrapped(class_of(kind).meaning)}\n\n{_fields(class_of(kind))}")
    return "\n".join(parts)


def record_kinds() -> str:
    """Every kind of record of a ledger and of a journal, with its fields."""
    seen: set[str] = set()
    parts = [
        f"### The first entry\n\n#### Founded\n\n{class_of(Founding).meaning}\n\n{_fields(class_of(Founding))}",
        _kinds("Facts in a manager's ledger", kinds.FACTS, seen),
        _kinds("Facts of the manager that belong to no tender, or change nothing in one", kinds.LOOSE, seen),
        _kinds("Conclusions in a manager's ledger", kinds.CONCLUSIONS, seen),
        _kinds("Facts in a daemon's journal", contractor.FACTS, seen),
        _kinds("Facts of the daemon that belong to no conversation", contractor.LOOSE, seen),
        _kinds("Conclusions in a daemon's journal", contractor.CONCLUSIONS, seen),
        "### Parts of records\n",
    ]
    timers = class_of(contractor.Timers)
    parts += [f"#### Timers of a daemon\n\n{timers.meaning}\n\n{_fields(timers)}"]
    parts += [f"#### {kind.__name__}\n\n{class_of(kind).meaning}\n\n{_fields(class_of(kind))}" for kind in _PARTS]
    return "\n".join(parts)


def kind_names() -> set[str]:
    """The names of all kinds of record."""
    every = (kinds.FACTS, kinds.LOOSE, kinds.CONCLUSIONS, contractor.FACTS, contractor.LOOSE)
    return {name for group in (*every, contractor.CONCLUSIONS) for name in group}
