"""With three to five rounds, what is it worth to have the last turn?

Two ways to play it. With the room known and a pie that shrinks each turn, the offers of Rubinstein's finite game: what
theory says stands beside it. And a schedule that ends at its budget, against a side that waits for its own last turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.scenarios import Scenario, drawn
from contractnet.arena.bargaining.tally import average, share
from contractnet.arena.bargaining.trials import Seat, Table, play
from contractnet.arena.chart import Axis, Chart, Point, Series, measured
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress
from contractnet.arena.experiment import Table as Rows
from contractnet.arena.numbers import cell
from contractnet.mechanisms.bargaining.acceptance import AcceptAfter, AcceptNext
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.metrics import PriceRun, Report, report
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, Side
from contractnet.mechanisms.bargaining.rubinstein import Rubinstein, finite_share
from contractnet.mechanisms.bargaining.session import Bargainer, Player
from contractnet.mechanisms.bargaining.shape import Strategy
from contractnet.mechanisms.bargaining.time_dependent import Fixed
from contractnet.messages.values import PPM

Kind = Literal["room known", "who waits"]

_DISCOUNT: Final = 900_000
_ROUNDS: Final = (3, 4, 5)
_SIDES: Final[tuple[Side, Side]] = ("buyer", "seller")
_SCHEDULE: Final = named("og-linear:margin=0")

_COLUMNS: Final = (
    Column(key="kind", title="how it is played"),
    Column(key="rounds", title="rounds"),
    Column(key="last", title="last turn"),
    Column(key="deals", title="deals, feasible cases", unit="%", places=1, scale=100),
    Column(key="buyer", title="buyer's surplus", unit="% of the room", places=1, scale=100),
    Column(key="seller", title="seller's surplus", unit="% of the room", places=1, scale=100),
    Column(key="theory", title="buyer's, by theory", unit="% of the room", places=1, scale=100),
)


class _Found(NamedTuple):
    kind: Kind
    rounds: int
    last: Side
    measured: Report
    theory: Fraction | None


class _LastMover(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * 2 * len(_ROUNDS) * len(_SIDES)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        scenarios = list(drawn("uniform", seed, trials))
        found = [
            _Found(kind, rounds, last, _played(kind, rounds, last, scenarios, progress), _theory(kind, rounds, last))
            for kind in ("room known", "who waits")
            for rounds in _ROUNDS
            for last in _SIDES
        ]
        rows = tuple(
            (
                one.kind,
                one.rounds,
                one.last,
                share(one.measured.feasible),
                average(one.measured.buyer_surplus),
                average(one.measured.seller_surplus),
                one.theory,
            )
            for one in found
        )
        charts = (_chart("room known", found), _chart("who waits", found))
        return Findings(table=Rows(columns=_COLUMNS, rows=rows), charts=charts, says=_says(found))


def _played(kind: Kind, rounds: int, last: Side, scenarios: Sequence[Scenario], progress: Progress) -> Report:
    runs: list[PriceRun] = []
    first: Side = "seller" if last == "buyer" else "buyer"
    for number, scenario in enumerate(scenarios):
        seats = _knowing(scenario) if kind == "room known" else (_SCHEDULE.side, _waiting)
        runs.append(play(scenario, seats, Table(turns=2 * rounds), first, str(number))[0].run)
        progress(1)
    return report(runs)


def _knowing(scenario: Scenario) -> tuple[Seat, Seat]:
    """Both know the other's reservation price."""

    def seat(rival: int) -> Seat:
        generator = Rubinstein(own=_DISCOUNT, other=_DISCOUNT, rival=rival)
        acceptance = AcceptNext(a=PPM * PPM // _DISCOUNT, ticks=3)  # what both lose by rounding to their own sides
        return lambda mine: Player(Strategy(generator, acceptance), Mandate(preferences=mine, margin=0))

    return seat(scenario.cost), seat(scenario.budget)


def _waiting(preferences: PricePreferences) -> Bargainer:
    """Asks the most, and in its last turn takes whatever leaves it no worse off."""
    return Player(Strategy(Fixed(), AcceptAfter(after=PPM)), Mandate(preferences=preferences))


def _theory(kind: Kind, rounds: int, last: Side) -> Fraction | None:
    """The buyer's share, agreed in the first turn."""
    if kind == "who waits":
        return None
    first = Fraction(finite_share(_DISCOUNT, _DISCOUNT, 2 * rounds), ONE)
    return first if last == "seller" else 1 - first


def _chart(kind: Kind, found: Sequence[_Found]) -> Chart:
    titles = {
        "room known": "Both know the room, and the pie shrinks by a tenth a turn",
        "who waits": "A buyer's schedule that ends at its budget, and a seller that waits",
    }
    series: list[Series] = []
    for last in _SIDES:
        of = [one for one in found if one.kind == kind and one.last == last]
        name = f"the {last} has the last turn"
        points = tuple(_point(_ROUNDS.index(one.rounds), average(one.measured.buyer_surplus)) for one in of)
        series.append(Series(name=name, style="joined", points=tuple(one for one in points if one is not None)))
        theory = tuple(Point(Fraction(_ROUNDS.index(one.rounds)), one.theory) for one in of if one.theory is not None)
        if theory:
            series.append(Series(name="theory", style="line", points=theory, like=name))
    return Chart(
        title=titles[kind],
        x=Axis(title="rounds", names=tuple(map(str, _ROUNDS))),
        y=Axis(title="buyer's % of the room, feasible cases", low=Fraction(0), high=Fraction(1), places=0, scale=100),
        series=tuple(series),
    )


def _point(place: int, one: Estimate | Fraction | None) -> Point | None:
    if isinstance(one, Estimate):
        return measured(place, one)
    return None if one is None else Point(Fraction(place), one)


def _says(found: Sequence[_Found]) -> str:
    by = {(one.kind, one.rounds, one.last): one.measured for one in found}

    def buyer(kind: Kind, rounds: int, last: Side) -> str:
        return cell(average(by[kind, rounds, last].buyer_surplus), _COLUMNS[4])

    def deals(rounds: int, last: Side) -> str:
        return cell(share(by["who waits", rounds, last].feasible), _COLUMNS[3])

    few, many = _ROUNDS[0], _ROUNDS[-1]
    return (
        f"The last turn decides. Where both know the room, the buyer gets {buyer('room known', few, 'buyer')} % of it "
        f"in {few} rounds if the last turn is its own and {buyer('room known', few, 'seller')} % if it is the "
        f"seller's; in {many} rounds it is {buyer('room known', many, 'buyer')} % and "
        f"{buyer('room known', many, 'seller')} %, near what theory says, and only many more rounds would bring them "
        f"together. Where a seller waits for a schedule that ends at the budget, {few} rounds with the seller last "
        f"leave the buyer {buyer('who waits', few, 'seller')} % of the room, with {deals(few, 'seller')} % of the "
        f"feasible cases closed: a full deal rate, and nothing gained. With the buyer last the seller never hears the "
        f"last offer: the buyer keeps {buyer('who waits', few, 'buyer')} %, and {deals(few, 'buyer')} % close. So draw "
        "or alternate who has the last turn, record who it was, end schedules short of the reservation "
        "price, or let a mediator end it."
    )


EXPERIMENT: Final = _LastMover(
    name="last-mover",
    asks="With three to five rounds, what is it worth to have the last turn?",
    setting=(
        "A round is a turn of each side, so who moves second has the last turn. `room known`: both know both "
        "reservation prices, count what is agreed a turn later as a tenth less, and offer what the finite game of "
        "alternating offers says; what is measured is the share agreed on, without that discount. `who waits`: the "
        "buyer goes from half of its budget to all of it in equal steps; the seller asks the most and takes, in its "
        "last turn, whatever leaves it no worse off. All rows play the same scenarios."
    ),
    parameters=(
        Parameter(name="cost and budget", value="independent, uniform on 0 to 100: half of the cases are feasible"),
        Parameter(name="discount a turn, room known", value="0.9 for both"),
        Parameter(name="buyer, who waits", value="`og-linear:margin=0`"),
    ),
    source="Rubinstein 1982; the finite game by backward induction (Ståhl 1972); OG-Narrator (2402.15813).",
    trials=300,
    trial="sessions of each row, over the same scenarios",
)
