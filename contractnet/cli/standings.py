"""What a ledger or a journal says of agents' confidence: stated, come true, and what awards make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from contractnet.cli import output
from contractnet.contractor.outcomes import OwnOutcomes
from contractnet.errors import LedgerDamaged
from contractnet.ledger.founding import Kind, founding
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Heard, Record, Said
from contractnet.ledger.targets import writing
from contractnet.ledger.urls import file_of, filled, open_reader
from contractnet.manager.outcomes import Outcomes
from contractnet.manager.records import Awarded, Ended, Freed, Judged, Opened, Started
from contractnet.mechanisms.calibration.brier import BrierScore, brier
from contractnet.mechanisms.calibration.known import Known
from contractnet.messages.values import PPM

if TYPE_CHECKING:
    from contractnet.arena.chart import Axis, Series

#: what outcomes are made of, in a manager's ledger and in a daemon's journal
_LEDGER: Final[dict[str, type[Record]]] = {
    kind.__name__: kind for kind in (Started, Opened, Awarded, Freed, Ended, Judged)
}
_JOURNAL: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in (Heard, Said)}
#: agents in one picture: there are as many colours, beside that of the line
_MOST: Final = 6


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One agent at one skill. Shares in ppm."""

    agent: str
    skill: str
    bases: dict[str, int]  #: how many outcomes rest on a verdict, a check, a valid result; how many were lost
    counts_as: int  #: its rate as awards take it; where `method` is isotonic what it states decides, see `curve`
    method: str
    outcomes: int  #: behind that: all, or those since the last drift
    drifts: tuple[dict[str, Any], ...]  #: changes of its rate that were noticed, in order
    curve: tuple[tuple[int, int], ...]  #: (stated from here on, counts as): what its statements are worth
    score: BrierScore


def show(sources: Sequence[str], agent: str | None, plot: Path | None, *, as_json: bool) -> None:
    """Print what these say, each for itself; and draw it.

    Raises:
        LedgerError: one cannot be read.
        DefinitionError: the picture's file is a ledger.
    """
    found: list[Standing] = []
    for source in sources:
        mine = [one for one in standings(source) if agent in (None, one.agent)]
        found += mine
        if as_json:
            for one in mine:
                output.json_line({"ledger": source, **msgspec.to_builtins(one)})
    if plot is not None:
        _draw(found, sources, plot)
    if as_json:
        return
    if not found:
        output.note("agents", "no award has come to anything there" + (f" of {agent}" if agent else ""))
        return
    head = ("AGENT", "SKILL", "GOOD", "OF", "STATED", "COUNTS AS", "BRIER", "RELIABILITY", "RESOLUTION", "CHANGED")
    output.table(head, [_row(one) for one in found])
    for one in found if agent is not None else ():
        click.echo()
        click.echo(f"{one.agent}, {one.skill}: what was stated, and what came of it")
        output.table(("STATED", "GOOD", "OF", "RATE", "95 % INTERVAL", "COUNTS AS"), _bins(one))


def standings(source: str) -> list[Standing]:
    """What one ledger or journal says, by agent and skill.

    Raises:
        LedgerError: it cannot be read.
    """
    with closing(open_reader(source)) as reader:
        filled(reader, source)
        kind = founding(next(reader.entries(), None), source).kind
        known = _ledger(reader.entries()) if kind is Kind.LEDGER else _journal(reader.entries())
    return [_standing(known, agent, skill) for agent, skill in known.records.known()]


# ---- parts


def _ledger(entries: Iterator[Entry]) -> Known:
    outcomes = Outcomes()
    for entry, record in _read(entries, _LEDGER):
        outcomes.follow(entry.conversation, record)
    return outcomes


def _journal(entries: Iterator[Entry]) -> Known:
    outcomes = OwnOutcomes()
    for entry, record in _read(entries, _JOURNAL):
        outcomes.follow(entry.agent, entry.conversation, record)
    return outcomes


def _read(entries: Iterator[Entry], kinds: Mapping[str, type[Record]]) -> Iterator[tuple[Entry, Record]]:
    for entry in entries:
        kind = kinds.get(entry.type)
        if kind is None:
            continue
        try:
            yield entry, msgspec.json.decode(entry.body, type=kind)
        except msgspec.MsgspecError as error:
            raise LedgerDamaged(f"position {entry.position}: {error}; `replay` says more", entry.position) from error


def _standing(known: Known, agent: str, skill: str) -> Standing:
    records = known.records
    track = records.track(agent, skill)
    assert track is not None  # it is known
    curve, score = records.curve(agent, skill), brier(track.whole)
    assert score is not None  # it has an outcome
    steps = () if curve is None else tuple(zip(curve.starts, curve.values, strict=True))
    return Standing(
        agent=agent,
        skill=skill,
        bases={str(basis): n for basis, n in known.bases[agent, skill].items()},
        counts_as=records.rate(agent, skill),
        method=records.probability(agent, skill, 0).method,
        outcomes=track.lately.n,
        drifts=tuple(msgspec.to_builtins(one) for one in track.drifts),
        curve=tuple((start * PPM // 100, value) for start, value in steps),
        score=score,
    )


def _row(one: Standing) -> tuple[str, ...]:
    score = one.score
    stated = sum(part.stated * part.n for part in score.bins) // score.n
    return (
        one.agent,
        one.skill,
        str(score.successes),
        str(score.n),
        _percent(stated),
        _percent(one.counts_as) if not one.curve else f"{_percent(one.curve[0][1])} to {_percent(one.curve[-1][1])}",
        *(f"{part / PPM:.4f}" for part in (score.score, score.reliability, score.resolution)),
        " ".join(str(drift["direction"]) for drift in one.drifts),
    )


def _bins(one: Standing) -> list[tuple[str, ...]]:
    return [
        (
            f"{part.low * 100 // PPM} to {part.high * 100 // PPM} %",
            str(part.successes),
            str(part.n),
            _percent(part.rate),
            f"{_percent(part.rate_low)} to {_percent(part.rate_high)}",
            _percent(_worth(one, part.stated)),
        )
        for part in one.score.bins
    ]


def _worth(one: Standing, stated: int) -> int:
    """What a statement counts as."""
    return (
        max((step for step in one.curve if step[0] <= stated), default=(0, one.curve[0][1]))[1]
        if one.curve
        else (one.counts_as)
    )


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.1f} %"


# ---- the picture


def _draw(found: Sequence[Standing], sources: Sequence[str], plot: Path) -> None:
    from contractnet.arena.chart import Chart, Point, Series
    from contractnet.arena.png import drawn
    from contractnet.arena.svg import svg

    truth = (Point(Fraction(0), Fraction(0)), Point(Fraction(1), Fraction(1)))
    charts = [
        Chart(
            title=f"{skill}: what was stated, and what came of it",
            x=_shares("stated confidence, %"),
            y=_shares("good results, %, with 95 % intervals"),
            series=(
                Series(name="as stated", style="line", points=truth),
                *(series for one in most(found, skill) for series in _series(one)),
            ),
        )
        for skill in sorted({one.skill for one in found})
    ]
    source = " ".join(["contractnet agents", *(f"--record {Path(one).name}" for one in sources)])
    never = [path for path in map(file_of, sources) if path is not None]
    with writing(plot, never=never) as file:
        file.write(drawn(svg(charts, "Stated confidence and what came of it", source), plot))


def most(found: Sequence[Standing], skill: str) -> list[Standing]:
    """Those at the skill with the most outcomes, as many as can be told apart."""
    there = sorted((one for one in found if one.skill == skill), key=lambda one: (-one.score.n, one.agent))
    return there[:_MOST]


def _shares(title: str) -> Axis:
    from contractnet.arena.chart import Axis

    return Axis(title=title, low=Fraction(0), high=Fraction(1), scale=100, places=0)


def _series(one: Standing) -> list[Series]:
    from contractnet.arena.chart import Point, Series

    def share(ppm: int) -> Fraction:
        return Fraction(ppm, PPM)

    name = f"{one.agent}, n = {one.score.n}"
    points = tuple(
        Point(share(part.stated), share(part.rate), share(part.rate_low), share(part.rate_high))
        for part in one.score.bins
    )
    ends = [*(start for start, _ in one.curve[1:]), PPM]
    steps = (
        tuple(
            Point(share(place), share(value))
            for (start, value), end in zip(one.curve, ends, strict=True)
            for place in (start, end)
        )
        if one.curve
        else ()
    )
    curve = [Series(name=f"{one.agent}, counts as", style="line", points=steps, like=name)] if steps else []
    return [Series(name=name, style="points", points=points), *curve]
