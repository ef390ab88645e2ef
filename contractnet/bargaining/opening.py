"""What opens a bargaining: its rules and its plan, as a caller gives them. Checked before anything is recorded. Pure.

Amounts are written in units, durations in seconds, as everywhere in a market.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypedDict, cast

import msgspec

from contractnet.bargaining.records import BargainOpened, Plan, Timers
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import Words
from contractnet.bargaining.wire import check_request, issues_of
from contractnet.errors import DefinitionError, MechanismError
from contractnet.ledger.readable import readable
from contractnet.mechanisms.bargaining.brought import find_strategy
from contractnet.mechanisms.bargaining.issues import Issue, agenda
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, PricePreferences, Side
from contractnet.mechanisms.bargaining.shape import MOST_TURNS, fit
from contractnet.messages.bargaining import BargainRequestContent
from contractnet.messages.given import Amount, micros, milliseconds, whole
from contractnet.messages.plainly import in_words
from contractnet.messages.values import Rungs, require, show_amount

#: how a side plays where nothing else is said: it goes to its limit in even steps
DEFAULT_STRATEGY: Final = "linear"
#: of both together, where nothing else is said
DEFAULT_TURNS: Final = 8
#: prices between the bounds that a bargaining knows at most, where no tick is given
MOST_STEPS: Final = 10_000


class BargainOptions(TypedDict, total=False):
    """The arguments of `bargain`, a market's and an award's. Amounts in units, durations in seconds."""

    side: Side  #: of a single price: `buyer`, who pays, or `seller`
    limit: Amount | None  #: of a single price: the most that is paid, or the least that is taken. Private
    low: Amount  #: the public bounds of the price: no offer is under this one …
    high: Amount | None  #: … or over this one. A limit told as a bound is no secret
    tick: Amount | None  #: least difference of two prices; left out: about a ten-thousandth of the range
    unit: str | None  #: of the price; where left out the market's own, or the award's
    opening: Amount | None  #: the first own offer; the public bound on the own side where left out
    issues: Sequence[Issue]  #: instead of a price: several issues
    preferences: Additive | None  #: what each of their values is worth, and what no deal is. Private
    turns: int  #: of both sides together; who opens it has the first. Who has the last is decisive when they are few
    within: float  #: for each turn
    reply_within: float | None  #: for the answer to the request; as for a turn where left out
    strategy: str  #: an offer generator by name, with its acceptance rule
    monotone: bool  #: agreed: no offer takes back what an earlier one gave; a single price only
    standing: bool  #: agreed: earlier offers stay live
    lifetime: int | None  #: turns for which an offer is live; no limit where left out
    mediator: str | None  #: agent id of whom both may turn to when the turns are over
    ladder: Sequence[str]  #: what that may try, in order; the default where left out
    mediate_within: float | None  #: for the mediator, such as a person needs; as long as a turn where left out
    words: Words | None  #: words the own turns; it is given what both know, and nothing private
    key: str | None  #: the caller's name for it: the same key bargains once


def opening(
    agent: str,
    subject: str,
    timers: Timers,
    default_unit: str,
    seed: str,
    of: BargainOptions,
    answer_to: Literal["manager", "agent"] = "manager",
) -> BargainOpened:
    """What opens a bargaining.

    Args:
        agent: id of whom it is with.
        subject: what the deal is about; both read it.
        default_unit: of a price, where none is given.
        seed: of what the strategy draws, and of the ids that are made; 32 hex digits.
        answer_to: how who opens it is reached.
    Raises:
        DefinitionError: an argument is not valid, or they do not go together; nothing was said.
    """
    unknown = sorted({*of} - {*BargainOptions.__annotations__})
    if unknown:
        raise DefinitionError(f"{unknown[0]}: bargain() has no such argument")
    issues, preferences = _several(of) if of.get("issues") else _price(of, default_unit)
    content = _content(subject, issues, isinstance(preferences, PricePreferences), of, answer_to)
    first, mediator = of.get("opening"), content.mediator
    plan = Plan(
        strategy=_strategy(of.get("strategy")),
        mandate=Mandate(preferences=preferences, opening=None if first is None else micros(first, "opening")),
        confides=() if mediator is None else (mediator,),  # the caller has named it
    )
    _check(plan, content)
    key, peer = of.get("key"), require("id", agent, "agent")
    return BargainOpened(peer=peer, request=content, plan=plan, timers=timers, seed=seed, key=key)


def require_same(held: Bargain, who: str, agent: str, subject: str, default_unit: str, of: BargainOptions) -> None:
    """Whether the bargaining that is on record under a name is the one that is asked for.

    Agent, subject and key are enough to find it; terms that are given are the ones that it goes by, private ones too:
    nobody is to take what another limit came to for what its own did.

    Args:
        who: holds it, for people.
    Raises:
        DefinitionError: it is another one, or goes by other terms; or an argument is not valid.
    """
    key = of.get("key")
    named = f"{agent} about this subject" if key is None else f"key {key!r}"
    if held.request is None or (held.peer, held.request.subject) != (agent, subject):
        raise DefinitionError(f"{named}: {who} holds another bargaining under it; use another key")
    if not {*of} - {"key", "words"}:
        return
    asked = opening(agent, subject, held.timers, default_unit, held.pen.seed, of, held.request.answer_to)
    if (asked.request, asked.plan) != (held.request, held.plan):
        raise DefinitionError(f"{named}: {who} holds a bargaining under it that goes by other terms; use another key")


def _content(
    subject: str, issues: Sequence[Issue], priced: bool, of: BargainOptions, answer_to: Literal["manager", "agent"]
) -> BargainRequestContent:
    """What the request says."""
    within, reply, mediator = milliseconds(of.get("within", 10), "within"), of.get("reply_within"), of.get("mediator")
    mediate = of.get("mediate_within")
    if mediate is not None and mediator is None:
        raise DefinitionError("mediate_within: nobody mediates; name a mediator")
    try:
        stated = issues_of(agenda(*issues))
    except MechanismError as error:
        raise DefinitionError(f"bargain: {error}") from error
    return readable(
        BargainRequestContent(
            subject=subject,
            issues=stated,
            turns=whole("turns", of.get("turns", DEFAULT_TURNS), 1, MOST_TURNS),
            reply_within_ms=within if reply is None else milliseconds(reply, "reply_within"),
            turn_within_ms=within,
            buyer=None if not priced else "initiator" if of.get("side", "buyer") == "buyer" else "participant",
            monotone=of.get("monotone", False),
            standing=of.get("standing", False),
            lifetime=of.get("lifetime"),
            mediator=mediator,
            ladder=rungs(of.get("ladder", ()), mediator),
            mediate_within_ms=None if mediate is None else milliseconds(mediate, "mediate_within"),
            answer_to=answer_to,
        ),
        "bargain",
    )


def _strategy(given: object) -> str:
    if given is not None and not isinstance(given, str):  # whatever a file held
        raise DefinitionError(f"strategy: {str(given)[:40]!r} is not a text")
    return given or DEFAULT_STRATEGY


def _check(plan: Plan, content: BargainRequestContent) -> None:
    """Whether the plan can be played by these rules."""
    try:
        rules = check_request(content)
        fit(plan.mandate, rules, 0)
        generator = find_strategy(plan.strategy).generator
    except MechanismError as error:
        raise DefinitionError(f"bargain: {error}") from error
    try:
        generator.check(rules, plan.mandate)
    except MechanismError as error:
        raise DefinitionError(f"bargain: {error}") from error
    except Exception as error:  # of another distribution
        raise DefinitionError(f"strategy: {plan.strategy} raised {type(error).__name__} at these terms") from error


def rungs(given: Sequence[str], mediator: str | None, what: str = "ladder") -> tuple[str, ...]:
    """What a mediator may try, in order.

    Raises:
        DefinitionError: they are no names, too many, one stands there twice, or nobody is there to climb them.
    """
    try:
        found = msgspec.convert((given,) if isinstance(given, str) else tuple(given), Rungs)
    except (msgspec.ValidationError, TypeError) as error:
        raise DefinitionError(in_words(error, what)) from error
    if found and mediator is None:
        raise DefinitionError(f"{what}: it needs a {what.replace('ladder', 'mediator')} to climb it")
    if len({*found}) < len(found):
        raise DefinitionError(f"{what}: a rung stands in it twice")
    return found


def _several(of: BargainOptions) -> tuple[tuple[Issue, ...], Additive]:
    """The issues of a bargaining over several, and what they are worth."""
    given: object = of.get("issues")  # whatever a caller wrote
    if not isinstance(given, list | tuple) or not all(isinstance(one, Issue) for one in cast("list[object]", given)):
        raise DefinitionError("issues: give each as an Issue, with its name and bounds or options")
    preferences: object = of.get("preferences")
    if not isinstance(preferences, Additive):
        raise DefinitionError("preferences: several issues need what each of their values is worth to you, an Additive")
    return tuple(cast("list[Issue]", given)), preferences


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
    if least >= most:
        between = f"{show_amount(least)} and {show_amount(most)}"
        raise DefinitionError(f"low, high: there is nothing between {between} to bargain over; high must be more")
    tick = grid(most - least) if given is None else micros(given, "tick")
    if not 1 <= tick <= most - least:
        raise DefinitionError("tick: it must be over 0, and no more than what lies between low and high")
    own = PricePreferences(side=side, limit=micros(limit, "limit"))
    first = of.get("opening")
    if (
        first is not None and own.utility((micros(first, "opening"),)) < own.reservation
    ):  # said, it would tell the limit
        raise DefinitionError("opening: your first offer is worse for you than your limit; correct one of them")
    unit = require("unit", of.get("unit") or default_unit, "unit")
    return (Issue(name="price", low=least, high=most - (most - least) % tick, tick=tick, unit=unit),), own


def grid(span: int) -> int:
    """The least power of ten, micros, of which a range of prices has no more than MOST_STEPS."""
    tick = 1
    while span // tick > MOST_STEPS:
        tick *= 10
    return tick
