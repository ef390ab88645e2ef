"""Replay: a ledger's facts are stepped through the same cores; every conclusion must be the recorded one (promise 4).

A manager that starts again does exactly this to find its state, so a ledger that replays is a ledger that can be gone
on with. Besides the bytes it is checked that no timer fired before its instant and that none was overlooked, beats
excepted (D14).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from contractnet.bargaining.records import BargainOpened
from contractnet.bargaining.side import Bargain
from contractnet.errors import ReplayDifference
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Fired, Heard, HeardTurn, Record
from contractnet.ledger.rederive import rederive
from contractnet.ledger.scribe import Writing
from contractnet.manager.book import Book
from contractnet.manager.kinds import FACTS, LOOSE, Fact
from contractnet.manager.records import Grace, Invited, LeaseLapsed, Opened


def replay(owner: str, entries: Iterable[Entry]) -> Book:
    """Rebuild the book of a manager from its ledger, checking every entry.

    Args:
        owner: the manager's id.
        entries: all of them, in order; the founding entry may be among them.
    Raises:
        ReplayDifference: an entry is not what the facts before it give; names its position.
    """
    book = Book(owner)

    def conclude(entry: Entry, record: Record) -> list[Writing]:
        if entry.type in LOOSE:
            return book.loose(entry.conversation, record, entry.at)
        fact = cast(Fact, record)  # FACTS holds the members of Fact
        _check_place(book, entry, fact)
        _check_time(book, entry, fact)
        return book.step(entry.conversation, fact, entry.at)

    rederive(entries, FACTS | LOOSE, conclude)
    return book


def _check_place(book: Book, entry: Entry, fact: Fact) -> None:
    """What was heard was for this manager, new, and of the conversation where it stands; calls are numbered 1, 2 ..."""
    if isinstance(fact, Heard | HeardTurn):
        act = fact.message
        fits = act.receiver == book.owner and act.conversation_id == entry.conversation
        fits = fits and (act.sender, act.message_id) not in book.seen
    elif isinstance(fact, Invited):
        tender = book.tenders[entry.conversation.partition(".")[0]]
        fits = (entry.conversation, fact.number) == (tender.next_conversation(), len(tender.calls) + 1)
    else:
        return
    if not fits:
        text = f"position {entry.position}: this `{entry.type}` entry does not belong into {entry.conversation}"
        raise ReplayDifference(text, entry.position)


def _check_time(book: Book, entry: Entry, fact: Record) -> None:
    """No timer before its instant, none overlooked.

    A lease depends on beats, which are not recorded, and the wait for agents on who was there: of these two only that
    they ran is checked, and that the instant had come by which they could fire at the earliest.
    """
    if isinstance(fact, Opened | Grace | BargainOpened):
        return
    if entry.conversation in book.bargains:
        _check_turn(book.bargains[entry.conversation], entry, fact)
        return
    tender = book.tenders[entry.conversation.partition(".")[0]]
    running = {(conversation, timer): instant for instant, conversation, timer in tender.timers()}
    graced = entry.at < tender.grace_until
    if isinstance(fact, Fired | LeaseLapsed):
        instant = running.get((entry.conversation, fact))
        if graced or instant is None or instant > entry.at:
            text = f"position {entry.position}: {fact} fired before its instant, or was not running"
            raise ReplayDifference(text, entry.position)
        return
    for (_, timer), instant in running.items():
        fixed = isinstance(timer, Fired) and timer.timer != "no-bidders"
        if fixed and instant <= entry.at and not graced:
            text = f"position {entry.position}: the timer {timer} was due before it and did not fire"
            raise ReplayDifference(text, entry.position)


def _check_turn(bargain: Bargain, entry: Entry, fact: Record) -> None:
    """A bargaining's timer fired at its instant or later: the broker may have been away."""
    if isinstance(fact, Fired) and bargain.due(entry.at) != fact:
        text = f"position {entry.position}: {fact} fired before its instant, or was not running"
        raise ReplayDifference(text, entry.position)
