"""What is bargained over in a trial: public bounds, and both reservation prices, which only the arena knows.

Rules:

1. A prior draws each scenario from the seed; infeasible ones belong to it, but for `lesson`, which has none.
2. A file has one JSON object a line: `{"cost": "40", "budget": "60"}`, and if wanted `name`, `low`, `high` and `unit`.
   Amounts are decimals in quotation marks, since no float is exact; whole numbers may stand without.
3. The public bounds hold both reservations: without `high` it is half as much again as the larger one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from contractnet.arena.bargaining.words import parameters, unknown
from contractnet.arena.draws import Draws
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.issues import Agenda, agenda, price_issue
from contractnet.messages.plainly import in_words
from contractnet.messages.values import MICROS_PER_UNIT, PPM, parse_amount

#: one cent
TICK: Final = 10_000
UNIT: Final = "USD"
#: micros of one unit of the currency
ONE: Final = MICROS_PER_UNIT


class Scenario(Struct, frozen=True, kw_only=True):
    """One thing to be bargained over. Amounts in micros."""

    name: str
    low: int  #: least price, public
    high: int  #: greatest price, public
    cost: int  #: seller's reservation price
    budget: int  #: buyer's
    unit: str = UNIT
    tick: int = TICK

    @property
    def feasible(self) -> bool:
        """Whether there is a zone of agreement."""
        return self.cost <= self.budget

    def agenda(self) -> Agenda:
        """A price within the public bounds."""
        return agenda(price_issue(self.low, self.high, self.tick, self.unit))


#: from the draws of one trial and the prior's parameters to (low, high, cost, budget), micros
_Draw = Callable[[Draws, dict[str, int]], tuple[int, int, int, int]]


class Prior(Struct, frozen=True, kw_only=True):
    """Where synthetic scenarios come from."""

    name: str
    says: str  #: what it draws, for help and pages
    defaults: dict[str, int]  #: its parameters: amounts in micros, shares in ppm
    draw: _Draw


def _uniform(draws: Draws, given: dict[str, int]) -> tuple[int, int, int, int]:
    low, high = given["low"], given["high"]
    cost, budget = (low + draws.below((high - low) // TICK + 1) * TICK for _ in range(2))
    return low, high, cost, budget


def _lesson(draws: Draws, given: dict[str, int]) -> tuple[int, int, int, int]:
    cost = draws.between(50, 80)
    budget = draws.between(max(cost + 5, 75), 115)
    return 0, given["high"], cost * ONE, budget * ONE


def _shop(draws: Draws, given: dict[str, int]) -> tuple[int, int, int, int]:
    start = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)[draws.below(9)]
    listed = draws.between(start * 100, 2 * start * 100) * TICK
    share = (draws.between(85_000, 998_000) + draws.between(85_000, 998_000)) // 2
    cost = listed * share // PPM // TICK * TICK
    return 0, listed, cost, listed * given["budget"] // PPM


PRIORS: Final = {
    one.name: one
    for one in (
        Prior(
            name="uniform",
            says="cost and budget independent and uniform on low to high: half of the cases have no zone",
            defaults={"low": 0, "high": 100 * ONE},
            draw=_uniform,
        ),
        Prior(
            name="lesson",
            says="cost 50 to 80, budget max(cost + 5, 75) to 115, whole units: always feasible",
            defaults={"high": 150 * ONE},
            draw=_lesson,
        ),
        Prior(
            name="shop",
            says="list prices of 5 to 4,000, costs of a share of them, a budget of 0.8 of them: few have no zone",
            defaults={"budget": 800_000},
            draw=_shop,
        ),
    )
}


def drawn(text: str, seed: int, count: int) -> Iterator[Scenario]:
    """So many scenarios of a prior such as `uniform:low=10,high=90`.

    Raises:
        DefinitionError: the prior or a parameter is not known or out of its bounds.
    """
    name, given = parameters(text, "prior")
    if name not in PRIORS:
        raise DefinitionError(f"prior {name[:40]!r} is not known; there are: {', '.join(PRIORS)}")
    prior = PRIORS[name]
    unknown("prior", name, given, tuple(prior.defaults))
    numbers = {key: parse_amount(value, f"prior {name}: {key}") for key, value in given.items()}
    values = {**prior.defaults, **numbers}
    if values.get("low", 0) + TICK > values.get("high", TICK) or values.get("budget", 0) > PPM:
        raise DefinitionError(
            f"prior {text[:80]!r}: low is at least a cent under high, and a budget is a share up to 1"
        )
    if name == "lesson" and values["high"] < 115 * ONE:
        raise DefinitionError("prior lesson: high is at least 115, the largest budget")
    return _stream(prior, values, Draws(seed, "bargain", prior.name), count)


def _stream(prior: Prior, values: dict[str, int], draws: Draws, count: int) -> Iterator[Scenario]:
    for number in range(count):
        low, high, cost, budget = prior.draw(draws, values)
        yield Scenario(name=f"{prior.name}-{number + 1}", low=low, high=high, cost=cost, budget=budget)


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    cost: str | int
    budget: str | int
    name: str = ""
    low: str | int = 0
    high: str | int | None = None
    unit: str = UNIT


def read_scenarios(lines: Iterable[str], where: str) -> list[Scenario]:
    """The scenarios of a file; empty lines are passed over.

    Raises:
        DefinitionError: a line is none, or there is none at all; names the line.
    """
    found: list[Scenario] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{where}, line {number}"
        try:
            one = msgspec.json.decode(line, type=_Line)
        except (msgspec.MsgspecError, UnicodeError) as error:
            said = f"{place}: {in_words(error)}"
            raise DefinitionError(
                f'{said}; write such as {{"cost": "40", "budget": "60"}}, amounts in quotation marks'
            ) from None
        found.append(_scenario(one, place, one.name or f"line-{number}"))
    if not found:
        raise DefinitionError(f"{where}: there is no scenario in it")
    return found


def product(text: str) -> Scenario:
    """One product such as `lamp:cost=40,budget=60,high=80`.

    Raises:
        DefinitionError: a parameter is missing, not known, or no amount.
    """
    name, given = parameters(text, "product")
    unknown("product", name, given, ("cost", "budget", "low", "high", "unit"))
    if not {"cost", "budget"} <= given.keys():
        raise DefinitionError(f"product {text[:80]!r}: both reservation prices are needed: NAME:cost=40,budget=60")
    line = _Line(given["cost"], given["budget"], name, given.get("low", 0), given.get("high"), given.get("unit", UNIT))
    return _scenario(line, f"product {name}", name)


def _scenario(line: _Line, place: str, name: str) -> Scenario:
    cost, budget, low = (
        parse_amount(str(value), f"{place}, {key}")
        for key, value in (("cost", line.cost), ("budget", line.budget), ("low", line.low))
    )
    most = max(cost, budget)
    high = most + most // 2 if line.high is None else parse_amount(str(line.high), f"{place}, high")
    if not low <= min(cost, budget) <= most <= high or high - low < TICK:
        raise DefinitionError(f"{place}: cost and budget are within the public bounds low and high, a cent apart")
    return Scenario(name=name, low=low, high=high, cost=cost, budget=budget, unit=line.unit)
