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
from contractnet.cli.log_bargains import bargainings
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


#: what is counted, each for itself: a bargaining may belong to a tender
KINDS: Final = {"tenders": outcomes, "bargainings": bargainings}


class Seen(Struct, frozen=True, kw_only=True):
    """Tenders or bargainings of one ledger, or of all of them."""

    ledger: str
    read: Read
    found: Monitored


def show_stats(ledgers: Sequence[str], since: int | None, until: int | None, block: int, *, as_json: bool) -> int:
    """Print what the ledgers came to, each for itself and all together.

    Args:
        since, until: what ended not before, and before, that instant, milliseconds since the Unix epoch.
        block: tenders or bargainings to each look of the test, and before the first block.
    Raises:
        LedgerError: one cannot be read.
        DefinitionError: two hold the same tender or bargaining.
    """
    policy = FallPolicy(block=block, before=block)
    fallen = False
    shown = False
    for kind in KINDS:
        reads = [(ledger, _within(read, since, until)) for ledger in ledgers if (read := _read(ledger, kind))]
        if not reads:
            continue
        whole = _all(reads)
        seen = [Seen(ledger=name, read=read, found=monitored(read.outcomes, policy, SEED)) for name, read in whole]
        fallen = fallen or any(one.found.fall is not None for one in seen)
        if as_json:
            for one in seen:
                output.json_line(_plain(kind, one, policy))
        else:
            if shown:
                click.echo()
            _show(kind, seen, policy)
        shown = True
    if not shown:
        output.note("log", "no bargaining there; how tenders end stands in the manager's ledger")
    elif not as_json:
        _say_how()
    return exits.WRONG if fallen else exits.OK


def _read(ledger: str, kind: str) -> Read | None:
    """None: there is no such thing in it; no tenders end in a daemon's journal."""
    with closing(filled(open_reader(ledger), ledger)) as reader:
        if kind == "tenders" and founding(next(reader.entries()), ledger).kind is not Kind.LEDGER:
            return None
        read = KINDS[kind](reader.entries())
        return read if read.any or kind == "tenders" else None


def _within(read: Read, since: int | None, until: int | None) -> Read:
    kept = [one for one in read.outcomes if (since is None or one.at >= since) and (until is None or one.at < until)]
    return msgspec.structs.replace(read, outcomes=tuple(kept))


def _all(reads: Sequence[tuple[str, Read]]) -> list[tuple[str, Read]]:
    """Each, and where there are several all of them together."""
    first: dict[str, str] = {}
    for ledger, read in reads:
        for one in read.outcomes:
            if one.name in first:
                raise DefinitionError(f"{ledger} and {first[one.name]} both hold {one.name}: name one of them")
        first.update({one.name: ledger for one in read.outcomes})
    if len(reads) == 1:
        return list(reads)
    every = [read for _, read in reads]
    together = Read(
        outcomes=tuple(one for read in every for one in read.outcomes),
        running=sum(read.running for read in every),
        called_off=sum(read.called_off for read in every),
        unknown=sum(read.unknown for read in every),
    )
    return [*reads, (_TOGETHER, together)]


def _plain(kind: str, one: Seen, policy: FallPolicy) -> dict[str, object]:
    """Shares and p in ppm, amounts in micros."""
    read = one.read
    return {
        "ledger": one.ledger,
        "kind": kind,
        "running": read.running,
        "called_off": read.called_off,
        "unknown": read.unknown,
        "block": policy.block,
        "alpha": policy.alpha,
        **msgspec.to_builtins(one.found),
    }


# ---- text


def _show(kind: str, seen: Sequence[Seen], policy: FallPolicy) -> None:
    rows: dict[str, list[str]] = {}
    for at, one in enumerate(seen):
        for title, value in _rows(one):
            rows.setdefault(title, [""] * len(seen))[at] = value
    output.table((kind, *(one.ledger for one in seen)), [(title, *values) for title, values in rows.items()])
    click.echo()
    for one in seen:
        before = f"{one.ledger}: " if len(seen) > 1 else ""
        for words in (_fall(kind, one.found, policy), *(_spread(payoffs) for payoffs in one.found.payoffs)):
            output.folded(before, words)


def _say_how() -> None:
    click.echo()
    words = (
        "A number in brackets is a 95 % interval: of a rate by Wilson, of a mean by the normal law. Whether there was "
        "room for a deal is not known of a live market: what nobody could have agreed on is in the rate."
    )
    click.echo("\n".join(screen.wrapped(words, min(screen.width(), 100))))


def _rows(one: Seen) -> list[tuple[str, str]]:
    found, read = one.found, one.read
    rows = [
        ("counted", f"{found.deals.of:,}"),
        ("not counted: still running", f"{read.running:,}"),
        ("not counted: called off", f"{read.called_off:,}"),
        *([("not counted: end not known", f"{read.unknown:,}")] if read.unknown else []),
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


def _fall(kind: str, found: Monitored, policy: FallPolicy) -> str:
    fall = found.fall
    if fall is None:
        looks = f"{found.looks} look{'' if found.looks == 1 else 's'}"
        return f"the deal rate: no fall seen in {looks}; the next look is in {found.missing} {kind}"
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
