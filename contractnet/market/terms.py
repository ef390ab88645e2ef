"""The terms under which a task is put out: what a caller writes, checked before anything is recorded."""

from __future__ import annotations

from typing import Final, TypedDict, get_args

from contractnet.contractor.ports import Amount, micros
from contractnet.errors import DefinitionError
from contractnet.manager.conditions import Feedback, TenderTerms
from contractnet.market.task import Task
from contractnet.mechanisms.rules import score_function
from contractnet.messages.values import require

#: the unit of prices where none is named
DEFAULT_UNIT: Final = "USD"
MOST_ROUNDS: Final = 100
MOST_SLOTS: Final = 1_000


class TermOptions(TypedDict, total=False):
    """The arguments of `Market.tender` that say under which terms. Amounts in units, durations in seconds."""

    reserve: Amount | None  #: the most that will be paid for one slot; secret unless `public_reserve`
    unit: str | None
    public_reserve: bool
    rule: str | None  #: award rule; `best-value` where there is a value or a reserve, else `lowest-price`
    value: Amount | None  #: worth of a good result; the reserve where left out
    eta_cost: Amount  #: cost of a second of waiting
    slots: int  #: winners sought, each of whom does the whole task
    max_rounds: int  #: where slots are left and somebody bid over the reserve, those who proposed are called again
    shortlist: int | None  #: how many of them, the best; all where left out. At least `slots`
    feedback: Feedback  #: what they are told of the round before: `nothing`, the `reason` why their offer would lose,
    #: their own `rank` too, or the `best-score` too; never a rival's name or price
    mediator: str | None  #: agent id of who settles a deadlock: nobody can be awarded and no round is left
    mediation_limit: Amount | None  #: the most that the mediator may award; the reserve where left out. It is held
    mediate_within: float  #: how long the mediator may think
    reply_within: float  #: how long bidders may think, in each round
    work_within: float  #: how long the winner may work
    lease: float  #: a winner silent for so long loses the slot
    within: float  #: no call opens later than this after the first
    wait_for_agents: float  #: how long to wait for somebody with the skill


def terms(
    task: Task,
    default_unit: str = DEFAULT_UNIT,
    *,
    reserve: Amount | None = None,
    unit: str | None = None,
    public_reserve: bool = False,
    rule: str | None = None,
    value: Amount | None = None,
    eta_cost: Amount = 0,
    slots: int = 1,
    max_rounds: int = 3,
    shortlist: int | None = None,
    feedback: Feedback = "reason",
    mediator: str | None = None,
    mediation_limit: Amount | None = None,
    mediate_within: float = 10,
    reply_within: float = 20,
    work_within: float = 600,
    lease: float = 60,
    within: float = 600,
    wait_for_agents: float = 30,
) -> TenderTerms:
    """The terms of a tender; `TermOptions` says what each means; they override the task's.

    Raises:
        DefinitionError: a value is out of its bounds, or the rule is unknown.
    """
    most = task.reserve if reserve is None else micros(reserve, "reserve")
    worth = None if value is None else micros(value, "value")
    if public_reserve and most is None:
        raise DefinitionError("public_reserve: there is no reserve to be public; give one")
    whole("slots", slots, 1, MOST_SLOTS)
    if feedback not in get_args(Feedback):
        raise DefinitionError(f"feedback: {str(feedback)[:40]!r} is none of {', '.join(get_args(Feedback))}")
    if shortlist is not None:
        whole("shortlist", shortlist, slots, 100_000)
    limit = None if mediation_limit is None else micros(mediation_limit, "mediation_limit")
    if limit is not None and (mediator is None or most is None or limit < most):
        raise DefinitionError("mediation_limit: it needs a mediator, and a reserve that it goes beyond")
    return TenderTerms(
        unit=require("unit", unit or task.unit or default_unit, "unit"),
        rule=_rule(rule, bounded=most is not None or worth is not None),
        reserve=most,
        public_reserve=public_reserve,
        value=worth,
        eta_cost=micros(eta_cost, "eta_cost"),
        slots=slots,
        max_rounds=whole("max_rounds", max_rounds, 1, MOST_ROUNDS),
        shortlist=shortlist,
        feedback=feedback,
        mediator=None if mediator is None else require("id", mediator, "mediator"),
        mediation_limit=limit,
        mediate_within_ms=milliseconds(mediate_within, "mediate_within"),
        reply_within_ms=milliseconds(reply_within, "reply_within"),
        work_within_ms=milliseconds(work_within, "work_within"),
        lease_ms=milliseconds(lease, "lease"),
        within_ms=milliseconds(within, "within"),
        wait_for_agents_ms=milliseconds(wait_for_agents, "wait_for_agents"),
    )


def _rule(name: str | None, *, bounded: bool) -> str:
    """The award rule; `bounded`: there is a value, or a reserve to stand for it."""
    rule = name if name is not None else ("best-value" if bounded else "lowest-price")
    score_function(rule)
    if rule == "best-value" and not bounded:
        raise DefinitionError("rule: best-value needs a value or a reserve; give one, or use lowest-price")
    return rule


def milliseconds(seconds: float, what: str) -> int:
    """A duration that a user wrote in seconds, 0.01 to 30 days, as milliseconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0.01 <= seconds <= 30 * 24 * 3600:
        raise DefinitionError(f"{what}: {seconds!r} is not a number of seconds from 0.01 to {30 * 24 * 3600}")
    return round(seconds * 1000)


def whole(what: str, value: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise DefinitionError(f"{what}: {value!r} is not a whole number from {least} to {most}")
    return value
