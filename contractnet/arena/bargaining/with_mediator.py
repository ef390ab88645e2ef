"""What does a mediator add to two sides that hold out, and what do sides that shade take away again?

Rungs that need nobody outside: the standing offers, then sealed reservations. Sides that state their reservations
truly lose no deal. In equilibrium they shade, and then agreement in less than all cases is the best there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from msgspec import Struct

from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.scenarios import ONE, drawn
from contractnet.arena.bargaining.tally import paired, share
from contractnet.arena.bargaining.trials import Table, Trial, movers, play
from contractnet.arena.chart import Axis
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, bootstrap, rate
from contractnet.arena.experiment import Cell, Column, Described, Findings, Parameter, Progress
from contractnet.arena.experiment import Table as Rows
from contractnet.arena.numbers import cell
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.mediation.double_auction import (
    equilibrium_ask,
    equilibrium_bid,
    expected_gains,
    margin_of_trade,
    trade_probability,
)
from contractnet.mechanisms.bargaining.mediation.sealed import Sealed
from contractnet.mechanisms.bargaining.mediation.settling import Frank, Party
from contractnet.mechanisms.bargaining.mediation.single_text import Vote
from contractnet.mechanisms.bargaining.metrics import report
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences

_HIGH: Final = 100 * ONE
_FIRM: Final = "boulware:beta=0.1,margin=0.25"
_SILENT: Final = "linear:margin=1"  # never concedes, so nothing is agreed before the mediator
_SEALED: Final = (Rung.SEALED_RESERVATIONS,)


class Shading(Struct, frozen=True):
    """A side that states what the equilibrium of the sealed rung says, for values uniform on the public bounds."""

    mandate: Mandate

    def sealed(self, nonce: str) -> Sealed:
        mine = self.mandate.preferences
        assert isinstance(mine, PricePreferences)  # here it is of a price
        value = Fraction(mine.limit, _HIGH)
        stated = equilibrium_bid(value) if mine.side == "buyer" else equilibrium_ask(value)
        return Sealed(price=round(stated * _HIGH), nonce=nonce)

    def vote(self, present: Terms, changed: Terms) -> Vote:
        return Frank(self.mandate).vote(present, changed)

    def takes(self, text: Terms) -> bool:
        return Frank(self.mandate).takes(text)


class _Case(NamedTuple):
    name: str
    player: str
    ladder: tuple[Rung, ...]
    parties: Callable[[Mandate], Party] = Frank


_CASES: Final = (
    _Case("firm, no mediator", _FIRM, ()),
    _Case("firm, then standing offers", _FIRM, (Rung.STANDING_OFFERS,)),
    _Case("firm, then standing offers and sealed", _FIRM, (Rung.STANDING_OFFERS, *_SEALED)),
    _Case("sealed alone, both honest", _SILENT, _SEALED),
    _Case("sealed alone, both shade", _SILENT, _SEALED, Shading),
)

_COLUMNS: Final = (
    Column(key="case", title="how it ends"),
    Column(key="deals", title="deals, feasible cases", unit="%", places=1, scale=100),
    Column(key="deals_infeasible", title="deals, infeasible cases", unit="%", places=1, scale=100),
    Column(key="gains", title="gains made of those possible", unit="%", places=1, scale=100),
    Column(key="all_deals", title="deals, all cases", unit="%", places=1, scale=100),
    Column(key="theory_deals", title="deals, all cases, by theory", unit="%", places=1, scale=100),
    Column(key="theory_gains", title="gains, by theory", unit="%", places=1, scale=100),
    Column(key="no_zone", title="no zone, certified"),
)


class _WithMediator(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * len(_CASES)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        rows = tuple(_row(case, _played(case, seed, trials, progress), seed) for case in _CASES)
        names = Axis(title="how it ends", names=tuple(case.name for case in _CASES))
        values = {
            "deals, feasible cases": [_estimate(row[1]) for row in rows],
            "gains made of those possible": [_estimate(row[3]) for row in rows],
        }
        chart = paired("What comes about of what was possible", names, "%", values)
        return Findings(table=Rows(columns=_COLUMNS, rows=rows), charts=(chart,), says=_says(rows))


def _played(case: _Case, seed: int, trials: int, progress: Progress) -> list[Trial]:
    one = named(case.player)
    table = Table(turns=12 if case.player == _FIRM else 2, ladder=case.ladder)
    found: list[Trial] = []
    scenarios = drawn(f"uniform:high={_HIGH // ONE}", seed, trials)
    for number, (scenario, first) in enumerate(zip(scenarios, movers("draw", seed, trials), strict=True)):
        found.append(play(scenario, (one.side, one.side), table, first, f"{seed}|{number}", case.parties)[0])
        progress(1)
    return found


def _row(case: _Case, trials: Sequence[Trial], seed: int) -> tuple[Cell, ...]:
    found = report(one.run for one in trials)
    possible = [max(one.scenario.budget - one.scenario.cost, 0) for one in trials]
    made = [room if one.run.price is not None else 0 for one, room in zip(trials, possible, strict=True)]

    def gains(places: Sequence[int]) -> Fraction:
        return Fraction(sum(made[at] for at in places), max(sum(possible[at] for at in places), 1))

    margin = margin_of_trade() if case.parties is Shading else Fraction(0)
    known = case.player != _FIRM
    return (
        case.name,
        share(found.feasible),
        share(found.infeasible),
        bootstrap(len(trials), gains, Draws(seed, "bargain", case.name)),
        rate(sum(one.run.price is not None for one in trials), len(trials)),
        trade_probability(margin) if known else None,
        expected_gains(margin) / expected_gains(Fraction(0)) if known else None,
        sum(one.ended == "no-zone" for one in trials),
    )


def _estimate(value: Cell) -> Estimate | None:
    return value if isinstance(value, Estimate) else None


def _says(rows: Sequence[tuple[Cell, ...]]) -> str:
    alone, standing, both, honest, shaded = ([cell(*one) for one in zip(row, _COLUMNS, strict=True)] for row in rows)
    return (
        f"Two firm sides agree in {alone[1]} % of the feasible cases and make {alone[3]} % of the gains that were "
        f"possible. A mediator that looks at their standing offers alone makes it {standing[1]} %: offers "
        "that met would have been taken by the sides themselves. One that both tell their reservation prices in "
        f"confidence makes it {both[1]} %, and certifies in {both[7]} cases that there is no zone of agreement, which "
        f"is a good end too: no infeasible case was closed ({both[2]} %). That holds as long as both tell the truth "
        f"({honest[3]} % of the gains). In equilibrium both shade, and {shaded[4]} % of all cases trade instead of "
        f"{honest[4]} %, by theory {shaded[5]} %; {shaded[3]} % of the gains are made, by theory {shaded[6]} %. No "
        "mechanism does better on all counts (Myerson and Satterthwaite 1983), so a deal rate under 100 % is no fault "
        "by itself. The mediator has to be trusted with both numbers; nobody else learns more than the price, "
        "or one bit."
    )


EXPERIMENT: Final = _WithMediator(
    name="with-mediator",
    asks="What does a mediator add to two sides that hold out, and what does shading take away?",
    setting=(
        "Two firm bargainers concede late and stop a quarter of the way short of their reservation prices. Where they "
        "end without a deal a mediator tries its rungs: a price between the standing offers if they meet, then a price "
        "between the reservations that both sealed. In the last two rows nothing is bargained before, so that theory "
        "applies. All rows play the same scenarios."
    ),
    parameters=(
        Parameter(name="cost and budget", value="independent, uniform on 0 to 100: half of the cases are feasible"),
        Parameter(name="firm", value=f"`{_FIRM}`, 12 turns, who moves first is drawn"),
        Parameter(name="price", value="half of the way between what both state"),
        Parameter(name="shading", value="bid 2v/3 + 1/12, ask 2c/3 + 1/4 of the range"),
    ),
    source="Chatterjee and Samuelson 1983; Myerson and Satterthwaite 1983.",
    trials=500,
    trial="cases of each row, the same for all",
)
