"""Replay: a ledger's facts are stepped through the same cores, and every conclusion must be the recorded one (promise 4).

A manager that starts again does exactly this to find its state, so a ledger that replays is a ledger that can be gone on with.
Besides the bytes it is checked that no timer fired before its instant and that none was overlooked, beats excepted (D14).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import cast

import msgspec

from contractnet.errors import ContractNetError, ReplayDifference
from contractnet.ledger.port import Draft, Entry
from contractnet.ledger.records import Fired, Record
from contractnet.ledger.scribe import Writing
from contractnet.manager.book import Book
from contractnet.manager.records import FACTS, LOOSE, Fact, Grace, LeaseLapsed, Opened


def replay(owner: str, entries: Iterable[Entry]) -> Book:
    """Rebuild the book of a manager from its ledger, checking every entry.

    Args:
        owner: the manager's id.
        entries: all of them, in order; the founding entry may be among them.
    Raises:
        ReplayDifference: an entry is not what the facts before it give; names its position.
    """
    book = Book(owner)
    expected: deque[Writing] = deque()
    last = 0
    for entry in entries:
        if entry.type == "Founded":
            continue
        last = entry.position
        if not expected:
            expected = deque(_concluded(book, entry))
        _compare(entry, expected.popleft().draft)
    if expected:
        kind = expected[0].draft.type
        raise ReplayDifference(f"the ledger ends after position {last}, where a `{kind}` entry must follow", last)
    return book


def _concluded(book: Book, entry: Entry) -> list[Writing]:
    """What the recorded fact gives: its own entry and its conclusions."""
    kind = FACTS.get(entry.type) or LOOSE.get(entry.type)
    if kind is None:
        raise ReplayDifference(
            f"position {entry.position}: a `{entry.type}` entry follows from no fact", entry.position
        )
    try:
        record = msgspec.json.decode(entry.body, type=kind)
        if entry.type in LOOSE:
            return book.loose(entry.conversation, record, entry.at)
        fact = cast(Fact, record)  # FACTS holds the members of Fact
        _check_time(book, entry, fact)
        return book.step(entry.conversation, fact, entry.at)
    except (msgspec.MsgspecError, ContractNetError, KeyError, StopIteration, AssertionError) as error:
        if isinstance(error, ReplayDifference):
            raise
        text = f"position {entry.position}: the fact `{entry.type}` is not possible here: {error}"
        raise ReplayDifference(text, entry.position) from error


def _check_time(book: Book, entry: Entry, fact: Record) -> None:
    """No timer before its instant, none overlooked."""
    if isinstance(fact, Opened | Grace):
        return
    tender = book.tenders[entry.conversation.partition(".")[0]]
    if isinstance(fact, Fired | LeaseLapsed):
        if not tender.may_fire(entry.conversation, fact, entry.at):
            text = f"position {entry.position}: {fact} fired before its instant, or was not running"
            raise ReplayDifference(text, entry.position)
        return
    late = tender.overlooked(entry.at)
    if late is not None:
        text = f"position {entry.position}: the timer `{late}` was due before it and did not fire"
        raise ReplayDifference(text, entry.position)


_COMPARED = ("type", "agent", "conversation", "version", "at", "direction", "sender", "message_id", "body")


def _compare(entry: Entry, draft: Draft) -> None:
    for name in _COMPARED:
        recorded, derived = getattr(entry, name), getattr(draft, name)
        if recorded != derived:
            text = (
                f"position {entry.position}: the recorded {name} of this `{entry.type}` entry is {str(recorded)[:200]!r}, "
                f"the facts before it give {str(derived)[:200]!r}"
            )
            raise ReplayDifference(text, entry.position)
