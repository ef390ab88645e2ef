"""A naive bargainer that draws its bids, and an offer generator that reckons them: more deals, and what else?

The naive one and the first ruled one are those of a well-known lesson, as published (`bargaining.lesson`): the lesson's
rule opens by looking at the seller's cost. The generator of the package does not; it plays the lesson's seller, over
the same costs and budgets as the lesson's rule, with and without a narrator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from contractnet.arena.bargaining.narration import VOICES, Heard, Narrating
from contractnet.arena.bargaining.players import Named, named
from contractnet.arena.bargaining.scenarios import ONE, Scenario
from contractnet.arena.bargaining.trials import Seat, Table, play
from contractnet.arena.chart import Axis, Chart, Point, Series, measured
from contractnet.arena.estimates import Estimate, Mean, rate
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress
from contractnet.arena.experiment import Table as Rows
from contractnet.arena.numbers import cell
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.lesson import Policy
from contractnet.mechanisms.bargaining.lesson import trials as lesson
from contractnet.mechanisms.bargaining.metrics import PriceRun
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mechanisms.bargaining.session import Bargainer, Exchange, Player
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View, price_of

_PUBLISHED: Final[tuple[Policy, Policy]] = ("naive", "og")
_TURNS: Final = 10  # five rounds, as published
_HIGH: Final = 150 * ONE
_NAMES: Final = (
    "naive, as published",
    "lesson's rule, reads the cost",
    "og-linear to the budget",
    "og-linear to the budget, narrated",
    "og-linear, 5 % short of it",
)

_COLUMNS: Final = (
    Column(key="buyer", title="buyer"),
    Column(key="deals", title="deals", unit="%", places=1, scale=100),
    Column(key="buyer_gain", title="buyer's gain a trial", places=2),
    Column(key="seller_gain", title="seller's gain a trial", places=2),
    Column(key="buyer_of_deals", title="buyer's gain a deal", places=2),
    Column(key="first_round", title="deals in the first round", unit="%", places=1, scale=100),
    Column(key="changed", title="sessions with another number than without words"),
)


class LessonSeller(Struct, frozen=True):
    """The lesson's seller: from 20 over its cost three tenths of the way to the bid, at least a unit, to its cost."""

    @property
    def name(self) -> str:
        return "lesson-seller"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        price_of(mandate, rules, self.name)

    def propose(self, view: View) -> Terms | None:
        cost = price_of(view.mandate, view.rules, self.name).limit
        prior = view.mine[-1][0] if view.mine else cost + 20 * ONE
        bid = view.theirs[-1][0] if view.theirs else prior
        step = max(ONE, (prior - bid) * 3 // 10 // ONE * ONE)
        return (max(cost, prior - step),)


class _Naive(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * len(_NAMES)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        drawn: dict[str, list[PriceRun]] = {}
        for name, policy in zip(_NAMES, _PUBLISHED, strict=False):
            drawn[name] = lesson(policy, seed, trials)
            progress(trials)
        cases = drawn[_NAMES[1]]
        whole, short = named("og-linear:margin=0"), named("og-linear")
        said: dict[str, list[Exchange]] = {}
        for name, one, speaks in ((_NAMES[2], whole, False), (_NAMES[3], whole, True), (_NAMES[4], short, False)):
            drawn[name], said[name] = _played(one, cases, speaks, progress)
        changed = sum(one != other for one, other in zip(said[_NAMES[2]], said[_NAMES[3]], strict=True))
        rows = tuple(
            (
                name,
                rate(sum(run.price is not None for run in runs), trials),
                *(_mean(runs, gain) for gain in (_buyer, _seller)),
                _mean([run for run in runs if run.price is not None], _buyer),
                rate(sum(run.price is not None and not run.round for run in runs), trials),
                changed if name == _NAMES[3] else None,
            )
            for name, runs in drawn.items()
        )
        table = Rows(columns=_COLUMNS, rows=rows)
        return Findings(table=table, charts=_charts(table), says=_says(table, changed, trials))


def _buyer(run: PriceRun) -> int:
    return 0 if run.price is None else run.budget - run.price


def _seller(run: PriceRun) -> int:
    return 0 if run.price is None else run.price - run.cost


def _mean(runs: Sequence[PriceRun], gain: Callable[[PriceRun], int]) -> Estimate | None:
    mean = Mean()
    for run in runs:
        mean.add(gain(run))
    return mean.estimate()


def _played(
    one: Named, cases: Sequence[PriceRun], speaks: bool, progress: Progress
) -> tuple[list[PriceRun], list[Exchange]]:
    """Over the costs and budgets of the lesson's own trials."""
    runs, said = list[PriceRun](), list[Exchange]()
    for number, case in enumerate(cases):
        scenario = Scenario(name=f"lesson-{number + 1}", low=0, high=_HIGH, cost=case.cost, budget=case.budget)
        seat = _narrating(one) if speaks else one.side
        trial, exchange = play(scenario, (seat, _sells), Table(turns=_TURNS), "buyer", str(number))
        runs.append(trial.run)
        said.append(exchange)
        progress(1)
    return runs, said


def _sells(preferences: PricePreferences) -> Bargainer:
    return Player(Strategy(LessonSeller(), AcceptNext()), Mandate(preferences=preferences))


def _narrating(one: Named) -> Seat:
    def seated(preferences: PricePreferences) -> Bargainer:
        return Narrating(one.side(preferences), VOICES[0], Heard())

    return seated


def _charts(table: Rows) -> tuple[Chart, ...]:
    names = Axis(title="buyer", names=tuple(str(row[0]) for row in table.rows))
    deals = Series(name="deals", style="points", points=_points(table, 1))
    gains = (
        Series(name="buyer", style="points", points=_points(table, 2)),
        Series(name="seller", style="points", points=_points(table, 3)),
    )
    share = Axis(title="% of the trials, all feasible", low=Fraction(0), high=Fraction(1), places=0, scale=100)
    money = Axis(title="units of the currency, no deal counts 0", low=Fraction(0), places=0)
    return (
        Chart(title="Deals", x=names, y=share, series=(deals,)),
        Chart(title="What each side gains a trial", x=names, y=money, series=gains),
    )


def _points(table: Rows, column: int) -> tuple[Point, ...]:
    found = [row[column] for row in table.rows]
    return tuple(measured(at, one) for at, one in enumerate(found) if isinstance(one, Estimate))


def _says(table: Rows, changed: int, trials: int) -> str:
    naive, rule, whole, _, short = table.rows

    def of(row: tuple[object, ...], at: int) -> str:
        value = row[at]
        assert value is None or isinstance(value, Estimate)
        return cell(value, _COLUMNS[at])

    return (
        f"A deal rate is not enough. The naive buyer closes {of(naive, 1)} % and the lesson's rule {of(rule, 1)} %, "
        f"yet the rule gains {of(rule, 2)} a trial and the naive one {of(naive, 2)}: the rule buys deals with the "
        f"room, which goes to the seller ({of(rule, 3)} instead of {of(naive, 3)}). It also opens by reading the "
        f"seller's cost, which no bargainer knows. The generator of the package, which reads nothing, closes "
        f"{of(whole, 1)} % against the same seller and gains {of(whole, 2)}; ending 5 % short of the budget, "
        f"{of(short, 1)} % and {of(short, 2)}. With a narrator in front of it {changed} of {trials:,} sessions have "
        "another number: the words change nothing, since the generator has decided before they are made. All cases "
        "here are feasible, and one seller is no market: the same schedule loses nearly all the room to a "
        "side that waits (last-mover)."
    )


EXPERIMENT: Final = _Naive(
    name="naive-or-reckoned",
    asks="What does an offer generator do that a naive bargainer does not: more deals, or better ones?",
    setting=(
        "A buyer meets the seller of a well-known lesson: it asks 20 over its cost and comes down three tenths of the "
        "way to each bid. The naive buyer draws its bids, now from the last ask, now from anywhere; the lesson's rule "
        "opens a fifth of the room under its budget and so knows the cost. og-linear goes from half of its budget to "
        "all of it in five rounds. The last three rows and the lesson's rule play the same costs and budgets. Seed 42 "
        "gives the lesson's own numbers, 605 and 892 deals."
    ),
    parameters=(
        Parameter(name="cost", value="50 to 80, whole units"),
        Parameter(name="budget", value="max(cost + 5, 75) to 115, whole units: always feasible"),
        Parameter(name="rounds", value="5; the buyer moves first, the seller has the last turn"),
    ),
    source="rohitg00/ai-engineering-from-scratch (MIT), phase 16, lesson 16; OG-Narrator (2402.15813).",
    trials=1_000,
    trial="trials of each buyer",
)
