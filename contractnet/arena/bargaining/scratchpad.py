"""What does it cost when a private scratchpad is forwarded?

One side's scratchpad holds its reservation price. Where it is forwarded, and the other side reads, that side opens at
the number it read and stops conceding short of it. Nobody deals below its own reservation even then: the guard knows
nothing of words. What is lost is the room.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

from msgspec.structs import replace

from contractnet.arena.bargaining.narration import VOICES, Heard, Narrating
from contractnet.arena.bargaining.players import Named, named
from contractnet.arena.bargaining.scenarios import drawn
from contractnet.arena.bargaining.tally import average, paired, share
from contractnet.arena.bargaining.trials import Seat, Table, movers, play
from contractnet.arena.chart import Axis
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress
from contractnet.arena.experiment import Table as Rows
from contractnet.arena.numbers import cell, percent
from contractnet.mechanisms.bargaining.guard import Decision
from contractnet.mechanisms.bargaining.metrics import PriceRun, Report, report
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mechanisms.bargaining.session import Bargainer
from contractnet.mechanisms.bargaining.shape import Rules, View
from contractnet.messages.values import PPM, parse_amount

_PLAYER: Final = "linear"
#: a reader stops this far short of the limit it read, ppm of the way from the other's first offer to it
_SHORT: Final = 60_000
_TURNS: Final = 12
_ONE: Final = named(_PLAYER)


class _Case(NamedTuple):
    name: str
    leaks: tuple[bool, bool]  #: whether the buyer's, the seller's scratchpad is forwarded
    reads: tuple[bool, bool]  #: whether the buyer, the seller reads the other's words


_CASES: Final = (
    _Case("nothing forwarded, both read", (False, False), (True, True)),
    _Case("buyer's forwarded, seller does not read", (True, False), (True, False)),
    _Case("buyer's forwarded, seller reads", (True, False), (True, True)),
    _Case("seller's forwarded, buyer reads", (False, True), (True, True)),
    _Case("both forwarded, both read", (True, True), (True, True)),
)

_COLUMNS: Final = (
    Column(key="scratchpads", title="scratchpads"),
    Column(key="deals", title="deals, feasible cases", unit="%", places=1, scale=100),
    Column(key="deals_infeasible", title="deals, infeasible cases", unit="%", places=1, scale=100),
    Column(key="buyer", title="buyer's surplus", unit="% of the room", places=1, scale=100),
    Column(key="seller", title="seller's surplus", unit="% of the room", places=1, scale=100),
    Column(key="violations", title="deals past a reservation"),
)


class Reading:
    """A player that takes a number in the other side's words, which was never offered, for its limit."""

    def __init__(self, one: Named, preferences: PricePreferences, heard: Heard) -> None:
        self.mandate: Mandate = one.mandate(preferences)
        self._one = one
        self._heard = heard

    def check(self, rules: Rules, me: int) -> None:
        self._one.side(self._preferences).check(rules, me)

    @property
    def _preferences(self) -> PricePreferences:
        mine = self.mandate.preferences
        assert isinstance(mine, PricePreferences)  # as it was made
        return mine

    def move(self, view: View) -> Decision:
        side = self._one.side(self._preferences)
        offered = {terms[0] for terms in view.theirs}
        said = {parse_amount(one, "words") for one in self._heard.numbers(1 - view.me)} - offered
        if not said or not view.theirs:
            return side.move(view)
        sells = self._preferences.side == "seller"
        limit = max(said) if sells else min(said)
        short = limit + (view.theirs[0][0] - limit) * _SHORT // PPM
        closing = max(short, self._preferences.limit) if sells else min(short, self._preferences.limit)
        return side.move(replace(view, mandate=replace(self.mandate, opening=limit, closing=closing)))


class _Scratchpad(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * len(_CASES)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        found = [(case.name, report(_played(case, seed, trials, progress))) for case in _CASES]
        rows = tuple(
            (
                name,
                share(one.feasible),
                share(one.infeasible),
                average(one.buyer_surplus),
                average(one.seller_surplus),
                one.buyer_violations + one.seller_violations,
            )
            for name, one in found
        )
        gains = {
            "buyer": [average(one.buyer_surplus) for _, one in found],
            "seller": [average(one.seller_surplus) for _, one in found],
        }
        names = Axis(title="scratchpads", names=tuple(name for name, _ in found))
        chart = paired("What each side gains of the room", names, "% of the room, all feasible cases", gains)
        return Findings(table=Rows(columns=_COLUMNS, rows=rows), charts=(chart,), says=_says(dict(found)))


def _played(case: _Case, seed: int, trials: int, progress: Progress) -> list[PriceRun]:
    scenarios = drawn("uniform", seed, trials)
    runs: list[PriceRun] = []
    for number, (scenario, first) in enumerate(zip(scenarios, movers("draw", seed, trials), strict=True)):
        heard = Heard()
        seats = (_seat(case, 0, heard), _seat(case, 1, heard))
        trial, _ = play(scenario, seats, Table(turns=_TURNS), first, f"{seed}|{number}")
        runs.append(trial.run)
        progress(1)
    return runs


def _seat(case: _Case, side: int, heard: Heard) -> Seat:
    def seated(preferences: PricePreferences) -> Bargainer:
        player = Reading(_ONE, preferences, heard) if case.reads[side] else _ONE.side(preferences)
        return Narrating(player, VOICES[2], heard, leaked=case.leaks[side])

    return seated


def _says(found: dict[str, Report]) -> str:
    nothing, deaf, buyers, sellers, both = (found[case.name] for case in _CASES)
    surplus = _COLUMNS[3]

    def of(one: Report, *, buyer: bool) -> str:
        return cell(average(one.buyer_surplus if buyer else one.seller_surplus), surplus)

    same = "the same to the last digit" if nothing == deaf else "no longer the same"
    lost = Fraction((nothing.buyer_surplus.mean or 0) - (buyers.buyer_surplus.mean or 0), PPM)
    past = sum(one.buyer_violations + one.seller_violations for one in found.values())
    return (
        f"Kept private, the scratchpads leave the buyer {of(nothing, buyer=True)} % of the room and the seller "
        f"{of(nothing, buyer=False)} %. Forwarded to a seller that does not read words it costs nothing: {same}. A "
        f"seller that reads it leaves the buyer {of(buyers, buyer=True)} %, which is {percent(lost)} of the room less, "
        f"and takes {of(buyers, buyer=False)} %. The other way round the buyer takes {of(sellers, buyer=True)} %. "
        f"Where both are forwarded both hold out at what they read: {cell(share(both.feasible), _COLUMNS[1])} % of the "
        f"feasible cases end in a deal. In {past} of all sessions "
        "somebody dealt past its reservation: the guard holds against words, and what a leak costs is the room. So the "
        "words of a session never hold a private number; the switch that forwards a scratchpad is in experiments alone."
    )


EXPERIMENT: Final = _Scratchpad(
    name="scratchpad",
    asks="What does it cost when a private scratchpad is forwarded to the other side?",
    setting=(
        "Two linear bargainers whose acts a narrator puts into words. A scratchpad says its side's reservation price. "
        "It is private; here it is forwarded on purpose. A side that reads takes a number which was never offered for "
        "the other's limit, opens there, and stops conceding a little short of it. All rows play the same scenarios."
    ),
    parameters=(
        Parameter(name="cost and budget", value="independent, uniform on 0 to 100: half of the cases are feasible"),
        Parameter(name="both sides", value=f"{_PLAYER}, {_TURNS} turns, who moves first is drawn"),
        Parameter(
            name="a reader stops", value=f"{percent(Fraction(_SHORT, PPM), 0)} of the way short of the limit it read"
        ),
    ),
    source="The readers are ours, and simple; models were seen to leak budgets in published negotiations.",
    trials=500,
    trial="sessions of each row, over the same scenarios",
)
