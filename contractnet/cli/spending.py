"""What models were asked and what it cost, counted from journals: by agent, purpose and endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from contractnet.cli import output
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Asked
from contractnet.ledger.urls import open_reader
from contractnet.messages.values import show_amount


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """Of one agent, for one purpose, at one endpoint."""

    agent: str
    endpoint: str
    purpose: str
    requests: int = 0
    failed: int = 0  #: of them, those whose outcome was not `ok`
    tokens_in: int = 0
    tokens_out: int = 0
    guessed: int = 0  #: requests whose tokens are estimates
    cost: int = 0  #: micros
    unit: str = "USD"

    def plus(self, asked: Asked) -> Spending:
        """With one request more."""
        return msgspec.structs.replace(
            self,
            requests=self.requests + 1,
            failed=self.failed + (asked.outcome != "ok"),
            tokens_in=self.tokens_in + asked.tokens_in,
            tokens_out=self.tokens_out + asked.tokens_out,
            guessed=self.guessed + asked.guessed,
            cost=self.cost + asked.cost,
        )


def spendings(entries: Iterable[Entry]) -> list[Spending]:
    """What the `Asked` entries come to."""
    found: dict[tuple[str, str, str, str], Spending] = {}
    for entry in entries:
        if entry.type == Asked.__name__:
            asked = msgspec.json.decode(entry.body, type=Asked)
            key = (entry.agent, asked.endpoint, asked.unit, asked.purpose)
            before = found.get(key) or Spending(
                agent=entry.agent, endpoint=asked.endpoint, purpose=asked.purpose, unit=asked.unit
            )
            found[key] = before.plus(asked)
    return [found[key] for key in sorted(found)]


def show(journals: Sequence[str], *, as_json: bool) -> None:
    """Print what the journals say.

    Raises:
        LedgerError: one cannot be read.
    """
    entries: list[Entry] = []
    for journal in journals:
        reader = open_reader(journal)
        try:
            entries += [entry for entry in reader.entries() if entry.type == Asked.__name__]
        finally:
            reader.close()
    found = spendings(entries)
    if as_json:
        for one in found:
            output.json_line(one)
    elif found:
        head = ("AGENT", "ENDPOINT", "FOR", "REQUESTS", "FAILED", "TOKENS IN", "OUT", "COST")
        output.table(head, [_row(one) for one in found] + _totals(found))
    else:
        output.note("agents", "no model was asked: there is no entry Asked")


def _row(one: Spending) -> tuple[str, ...]:
    about = "about " if one.guessed else ""
    tokens = (f"{about}{one.tokens_in}", f"{about}{one.tokens_out}")
    cost = f"{show_amount(one.cost)} {one.unit}"
    return (one.agent, one.endpoint, one.purpose, str(one.requests), str(one.failed), *tokens, cost)


def _totals(found: Sequence[Spending]) -> list[tuple[str, ...]]:
    """A line for each unit."""
    lines: list[tuple[str, ...]] = []
    for unit in sorted({one.unit for one in found}):
        mine = [one for one in found if one.unit == unit]
        sums = [sum(getattr(one, name) for one in mine) for name in ("requests", "failed", "tokens_in", "tokens_out")]
        cost = f"{show_amount(sum(one.cost for one in mine))} {unit}"
        lines.append(("total", "", "", *map(str, sums), cost))
    return lines
