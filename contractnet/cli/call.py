"""`contractnet call`: run tenders over a broker from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from contractnet.cli import options
from contractnet.cli.options import option
from contractnet.cli.terms import pop_terms, term_options

_PATH = click.Path(path_type=Path)


@click.command("call")
@click.argument("task", required=False)
@option("tasks", type=_PATH, metavar="FILE", help="JSON Lines file of tasks, one object a line.")
@option("out", type=_PATH, metavar="FILE", help="Write result lines here instead of standard output.")
@options.broker()
@option("ledger", metavar="URL", default=options.LEDGER, help="This manager's ledger.")
@option("name", metavar="MANAGER", help="The manager's id; left out, it is made once and kept in the ledger.")
@option("skill", metavar="S", help="Skill of the task, and of lines that name none.")
@option("input", "given_input", metavar="JSON", help="Input of the task on the command line, a JSON object.")
@term_options
@option("unit", metavar="U", default="USD", help="What prices are counted in.")
@option("concurrency", type=int, default=16, help="Calls open at once.")
@option("budget", metavar="B", help="The total this ledger's tenders may spend; run again, it does not add.")
@option(
    "account",
    multiple=True,
    metavar="NAME=BUDGET",
    help="A child account, for the lines that name it; what is left of it goes back. May be given again.",
)
@option(
    "at-limit",
    type=click.Choice(["stop", "wait", "ask", "hand-back"]),
    help="What is done where the money is not enough; ask: here, or with contractnet decide.  [default: stop]",
)
@option("decide-within", type=options.Seconds(), help="With --at-limit ask: no answer for so long is a stop.")
@option("exploration", metavar="B", help="What awards with --explore may give up in score, all together.")
@option("cancel-on-stop", is_flag=True, help="Ctrl-C or SIGTERM cancels what runs, and waits for the answers.")
@option("split", is_flag=True, help="A model splits the task into several, which are bought once you agree.")
@option("model", metavar="URL", help="With --split: the OpenAI-compatible endpoint that is asked.")
@option("model-name", metavar="NAME", default="local", help="The model's name there.")
@option("yes", is_flag=True, help="With --split: buy what passes the checks, without asking.")
@option("require-settled", is_flag=True, help="Exit 1 if one did not settle.")
@options.time_scale()
def command(**given: Any) -> int:
    """Put tasks out to the agents behind a broker, and print one result line for each.

    A task on the command line, or a file of them. Killed and run again with the same ledger and tasks, it goes on where
    it was and buys nothing twice.

    Ctrl-C or SIGTERM ends it and leaves the work going, for the next run to take its results. With --cancel-on-stop
    nothing is wanted any more: what runs is cancelled, and each line says in `truth` what is known of those who were
    told. A second signal ends at once.

    \b
    Example:
      contractnet call "Summarise this" --skill text.summarise --input '{"text": "It rains. Again."}' --reserve 0.05
    """
    from contractnet.cli.calling import run_call  # the market, which `--help` does without
    from contractnet.cli.funds import funds

    names = ("budget", "account", "at_limit", "decide_within")
    money = funds(ledger=given["ledger"], **{name: given.pop(name) for name in names})
    return run_call(options=pop_terms(given), money=money, **given)
