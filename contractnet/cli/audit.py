"""`contractnet audit`: does a ledger keep what it promises, and does the market pay?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import click
import msgspec

from contractnet.cli import exits, options, output
from contractnet.cli.audit_bargains import BargainAudit
from contractnet.cli.audit_bids import Trade, totals, trades
from contractnet.cli.audit_money import MoneyAudit
from contractnet.cli.audit_protocol import Judged, ProtocolAudit
from contractnet.cli.options import option
from contractnet.cli.replay import Rederived, rederive
from contractnet.conformance.tables import Protocols
from contractnet.errors import DefinitionError
from contractnet.ledger.founding import Kind, founding
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Asked
from contractnet.ledger.urls import filled, open_reader
from contractnet.messages.values import show_amount
from contractnet.resources import folder

#: violations that are told one by one
MOST_SHOWN = 20


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one account, micros of `unit`; granted and released are None where there is no cap."""

    account: str
    unit: str | None
    granted: int | None
    held: int
    spent: int
    released: int | None
    tenders: int
    stopped: int  #: for want of money
    closed: bool


class Spoken(NamedTuple):
    """What became of the conversations."""

    judged: int
    left_out: int  #: in which something came that was no act
    broke: list[Judged]  #: in which a peer broke the protocol


@click.command("audit")
@options.ledger_argument()
@option("journal", "journals", metavar="URL", multiple=True, help="A daemon's journal; may be given again.")
@options.as_json("Accounts, trades and the verdict")
def command(ledger: str, journals: tuple[str, ...], as_json: bool) -> int:
    """Check a manager's ledger, and show what was bought beside what bidding has cost.

    Derived again as `replay` does. Its money is counted a second time, from the entries alone: granted = held + spent +
    released for each account at each entry, held = spent + released for each tender, nobody paid less than it asked or
    more than may be paid. Its conversations are judged by the checker that knows protocols/ and nothing else; what a
    peer broke is told, and is not the ledger's fault. What models cost is private to the daemons, as bargainings
    between their agents are: name their journals to see the one and have the others judged. Exits with 1 where
    something is wrong.

    \b
    Example:
      contractnet audit contractnet.db --journal summariser.journal.db
    """
    rederived = rederive(ledger)
    protocols = Protocols(folder("protocols"))
    money, protocol, bargains = MoneyAudit(), ProtocolAudit(protocols), BargainAudit(protocols)
    judged: list[Judged] = []
    wrong = [] if rederived.difference is None else [rederived.difference]
    with closing(filled(open_reader(ledger), ledger)) as reader:
        if founding(next(reader.entries()), ledger).kind is not Kind.LEDGER:
            raise DefinitionError(f"{ledger} is a daemon's journal: name a manager's ledger, and this with --journal")
        for entry in reader.entries():
            wrong += [f"{ledger}: {one}" for one in money.take(entry)]
            judged += _judge(protocol, bargains, entry, wrong)
        judged += _judge_bargains(protocol, bargains, wrong)
    asked: list[Entry] = []
    for journal in journals:
        bargains = BargainAudit(protocols)
        for entry in _entries(journal):
            if entry.type == Asked.__name__:
                asked.append(entry)
            _judge_own(bargains, journal, entry, wrong)
        judged += _judge_bargains(protocol, bargains, wrong, f"{journal}: ")
    found = trades(money.tenders, asked)
    accounts = [_account(money, name) for name in money.accounts]
    spoken = Spoken(protocol.judged, protocol.left_out, [one for one in judged if one.faulty])
    _show(accounts, found, spoken, rederived, wrong, as_json=as_json)
    return exits.WRONG if wrong else exits.OK


def _judge(protocol: ProtocolAudit, bargains: BargainAudit, entry: Entry, wrong: list[str]) -> Iterator[Judged]:
    """The verdict on the conversation that an entry closes; what the ledger's own side broke is wrong."""
    try:
        for one in () if bargains.take(entry) else protocol.take(entry):
            yield _told_wrong(one, wrong)
    except (LookupError, ValueError, TypeError) as error:
        wrong.append(f"position {entry.position}: this `{entry.type}` entry belongs to no conversation: {error!r}")


def _judge_own(bargains: BargainAudit, journal: str, entry: Entry, wrong: list[str]) -> None:
    """Take an entry of a journal."""
    try:
        bargains.take(entry)
    except (LookupError, ValueError, TypeError) as error:
        wrong.append(
            f"{journal}, position {entry.position}: this `{entry.type}` entry belongs to no bargaining: {error!r}"
        )


def _judge_bargains(
    protocol: ProtocolAudit, bargains: BargainAudit, wrong: list[str], where: str = ""
) -> Iterator[Judged]:
    """The verdicts on the bargainings that have ended; `where` stands before what is wrong."""
    for one in bargains.verdicts():
        if one is None:
            protocol.left_out += 1
        else:
            protocol.judged += 1
            yield _told_wrong(one, wrong, where)


def _told_wrong(one: Judged, wrong: list[str], where: str = "") -> Judged:
    """The same; what the ledger's own side broke is wrong."""
    if one.fault is not None:
        rules = ", ".join(sorted(one.fault.breaks))
        wrong.append(f"{where}conversation {one.conversation}: {one.fault.kind}: {one.fault.text} ({rules})")
    return one


def _entries(journal: str) -> Iterator[Entry]:
    with closing(filled(open_reader(journal), journal)) as reader:
        if founding(next(reader.entries()), journal).kind is not Kind.JOURNAL:
            raise DefinitionError(f"--journal {journal}: that is a manager's ledger: name a daemon's journal")
        yield from reader.entries()


def _account(money: MoneyAudit, name: str) -> AccountLine:
    mine = [one for one in money.tenders.values() if one.account == name]
    ends = [one.ended for one in mine if one.ended is not None]
    stopped = [one for one in ends if (one.status, one.reason) == ("cancelled", "budget")]
    return AccountLine(
        account=name,
        unit=money.accounts[name].unit,
        granted=money.granted(name),
        held=money.held(name),
        spent=money.spent(name),
        released=money.released(name),
        tenders=len(mine),
        stopped=len(stopped),
        closed=money.accounts[name].closed,
    )


# ---- showing


def _show(
    accounts: Sequence[AccountLine],
    found: Sequence[Trade],
    spoken: Spoken,
    rederived: Rederived,
    wrong: Sequence[str],
    *,
    as_json: bool,
) -> None:
    if as_json:
        for one in accounts:
            output.json_line({"kind": "account"} | _plain(one))
        for trade in found:
            output.json_line({"kind": "trade"} | _plain(trade))
        broke = {one.conversation: one.faulty for one in spoken.broke}
        verdict = {
            "awards": rederived.awards,
            "of": rederived.total,
            "conversations": spoken.judged,
            "left_out": spoken.left_out,
            "broke": broke,
            "violations": list(wrong),
        }
        output.json_line({"kind": "verdict", **verdict})
        return
    sums = ("ACCOUNT", "GRANTED", "HELD", "SPENT", "RELEASED", "UNIT", "TENDERS", "STOPPED")
    output.table(sums, [_account_row(one) for one in accounts])
    if found:
        click.echo()
        head = ("AGENT", "BIDS", "WON", "ASKED", "PAID", "UNIT", "REQUESTS", "TOKENS", "BIDDING", "LOST BIDS", "WORK")
        output.table(head, [_trade_row(one) for one in [*found, *totals(found)]])
    for total in totals(found):
        if total.requests:
            click.echo(f"\n{_worth(total)}")
    click.echo()
    for line in wrong[:MOST_SHOWN]:
        output.note("audit", line)
    if len(wrong) > MOST_SHOWN:
        output.note("audit", f"and {len(wrong) - MOST_SHOWN} more")
    for talk in spoken.broke[:MOST_SHOWN]:
        output.note("audit", f"in {talk.conversation} {', '.join(talk.faulty)} broke the protocol")
    left_out = f", {spoken.left_out} left out: what came was no act" if spoken.left_out else ""
    click.echo(f"{spoken.judged} conversations judged{left_out}")
    click.echo(f"{rederived.awards} of {rederived.total} awards re-derived, {_violations(len(wrong))}")


def _violations(count: int) -> str:
    return f"{count} violation" + ("" if count == 1 else "s")


def _worth(total: Trade) -> str:
    """What bidding cost beside what was bought, in a sentence."""
    share = f", {total.bidding * 100 // total.paid} % of the price" if total.paid else ""
    lost = f", of it {show_amount(total.lost)} for bids that did not win" if total.lost else ""
    return (
        f"{total.won} results for {show_amount(total.paid)} {total.unit}; the models behind the bids cost "
        f"{show_amount(total.bidding)} {total.unit}{share}{lost}"
    )


def _account_row(one: AccountLine) -> tuple[str, ...]:
    name = one.account or "(the market)"
    limits = ["no cap" if amount is None else show_amount(amount) for amount in (one.granted, one.released)]
    sums = (limits[0], show_amount(one.held), show_amount(one.spent), limits[1])
    return (f"{name} (closed)" if one.closed else name, *sums, one.unit or "", str(one.tenders), str(one.stopped))


def _trade_row(one: Trade) -> tuple[str, ...]:
    money = (show_amount(one.asked), show_amount(one.paid), one.unit)
    models = (str(one.requests), str(one.tokens), *map(show_amount, (one.bidding, one.lost, one.work)))
    return (one.agent, str(one.bids), str(one.won), *money, *models)


def _plain(one: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(one)
