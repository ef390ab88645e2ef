"""`contractnet log --stats`: deal rate, its test for a fall, and payoffs with their variance, of live ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from fractions import Fraction
from typing import Final

import click
import msgspec
from msgspec import Struct

from contractnet.arena.bargaining.tally import average, share, variance
from contractnet.arena.estimates import Estimate
from contractnet.arena.numbers import decimal, span
from contractnet.cli import exits, output, screen
from contractnet.cli.log_outcomes import Read, outcomes
from contractnet.errors import DefinitionError
from contractnet.ledger.founding import Kind, founding
from contractnet.ledger.urls import filled, open_reader
from contractnet.mechanisms.bargaining.falling import FallPolicy
from contractnet.mechanisms.bargaining.monitor import LEAST_PAYOFFS, Monitored, Payoffs, monitored
from contractnet.mechanisms.bargaining.variance import SpreadTest
from contractnet.messages.values import MICROS_PER_UNIT, PPM

#: of the comparison of spreads: the same ledger, the same figures
SEED: Final = "contractnet log --stats"
_TOGETHER: Final = "all together"


class Seen(Struct, frozen=True, kw_only=True):
    """One ledger, or all of them."""

    ledger: str
    read: Read
    found: Monitored


def show_stats(ledgers: Sequence[str], since: int | None, until: int | None, block: int, *, as_json: bool) -> int:
    """Print what the ledgers came to, each for itself and all together.

    Args:
        since, until: tenders that ended not before, and before, that instant, milliseconds since the Unix epoch.
        block: tenders to each look of the test, and before the first block.
    Raises:
        LedgerError: one cannot be read.
        DefinitionError: one is a daemon's journal, or two hold the same tender.
    """
    policy = FallPolicy(block=block, before=block)
    reads = [(ledger, _within(_read(ledger), since, until)) for ledger in ledgers]
    _apart(reads)
    if len(reads) > 1:
        whole = tuple(one for _, read in reads for one in read.outcomes)
        running, off = (
            sum(counts) for counts in zip(*((one.running, one.called_off) for _, one in reads), strict=True)
        )
        reads.append((_TOGETHER, Read(outcomes=whole, running=running, called_off=off)))
    seen = [Seen(ledger=name, read=read, found=monitored(read.outcomes, policy, SEED)) for name, read in reads]
    if as_json:
        for one in seen:
            output.json_line(_plain(one, policy))
    else:
        _show(seen, policy)
    return exits.WRONG if any(one.found.fall is not None for one in seen) else exits.OK


def _read(ledger: str) -> Read:
    with closing(filled(open_reader(ledger), ledger)) as reader:
        if founding(next(reader.entries()), ledger).kind is not Kind.LEDGER:
            raise DefinitionError(
                f"{ledger} is a daemon's journal, which does not know how tenders end: name the manager's ledger"
            )
        return outcomes(reader.entries())


def _within(read: Read, since: int | None, until: int | None) -> Read:
    kept = [one for one in read.outcomes if (since is None or one.at >= since) and (until is None or one.at < until)]
    return Read(outcomes=tuple(kept), running=read.running, called_off=read.called_off)


def _apart(reads: Sequence[tuple[str, Read]]) -> None:
    first: dict[str, str] = {}
    for ledger, read in reads:
        for one in read.outcomes:
            if one.name in first:
                raise DefinitionError(
                    f"{ledger} and {first[one.name]} hold the same tender {one.name}: name one of them"
                )
        first.update({one.name: ledger for one in read.outcomes})


def _plain(one: Seen, policy: FallPolicy) -> dict[str, object]:
    """Shares and p in ppm, amounts in micros."""
    return {
        "ledger": one.ledger,
        "running": one.read.running,
        "called_off": one.read.called_off,
        "block": policy.block,
        "alpha": policy.alpha,
        **msgspec.to_builtins(one.found),
    }


# ---- text


def _show(seen: Sequence[Seen], policy: FallPolicy) -> None:
    rows: dict[str, list[str]] = {}
    for at, one in enumerate(seen):
        for title, value in _rows(one):
            rows.setdefault(title, [""] * len(seen))[at] = value
    output.table(("measured", *(one.ledger for one in seen)), [(title, *values) for title, values in rows.items()])
    click.echo()
    for one in seen:
        before = f"{one.ledger}: " if len(seen) > 1 else ""
        for words in (_fall(one.found, policy), *(_spread(payoffs) for payoffs in one.found.payoffs)):
            output.folded(before, words)
    click.echo()
    words = (
        "A number in brackets is a 95 % interval: of a rate by Wilson, of a mean by the normal law. Whether there was "
        "room for a deal is not known of a live market: tenders that nobody could have taken are in the rate."
    )
    click.echo("\n".join(screen.wrapped(words, min(screen.width(), 100))))


def _rows(one: Seen) -> list[tuple[str, str]]:
    found = one.found
    rows = [
        ("tenders counted", f"{found.deals.of:,}"),
        ("not counted: still running", f"{one.read.running:,}"),
        ("not counted: called off", f"{one.read.called_off:,}"),
        ("deals, %", _said(share(found.deals), 1, 100)),
        *((f"no deal: {reason}", f"{count:,}") for reason, count in found.reasons.items()),
        ("deals without a payoff", f"{found.without_payoff:,}"),
    ]
    for paid in found.payoffs:
        what = f"payoff against {paid.against}, {paid.unit}"
        rows += [
            (f"{what}: deals", f"{paid.amount.n:,}"),
            (f"{what}: mean", _said(average(paid.amount), 4)),
            (f"{what}: variance", _said(variance(paid.amount), 6)),
            (f"{what}: mean, % of it", _said(average(paid.share), 1, 100)),
            (f"{what}: variance of the share", _said(variance(paid.share), 4)),
        ]
        if paid.without_share:
            rows.append((f"{what}: it is 0, so no share", f"{paid.without_share:,}"))
    return rows


def _said(value: Estimate | Fraction | None, places: int, scale: int = 1) -> str:
    match value:
        case None:
            return "–"
        case Estimate():
            return span(value, places, scale)
        case _:
            return decimal(value * scale, places)


def _fall(found: Monitored, policy: FallPolicy) -> str:
    fall = found.fall
    if fall is None:
        looks = f"{found.looks} look{'' if found.looks == 1 else 's'}"
        return f"the deal rate: no fall seen in {looks}; the next look is in {found.missing} tenders"
    before, then = (_said(share(one), 1, 100) for one in (fall.before, fall.block))
    return (
        f"THE DEAL RATE HAS FALLEN: {before} % of the {fall.before.of} before, {then} % of the {fall.block.of} from "
        f"number {fall.first + 1} on (look {fall.look}, p = {_p(fall.p)}; the test cries wolf in at most "
        f"{decimal(Fraction(100 * policy.alpha, PPM), 1)} % of the markets that stand still)"
    )


def _spread(paid: Payoffs) -> str:
    what = f"payoffs against {paid.against}, {paid.unit}"
    test: SpreadTest | None = paid.spread
    if test is None:
        return f"{what}: too few to compare the earlier half with the later one ({LEAST_PAYOFFS} are needed)"
    unit, scale, of = ("%", 100, PPM) if paid.of_shares else (paid.unit, 1, MICROS_PER_UNIT)
    early, late = (decimal(Fraction(one * scale, of), 2) for one in (test.distance_one, test.distance_other))
    return (
        f"{what}: {early} {unit} from their median on average in the earlier half of the deals, {late} {unit} in the "
        f"later (p = {_p(test.p)}, of this look alone)"
    )


def _p(ppm: int) -> str:
    return decimal(Fraction(ppm, PPM), 6 if ppm < 1_000 else 4)
