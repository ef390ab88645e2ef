"""Raw, calibrated and true confidence: what a market loses by believing what contractors say of themselves.

Forty contractors, a fifth of whom add 30 points to their chance when they state it. The same tasks are put out by
`best-value` with four kinds of knowledge (see `market.Knowledge`). The price is paid whatever comes of the task: that a
result is wrong is found out later, as `judge` does.

Source: Beta-binomial with shrinkage and isotonic calibration as `mechanisms.calibration.records` does them by its
default policy; expected value of an outcome less its price, D14.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from contractnet.arena.awards.market import Knowledge, Shape, run
from contractnet.arena.awards.market_measures import MEASURES, Measure, Sums, beside, estimated
from contractnet.arena.chart import Axis, Chart, Point, Series, measured
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell, Column, Described, Findings, Parameter, Progress, Table
from contractnet.arena.numbers import decimal, percent, span

_SHAPE: Final = Shape()
_TASKS: Final = 5_000
_LEARNING: Final = 1_000
_BLOCK: Final = 500
_KNOWLEDGE: Final = tuple(Knowledge)
#: how much worse the market with calibrated confidence may be than the one that knows the truth
NEAR: Final = Fraction(5, 100)

_COLUMNS: Final = (
    Column(key="tasks", title="tasks"),
    Column(key="knowledge", title="confidence"),
    Column(key="done", title="done right", unit="%", places=2, scale=100),
    Column(key="cost", title="cost per task done right", places=4),
    Column(key="kept", title="kept per task", places=4),
    Column(key="share_kept", title="kept, of what truth keeps", unit="%", places=2, scale=100),
)


#: of each market, of each block of tasks
Record = dict[Knowledge, list[list[Sums]]]


class _Found(NamedTuple):
    tasks: str
    knowledge: Knowledge
    done: Estimate
    cost: Estimate
    kept: Estimate
    of_truth: dict[str, Estimate]  #: done, cost, kept, each over those of the market that knows the truth


class _Confidence(Described, frozen=True):
    """See the module."""

    tasks: int = _TASKS
    learning: int = _LEARNING

    def steps(self, trials: int) -> int:
        return trials * self.tasks

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        record = _record(seed, trials, self.tasks, progress)
        blocks = self.tasks // _BLOCK
        late = range(self.learning // _BLOCK, blocks)
        windows = {
            f"1 to {self.learning:,}": range(late.start),
            f"{self.learning + 1:,} to {self.tasks:,}": late,
        }
        found = [one for name, window in windows.items() for one in _found(record, name, window, seed)]
        return Findings(
            table=Table(columns=_COLUMNS, rows=tuple(_row(one) for one in found)),
            charts=tuple(_charts(record, blocks, seed)),
            says=_says(found, list(windows)),
        )


def _record(seed: int, trials: int, tasks: int, progress: Progress) -> Record:
    record: Record = {knowledge: [] for knowledge in _KNOWLEDGE}
    for market in range(trials):
        blocks = {knowledge: [[0, 0] for _ in range(tasks // _BLOCK)] for knowledge in _KNOWLEDGE}
        for number, outcomes in enumerate(run(_SHAPE, tasks, Draws(seed, "confidence", market))):
            for knowledge, outcome in outcomes.items():
                block = blocks[knowledge][number // _BLOCK]
                block[0] += outcome.good
                block[1] += outcome.paid
            progress(1)
        for knowledge, sums in blocks.items():
            record[knowledge].append([Sums(_BLOCK, good, paid) for good, paid in sums])
    return record


def _over(record: Record, knowledge: Knowledge, blocks: Sequence[int]) -> list[Sums]:
    """Of each market, over some blocks."""
    return [Sums(*map(sum, zip(*(market[block] for block in blocks), strict=True))) for market in record[knowledge]]


def _found(record: Record, name: str, window: Sequence[int], seed: int) -> Iterator[_Found]:
    truth = _over(record, Knowledge.TRUTH, window)
    for knowledge in _KNOWLEDGE:
        sums, draws = _over(record, knowledge, window), Draws(seed, "confidence", "bootstrap", name, knowledge.value)
        done, cost, kept = (estimated(measure, sums, draws) for measure in MEASURES.values())
        of_truth = {what: beside(measure, sums, truth, draws) for what, measure in MEASURES.items()}
        yield _Found(name, knowledge, done, cost, kept, of_truth)


def _row(found: _Found) -> tuple[Cell, ...]:
    return found.tasks, found.knowledge.value, found.done, found.cost, found.kept, found.of_truth["kept"]


def _charts(record: Record, blocks: int, seed: int) -> Iterator[Chart]:
    x = Axis(title="tasks so far", low=Fraction(0), high=Fraction(blocks * _BLOCK), places=0)
    told = (
        ("Tasks done right", "of the last 500 tasks, %", MEASURES["done"], 100, 0),
        ("Cost per task done right", "of the last 500 tasks", MEASURES["cost"], 1, 2),
    )
    for title, words, measure, scale, places in told:

        def curve(knowledge: Knowledge, title: str = title, measure: Measure = measure) -> tuple[Point, ...]:
            draws = Draws(seed, "confidence", title, knowledge.value)
            found = [estimated(measure, _over(record, knowledge, [block]), draws) for block in range(blocks)]
            return tuple(measured((block + 1) * _BLOCK, one) for block, one in enumerate(found))

        yield Chart(
            title=title,
            x=x,
            y=Axis(title=words, scale=scale, places=places),
            series=tuple(
                Series(name=knowledge.value, style="joined", points=curve(knowledge)) for knowledge in _KNOWLEDGE
            ),
        )


def _says(found: Sequence[_Found], windows: Sequence[str]) -> str:
    by = {(one.tasks, one.knowledge): one for one in found}
    early, late = windows
    raw, mine, rates, truth = (by[late, knowledge] for knowledge in _KNOWLEDGE)
    done, cost, kept = (mine.of_truth[what] for what in MEASURES)
    verdict = "missed"
    if done.value >= 1 - NEAR and cost.value <= 1 + NEAR and kept.value >= 1 - NEAR:
        surely = done.low >= 1 - NEAR and cost.high <= 1 + NEAR and kept.low >= 1 - NEAR
        verdict = "met, with the whole intervals" if surely else "met by the values, not with the whole intervals"
    first, believed = by[early, Knowledge.CALIBRATED], by[early, Knowledge.RAW]
    return (
        f"After {early.rpartition(' ')[2]} tasks the market that calibrates does {percent(mine.done.value, 2)} of its "
        f"tasks right at {decimal(mine.cost.value, 4)} for each, the one that knows the truth "
        f"{percent(truth.done.value, 2)} at {decimal(truth.cost.value, 4)}, the one that believes what it is told "
        f"{percent(raw.done.value, 2)} at {decimal(raw.cost.value, 4)}. Beside the truth, calibrated confidence comes "
        f"to {span(done, 2, 100)} % in tasks done right, {span(cost, 2, 100)} % in their cost and "
        f"{span(kept, 2, 100)} % in what is kept; the aim, in each at most 5 % worse than the truth, is {verdict}. "
        f"Raw confidence keeps {span(raw.of_truth['kept'], 2, 100)} % and does not learn. Knowing every contractor's "
        f"true mean, and not which task suits whom, keeps {span(rates.of_truth['kept'], 2, 100)} %. While it learns, "
        f"over the first {early.rpartition(' ')[2]} tasks, calibrated confidence does {percent(first.done.value, 2)} "
        f"right and keeps {decimal(first.kept.value, 4)} a task, raw {percent(believed.done.value, 2)} and "
        f"{decimal(believed.kept.value, 4)}."
    )


EXPERIMENT: Final = _Confidence(
    name="confidence",
    asks="What is a contractor's own confidence worth: believed, calibrated by its record, or with the truth known?",
    setting=(
        "Each market draws its contractors, then puts out its tasks one after another by `best-value`. For each task "
        "some contractors are free and bid. The overconfident are as good as the others; they say more. The winner is "
        "paid its price whatever comes of it. The same tasks, bids and luck are played under each kind of knowledge: "
        "what bidders state (raw), what their record makes of that (calibrated, by the default policy, learning from "
        "the tasks that it awarded alone), the true mean chance of each contractor (rates known), the true chance at "
        "this task (truth known)."
    ),
    parameters=(
        Parameter(name="contractors", value="40, of whom 8 overconfident"),
        Parameter(name="tasks", value="5,000, worth 1.00 each if done right"),
        Parameter(name="who bids", value="10 of the 40, drawn for each task; the others are busy"),
        Parameter(name="mean chance of a contractor", value="uniform on 0.45 to 0.95"),
        Parameter(name="chance at a task", value="the mean + uniform on -0.10 to 0.10"),
        Parameter(
            name="stated", value="that chance + uniform on -0.05 to 0.05; the overconfident + 0.30; at most 0.99"
        ),
        Parameter(name="price", value="a contractor's own, uniform on 0.10 to 0.50, ± 10 % for the task"),
        Parameter(name="intervals", value="bootstrap over markets, 1,000 resamples"),
    ),
    source="Beta-binomial shrinkage and isotonic calibration (Ayer et al. 1955; Zadrozny and Elkan 2002); D14.",
    trials=20,
    trial="markets",
)
