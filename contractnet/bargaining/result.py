"""How a bargaining of one's own ended, as its caller reads it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from contractnet.bargaining.side import Bargain
from contractnet.mechanisms.bargaining.issues import Issue
from contractnet.messages.bargaining import AnyBargainAct
from contractnet.messages.values import show_amount

Status = Literal["agreed", "declined", "ended", "expired", "cancelled", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One act, as both know it."""

    by: str  #: agent id
    act: str  #: its performative
    turn: int | None  #: of an offer or an acceptance
    terms: tuple[int, ...] | None  #: one whole number an issue; micros for a price
    text: str


@dataclass(frozen=True, kw_only=True)
class BargainResult:
    """How a bargaining of the market's own ended."""

    conversation_id: str
    agent: str
    status: Status  #: `unknown`: we accepted, and were not told; a late word may settle it
    turns: int  #: that were made
    terms: Mapping[str, int | str] | None  #: of an agreement: issue -> value, or its option
    price: str | None  #: of an agreement on a price: a decimal string in `unit`
    unit: str | None
    acts: tuple[Spoken, ...]  #: all that was said between the two, in order
    rung: str | None = None  #: of the mediator's ladder, which ended it; None: no mediator did

    @property
    def agreed(self) -> bool:
        """Whether both are bound."""
        return self.status == "agreed"


def result_of(bargain: Bargain, acts: Sequence[AnyBargainAct]) -> BargainResult:
    """What a side that has ended came to."""
    assert bargain.rules is not None  # it was opened here
    deal = bargain.deal  #: between the sides, or by a mediator
    issues, priced = bargain.rules.agenda.issues, bargain.rules.buyer is not None
    values = (
        None if deal is None else dict(zip((one.name for one in issues), map(_named, issues, deal[1]), strict=True))
    )
    spoken = tuple(map(_spoken, acts))
    return BargainResult(
        conversation_id=bargain.conversation,
        agent=bargain.peer or "",
        status="agreed" if deal is not None else cast(Status, bargain.machine.state.lower()),
        turns=sum(one.act in ("propose", "accept-proposal") for one in spoken),
        terms=values,
        price=show_amount(deal[1][0]) if deal is not None and priced else None,
        unit=issues[0].unit or None if priced else None,
        acts=spoken,
        rung=bargain.settled.rung if bargain.settled is not None else None,
    )


def _spoken(act: AnyBargainAct) -> Spoken:
    content: object = act.content
    return Spoken(
        by=act.sender,
        act=str(act.__struct_config__.tag),
        turn=getattr(content, "turn", None),
        terms=getattr(content, "terms", None),
        text=str(getattr(content, "text", "")),
    )


def _named(issue: Issue, value: int) -> int | str:
    return issue.options[value] if issue.options else value
