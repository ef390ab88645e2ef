"""Protocol tables from `protocols/*.toml`: read, judged, and ready for a machine.

Rules it keeps:

1. The files are normative, and nothing is guessed: an unknown key, state, group, event, guard, property, act or reason
   is refused, and so is one that is declared and never used.
2. A row without a citation is refused: `R` and a number is FIPA, `X` our extension, `XI` ours, iterated protocol only.
3. `fipa-contract-net` is the same table without the rows and states marked `iterated`. Where such a row was the
   counterpart of a guarded one, that one loses its guard: only iterated rows make the other value possible.
4. Either form passes `soundness.check`, or the table is not handed out.

Source: protocols/README.md; SC00029 (R1 to R12), SC00030 (R13 to R17).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from contractnet.errors import DefinitionError
from contractnet.interaction.machine import SAME, Row, State, Table, split_guard
from contractnet.interaction.soundness import check
from contractnet.messages.acts import BARGAINING, CONTRACT_NET, ITERATED_CONTRACT_NET, MEDIATION
from contractnet.messages.values import (
    CancelFailure,
    CancelReason,
    EndReason,
    NotUnderstoodReason,
    RefuseReason,
    RejectReason,
    TaskFailure,
)
from contractnet.resources import folder

#: the files of `protocols/` that hold a table, without `.toml`
TABLES: Final = (
    *("conversation", "initiator", "participant", "mediation-initiator", "mediation-participant"),
    "bargaining",
)

_PROTOCOLS: Final = frozenset({CONTRACT_NET, ITERATED_CONTRACT_NET, MEDIATION, BARGAINING})
_OUTCOMES: Final = frozenset({"ok", "partial", "failed", "no-award", "cancelled"})
_ITERATED: Final = frozenset({"R13", "XI"})
_CITATION: Final = re.compile(r"R([1-9]|1[0-7])|XI?")
_SEE: Final = re.compile(r"[RG]([1-9]|1[0-7])|D([1-9]|1[0-4])")
_EVENT: Final = re.compile(r"[?#@=][a-z][a-z:-]*")
_NONE: Final[frozenset[str]] = frozenset()
#: performative, or performative:kind, -> the reasons it may carry
_ACTS: Final[Mapping[str, frozenset[str]]] = {
    "cfp": _NONE,
    "propose": _NONE,
    "accept-proposal": _NONE,
    "request": _NONE,
    "agree": _NONE,
    "inform:result": _NONE,
    "inform:progress": _NONE,
    "inform:cancelled": _NONE,
    "inform:choice": _NONE,
    "inform:agreed": _NONE,
    "refuse": frozenset(RefuseReason),
    "reject-proposal": frozenset(RejectReason) | frozenset(EndReason),
    "cancel": frozenset(CancelReason),
    "not-understood": frozenset(NotUnderstoodReason),
    "failure:task": frozenset(TaskFailure),
    "failure:cancel": frozenset(CancelFailure),
}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table as it stands in its file."""

    table: str  #: short name, which every row name begins with
    title: str
    protocols: tuple[str, ...]  #: that the table belongs to
    start: str
    states: dict[str, State]
    events: dict[str, str]  #: event -> what it means
    rows: tuple[Row, ...]
    properties: dict[str, str] = {}  #: property -> what it means
    guards: dict[str, str] = {}  #: guard -> what it means
    groups: dict[str, tuple[str, ...]] = {}  #: short name for several states


@functools.cache
def load(name: str, protocol: str | None = None) -> Table:
    """One of the tables that come with the package, judged sound; the same object each time.

    Args:
        name: one of TABLES.
        protocol: for `fipa-contract-net` the iterated rows are left out; None means the whole table.
    Raises:
        DefinitionError: no such table, the table is no part of that protocol, or the file is wrong.
    """
    if name not in TABLES:
        raise DefinitionError(f"protocols/{name}.toml: no such table; there are {', '.join(TABLES)}")
    return parse(_text_of(f"{name}.toml"), f"protocols/{name}.toml", protocol)


def parse(text: str, where: str, protocol: str | None = None) -> Table:
    """A table from the text of its file.

    Args:
        where: the file, for error texts.
        protocol: as for `load`.
    Raises:
        DefinitionError: names file, row and fault, and says what to do.
    """
    file = _decode(text, where)
    _judge_head(file, where)
    for row in file.rows:
        _judge_row(row, file, f"{where}, row {row.name}")
    _judge_use(file, where)
    rows = [_expand(row, file.groups) for row in file.rows]
    check(_table(file, file.states, rows), where)  # the whole table has to be sound too, whichever form is asked for
    if protocol is not None and protocol not in file.protocols:
        raise DefinitionError(f"{where}: no part of {protocol!r}; it belongs to {', '.join(file.protocols)}")
    if protocol != CONTRACT_NET:
        return _table(file, file.states, rows)
    states = {name: state for name, state in file.states.items() if not state.iterated}
    basic = _table(file, states, _without_iterated(rows, states))
    check(basic, f"{where} as {CONTRACT_NET}")
    return basic


def _text_of(name: str) -> str:
    file = folder("protocols") / name
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DefinitionError(f"{file}: cannot be read ({error.strerror}); install the package again") from None


def _decode(text: str, where: str) -> _File:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{where}: not TOML: {error}") from None
    try:
        return msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        place = where
        if (found := re.search(r"\$\.rows\[(\d+)\]", str(error))) is not None:
            place = f"{where}, {_row_name(raw, int(found[1]))}"
        raise DefinitionError(f"{place}: {error}; write it as protocols/README.md describes") from None


def _row_name(raw: Mapping[str, Any], index: int) -> str:
    try:
        return f"row {raw['rows'][index]['row']}"
    except (KeyError, TypeError):
        return f"row number {index + 1}"


def _judge_head(file: _File, where: str) -> None:
    _known(file.protocols, _PROTOCOLS, f"{where}, protocols", "protocol")
    _known([file.start], file.states, f"{where}, start", "state")
    for name, state in file.states.items():
        _known(state.has, file.properties, f"{where}, state {name}", "property")
        if state.outcome is not None:
            _known([state.outcome], _OUTCOMES, f"{where}, state {name}", "outcome")
        if not state.final and (state.may_leave or state.outcome is not None):
            raise DefinitionError(
                f"{where}, state {name}: may_leave and outcome are for final states; add final = true"
            )
    for name, members in file.groups.items():
        _known(members, file.states, f"{where}, group {name}", "state")
        if name in file.states:
            raise DefinitionError(f"{where}, group {name}: a state has this name; rename the group")
    if "final" in file.properties:
        raise DefinitionError(f"{where}, properties: `final` is given to every table; drop it")
    for event in file.events:
        if not _EVENT.fullmatch(event):
            raise DefinitionError(f"{where}, event {event!r}: must be ?, #, @ or = and a name of a-z, - and :")
    for guard in file.guards:
        if not guard.isidentifier():
            raise DefinitionError(f"{where}, guard {guard!r}: must be a name of letters, digits and _")


def _judge_row(row: Row, file: _File, where: str) -> None:
    number = row.name.removeprefix(file.table)
    if number == row.name or not number.isdecimal():
        raise DefinitionError(
            f"{where}: a row of table {file.table} is called {file.table}1, {file.table}2 ...; rename it"
        )
    if not row.states or not row.events:
        raise DefinitionError(f"{where}: has no state or no event; name at least one of each")
    _known(row.states, file.states.keys() | file.groups.keys(), where, "state or group")
    _known(row.events, file.events, where, "event")
    _known([row.next], file.states.keys() | {SAME}, where, "state")
    if row.guard is not None:
        _known([split_guard(row.guard)[0] or ""], file.guards, where, "guard")
    expanded = _expand(row, file.groups)
    if not row.iterated and all(file.states[state].iterated for state in expanded.states):
        raise DefinitionError(f"{where}: applies to iterated states only; say iterated = true and by = 'XI' or 'R13'")
    for sent in row.sends:
        act, _, reason = sent.partition(":")
        if sent not in _ACTS and reason not in _ACTS.get(act, _NONE):
            raise DefinitionError(
                f"{where}: sends {sent!r}, which is no act; write performative, or performative:kind-or-reason"
            )
        _known(row.reasons, _ACTS.get(sent, _NONE), where, f"reason of {sent}")
    if row.reasons and not row.sends:
        raise DefinitionError(f"{where}: has reasons and sends nothing; drop them")
    if row.one_offer and not any(sent.startswith("reject-proposal") for sent in row.sends):
        raise DefinitionError(f"{where}: one_offer is for rows that send a reject-proposal; drop it")
    if not _CITATION.fullmatch(row.by):
        raise DefinitionError(f"{where}: by = {row.by!r} cites nothing; write R1 to R17, X or XI")
    if (row.by in _ITERATED) is not row.iterated:
        raise DefinitionError(
            f"{where}: by = {row.by!r} and iterated disagree; rows by R13 or XI, and no others, are iterated"
        )
    for cited in row.see:
        if not _SEE.fullmatch(cited):
            raise DefinitionError(f"{where}: see names {cited!r}; write R1 to R17, G1 to G17 or D1 to D14")


def _judge_use(file: _File, where: str) -> None:
    """Refuse a row name given twice, and what is declared and used nowhere."""
    names = [row.name for row in file.rows]
    for name in names:
        if names.count(name) > 1:
            raise DefinitionError(f"{where}, row {name}: the name is given twice; row names are unique")
    used: dict[str, tuple[Iterable[str], set[str] | set[str | None]]] = {
        "event": (file.events, {event for row in file.rows for event in row.events}),
        "guard": (file.guards, {split_guard(row.guard)[0] for row in file.rows}),
        "group": (file.groups, {state for row in file.rows for state in row.states}),
        "property": (file.properties, {wanted for state in file.states.values() for wanted in state.has}),
    }
    for kind, (declared, seen) in used.items():
        for name in declared:
            if name not in seen:
                raise DefinitionError(f"{where}, {kind} {name!r}: declared and used nowhere; drop it or use it")


def _known(names: Iterable[str], known: Iterable[str], where: str, kind: str) -> None:
    there = set(known)
    for name in names:
        if name not in there:
            choice = ", ".join(sorted(there)) or "none"
            raise DefinitionError(f"{where}: {name!r} is no {kind} known here; there are {choice}")


def _expand(row: Row, groups: Mapping[str, tuple[str, ...]]) -> Row:
    return msgspec.structs.replace(
        row, states=tuple(state for name in row.states for state in groups.get(name, (name,)))
    )


def _without_iterated(rows: Iterable[Row], states: Mapping[str, State]) -> list[Row]:
    kept: list[Row] = []
    gone: set[tuple[str, str, str | None, bool]] = set()
    for row in rows:
        if row.iterated:
            gone |= {(state, event, *split_guard(row.guard)) for state in row.states for event in row.events}
    for row in rows:
        if row.iterated:
            continue
        guard, wanted = split_guard(row.guard)
        alone = guard is not None and all((s, e, guard, not wanted) in gone for s in row.states for e in row.events)
        left = tuple(state for state in row.states if state in states)
        kept.append(msgspec.structs.replace(row, states=left, guard=None if alone else row.guard))
    return kept


def _table(file: _File, states: Mapping[str, State], rows: Iterable[Row]) -> Table:
    listed = tuple(rows)
    used = {event for row in listed for event in row.events}
    return Table(
        name=file.table,
        title=file.title,
        protocols=file.protocols,
        start=file.start,
        states=states,
        rows=listed,
        events={event: means for event, means in file.events.items() if event in used},
        properties=file.properties,
    )
