"""Aggressive against fair: what does it gain against its like, against the other, and how much do payoffs vary?

Payoffs are a side's share of the room over the feasible cases, 0 without a deal. Whether they vary more than between
two fair sides is tested by Brown and Forsythe's distances from the median, dealt out anew (`bargaining.variance`).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Final

from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.runs import run
from contractnet.arena.bargaining.scenarios import drawn
from contractnet.arena.bargaining.tally import average, paired, share, variance
from contractnet.arena.bargaining.trials import Table
from contractnet.arena.chart import Axis
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell, Column, Described, Findings, Parameter, Progress
from contractnet.arena.experiment import Table as Rows
from contractnet.arena.numbers import cell, decimal
from contractnet.mechanisms.bargaining.fixed import ONE, nearest
from contractnet.mechanisms.bargaining.metrics import PriceRun, Report, report, surplus
from contractnet.mechanisms.bargaining.variance import spread_test
from contractnet.messages.values import PPM

_ATTITUDES: Final = {"aggressive": "boulware:beta=0.1,margin=0.25", "fair": "linear"}
_TURNS: Final = 12
#: how often payoffs are dealt out for a test
_DEALT: Final = 400

_COLUMNS: Final = (
    Column(key="buyer", title="buyer"),
    Column(key="seller", title="seller"),
    Column(key="deals", title="deals, feasible cases", unit="%", places=1, scale=100),
    Column(key="deals_infeasible", title="deals, infeasible cases", unit="%", places=1, scale=100),
    Column(key="buyer_surplus", title="buyer's surplus", unit="% of the room", places=1, scale=100),
    Column(key="seller_surplus", title="seller's surplus", unit="% of the room", places=1, scale=100),
    Column(key="buyer_variance", title="variance of buyer's share", places=4),
    Column(key="seller_variance", title="variance of seller's share", places=4),
    Column(key="p", title="p: buyer's varies as between fair ones", places=4),
)


class _Attitudes(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * len(_ATTITUDES) ** 2

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        scenarios = list(drawn("uniform", seed, trials))
        runs: dict[tuple[str, str], list[PriceRun]] = {}
        for buyer, seller in product(_ATTITUDES, repeat=2):
            players = tuple((name, named(_ATTITUDES[name]).side) for name in (buyer, seller))
            (pairing,) = run(
                (players[0], players[1]), scenarios, Table(turns=_TURNS), seed, swap=False, progress=progress
            )
            runs[buyer, seller] = [one.run for one in pairing.trials]
        plain = _payoffs(runs["fair", "fair"])
        rows: list[tuple[Cell, ...]] = []
        found: dict[tuple[str, str], tuple[Report, Fraction | None]] = {}
        for pair, played in runs.items():
            one, payoffs, p = report(played), _payoffs(played), None
            if pair != ("fair", "fair") and min(len(payoffs), len(plain)) > 1:
                p = Fraction(spread_test(payoffs, plain, f"{seed}|{'|'.join(pair)}", _DEALT).p, PPM)
            found[pair] = one, p
            gains = average(one.buyer_surplus), average(one.seller_surplus)
            spreads = variance(one.buyer_surplus), variance(one.seller_surplus)
            rows.append((*pair, share(one.feasible), share(one.infeasible), *gains, *spreads, p))
        names = Axis(title="buyer and seller", names=tuple(f"{buyer} and {seller}" for buyer, seller in found))
        values: dict[str, list[Estimate | Fraction | None]] = {
            "buyer": [average(one.buyer_surplus) for one, _ in found.values()],
            "seller": [average(one.seller_surplus) for one, _ in found.values()],
            "deals": [share(one.feasible) for one, _ in found.values()],
        }
        chart = paired("What each side gains of the room, and how often they agree", names, "%, feasible cases", values)
        return Findings(table=Rows(columns=_COLUMNS, rows=tuple(rows)), charts=(chart,), says=_says(found))


def _payoffs(runs: list[PriceRun]) -> list[int]:
    """The buyer's share of the room in each feasible case, ppm."""
    return [nearest(surplus(one)[0], ONE // PPM) for one in runs if one.feasible]


def _says(found: dict[tuple[str, str], tuple[Report, Fraction | None]]) -> str:
    hard, fair = _ATTITUDES
    both_hard, both_fair, mixed = (found[pair] for pair in ((hard, hard), (fair, fair), (hard, fair)))

    def gains(one: Report, *, buyer: bool = True) -> str:
        return cell(average(one.buyer_surplus if buyer else one.seller_surplus), _COLUMNS[4])

    def deals(one: Report) -> str:
        return cell(share(one.feasible), _COLUMNS[2])

    def spread(one: Report) -> str:
        return cell(variance(one.buyer_surplus), _COLUMNS[6])

    def tested(p: Fraction | None) -> str:
        return "not tested" if p is None else f"p = {decimal(p, 4)}"

    return (
        f"Two fair sides agree in {deals(both_fair[0])} % of the feasible cases, two aggressive ones in "
        f"{deals(both_hard[0])} %. Against a fair seller the aggressive buyer gains {gains(mixed[0])} % of the room "
        f"and leaves {gains(mixed[0], buyer=False)} %; a fair buyer would have gained {gains(both_fair[0])} %. Against "
        f"its like it gains {gains(both_hard[0])} %: what it takes from the fair it loses by deals that do not come "
        f"about. The buyer's payoff varies by {spread(both_fair[0])} between fair sides, {spread(mixed[0])} for "
        f"aggressive against fair ({tested(mixed[1])}) and {spread(both_hard[0])} between aggressive ones "
        f"({tested(both_hard[1])}). So a mean alone hides what aggression costs: say the deal rate and the variance "
        "too. Attitudes here are in the numbers; in the words alone they change nothing (persona)."
    )


EXPERIMENT: Final = _Attitudes(
    name="aggressive-and-fair",
    asks="Aggressive against fair, and each against its like: who gains, who loses, and how much does it vary?",
    setting=(
        "Aggressive hardly concedes before the end and stops a quarter of the way short of its reservation price; fair "
        "concedes in equal steps and stops a twentieth short. All four pairings play the same scenarios with the same "
        f"first movers. The test deals the distances from the medians out anew, {_DEALT} times."
    ),
    parameters=(
        Parameter(name="cost and budget", value="independent, uniform on 0 to 100: half of the cases are feasible"),
        *(Parameter(name=name, value=f"`{player}`") for name, player in _ATTITUDES.items()),
        Parameter(name="turns", value=f"{_TURNS} of both together; who moves first is drawn"),
    ),
    source="Tactics after Faratin, Sierra and Jennings 1998; test after Brown and Forsythe 1974, by permutation.",
    trials=500,
    trial="sessions of each pairing, over the same scenarios",
)
