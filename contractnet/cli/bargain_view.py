"""What `contractnet bargain` does and shows."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Final

import click

from contractnet.arena.bargaining.jobs import price_trials
from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.runs import Seated, repeated, run
from contractnet.arena.bargaining.scenarios import PRIORS, Scenario, drawn, product, read_scenarios
from contractnet.arena.bargaining.several import cases as several
from contractnet.arena.bargaining.tally import Pairing, charts, comma_separated, rows_of, tallied
from contractnet.arena.numbers import cells, heads
from contractnet.arena.png import drawn as picture_file
from contractnet.arena.svg import svg
from contractnet.cli import output, screen
from contractnet.cli.bargain_asked import TRIALS, Asked, cases_of, lines_of
from contractnet.cli.bargain_issues import show_cases
from contractnet.cli.progress import progress
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.brought import strategy_names
from contractnet.messages.values import show_amount

if TYPE_CHECKING:
    from contractnet.cli.bargain_model import Seating

#: how the command line names the player that is a language model
MODEL: Final = "model"
_TRIALS_OF_MODEL: Final = 30
#: columns of the table that name a pairing; the others are measured
_NAMES: Final = 2


def show_names(*, as_json: bool) -> None:
    """Strategies and priors."""
    if as_json:
        for name in strategy_names():
            output.json_line({"strategy": name})
        for prior in PRIORS.values():
            output.json_line({"prior": prior.name, "says": prior.says})
        output.json_line({"prior": several.PRIOR, "says": several.SAYS})
        return
    priors = [*((one.name, one.says) for one in PRIORS.values()), (several.PRIOR, several.SAYS)]
    output.folded("strategies  ", ", ".join(strategy_names()))
    output.folded("priors      ", "; ".join(f"{name}: {says}" for name, says in priors))


def show_run(asked: Asked) -> None:
    """Play, show it, and write what was asked for.

    Raises:
        DefinitionError: a player, a scenario or a rung is not known or cannot be used.
        ModelUnavailable: the player `model` never answered.
        OSError: a file cannot be read or written.
    """
    seating = _seating(asked)
    table = asked.table
    if (cases := cases_of(asked)) is not None:
        if seating is not None:
            raise DefinitionError(f"player {MODEL}: it bargains over a price, and these are several issues")
        show_cases(asked, cases)
        return
    seated = _seated(asked.buyer, seating), _seated(asked.seller, seating)
    scenarios = _scenarios(asked)
    asked.reserve_files()
    with closing(seating) if seating is not None else nullcontext(), progress() as begin:
        told = begin("bargaining", len(scenarios) * (1 + asked.swap))
        if seating is None:
            found = price_trials(asked.pairs, scenarios, table, asked.seed, jobs=asked.jobs, progress=told)
        else:
            found = run(seated, scenarios, table, asked.seed, swap=asked.swap, progress=told)
            seating.check()
    if asked.as_json:
        for row in rows_of(found):
            output.json_line({"seed": asked.seed, "turns": asked.turns, "first": asked.first, **row})
        if seating is not None:
            output.json_line({"model": asked.model_name, "mode": asked.mode, **seating.counted()})
    else:
        _show(found, asked)
        if seating is not None:
            _show_model(seating, alone=len(found) == len(scenarios) == 1)
    if asked.csv_file is not None:
        asked.csv_file.write_text(comma_separated(found), encoding="utf-8")
    if asked.plot is not None:
        picture = svg(charts(found), f"{asked.buyer} and {asked.seller} bargain", asked.line())
        asked.plot.write_bytes(picture_file(picture, asked.plot))


def _scenarios(asked: Asked) -> list[Scenario]:
    if asked.product is not None:
        return repeated([product(asked.product)], asked.trials)
    if asked.file is not None:
        return repeated(read_scenarios(lines_of(asked.file), str(asked.file)), asked.trials)
    usual = TRIALS if asked.model is None else _TRIALS_OF_MODEL
    return list(drawn(asked.prior or "uniform", asked.seed, asked.trials or usual))


def _seating(asked: Asked) -> Seating | None:
    """Where the model sits; None: none plays."""
    plays = MODEL in (asked.buyer, asked.seller)
    if asked.model is None:
        if plays:
            raise DefinitionError("player model: say where it is, with --model URL of an OpenAI-compatible endpoint")
        return None
    if not plays:
        raise DefinitionError(f"--model: no player is it; call the buyer or the seller `{MODEL}`")
    if asked.jobs > 1:
        raise DefinitionError("--jobs: a model is asked by one process; leave it out")
    from contractnet.cli.bargain_model import Seating  # what asks models is slow to import

    return Seating(asked.model, asked.model_name, asked.mode, asked.persona)


def _seated(text: str, seating: Seating | None) -> Seated:
    if text == MODEL and seating is not None:
        return text, seating.side
    one = named(text)
    return one.label, one.side


def _show_model(seating: Seating, *, alone: bool) -> None:
    """What was asked of the model; of one bargaining the words too."""
    if alone:
        for heard in seating.heard:
            for text in (*heard.texts[0], *heard.texts[1]):
                output.folded("said        ", text)
    click.echo()
    output.folded("", ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in seating.counted().items()))


def _show(found: list[Pairing], asked: Asked) -> None:
    """What was measured, a line each, the pairings beside each other."""
    measured = tallied(found)
    rows = list(cells(measured))
    who, count = asked.sides, len(found[0].trials)
    asked.show_head(count)
    click.echo()
    titles = heads(measured)
    lines = [(titles[at], *(row[at] for row in rows)) for at in range(_NAMES, len(titles))]
    output.table(("measured", *who), lines)
    if count == 1 and len(found) == 1:
        click.echo()
        output.folded("", _outcome(found[0]))
    if any(one.scenario.feasible for one in found[0].trials):
        click.echo()
        words = "A number in brackets is a 95 % interval: of a rate by Wilson, of a mean by the normal law."
        click.echo("\n".join(screen.wrapped(words, min(screen.width(), 100))))


def _outcome(pairing: Pairing) -> str:
    """How one bargaining ended, in words."""
    (one,) = pairing.trials
    price = one.run.price
    if price is None:
        return f"{one.scenario.name}: no deal ({one.ended})"
    return f"{one.scenario.name}: {show_amount(price)} {one.scenario.unit} in round {one.run.round + 1} ({one.ended})"
