"""How a task is bargained for between two rounds, as its caller says it: checked before anything is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from contractnet.bargaining.opening import DEFAULT_STRATEGY
from contractnet.errors import ContractNetError, DefinitionError
from contractnet.manager.bargains import check_bargain
from contractnet.manager.conditions import BargainTerms, TaskSpec, TenderTerms, Timers
from contractnet.mechanisms.awards.brought import find_rule
from contractnet.mechanisms.awards.shape import Exposure

#: an offer that stands for longer is asked of nobody: bargaining may take so long at most, milliseconds
MOST_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True)
class Bargaining:
    """That the price of a task is bargained for with the best of those who proposed, before it is awarded.

    What an agent agrees to binds it in the next round; the market pays it only if it awards, so it may agree with
    several. Needs `max_rounds` of 2 at least. The limit is the reserve, and no agent is told. A mediator's time is the
    tender's `mediate_within`, where that is more than a turn's.
    """

    best: int = 2  #: with how many, at the same time, also such as are over the reserve
    turns: int = 6  #: of both sides together; the market has the first
    within: float = 10.0  #: seconds for each turn
    strategy: str = DEFAULT_STRATEGY  #: an offer generator by name, as `contractnet bargain --list` shows them
    mediator: str | None = None  #: agent id of whom both may turn to when the turns are over; None: nobody
    ladder: Sequence[str] = ()  #: what that may try, in order; empty: its default

    def options(self) -> dict[str, Any]:
        """As terms of a tender."""
        found = asdict(self)
        return {"bargain": found.pop("best")} | {f"bargain_{name}": value for name, value in found.items()}


def flat(given: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a tender, with a `Bargaining` taken apart."""
    of = dict(given)
    whole = of.get("bargain")
    if isinstance(whole, Bargaining):
        twice = sorted({f"bargain_{name}" for name in ("turns", "within", "strategy", "mediator", "ladder")} & {*of})
        if twice:
            raise DefinitionError(f"{twice[0]}: the Bargaining says it already; say it once")
        of |= whole.options()
    return of


def alone(given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Refuse terms of a bargaining where none is held: whoever writes them expects one.

    Raises:
        DefinitionError: says which.
    """
    for name in given:
        if name.startswith("bargain_") and given[name] != usual[name]:
            raise DefinitionError(f"{name}: nobody is bargained with; say with how many of the best, by bargain")


def bargain_terms(
    best: int,
    turns: int,
    within_ms: int,
    strategy: str,
    found: TenderTerms,
    mediator: str | None = None,
    rungs: tuple[str, ...] = (),
) -> BargainTerms:
    """How it is bargained, where the other terms let it be.

    Args:
        found: the other terms.
    Raises:
        DefinitionError: they do not; says which.
    """
    if found.max_rounds < 2:
        raise DefinitionError("bargain: what is agreed is proposed in a further round; max_rounds must be 2 at least")
    if found.shared:
        raise DefinitionError("bargain: it does not go with parts or items; each has a price of its own")
    if best < found.slots:
        raise DefinitionError(f"bargain: {best} is less than slots, {found.slots}: some would stay empty")
    if find_rule(found.rule).exposure is not Exposure.OWN_PRICE:
        raise DefinitionError(f"bargain: {found.rule} pays another price than was agreed; choose another rule")
    if not isinstance(strategy, str):  # whatever a file held
        raise DefinitionError(f"bargain_strategy: {str(strategy)[:40]!r} is not a text")
    terms = BargainTerms(
        best=best,
        turns=turns,
        within_ms=within_ms,
        strategy=strategy,
        mediator=mediator,
        ladder=rungs,
        mediate_within_ms=None if mediator is None else found.mediate_within_ms,
    )
    if Timers().bargain_ms(terms) > MOST_MS:
        named = "bargain_turns, bargain_within, mediate_within"
        raise DefinitionError(f"{named}: offers would have to stand for more than a day")
    try:
        check_bargain(TaskSpec(task="any", skill="any.thing"), found, terms, 1_000_000)
    except ContractNetError as error:
        raise DefinitionError(f"bargain_strategy: {error}") from error
    except Exception as error:  # of another distribution
        raise DefinitionError(f"bargain_strategy: {strategy} raised {type(error).__name__} at these terms") from error
    return terms
