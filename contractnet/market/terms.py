"""The terms under which a task is put out: what a caller writes, checked before anything is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict, Unpack, cast, get_args

from msgspec.structs import replace

from contractnet.bargaining.opening import DEFAULT_STRATEGY, rungs
from contractnet.errors import DefinitionError, MechanismError
from contractnet.manager.conditions import BargainTerms, Confidence, Feedback, TenderTerms
from contractnet.manager.exploring import EXPLORING
from contractnet.manager.ranking import conditions_of
from contractnet.market.bargaining import Bargaining, alone, bargain_terms, flat
from contractnet.market.orders import BUNDLES, items, order, parts, share
from contractnet.market.task import Task
from contractnet.mechanisms.awards.brought import find_rule
from contractnet.mechanisms.awards.reserve import UniformPrior, optimal_reserve
from contractnet.mechanisms.awards.stopping import DEFAULT_ROUNDS, MOST_ROUNDS
from contractnet.mechanisms.calibration.bond import Bond
from contractnet.messages.given import Amount, flag, micros, milliseconds, whole
from contractnet.messages.values import MOST_PARTS, require, show_amount

#: the unit of prices where none is named
DEFAULT_UNIT: Final = "USD"
#: rounds of one call, where more than usual are asked for
MOST_ROUNDS_ASKED: Final = 100
MOST_SLOTS: Final = MOST_PARTS


class TermOptions(TypedDict, total=False):
    """The arguments of `Market.tender` that say under which terms. Amounts in units, durations in seconds."""

    reserve: Amount | None  #: the most that will be paid for one slot; secret unless `public_reserve`
    reserve_prior: (
        tuple[Amount, Amount] | None
    )  #: instead: the lowest and the highest cost of a bidder, each as likely;
    #: the reserve is the best one for that belief and the value
    unit: str | None
    public_reserve: bool
    rule: str | None  #: award rule; `best-value` where there is a value or a reserve, else `lowest-price`
    value: Amount | None  #: worth of a good result; the reserve where left out
    eta_cost: Amount  #: cost of a second of waiting
    least_score: Amount | None  #: a bid of a lower score is not taken, by the rules that score
    min_bids: int  #: with fewer bids that could be awarded when a round closes nothing is
    order: str | None  #: what `lexicographic` compares, such as `probability:0.05,price:0.01,eta`, each with its step
    low_bid: float  #: share of the reserve under which a bid is flagged as abnormally low; it may win all the same
    confidence: Confidence  #: a bidder's chance of a good result in the award: what its record in this ledger says
    #: (`calibrated`), or what it says itself (`stated`)
    direct: bool  #: ask one known contractor alone at its last price, where an auction would not pay for itself
    bid_cost: Amount  #: what one bid costs you; weighed for a direct award
    bond_stake: Amount | None  #: a good result is paid bonus - stake * (1 - p)^2 beside its price, a lost award costs
    #: stake * p^2, p the stated confidence: stating the truth pays best. Left out: there is no bond
    bond_bonus: Amount  #: held for every slot, beside the reserve
    explore: Amount  #: what an award to somebody little is known of may give up in score, where the market was granted
    #: something for `exploration`; by `best-value` or `first-score`, for one winner
    slots: int  #: winners sought, each of whom does the whole task
    parts: int | None  #: the task is divisible: so many equal parts, the cheapest first, to as many as it takes.
    #: Reserve and prices are for one part; by `lowest-price`, or `second-price`
    items: Mapping[str, Amount] | str | None  #: instead: several things with a reserve each (`a:0.05,b:0.03`), bought
    #: in bundles by `vcg`, which needs `contractnet[bundles]`
    budget: Amount | None  #: for all of them together: it is put out for as many slots as this pays for at their worst
    max_rounds: int  #: where slots are left and somebody bid too dear, those who proposed are called again
    more_rounds: bool  #: whether `max_rounds` may be more than 5
    target: Amount | None  #: a best score at which nobody is called again
    least_progress: Amount  #: gain in the best score under which a round was no progress; 0: any round is progress
    patience: int  #: rounds in a row without progress after which nobody is called again
    shortlist: int | None  #: how many are called again, the best; all where left out. At least `slots`
    feedback: Feedback  #: what they are told of the round before: `nothing`, the `reason` why their offer would lose,
    #: their own `rank` too, or the `best-score` too (under rules of the price alone that is the best price); never who
    mediator: str | None  #: agent id of who settles a deadlock: nobody can be awarded and no round is left
    mediation_limit: Amount | None  #: the most that the mediator may award; the reserve where left out. It is held
    mediate_within: float  #: how long a mediator may think
    bargain: Bargaining | int | None  #: bargain over the price with so many of those who proposed, the best, before the
    #: award; needs a second round, in which they propose what was agreed. A `Bargaining` says the next three as well
    bargain_turns: int  #: of both sides together
    bargain_within: float  #: for each turn
    bargain_strategy: str  #: an offer generator by name
    bargain_mediator: str | None  #: agent id of whom both may turn to when the turns are over without an agreement
    bargain_ladder: Sequence[str]  #: what that may try, in order; the default of the mediator where left out
    reply_within: float  #: how long bidders may think, in each round
    work_within: float  #: how long the winner may work
    lease: float  #: a winner silent for so long loses the slot
    within: float  #: no call opens later than this after the first
    wait_for_agents: float  #: how long to wait for somebody with the skill


DEFAULTS: Final[TermOptions] = {
    "reserve": None,
    "reserve_prior": None,
    "unit": None,
    "public_reserve": False,
    "rule": None,
    "value": None,
    "eta_cost": 0,
    "least_score": None,
    "min_bids": 1,
    "order": None,
    "low_bid": 0.1,
    "confidence": "calibrated",
    "direct": False,
    "bid_cost": 0,
    "explore": 0,
    "bond_stake": None,
    "bond_bonus": 0,
    "slots": 1,
    "parts": None,
    "items": None,
    "budget": None,
    "max_rounds": DEFAULT_ROUNDS,
    "more_rounds": False,
    "target": None,
    "least_progress": 0,
    "patience": 1,
    "shortlist": None,
    "feedback": "reason",
    "mediator": None,
    "mediation_limit": None,
    "mediate_within": 10,
    "bargain": None,
    "bargain_turns": 6,
    "bargain_within": 10,
    "bargain_strategy": DEFAULT_STRATEGY,
    "bargain_mediator": None,
    "bargain_ladder": (),
    "reply_within": 20,
    "work_within": 600,
    "lease": 60,
    "within": 600,
    "wait_for_agents": 30,
}


def terms(task: Task, default_unit: str = DEFAULT_UNIT, **given: Unpack[TermOptions]) -> TenderTerms:
    """The terms of a tender; `TermOptions` says what each means; they override the task's.

    Raises:
        DefinitionError: a value is out of its bounds, there is no such term, or the rule is unknown or lacks a term.
    """
    given = cast(TermOptions, flat(given))
    unknown = sorted(({*given} | {*task.terms}) - {*DEFAULTS})
    if unknown:
        raise DefinitionError(f"{unknown[0]}: there is no such term; there are: {', '.join(DEFAULTS)}")
    own = cast(TermOptions, task.terms)  # whatever a file held: each value is looked at
    of = {**DEFAULTS, **own, **given}
    found = _terms(task, default_unit, of)
    if of["bargain"] is not None:
        return replace(found, bargain=_bargain(of, found))
    alone(of, DEFAULTS)
    return found


def _terms(task: Task, default_unit: str, of: Mapping[str, Any]) -> TenderTerms:
    worth, prior = _amount(of, "value"), _prior(of["reserve_prior"])
    most = task.reserve if of["reserve"] is None else micros(of["reserve"], "reserve")
    if prior is not None:
        if worth is None or of["reserve"] is not None:
            raise DefinitionError("reserve_prior: the reserve is computed from it and the value; give no reserve")
        most = optimal_reserve(prior, worth)
    if of["public_reserve"] and most is None:
        raise DefinitionError("public_reserve: there is no reserve to be public; give one")
    pieces = None if of["parts"] is None else parts(of, whole("parts", of["parts"], 2, MOST_SLOTS), most)
    things = () if of["items"] is None else items(of, most)
    most = max((one.reserve for one in things), default=most)
    slots = len(things) or pieces or whole("slots", of["slots"], 1, MOST_SLOTS)
    for name, words in (("feedback", get_args(Feedback)), ("confidence", get_args(Confidence))):
        if of[name] not in words:
            raise DefinitionError(f"{name}: {str(of[name])[:40]!r} is none of {', '.join(words)}")
    if of["shortlist"] is not None:
        whole("shortlist", of["shortlist"], 1 if pieces or things else slots, 100_000)
    rounds = whole("max_rounds", of["max_rounds"], 1, MOST_ROUNDS_ASKED)
    if rounds > MOST_ROUNDS and not flag("more_rounds", of["more_rounds"]):
        raise DefinitionError(f"max_rounds: {rounds} is more than {MOST_ROUNDS}; say more_rounds if that is meant")
    bounded = pieces is None and (most is not None or worth is not None)
    found = TenderTerms(
        unit=require("unit", of["unit"] or task.unit or default_unit, "unit"),
        rule=_rule(BUNDLES if things else of["rule"], bounded=bounded, bundled=bool(things)),
        reserve=most,
        public_reserve=flag("public_reserve", of["public_reserve"]),
        value=worth,
        eta_cost=micros(of["eta_cost"], "eta_cost"),
        least_score=_amount(of, "least_score"),
        min_bids=whole("min_bids", of["min_bids"], 1, 100_000),
        order=() if of["order"] is None else order(of["order"]),
        prior=prior,
        low_bid_ppm=share("low_bid", of["low_bid"]),
        confidence=of["confidence"],
        direct=flag("direct", of["direct"]),
        bid_cost=micros(of["bid_cost"], "bid_cost"),
        bond=_bond(of),
        explore=micros(of["explore"], "explore"),
        slots=slots,
        divisible=pieces is not None,
        items=things,
        budget=_amount(of, "budget"),
        max_rounds=rounds,
        target=_amount(of, "target"),
        least_progress=micros(of["least_progress"], "least_progress"),
        patience=whole("patience", of["patience"], 1, MOST_ROUNDS_ASKED),
        shortlist=of["shortlist"],
        feedback=of["feedback"],
        mediator=None if of["mediator"] is None else require("id", of["mediator"], "mediator"),
        mediation_limit=_limit(of, most),
        mediate_within_ms=milliseconds(of["mediate_within"], "mediate_within"),
        reply_within_ms=milliseconds(of["reply_within"], "reply_within"),
        work_within_ms=milliseconds(of["work_within"], "work_within"),
        lease_ms=milliseconds(of["lease"], "lease"),
        within_ms=milliseconds(of["within"], "within"),
        wait_for_agents_ms=milliseconds(of["wait_for_agents"], "wait_for_agents"),
    )
    _fit(found)
    return found


def _bargain(of: Mapping[str, Any], found: TenderTerms) -> BargainTerms:
    best, turns = whole("bargain", of["bargain"], 1, MOST_SLOTS), whole("bargain_turns", of["bargain_turns"], 2, 1_000)
    within_ms = milliseconds(of["bargain_within"], "bargain_within")
    mediator = None if of["bargain_mediator"] is None else require("id", of["bargain_mediator"], "bargain_mediator")
    ladder = rungs(of["bargain_ladder"], mediator, "bargain_ladder")
    return bargain_terms(best, turns, within_ms, of["bargain_strategy"], found, mediator, ladder)


def _fit(found: TenderTerms) -> None:
    """Whether the terms go together."""
    if found.budget is not None and (found.worst is None or found.worst > found.budget):
        what = "it needs a reserve" if found.worst is None else f"one slot may cost {show_amount(found.worst)}"
        raise DefinitionError(f"budget: {what}; the budget of a tender pays for its slots at their worst")
    if found.explore and (found.rule not in EXPLORING or found.slots != 1 or (found.value or found.reserve) is None):
        rules = " or ".join(sorted(EXPLORING))
        raise DefinitionError(f"explore: for one winner, by {rules}, with a value or a reserve")
    if found.items:
        return
    rule = find_rule(found.rule)
    try:
        rule.check(conditions_of(found))
    except MechanismError as error:
        raise DefinitionError(f"rule: {error}; give one, or choose another rule") from error
    except Exception as error:  # of another distribution
        raise DefinitionError(f"rule: {found.rule} raised {type(error).__name__} at these terms") from error
    if found.feedback == "best-score" and getattr(rule, "scores", False):
        raise DefinitionError(
            f"feedback: by {found.rule} the best score would tell bidders what the work is worth to you, or the "
            "secret reserve; use rank or reason"
        )


def _rule(name: str | None, *, bounded: bool, bundled: bool) -> str:
    """The award rule; `bounded`: there is a value, or a reserve to stand for it."""
    if name is None:
        return "best-value" if bounded else "lowest-price"
    if name == BUNDLES and not bundled:
        raise DefinitionError(f"rule: {BUNDLES} buys items in bundles; give items")
    if not isinstance(name, str):
        raise DefinitionError(f"rule: {str(name)[:40]!r} is not a text")
    return name


def _amount(of: Mapping[str, Any], name: str) -> int | None:
    given = of[name]
    return None if given is None else micros(given, name)


def _limit(of: Mapping[str, Any], most: int | None) -> int | None:
    limit = _amount(of, "mediation_limit")
    if limit is not None and (of["mediator"] is None or most is None or limit < most):
        raise DefinitionError("mediation_limit: it needs a mediator, and a reserve that it goes beyond")
    return limit


def _bond(of: Mapping[str, Any]) -> Bond | None:
    stake, bonus = _amount(of, "bond_stake"), micros(of["bond_bonus"], "bond_bonus")
    if stake is None and bonus:
        raise DefinitionError("bond_bonus: it needs a bond_stake, else it is a price that nobody asked")
    return None if stake is None else Bond(bonus=bonus, stake=stake)


def _prior(given: tuple[Amount, Amount] | None) -> UniformPrior | None:
    if given is None:
        return None
    try:
        low, high = given
    except (TypeError, ValueError) as error:
        raise DefinitionError("reserve_prior: name two amounts, the lowest and the highest cost") from error
    prior = UniformPrior(low=micros(low, "reserve_prior"), high=micros(high, "reserve_prior"))
    if prior.low > prior.high:
        raise DefinitionError("reserve_prior: the first is the lowest cost, the second the highest")
    return prior
