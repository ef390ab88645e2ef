"""`contractnet call`: run tenders over a broker from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from contractnet.cli import options
from contractnet.cli.options import option

#: the options that are terms of a tender, by the names of `market.terms.TermOptions`
_TERMS = (
    "reserve",
    "public_reserve",
    "rule",
    "value",
    "eta_cost",
    "slots",
    "max_rounds",
    "shortlist",
    "feedback",
    "mediator",
    "mediation_limit",
    "mediate_within",
    "reply_within",
    "work_within",
    "lease",
    "within",
    "wait_for_agents",
)
_PATH = click.Path(path_type=Path)


@click.command("call")
@click.argument("task", required=False)
@option("tasks", type=_PATH, metavar="FILE", help="JSON Lines file of tasks, one object a line.")
@option("out", type=_PATH, metavar="FILE", help="Write result lines here instead of standard output.")
@options.broker()
@option("ledger", metavar="URL", default=options.LEDGER, help="This manager's ledger.")
@option("name", metavar="MANAGER", help="The manager's id; left out, it is made once and kept in the ledger.")
@option("skill", metavar="S", help="Skill of the task, and of lines that name none.")
@option("reserve", metavar="R", help="The most that will be paid for a slot; secret unless made public.")
@option("public-reserve", is_flag=True, help="Tell bidders the reserve.")
@option("unit", metavar="U", default="USD", help="What prices are counted in.")
@option("rule", metavar="R", help="Award rule: best-value (where there is a value or a reserve) or lowest-price.")
@option("value", metavar="V", help="Worth of a good result; the reserve where left out.")
@option("eta-cost", metavar="L", default="0", help="Cost of a second of waiting.")
@option("slots", type=int, default=1, help="Winners sought, each of whom does the whole task.")
@option("max-rounds", type=int, default=3, help="Rounds of one call at most: while slots are left, and bids too dear.")
@option("shortlist", type=int, help="How many of those who proposed are called again, the best.  [default: all]")
@option(
    "feedback",
    type=click.Choice(["nothing", "reason", "rank", "best-score"]),
    default="reason",
    help="What they are told of the round before.",
)
@option("mediator", metavar="AGENT", help="Who settles a deadlock: nobody can be awarded, no round is left.")
@option("mediation-limit", metavar="R", help="The most that the mediator may award.  [default: the reserve]")
@option("mediate-within", type=options.Seconds(), default=10, help="Time for the mediator.")
@option("reply-within", type=options.Seconds(), default=20, help="Time for bidders, in each round.")
@option("work-within", type=options.Seconds(), default=600, help="Time for a winner's work.")
@option("lease", type=options.Seconds(), default=60, help="A winner silent for so long loses the slot.")
@option("within", type=options.Seconds(), default=600, help="No call opens later than this after the first.")
@option("wait-for-agents", type=options.Seconds(), default=30, help="Time to wait for the skill.")
@option("concurrency", type=int, default=16, help="Calls open at once.")
@option("budget", metavar="B", help="The total this ledger's tenders may spend; run again, it does not add.")
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
      contractnet call "Summarise this ticket" --skill text.summarise --reserve 0.05
    """
    from contractnet.cli.calling import run_call  # the market, which `--help` does without

    terms = {name: given.pop(name) for name in _TERMS}
    return run_call(options=terms, **given)
