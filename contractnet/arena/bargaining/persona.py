"""Does a persona in the words change what is agreed, and what does one that moves the numbers change?

In the words alone a persona changes no number, whatever it says: the generator has decided before the narrator speaks,
and a sentence with another number in it is not sent. What the same attitudes do as strategies stands beside it.
"""

from __future__ import annotations

from typing import Final

from contractnet.arena.bargaining.narration import VOICES, Heard, Narrating, Voice
from contractnet.arena.bargaining.players import Named, named
from contractnet.arena.bargaining.scenarios import drawn
from contractnet.arena.bargaining.tally import average, paired, share
from contractnet.arena.bargaining.trials import Seat, Table, movers, play
from contractnet.arena.chart import Axis
from contractnet.arena.experiment import Cell, Column, Described, Findings, Parameter, Progress
from contractnet.arena.experiment import Table as Rows
from contractnet.arena.numbers import cell
from contractnet.mechanisms.bargaining.metrics import PriceRun, Report, report
from contractnet.mechanisms.bargaining.preferences import PricePreferences
from contractnet.mechanisms.bargaining.session import Bargainer, Exchange

_OTHER: Final = "linear"
_TURNS: Final = 12
#: what a buyer of that attitude would do with its numbers
_AS_STRATEGY: Final = {
    "desperate": "conceder:margin=0",
    "aggressive": "boulware:beta=0.1,margin=0.25",
    "fair": "linear",
    "warm": "conceder:beta=2",
    "dominant": "boulware:beta=0.1,margin=0.5",
}

_COLUMNS: Final = (
    Column(key="persona", title="buyer's persona"),
    Column(key="where", title="in"),
    Column(key="deals", title="deals, feasible cases", unit="%", places=1, scale=100),
    Column(key="buyer", title="buyer's surplus", unit="% of the room", places=1, scale=100),
    Column(key="seller", title="seller's surplus", unit="% of the room", places=1, scale=100),
    Column(key="changed", title="sessions with another number"),
    Column(key="replaced", title="sentences not sent, for a number in them"),
)


class _Persona(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * (1 + 2 * len(VOICES))

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        plain, said, _ = _played(None, _OTHER, seed, trials, progress)
        rows: list[tuple[Cell, ...]] = [_row("none", "nothing", plain, 0, 0)]
        words: dict[str, Report] = {}
        acts: dict[str, Report] = {}
        changed = dropped = 0
        for voice in VOICES:
            found, heard, replaced = _played(voice, _OTHER, seed, trials, progress)
            different = sum(one != other for one, other in zip(said, heard, strict=True))
            words[voice.name], changed, dropped = found, changed + different, dropped + replaced
            rows.append(_row(voice.name, "words", found, different, replaced))
        for voice in VOICES:
            found, heard, _ = _played(None, _AS_STRATEGY[voice.name], seed, trials, progress)
            acts[voice.name] = found
            different = sum(one != other for one, other in zip(said, heard, strict=True))
            rows.append(_row(voice.name, "numbers", found, different, 0))
        gains = {
            "persona in the words": [average(one.buyer_surplus) for one in words.values()],
            "persona in the numbers": [average(one.buyer_surplus) for one in acts.values()],
        }
        names = Axis(title="buyer's persona", names=tuple(voice.name for voice in VOICES))
        chart = paired("What the buyer gains of the room", names, "% of the room, all feasible cases", gains)
        says = _says(plain, acts, changed, dropped, trials)
        return Findings(table=Rows(columns=_COLUMNS, rows=tuple(rows)), charts=(chart,), says=says)


def _row(persona: str, where: str, found: Report, changed: int, replaced: int) -> tuple[Cell, ...]:
    gains = average(found.buyer_surplus), average(found.seller_surplus)
    return persona, where, share(found.feasible), *gains, changed, replaced


def _played(
    voice: Voice | None, buyer: str, seed: int, trials: int, progress: Progress
) -> tuple[Report, list[Exchange], int]:
    """The measures, every session, and how many sentences were not sent."""
    one, other = named(buyer), named(_OTHER)
    runs, said, replaced = list[PriceRun](), list[Exchange](), 0
    scenarios = drawn("uniform", seed, trials)
    for number, (scenario, first) in enumerate(zip(scenarios, movers("draw", seed, trials), strict=True)):
        heard = Heard()
        seat = one.side if voice is None else _narrating(voice, one, heard)
        trial, exchange = play(scenario, (seat, other.side), Table(turns=_TURNS), first, f"{seed}|{number}")
        runs.append(trial.run)
        said.append(exchange)
        replaced += heard.replaced
        progress(1)
    return report(runs), said, replaced


def _narrating(voice: Voice, one: Named, heard: Heard) -> Seat:
    def seated(preferences: PricePreferences) -> Bargainer:
        return Narrating(one.side(preferences), voice, heard)

    return seated


def _says(plain: Report, acts: dict[str, Report], changed: int, dropped: int, trials: int) -> str:
    surplus = _COLUMNS[3]

    def of(one: Report) -> str:
        return cell(average(one.buyer_surplus), surplus)

    return (
        f"In the words alone none of the {len(VOICES)} personas moves a number: {changed} of {len(VOICES) * trials:,} "
        f"sessions differ from those without words, and the buyer keeps {of(plain)} % of the room with each. "
        f"{dropped:,} sentences had a number in them that was not the bound price, such as a plea to go higher; none "
        f"was sent. The same attitudes as strategies are another matter: desperate keeps {of(acts['desperate'])} %, "
        f"aggressive {of(acts['aggressive'])} % and dominant {of(acts['dominant'])} %, for which it closes "
        f"{cell(share(acts['dominant'].feasible), _COLUMNS[2])} % of the feasible cases. So a persona may speak, and "
        "does not decide. This says nothing of a reader who is moved by words: here the other side goes by numbers."
    )


EXPERIMENT: Final = _Persona(
    name="persona",
    asks="Does a persona in the words change what is agreed?",
    setting=(
        f"A buyer bargains with a seller, both {_OTHER}. A narrator puts the buyer's acts into words of a persona; "
        "sentences are fixed here, some with a number that nobody offered. Below, the same attitudes move the numbers "
        "instead, as strategies. All rows play the same scenarios."
    ),
    parameters=(
        Parameter(name="cost and budget", value="independent, uniform on 0 to 100: half of the cases are feasible"),
        Parameter(name="the seller", value=f"{_OTHER}, {_TURNS} turns, who moves first is drawn"),
        *(Parameter(name=f"{name} in numbers", value=f"`{player}`") for name, player in _AS_STRATEGY.items()),
    ),
    source="Ours; deciding and narrating apart, after OG-Narrator (2402.15813).",
    trials=500,
    trial="sessions of each row, over the same scenarios",
)
