"""The tables of `protocols/` for a reader that knows nothing else: TOML in, steps out. No import of the package."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PROTOCOLS = Path(__file__).parents[2] / "protocols"
FILES = {"C": "conversation", "I": "initiator", "P": "participant"}


@dataclass(frozen=True)
class Row:
    """A row, groups expanded."""

    name: str
    states: tuple[str, ...]
    events: tuple[str, ...]
    next: str
    by: str
    guard: str | None
    sends: tuple[str, ...]
    reasons: tuple[str, ...]
    one_offer: bool
    fires: tuple[str, ...]

    @property
    def cited(self) -> frozenset[str]:
        return frozenset({self.name, self.by})


@dataclass(frozen=True)
class Table:
    """One table in the form of one protocol."""

    start: str
    final: frozenset[str]
    rows: tuple[Row, ...]
    having: dict[str, frozenset[str]]  #: property -> states
    outcomes: dict[str, str]  #: final state -> outcome

    def step(self, state: str, event: str, guards: dict[str, bool] | None = None) -> Row | None:
        for row in self.rows:
            if state in row.states and event in row.events and _holds(row.guard, guards or {}):
                return row
        return None

    def rows_with(self, event: str) -> frozenset[str]:
        """Names and rules of the rows for an event in any state: what a move without a row breaks."""
        return frozenset[str]().union(*(row.cited for row in self.rows if event in row.events))

    def rows_sending(self, performative: str) -> frozenset[str]:
        """Names and rules of the rows that send an act: what an act that no row sends breaks."""
        rows = (row for row in self.rows if any(sent.split(":")[0] == performative for sent in row.sends))
        return frozenset[str]().union(*(row.cited for row in rows))


def after(row: Row, state: str) -> str:
    return state if row.next == "=" else row.next


@cache
def table(short: str, protocol: str) -> Table:
    """Table C, I or P. In `fipa-contract-net` the iterated rows and states are left out, and their guards with them."""
    raw = tomllib.loads((PROTOCOLS / f"{FILES[short]}.toml").read_text(encoding="utf-8"))
    basic = protocol == "fipa-contract-net"
    states = {name: about for name, about in raw["states"].items() if not (basic and about.get("iterated"))}
    kept = [row for row in raw["rows"] if not (basic and row.get("iterated"))]
    gone = {
        (event, row.get("guard")) for row in raw["rows"] if basic and row.get("iterated") for event in row["events"]
    }
    properties = raw.get("properties", {})
    return Table(
        start=raw["start"],
        final=frozenset(name for name, about in states.items() if about.get("final")),
        rows=tuple(_row(row, raw.get("groups", {}), set(states), gone) for row in kept),
        having={
            wanted: frozenset(n for n, about in states.items() if wanted in about.get("has", ()))
            for wanted in properties
        },
        outcomes={name: about["outcome"] for name, about in states.items() if "outcome" in about},
    )


def _row(raw: dict[str, Any], groups: dict[str, list[str]], states: set[str], gone: set[tuple[str, str | None]]) -> Row:
    guard = raw.get("guard")
    if guard is not None:
        counterpart = guard.removeprefix("not ") if guard.startswith("not ") else f"not {guard}"
        if all((event, counterpart) in gone for event in raw["events"]):
            guard = None
    expanded = [state for name in raw["states"] for state in groups.get(name, [name])]
    return Row(
        name=raw["row"],
        states=tuple(state for state in expanded if state in states),
        events=tuple(raw["events"]),
        next=raw["next"],
        by=raw["by"],
        guard=guard,
        sends=tuple(raw.get("sends", ())),
        reasons=tuple(raw.get("reasons", ())),
        one_offer=raw.get("one_offer", False),
        fires=tuple(raw.get("fires", ())),
    )


def _holds(guard: str | None, guards: dict[str, bool]) -> bool:
    if guard is None:
        return True
    return guards[guard.removeprefix("not ")] is not guard.startswith("not ")


def is_what_is_sent(sent: str, row: Row, message: dict[str, Any]) -> bool:
    """Whether a message is the act that a row sends: performative, kind, reason, and whether it names one offer."""
    performative, _, detail = sent.partition(":")
    content = message["content"]
    if message["performative"] != performative:
        return False
    if performative in ("inform", "failure"):
        if content.get("kind") != detail:
            return False
    elif detail and content.get("reason") != detail:
        return False
    if row.reasons and content.get("reason") not in row.reasons:
        return False
    return performative != "reject-proposal" or ("offer" in content) is row.one_offer
