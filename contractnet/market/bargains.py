"""Bargainings of a market's own: what opens one, and what came of it.

Amounts are written in units, durations in seconds, as everywhere in a market.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict, cast

from contractnet.bargaining.player import Asking, Owed
from contractnet.bargaining.records import BargainOpened, Plan
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import unsupported
from contractnet.bargaining.wire import check_request, issues_of
from contractnet.contractor.ports import Amount, micros
from contractnet.errors import DefinitionError, MechanismError
from contractnet.manager.bargains import grid, timers_of
from contractnet.manager.conditions import Timers
from contractnet.market.bargaining import DEFAULT_STRATEGY
from contractnet.market.given import milliseconds
from contractnet.mechanisms.bargaining.brought import find_strategy
from contractnet.mechanisms.bargaining.issues import Issue, agenda
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, PricePreferences, Side
from contractnet.mechanisms.bargaining.shape import fit
from contractnet.messages.bargaining import AnyBargainAct, BargainRequestContent
from contractnet.messages.values import require, show_amount

#: of both together, where nothing else is said
DEFAULT_TURNS: Final = 8

Status = Literal["agreed", "declined", "ended", "expired", "cancelled", "unknown"]
Words = Callable[[Owed], str | Awaitable[str]]


class BargainOptions(TypedDict, total=False):
    """The arguments of `Market.bargain`. Amounts in units, durations in seconds."""

    side: Side  #: of a single price: `buyer`, who pays, or `seller`
    limit: Amount | None  #: of a single price: the most that is paid, or the least that is taken. Private
    low: Amount  #: the public bounds of the price: no offer is under this one …
    high: Amount | None  #: … or over this one. A limit told as a bound is no secret
    tick: Amount | None  #: least difference of two prices; left out: about a ten-thousandth of the range
    unit: str | None  #: of the price; the market's own where left out
    opening: Amount | None  #: the first own offer; the public bound on the own side where left out
    issues: Sequence[Issue]  #: instead of a price: several issues
    preferences: Additive | None  #: what each of their values is worth, and what no deal is. Private
    turns: int  #: of both sides together; the market has the first. Who has the last is decisive when they are few
    within: float  #: for each turn
    reply_within: float | None  #: for the answer to the request; as for a turn where left out
    strategy: str  #: an offer generator by name, with its acceptance rule
    monotone: bool  #: agreed: no offer takes back what an earlier one gave; a single price only
    standing: bool  #: agreed: earlier offers stay live
    lifetime: int | None  #: turns for which an offer is live; no limit where left out
    mediator: str | None  #: agent id of whom both may turn to when the turns are over
    ladder: Sequence[str]  #: what that may try, in order; the default where left out
    words: Words | None  #: words the own turns; it is given what both know, and nothing private
    key: str | None  #: the caller's name for it: the same key bargains once


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


def opening(
    agent: str, subject: str, timers: Timers, default_unit: str, seed: str, of: BargainOptions
) -> BargainOpened:
    """What opens a bargaining of the market's own.

    Raises:
        DefinitionError: an argument is not valid, or they do not go together; nothing was said.
    """
    unknown = sorted({*of} - {*BargainOptions.__annotations__})
    if unknown:
        raise DefinitionError(f"{unknown[0]}: bargain() has no such argument")
    within = milliseconds(of.get("within", 10), "within")
    reply = of.get("reply_within")
    many = tuple(of.get("issues", ()))
    issues, preferences = (many, of.get("preferences")) if many else _price(of, default_unit)
    if preferences is None:
        raise DefinitionError("preferences: several issues need what each of their values is worth to you")
    try:
        content = BargainRequestContent(
            subject=subject,
            issues=issues_of(agenda(*issues)),
            turns=of.get("turns", DEFAULT_TURNS),
            reply_within_ms=within if reply is None else milliseconds(reply, "reply_within"),
            turn_within_ms=within,
            buyer=None if many else "initiator" if of.get("side", "buyer") == "buyer" else "participant",
            monotone=of.get("monotone", False),
            standing=of.get("standing", False),
            lifetime=of.get("lifetime"),
            mediator=of.get("mediator"),
            ladder=tuple(of.get("ladder", ())),
        )
        first = of.get("opening")
        mandate = Mandate(preferences=preferences, opening=None if first is None else micros(first, "opening"))
        trusted = () if content.mediator is None else (content.mediator,)  # the caller has named it
        plan = Plan(strategy=of.get("strategy", DEFAULT_STRATEGY), mandate=mandate, confides=trusted)
        rules = check_request(content)
        fit(mandate, rules, 0)
        generator = find_strategy(plan.strategy).generator
    except MechanismError as error:
        raise DefinitionError(f"bargain: {error}") from error
    try:
        generator.check(rules, mandate)
    except MechanismError as error:
        raise DefinitionError(f"bargain: {error}") from error
    except Exception as error:  # of another distribution
        raise DefinitionError(f"strategy: {plan.strategy} raised {type(error).__name__} at these terms") from error
    key = of.get("key")
    return BargainOpened(
        peer=require("id", agent, "agent"),
        request=content,
        plan=plan,
        timers=timers_of(timers),
        seed=seed,
        key=key,
    )


def _price(of: BargainOptions, default_unit: str) -> tuple[tuple[Issue, ...], PricePreferences]:
    """The one issue of a bargaining over a price, and what it is worth."""
    side, limit, high = of.get("side", "buyer"), of.get("limit"), of.get("high")
    if side not in ("buyer", "seller"):
        raise DefinitionError(f"side: {str(side)[:40]!r} is neither buyer nor seller")
    if limit is None or high is None:
        raise DefinitionError("limit, high: a price needs your own limit, which is private, and a public upper bound")
    if of.get("preferences") is not None:
        raise DefinitionError("preferences: they are of several issues; give issues, or a limit alone")
    least, most, given = micros(of.get("low", 0), "low"), micros(high, "high"), of.get("tick")
    if least > most:
        raise DefinitionError(f"low, high: {show_amount(least)} is more than {show_amount(most)}")
    tick = grid(most - least) if given is None else micros(given, "tick")
    if tick < 1:
        raise DefinitionError("tick: two prices differ by something")
    unit = require("unit", of.get("unit") or default_unit, "unit")
    issue = Issue(name="price", low=least, high=most - (most - least) % tick, tick=tick, unit=unit)
    return (issue,), PricePreferences(side=side, limit=micros(limit, "limit"))


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


class Wording:
    """A caller's function words the own turns.

    Args:
        words: takes what both know of a turn that is decided, and gives text; may be async.
    """

    def __init__(self, words: Words) -> None:
        self._words = words

    async def consider(self, asked: Asking) -> Any:
        return unsupported(asked)

    async def word(self, owed: Owed) -> str:
        given = (
            self._words(owed)
            if inspect.iscoroutinefunction(self._words)
            else await asyncio.to_thread(self._words, owed)
        )
        return str(await given if inspect.isawaitable(given) else given)


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
