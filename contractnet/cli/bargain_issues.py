"""What `contractnet bargain` does and shows where there are several issues."""

from __future__ import annotations

from collections.abc import Sequence

import click

from contractnet.arena.bargaining.jobs import case_trials
from contractnet.arena.bargaining.several.cases import Case
from contractnet.arena.bargaining.several.tally import (
    CasePairing,
    Trialled,
    case_charts,
    case_lines,
    measured_by,
    rows_of_cases,
    said,
    tallied_cases,
)
from contractnet.arena.bargaining.several.yardsticks import Yardsticks, yardsticks
from contractnet.arena.numbers import cells, heads
from contractnet.arena.png import drawn as picture_file
from contractnet.arena.svg import svg
from contractnet.cli import output, screen
from contractnet.cli.bargain_asked import Asked
from contractnet.cli.progress import progress
from contractnet.errors import DefinitionError, TooLarge

#: columns of the table that name a pairing; the others are measured
_NAMES = 2


def show_cases(asked: Asked, cases: Sequence[Case]) -> None:
    """Play, show it beside the bargaining solutions, and write what was asked for.

    Raises:
        DefinitionError: a player or a rung is not known or not for several issues; or a scenario has too many deals.
        OSError: a file cannot be written.
    """
    asked.reserve_files()
    with progress() as begin:
        marking = begin("looking at all deals", len(cases))
        marks: list[Yardsticks] = []
        for one in cases:
            try:
                marks.append(yardsticks(one))
            except TooLarge as error:
                raise DefinitionError(f"{one.name}: {error}") from error
            marking(1)
        told = begin("bargaining", len(cases) * len(asked.pairs))
        played = case_trials(asked.pairs, cases, asked.table, asked.seed, jobs=asked.jobs, progress=told)
    found = [
        CasePairing(
            buyer=buyer,
            seller=seller,
            trials=tuple(
                Trialled(case=case, marks=mark, trial=trial)
                for case, mark, trial in zip(cases, marks, trials, strict=True)
            ),
        )
        for (buyer, seller), trials in zip(asked.pairs, played, strict=True)
    ]
    if asked.as_json:
        for row in rows_of_cases(found):
            output.json_line({"seed": asked.seed, "turns": asked.turns, "first": asked.first, **row})
    else:
        _show(found, asked)
    if asked.csv_file is not None:
        asked.csv_file.write_text(case_lines(found), encoding="utf-8")
    if asked.plot is not None:
        picture = svg(case_charts(found), f"{asked.buyer} and {asked.seller} bargain", asked.line())
        asked.plot.write_bytes(picture_file(picture, asked.plot))


def _show(found: Sequence[CasePairing], asked: Asked) -> None:
    """What was measured, a line each, the pairings beside each other; then both sides' shares beside the solutions."""
    asked.show_head(len(found[0].trials))
    click.echo()
    measured = tallied_cases(found)
    rows, titles = list(cells(measured)), heads(measured)
    lines = [(titles[at], *(row[at] for row in rows)) for at in range(_NAMES, len(titles))]
    output.table(("measured", *asked.sides), lines)
    if any(one.marks.feasible for one in found[0].trials):
        click.echo()
        shares = measured_by(found)
        whole = list(cells(shares))
        agreed = [(f"agreed: {who}", *row[1:]) for who, row in zip(asked.sides, whole, strict=False)]
        output.table(heads(shares), [*agreed, *(tuple(row) for row in whole[len(found) :])])
        click.echo()
        words = (
            "A number in brackets is a 95 % interval: of a rate by Wilson, of a mean by the normal law, of a ratio by "
            "its linear part. A side's best is its largest gain in a deal that both can take; without a deal it got 0."
        )
        click.echo("\n".join(screen.wrapped(words, min(screen.width(), 100))))
    if len(found) == len(found[0].trials) == 1:
        one = found[0].trials[0]
        click.echo()
        output.folded(
            "", f"{one.case.name}: {said(one) or 'no deal'} in round {one.trial.round + 1} ({one.trial.ended})"
        )
