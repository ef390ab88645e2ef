"""A batch: tasks from a file, one JSON object a line, and one result line for each, whatever happened (D13).

A line without a key gets one from its content, so a batch that was killed and is run again on the same ledger goes on
where it was and buys nothing twice. All lines are checked before anything is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from contractnet.errors import DefinitionError
from contractnet.ledger.targets import writing
from contractnet.market.contract import Contract
from contractnet.market.task import Task, fingerprint
from contractnet.messages.codec import canonical
from contractnet.messages.plainly import in_words
from contractnet.messages.values import show_amount

#: the longest line of a tasks file, bytes
MAX_LINE = 1_048_576
#: bad lines that are told one by one
WRONG_SHOWN = 5


class TaskLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a tasks file; only `task` and `skill` are needed."""

    task: str
    skill: str
    input: dict[str, Any] = {}
    private: dict[str, Any] = {}
    result_schema: dict[str, Any] | None = None
    reserve: str | None = None
    unit: str | None = None
    key: str | None = None
    terms: dict[str, Any] = {}  #: of its tender, by the names of `market.terms.TermOptions`; they override all others
    account: str | None = None  #: the child account that pays; None: the market's own


class SlotLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One slot with a credited result; of a divisible task the first of those that its winner got."""

    slot: int
    winner: str
    price: str
    result: dict[str, Any]
    parts: int | None = None  #: of a divisible task: how many the price and the result are for
    items: tuple[str, ...] = ()  #: of a bundle: what they are for


class ResultLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of results. The last two are left out where there is nothing to say."""

    position: int | None  #: 1-based line of the task in its file; None for a task of the command line
    key: str | None
    status: str  #: settled, partial, no-award, failed, cancelled
    reason: str | None
    winner: str | None  #: agent id
    price: str | None  #: paid, a decimal string in `unit`
    unit: str
    result: dict[str, Any] | None
    conversation_id: str | None  #: of the last call
    slots: tuple[SlotLine, ...] = ()  #: of a tender with several
    truth: dict[str, str] = {}  #: of those that were cancelled: agent id -> what is known


class Placed(msgspec.Struct, frozen=True):
    """A task and its line."""

    position: int
    task: Task
    account: str | None = None  #: the child account that pays


def read_tasks(path: Path, skill: str | None = None) -> list[Placed]:
    """Read and check a tasks file.

    Args:
        path: of a JSON Lines file; empty lines are passed over and still count as lines.
        skill: for lines that name none.
    Raises:
        DefinitionError: names the file, the lines and what is wrong with them; nothing was opened.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DefinitionError(f"tasks file {path}: {error.strerror}: name a readable JSON Lines file") from error
    seen: dict[str, int] = {}
    placed: list[Placed] = []
    wrong: list[str] = []
    for position, line in enumerate(lines, 1):
        if line.strip():
            try:
                placed.append(_placed(line, position, skill, seen))
            except DefinitionError as error:
                wrong.append(str(error))
    if wrong:
        more = f"; and {len(wrong) - WRONG_SHOWN} more lines" if len(wrong) > WRONG_SHOWN else ""
        raise DefinitionError(f"{path}, {'; '.join(wrong[:WRONG_SHOWN])}{more}")
    if not placed:
        raise DefinitionError(f"tasks file {path} has no task: write one JSON object a line")
    return placed


def _placed(line: bytes, position: int, skill: str | None, seen: dict[str, int]) -> Placed:
    where = f"line {position}"
    if len(line) > MAX_LINE:
        raise DefinitionError(f"{where}: {len(line)} bytes; a line has at most {MAX_LINE}")
    try:
        raw = msgspec.json.decode(line, type=dict[str, Any])
        read = msgspec.convert(raw if skill is None else {"skill": skill, **raw}, TaskLine)
    except msgspec.ValidationError as error:
        number = "`float`" in str(error) or "$.reserve" in str(error)
        hint = 'write an amount as a string, such as "0.05"' if number else "a task needs `task` and `skill`"
        raise DefinitionError(f"{where}: {in_words(error)}; {hint}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DefinitionError(f"{where}: this is not a JSON object: {error}") from error
    try:
        key = read.key if read.key is not None else _key(read, seen)
        task = Task(
            read.task,
            read.skill,
            input=read.input,
            private=read.private,
            result_schema=read.result_schema,
            reserve=read.reserve,
            unit=read.unit,
            key=key,
            terms=read.terms,
        )
        return Placed(position, task, read.account)
    except DefinitionError as error:
        raise DefinitionError(f"{where}: {error}") from error


def _key(line: TaskLine, seen: dict[str, int]) -> str:
    """SHA-256 of the canonical line and `#n` for its n-th occurrence in the file."""
    told = msgspec.structs.asdict(line)
    if line.account is None:  # a line without one has the key that it had before there were accounts
        del told["account"]
    digest = hashlib.sha256(canonical(told)).hexdigest()
    seen[digest] = seen.get(digest, 0) + 1
    return f"{digest}#{seen[digest]}"


def result_line(contract: Contract, position: int | None) -> bytes:
    """The line of a contract that has ended, without a line feed."""
    results = contract.results_now()
    slots = tuple(
        SlotLine(
            slot=one.slot,
            winner=one.winner,
            price=show_amount(one.price),
            result=results[one.slot],
            parts=one.parts,
            items=one.items,
        )
        for one in contract.filled
    )
    line = ResultLine(
        position=position,
        key=contract.key,
        status=contract.status,
        reason=contract.reason,
        winner=contract.winner,
        price=contract.price,
        unit=contract.unit,
        result=contract.result_now(),
        conversation_id=contract.conversation_id,
        slots=slots if contract.slots > 1 else (),
        truth=contract.truth,
    )
    return msgspec.json.encode(line)


def rebuild(path: Path, lines: Iterable[bytes]) -> None:
    """Replace a result file by these lines: written beside it, made durable, then renamed over it.

    Raises:
        DefinitionError: the folder is not there or not writable.
    """
    try:
        with writing(path) as file:
            file.writelines(line + b"\n" for line in lines)
    except OSError as error:
        raise DefinitionError(
            f"result file {path}: {error.strerror}: name a file in a folder that is writable"
        ) from error


def by_key(placed: Iterable[Placed]) -> dict[str, list[Placed]]:
    """The lines of each key: the same key twice is one purchase and two result lines."""
    found: dict[str, list[Placed]] = {}
    for one in placed:
        assert one.task.key is not None  # every line has one
        found.setdefault(one.task.key, []).append(one)
    return found


def same_tasks(contracts: Iterable[Contract], placed: Iterable[Placed]) -> None:
    """One key, one task: within the file, and against what the ledger holds (D13).

    Raises:
        DefinitionError: names the line and the key.
    """
    known = {contract.key: contract.fingerprint for contract in contracts if contract.key is not None}
    for one in placed:
        mine = fingerprint(one.task.spec())
        if known.setdefault(one.task.key or "", mine) != mine:
            raise DefinitionError(
                f"line {one.position}: another task stands under the key {one.task.key!r} already; use another key"
            )


def ended_lines(contracts: Iterable[Contract], lines: dict[str, list[Placed]]) -> Iterator[tuple[str, bytes]]:
    """(key, result line) of those contracts that have ended and belong to these lines, in the order given."""
    for contract in contracts:
        if contract.key is not None and contract.key in lines and contract.over:
            for one in lines[contract.key]:
                yield contract.key, result_line(contract, one.position)
