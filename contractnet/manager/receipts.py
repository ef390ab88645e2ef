"""The receipt of an account: what became of its money, what was stopped or handed back, and who decided. From the
ledger alone.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Question
from contractnet.manager.book import Book
from contractnet.manager.limits import LIMIT


class Cut(Struct, frozen=True, kw_only=True):
    """A tender that the money was not enough for."""

    tender: str
    key: str | None
    what: Literal["stopped", "handed-back"]
    slots: int  #: it was put out for so many
    sought: int
    worst: int  #: what all of those sought might have cost, micros


class Ruled(Struct, frozen=True, kw_only=True):
    """A limit that was reached, and what was decided there."""

    id: str
    at: int  #: instant at which the limit was reached, milliseconds
    granted: int  #: then, micros; so are the next three
    held: int
    spent: int
    released: int
    choice: str | None = None  #: None: it is pending
    amount: int | None = None  #: of a grant, micros
    by: str | None = None
    why: str = ""
    answered_at: int | None = None


class Receipt(Struct, frozen=True, kw_only=True):
    """Of one account. granted = held + spent + released; amounts in micros of `unit`."""

    account: str  #: its path; empty: the market's own
    unit: str | None  #: None: there was no grant, and tasks have units of their own
    granted: int | None  #: None: no cap
    held: int
    spent: int  #: by its tenders and by those of its children
    released: int | None  #: what is free; None: no cap
    closed: bool = False
    limits: tuple[Ruled, ...] = ()
    cut: tuple[Cut, ...] = ()


def receipt(book: Book, name: str = "") -> Receipt:
    """The receipt of an account.

    Raises:
        DefinitionError: there is no such account.
    """
    account = book.accounts.find(name)
    if account is None:
        raise DefinitionError(f"there is no account {name!r} in this ledger")
    return Receipt(
        account=name,
        unit=account.unit,
        granted=account.granted,
        held=account.held,
        spent=account.spent,
        released=account.released,
        closed=account.closed,
        limits=tuple(
            _ruled(one) for one in book.questions.all.values() if (one.pending.kind, one.pending.about) == (LIMIT, name)
        ),
        cut=_cut(book, name),
    )


def _ruled(one: Question) -> Ruled:
    told = {name: one.pending.told[name] for name in ("granted", "held", "spent", "released")}
    answered = one.answered
    if answered is None:
        return Ruled(id=one.pending.id, at=one.at, **told)
    return Ruled(
        id=one.pending.id,
        at=one.at,
        **told,
        choice=answered.choice,
        amount=answered.amount,
        by=answered.by,
        why=answered.why,
        answered_at=one.answered_at,
    )


def _cut(book: Book, name: str) -> tuple[Cut, ...]:
    found: list[Cut] = []
    for tender in book.tenders.values():
        terms, fewer = tender.opened.terms, len(tender.slots) < tender.opened.terms.slots
        stopped = tender.ended is not None and (tender.ended.status, tender.ended.reason) == ("cancelled", "budget")
        if tender.opened.account != name or not (stopped or (fewer and tender.first_opened is not None)):
            continue
        found.append(
            Cut(
                tender=tender.id,
                key=tender.opened.key,
                what="stopped" if stopped else "handed-back",
                slots=0 if stopped else len(tender.slots),
                sought=terms.slots,
                worst=(terms.worst or 0) * terms.slots,
            )
        )
    return tuple(found)
