"""What stands in a message of a bargaining, as the mechanisms know it, and back. Pure.

Source: protocols/README.md, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.bargaining.boundary import Code, Fault, Heard, Said, check
from contractnet.mechanisms.bargaining.issues import Agenda, Issue, agenda
from contractnet.mechanisms.bargaining.shape import Offer, Rules
from contractnet.messages.bargaining import (
    AcceptanceContent,
    BargainAccept,
    BargainPropose,
    BargainRequestContent,
    IssueContent,
    OfferContent,
)
from contractnet.messages.contents import FieldError

_BUYERS: Mapping[str | None, Literal[0, 1] | None] = {None: None, "initiator": 0, "participant": 1}


def rules_of(content: BargainRequestContent) -> Rules:
    """The public rules that a request states.

    Raises:
        MechanismError: they have no meaning; says which. A rung that is not known here is none of it: a mediator may
            know it.
    """
    if len({*content.ladder}) < len(content.ladder):
        raise MechanismError("ladder: a rung stands in it twice")
    rules = Rules(
        agenda=agenda(*map(issue_of, content.issues)),
        turns=content.turns,
        buyer=_BUYERS[content.buyer],
        monotone=content.monotone,
        standing=content.standing,
        lifetime=content.lifetime,
    )
    rules.check()
    return rules


def issues_of(agenda: Agenda) -> tuple[IssueContent, ...]:
    """The issues as a request states them."""
    return tuple(
        IssueContent(
            name=one.name, low=one.low, high=one.high, tick=one.tick, unit=one.unit or None, options=one.options
        )
        for one in agenda.issues
    )


def issue_of(content: IssueContent) -> Issue:
    """An issue as it is stated."""
    return Issue(
        name=content.name,
        low=content.low,
        high=content.high,
        tick=content.tick,
        unit=content.unit or "",
        options=content.options,
    )


def check_request(content: BargainRequestContent) -> Rules:
    """As `rules_of`, for one that is to be said.

    Raises:
        DefinitionError: the rules have no meaning; says which.
    """
    try:
        return rules_of(content)
    except MechanismError as error:
        raise DefinitionError(f"bargaining: {error}") from error


def unit_of(rules: Rules) -> str | None:
    """The unit that an offer states: of a single price."""
    return None if rules.buyer is None else rules.agenda.issues[0].unit or None


def offer_faults(
    act: BargainPropose, rules: Rules, turn: int, offers: Sequence[Offer], known: set[str]
) -> tuple[Fault, ...]:
    """What is wrong with an offer of the other side; empty: it is let through.

    Args:
        turn: that is due.
        known: ids of all offers said so far.
    """
    content = act.content
    if content.turn == turn and content.offer in known:
        return (Fault(Code.DUPLICATE, "offer", "an id that was not used before"),)
    return check(_said("offer", content, rules, None), Heard(rules=rules, turn=turn, by=turn % 2, offers=tuple(offers)))


def acceptance_faults(
    act: BargainAccept, rules: Rules, turn: int, offers: Sequence[Offer], of: int | None, at: int
) -> tuple[Fault, ...]:
    """What is wrong with an acceptance of the other side.

    Args:
        of: the turn of the own offer that it names; None: there was none such.
        at: instant at which it was taken, milliseconds.
    """
    said = _said("accept", act.content, rules, -1 if of is None else of)
    return check(said, Heard(rules=rules, turn=turn, by=turn % 2, offers=tuple(offers)), now=at)


def _said(act: str, content: OfferContent | AcceptanceContent, rules: Rules, of: int | None) -> Said:
    unit = content.unit if rules.buyer is not None else None
    return Said(act=act, terms=content.terms, unit=unit or "", of=of, turn=content.turn)


def stray_unit(content: OfferContent | AcceptanceContent, rules: Rules) -> tuple[Fault, ...]:
    """A unit where there is no single price."""
    if rules.buyer is None and content.unit is not None:
        return (Fault(Code.UNIT, "unit", "none: there is no single price"),)
    return ()


def told(faults: Sequence[Fault]) -> tuple[FieldError, ...]:
    """The faults as the sender hears them: each text begins with its code."""
    return tuple(
        FieldError(path=f"$.content.{one.path}"[:200], text=f"{one.code}: {one.text}"[:200])
        for one in faults[:32]
        if one.code.told
    )
