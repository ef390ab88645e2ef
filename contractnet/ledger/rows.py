"""Entries into rows and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Row, Select, bindparam, insert, select

from contractnet.errors import LedgerDamaged
from contractnet.ledger.engine import FAULTS, is_damage, reason
from contractnet.ledger.port import Entry
from contractnet.ledger.schema import ENTRY

#: rows read at a time: no read transaction stays open between two
CHUNK = 2000
#: rows of the largest insert statement
LARGEST = 256
#: an insert statement has fewer rows than this, or a multiple of it
STEP = 16

#: before every position a row can have, right or wrong
_BEFORE_ALL = -(2**63)

Read = Callable[[Select[*tuple[Any, ...]]], Sequence[Row[*tuple[Any, ...]]]]

_NEXT = select(ENTRY).where(ENTRY.c.position > bindparam("after")).order_by(ENTRY.c.position).limit(bindparam("most"))
_NEXT_OF_ONE = _NEXT.where(ENTRY.c.conversation == bindparam("conversation"))


def stored(read: Read, after: int = 0, conversation: str | None = None) -> Iterator[Entry]:
    """The entries in the database, in order, by way of a function that executes a query.

    From the beginning (`after` is 0) rows at positions that no entry has, such as 0, are among them: a check must find
    them.

    Raises:
        LedgerDamaged: a row cannot be read; its position is named, unless only one conversation is read.
        DBAPIError: the file cannot be read for a reason that is none of its content's.
    """
    after = after if after > 0 else _BEFORE_ALL
    most = CHUNK
    query = _NEXT if conversation is None else _NEXT_OF_ONE.params(conversation=conversation)
    while True:
        try:
            rows = read(query.params(after=after, most=most))
        except FAULTS as error:
            if not is_damage(error):
                raise
            if most > 1:
                most = 1  # one by one up to the row that cannot be read
                continue
            position = max(after + 1, 1)
            named = None if conversation is not None else position
            raise LedgerDamaged(f"position {position}: it cannot be read ({reason(error)})", named) from error
        for row in rows:
            entry = _entry(*row)
            yield entry
            after = entry.position
        if len(rows) < most:
            return


def _entry(
    position: int,
    agent: str,
    conversation: str,
    version: int,
    type: str,
    at: int,
    direction: str | None,
    sender: str | None,
    message_id: str | None,
    body: str,
    previous: str,
    hash: str,
) -> Entry:
    return Entry(
        position=position,
        agent=agent,
        conversation=conversation,
        version=version,
        type=type,
        at=at,
        direction=direction,
        sender=sender,
        message_id=message_id,
        body=body,
        previous=previous,
        hash=hash,
    )


def write(connection: Connection, entries: Sequence[Entry]) -> None:
    """Insert the entries, in the transaction that the connection is in.

    Many rows go in one statement. For each statement the driver lets the interpreter lock go and must get it back,
    which takes up to 5 ms while the event loop is busy: row by row, 100 entries then took half a second.
    """
    begin = 0
    while begin < len(entries):
        rows = _statement_size(len(entries) - begin)
        values = tuple([value for entry in entries[begin : begin + rows] for value in _row(entry)])
        connection.exec_driver_sql(_insertion(connection.dialect, rows), values)
        begin += rows


def _statement_size(rows: int) -> int:
    """How many of so many rows the next statement takes: few statements to a commit, few different ones to prepare."""
    if rows >= LARGEST:
        return LARGEST
    return rows if rows < STEP else rows - rows % STEP


@cache
def _insertion(dialect: Dialect, rows: int) -> str:
    values = dict.fromkeys(ENTRY.c.keys(), "")
    return str(insert(ENTRY).values([values] * rows).compile(dialect=dialect))


def _row(entry: Entry) -> tuple[str | int | None, ...]:
    """In the order of the table's columns."""
    return (
        entry.position,
        entry.agent,
        entry.conversation,
        entry.version,
        entry.type,
        entry.at,
        entry.direction,
        entry.sender,
        entry.message_id,
        entry.body,
        entry.previous,
        entry.hash,
    )
