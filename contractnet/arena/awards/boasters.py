"""When does it pay to calibrate? The same market with none to most of its contractors boasting.

Where all state what they can do, their word is better than their record: it says which task suits whom. Where some
boast, it is worse, and who believes it does not know which case it is. Everything is as in `confidence` but for how
many boast.

Source: as `confidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from contractnet.arena.awards.market import Knowledge, Shape, run
from contractnet.arena.awards.market_measures import MEASURES, Sums, beside, estimated
from contractnet.arena.chart import Axis, Chart, Series, measured
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress, Table
from contractnet.arena.numbers import percent, span

_BOASTERS: Final = (0, 4, 8, 16, 32)
_KNOWLEDGE: Final = (Knowledge.RAW, Knowledge.CALIBRATED, Knowledge.TRUTH)

_COLUMNS: Final = (
    Column(key="boasters", title="boasters of 40"),
    Column(key="knowledge", title="confidence"),
    Column(key="done", title="done right", unit="%", places=2, scale=100),
    Column(key="cost", title="cost per task done right", places=4),
    Column(key="kept", title="kept per task", places=4),
    Column(key="of_truth", title="kept, of what truth keeps", unit="%", places=2, scale=100),
    Column(key="of_raw", title="kept, of what raw keeps", unit="%", places=2, scale=100),
)


class _Found(NamedTuple):
    boasters: int
    knowledge: Knowledge
    done: Estimate
    cost: Estimate
    kept: Estimate
    of_truth: Estimate  #: kept, over what the market keeps that knows the truth, market by market
    of_raw: Estimate  #: kept, over what the market keeps that believes what it is told


class _Boasters(Described, frozen=True):
    """See the module."""

    tasks: int = 2_500
    learning: int = 1_000

    def steps(self, trials: int) -> int:
        return trials * self.tasks * len(_BOASTERS)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        found: list[_Found] = []
        for boasters in _BOASTERS:
            markets = [self._market(boasters, Draws(seed, "boasters", market), progress) for market in range(trials)]
            found += _measured(boasters, markets, Draws(seed, "boasters", "bootstrap", boasters))
        rows = tuple((one.boasters, one.knowledge.value, *one[2:]) for one in found)
        return Findings(table=Table(columns=_COLUMNS, rows=rows), charts=(_chart(found),), says=_says(found))

    def _market(self, boasters: int, draws: Draws, progress: Progress) -> dict[Knowledge, Sums]:
        """What one market does after learning. Draws are the same whoever boasts."""
        good: dict[Knowledge, int] = dict.fromkeys(Knowledge, 0)
        paid: dict[Knowledge, int] = dict.fromkeys(Knowledge, 0)
        for number, outcomes in enumerate(run(Shape(overconfident=boasters), self.tasks, draws, _KNOWLEDGE)):
            if number >= self.learning:
                for knowledge, outcome in outcomes.items():
                    good[knowledge] += outcome.good
                    paid[knowledge] += outcome.paid
            progress(1)
        return {one: Sums(self.tasks - self.learning, good[one], paid[one]) for one in _KNOWLEDGE}


def _measured(boasters: int, markets: Sequence[dict[Knowledge, Sums]], draws: Draws) -> list[_Found]:
    raw, truth = ([market[one] for market in markets] for one in (Knowledge.RAW, Knowledge.TRUTH))
    found: list[_Found] = []
    for knowledge in _KNOWLEDGE:
        sums = [market[knowledge] for market in markets]
        done, cost, kept = (estimated(measure, sums, draws) for measure in MEASURES.values())
        over = (beside(MEASURES["kept"], sums, other, draws) for other in (truth, raw))
        found.append(_Found(boasters, knowledge, done, cost, kept, *over))
    return found


def _chart(found: Sequence[_Found]) -> Chart:
    return Chart(
        title="What is kept, of what the truth would keep",
        x=Axis(title="contractors of 40 who add 30 points to their chance", low=Fraction(0), places=0),
        y=Axis(title="after 1,000 tasks, %", places=0, scale=100),
        series=tuple(
            Series(
                name=knowledge.value,
                style="joined",
                points=tuple(measured(one.boasters, one.of_truth) for one in found if one.knowledge is knowledge),
            )
            for knowledge in _KNOWLEDGE
        ),
    )


def _says(found: Sequence[_Found]) -> str:
    raw, mine = (
        {one.boasters: one.of_truth for one in found if one.knowledge is knowledge}
        for knowledge in (Knowledge.RAW, Knowledge.CALIBRATED)
    )
    worst = min(_BOASTERS, key=lambda boasters: raw[boasters].value)
    pays = [
        f"{one.boasters} ({span(one.of_raw, 1, 100)} % of what belief keeps)"
        for one in found
        if one.knowledge is Knowledge.CALIBRATED and one.of_raw.low > 1
    ]
    paying = f"with {', '.join(pays)}" if pays else "with none of these numbers for sure"
    low, high = min(one.value for one in mine.values()), max(one.value for one in mine.values())
    return (
        f"Where nobody boasts, believing what is stated keeps {span(raw[0], 2, 100)} % of what the truth would keep, "
        f"and calibrating {span(mine[0], 2, 100)} %: honest bidders say which task suits them, and their record does "
        f"not. With {worst} boasters belief falls to {span(raw[worst], 2, 100)} %, while calibration keeps between "
        f"{percent(low)} and {percent(high)} whoever boasts. So it is an insurance: it costs "
        f"{percent(raw[0].value - mine[0].value)} of what there is to keep where all are honest, and pays {paying}."
    )


EXPERIMENT: Final = _Boasters(
    name="boasters",
    asks="When does it pay to calibrate: how many contractors must boast?",
    setting=(
        "As in [confidence](confidence.md), with shorter markets: the first 1,000 tasks are learnt from, the next "
        "1,500 are measured. Only the number of those who boast differs; contractors, tasks and luck are the same."
    ),
    parameters=(
        Parameter(name="contractors", value="40, of whom 0, 4, 8, 16 or 32 add 0.30 to the chance that they state"),
        Parameter(name="tasks", value="2,500, of which 1,500 are measured"),
        Parameter(name="all else", value="as in confidence"),
        Parameter(name="intervals", value="bootstrap over markets, 1,000 resamples"),
    ),
    source="Beta-binomial shrinkage and isotonic calibration (Ayer et al. 1955; Zadrozny and Elkan 2002); D14.",
    trials=10,
    trial="markets of each row",
)
