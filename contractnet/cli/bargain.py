"""`contractnet bargain`: two players bargain many times, measured; or you bargain once, live, with an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from contractnet.cli import exits, options
from contractnet.cli.bargain_modes import check_mode, live_options, pop_live
from contractnet.cli.options import option

_OUT: Final = click.Path(dir_okay=False, path_type=Path)
_IN: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("bargain")
@click.argument("buyer", metavar="BUYER", required=False)
@click.argument("seller", metavar="SELLER", required=False)
@option("list", "listed", is_flag=True, help="List the strategies and the priors, and end.")
@option(
    "prior",
    metavar="NAME",
    help="Draw scenarios: uniform, lesson, shop, or issues: several of them.  [default: uniform]",
)
@option("file", type=_IN, metavar="FILE", help="Scenarios from a file, one JSON object a line.")
@option("product", metavar="NAME:cost=C,budget=B", help="One product with both reservation prices.")
@option("swap", is_flag=True, help="Play each scenario again with the roles swapped.")
@option(
    "trials",
    type=click.IntRange(1, 1_000_000),
    help="How many.  [default: 1000, with a model 30; of a file or product: each once]",
)
@option("seed", type=click.IntRange(0), default=1, help="Of every draw.")
@option(
    "turns",
    type=click.IntRange(1, 1_000),
    help="Of both sides together.  [default: 12; over several issues 40; live 8]",
)
@option("first", type=click.Choice(["buyer", "seller", "draw"]), default="draw", help="Who moves first.")
@option("monotone", is_flag=True, help="No offer may take back what an earlier one gave.")
@option(
    "ladder",
    metavar="RUNGS",
    help="What a mediator tries where the turns end without a deal, such as standing-offers,sealed-reservations; over "
    "several issues single-text.",
)
@option("model", metavar="URL", help="The player `model`: an OpenAI-compatible endpoint.")
@option("model-name", metavar="NAME", default="local", help="The model's name there.")
@option(
    "mode",
    type=click.Choice(["og", "bounded", "free"]),
    default="bounded",
    help="What the model does: words the numbers of `linear`; proposes, and the guard decides; or as it likes.",
)
@option("persona", metavar="NAME", default="plain", help="Whose voice the words are in, in mode og.")
@option("jobs", type=click.IntRange(1, 256), default=1, help="Processes; the result is the same.")
@options.as_json("What was measured, or what came of it,")
@option("csv", "csv_file", type=_OUT, metavar="FILE", help="Write every bargaining as CSV.")
@option("plot", type=options.Picture(), help="Write the picture.")
@live_options
def command(buyer: str | None, seller: str | None, listed: bool, **given: Any) -> int:
    """Two players bargain over a price or several issues, in many scenarios. A player is a strategy, or one with
    parameters, such as boulware:beta=0.1,margin=0; each knows its own reservation alone, and never deals below it.

    Printed are the deals in feasible and in infeasible cases apart, the surplus of both sides, rounds, violations and
    variance, each rate and mean with its 95 % interval.

    Several issues come from the prior issues, such as issues:count=4,options=3, or from a file with weights; micro and
    logrolling-frequency are made for them. Beside what was agreed stands what Nash, Kalai and Smorodinsky, and the
    largest sum of utilities would have given both.

    The player `model` asks --model URL for bounded numbers. In mode free, for experiments alone, nothing keeps it from
    a deal past its reservation price: such deals are counted. Its key is in OPENAI_API_KEY, if it has one.

    With --with AGENT, and a SUBJECT in place of the two names, you bargain live with an agent behind the broker. Its
    turns and yours are printed, then how it ended. The limit is yours alone: no message holds it; what is typed others
    may see in the list of processes, so CONTRACTNET_LIMIT does, too. Killed and run again with the same words it goes
    on where it was; with --key, one that has ended is shown as it ended. Ctrl-C calls it off. Exit 0 when it has ended,
    agreed or not (with --require-agreed 1 if not), 3 if there is no broker, or nobody of that name.

    \b
    Example:
      contractnet bargain linear boulware --prior uniform --swap --plot bargain.png
      contractnet bargain og-linear:margin=0 conceder --product lamp:cost=40,budget=60,high=80
      contractnet bargain model boulware --model http://127.0.0.1:8080/v1 --trials 20
      contractnet bargain micro logrolling-frequency --prior issues --jobs 2
      contractnet bargain --list
      contractnet bargain --with ada "Ten drafts a day" --limit 0.40 --high 0.90
    """
    live = pop_live(given)
    check_mode(click.get_current_context(), live=live["agent"] is not None)
    if live["agent"] is not None:
        if buyer is None or seller is not None:
            raise click.UsageError("--with: name one subject, what the deal is about; quote it where it has blanks")
        from contractnet.cli.bargain_live import run_live  # the market, which `--help` does without

        return run_live(subject=buyer, **live, **{name: given[name] for name in ("turns", "ladder", "as_json")})
    from contractnet.cli.bargain_asked import read_line  # slow, which `--help` does without
    from contractnet.cli.bargain_view import show_names, show_run

    if listed:
        show_names(as_json=bool(given["as_json"]))
        return 0
    if buyer is None or seller is None:
        raise click.UsageError(
            "name two players, the buyer and the seller; --list shows which there are; --with AGENT bargains live"
        )
    sources = [name for name in ("prior", "file", "product") if given[name] is not None]
    if len(sources) > 1:
        raise click.UsageError(f"--{' and --'.join(sources)}: name one source of scenarios")
    asked = read_line({"buyer": buyer, "seller": seller, **given})
    options.apart(asked.csv_file, asked.plot)
    try:
        show_run(asked)
    except KeyboardInterrupt:
        raise exits.Interrupted("nothing was kept; fewer --trials take less time") from None
    return 0
