"""The options of `contractnet call` that are terms of a tender, by the names of `market.terms.TermOptions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from contractnet.cli import options
from contractnet.cli.options import option

_F = TypeVar("_F", bound=Callable[..., Any])


class Pair(click.ParamType[tuple[str, str]]):
    """Two amounts joined by a comma."""

    name = "LOW,HIGH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        low, comma, high = str(value).partition(",")
        if not comma:
            self.fail(f"{str(value)[:40]!r} is not two amounts joined by a comma, such as 0.01,0.09", param, ctx)
        return low.strip(), high.strip()


_TERMS: Final[tuple[Callable[[Any], Any], ...]] = (
    option("reserve", metavar="R", help="The most that will be paid for a slot; secret unless made public."),
    option(
        "reserve-prior",
        type=Pair(),
        metavar="LOW,HIGH",
        help="Instead: the lowest and highest cost of a bidder, each as likely; needs --value.",
    ),
    option("public-reserve", is_flag=True, help="Tell bidders the reserve."),
    option(
        "rule",
        metavar="R",
        help="Award rule: lowest-price, best-value, second-price, first-score, second-score, "
        "highest-quality-under-reserve, lexicographic, or one that another distribution brings.  "
        "[default: best-value where there is a value or a reserve, else lowest-price]",
    ),
    option("value", metavar="V", help="Worth of a good result; the reserve where left out."),
    option("eta-cost", metavar="L", default="0", help="Cost of a second of waiting."),
    option("least-score", metavar="S", help="A bid of a lower score is not taken, by the rules that score."),
    option("min-bids", type=int, default=1, help="With fewer bids that could be awarded nothing is."),
    option("order", metavar="WHAT[:STEP],…", help="What lexicographic compares: probability:0.05,price:0.01,eta."),
    option(
        "low-bid", type=float, default=0.1, help="Share of the reserve under which a bid is flagged as abnormally low."
    ),
    option(
        "confidence",
        type=click.Choice(["calibrated", "stated"]),
        default="calibrated",
        help="A bidder's chance of a good result: what its record in the ledger says, or what it says itself.",
    ),
    option("direct", is_flag=True, help="Ask one known contractor alone, where an auction would not pay for itself."),
    option("bid-cost", metavar="C", default="0", help="What one bid costs you; weighed for a direct award."),
    option("explore", metavar="S", default="0", help="Score that an award to learn of a bidder may give up."),
    option("bond-stake", metavar="B", help="What a winner stakes on the confidence it states; see the page on rules."),
    option("bond-bonus", metavar="B", default="0", help="What a good result is paid more, at best."),
    option("slots", type=int, default=1, help="Winners sought, each of whom does the whole task."),
    option("parts", type=int, metavar="N", help="The task is divisible: so many equal parts, each at its own price."),
    option("items", metavar="ITEM:R,…", help="Several things, each with its reserve, bought in bundles by vcg."),
    option(
        "tender-budget", metavar="B", help="For all slots together: put out for as many as it pays for at their worst."
    ),
    option(
        "max-rounds", type=int, default=3, help="Rounds of one call at most: while slots are left, and bids too dear."
    ),
    option("more-rounds", is_flag=True, help="Let --max-rounds be more than 5."),
    option("target", metavar="S", help="A best score at which nobody is called again."),
    option("least-progress", metavar="S", default="0", help="Gain in score under which a round was no progress."),
    option("patience", type=int, default=1, help="Rounds in a row without progress before it stops."),
    option("shortlist", type=int, help="How many of those who proposed are called again, the best.  [default: all]"),
    option(
        "feedback",
        type=click.Choice(["nothing", "reason", "rank", "best-score"]),
        default="reason",
        help="What they are told of the round before.",
    ),
    option("mediator", metavar="AGENT", help="Who settles a deadlock: nobody can be awarded, no round is left."),
    option("mediation-limit", metavar="R", help="The most that the mediator may award.  [default: the reserve]"),
    option("mediate-within", type=options.Seconds(), default=10, help="Time for a mediator."),
    option("bargain", type=int, metavar="N", help="Bargain over the price with the best N who proposed, then award."),
    option("bargain-turns", type=int, default=6, help="Turns of both sides together; you have the first."),
    option("bargain-within", type=options.Seconds(), default=10, help="Time for each turn."),
    option("bargain-strategy", metavar="NAME", default="linear", help="How you bargain; contractnet bargain --list."),
    option("bargain-mediator", metavar="AGENT", help="Whom both may turn to when the turns are over."),
    option("bargain-ladder", multiple=True, metavar="RUNG", help="What that may try; in order, given again for each."),
    option("reply-within", type=options.Seconds(), default=20, help="Time for bidders, in each round."),
    option("work-within", type=options.Seconds(), default=600, help="Time for a winner's work."),
    option("lease", type=options.Seconds(), default=60, help="A winner silent for so long loses the slot."),
    option("within", type=options.Seconds(), default=600, help="No call opens later than this after the first."),
    option("wait-for-agents", type=options.Seconds(), default=30, help="Time to wait for the skill."),
)


def term_options(command: _F) -> _F:
    """All of them, in this order."""
    for decorate in reversed(_TERMS):
        command = decorate(command)
    return command


def pop_terms(given: dict[str, Any]) -> dict[str, Any]:
    """Take the terms out of what was given on the command line."""
    from contractnet.market.terms import DEFAULTS  # the market, which `--help` does without

    own = {"budget": given.pop("tender_budget")}  # `--budget` is the ledger's
    return own | {name: given.pop(name) for name in DEFAULTS if name in given and name not in ("unit", "budget")}
