"""`contractnet judge`: a later verdict on a result."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from typing import Any

import click
import msgspec

from contractnet.cli import exits, options, output
from contractnet.cli.options import option
from contractnet.ledger.founding import Kind
from contractnet.ledger.urls import open_ledger, open_reader


@click.command("judge")
@options.ledger_argument()
@click.argument("tender", metavar="TENDER")
@click.argument("verdict", type=click.Choice(["ok", "bad"]))
@option("note", metavar="TEXT", default="", show_default=False, help="Why, for people; at most 500 characters count.")
@options.as_json("What was judged")
def command(ledger: str, tender: str, verdict: str, note: str, as_json: bool) -> int:
    """Record what a result turned out to be worth: the last verdict stands, before the check and before that it came.

    The awards that follow go by it, where they go by calibrated confidence; what was paid stays paid. TENDER is a
    tender's id or key, or the id of one of its conversations. While a manager runs on the ledger nobody else may write
    into it: a program that runs the manager calls contract.judge() instead.

    \b
    Example:
      contractnet judge contractnet.db ticket-17 bad --note "left the refund out"
    """
    with closing(open_reader(ledger)):  # it is there, and can be read: to open it for writing would make a new one
        pass
    told = asyncio.run(_judge(ledger, tender, verdict == "ok", note))
    if as_json:
        output.json_line(told)
        return exits.OK
    click.echo(f"tender {told['tender']} is judged {'good' if told['ok'] else 'bad'}")
    for one in told["winners"]:
        change = f"{_percent(one['before'])} before, {_percent(one['after'])} now"
        click.echo(f"{one['agent']}, {one['skill']}: {one['good']} of {one['n']} good; counts as {change}")
    return exits.OK


async def _judge(url: str, name: str, ok: bool, note: str) -> dict[str, Any]:
    from contractnet.manager.verdicts import judge  # the manager, which `--help` does without

    now = time.time_ns() // 1_000_000
    ledger = open_ledger(url, kind=Kind.LEDGER, owner=None, now=now)
    try:
        tender, found = await judge(ledger, name, ok, note, now)
    finally:
        await ledger.aclose()
    return {
        "tender": tender.id,
        "key": tender.opened.key,
        "ok": ok,
        "note": note,
        "winners": [msgspec.structs.asdict(one) for one in found],
    }


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.1f} %"
