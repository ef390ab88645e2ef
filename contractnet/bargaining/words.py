"""The words that need no model: the act and its bound values alone. Pure."""

from __future__ import annotations

from msgspec import Struct

from contractnet.bargaining.player import Owed
from contractnet.mechanisms.bargaining.issues import Issue
from contractnet.messages.values import MAX_TEXT, show_amount


class Spoken(Struct, frozen=True, kw_only=True):
    """What a narrator is told of: public, all of it."""

    act: str
    price: str | None  #: the bound price, a decimal; None: the act has none
    unit: str
    turn: int


def template(spoken: Spoken) -> str:
    """The words where nobody else has any: the bound values alone."""
    return spoken.act if spoken.price is None else f"{spoken.act} {spoken.price} {spoken.unit}"


def spoken(owed: Owed) -> Spoken:
    """What of a turn over a single price is put into words; of several issues the act alone."""
    issue, priced = owed.rules.agenda.issues[0], owed.rules.buyer is not None
    price = show_amount(owed.terms[0]) if priced and owed.terms is not None else None
    return Spoken(act=owed.act, price=price, unit=issue.unit, turn=owed.turn)


def plain(owed: Owed) -> str:
    """The template of a turn, whatever it is about."""
    if owed.rules.buyer is not None or owed.terms is None:
        return template(spoken(owed))
    values = ", ".join(map(_value, owed.rules.agenda.issues, owed.terms))
    return f"{owed.act} {values}"[:MAX_TEXT]


def _value(issue: Issue, value: int) -> str:
    return f"{issue.name} {issue.options[value] if issue.options else value}"
