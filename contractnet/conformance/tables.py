"""The tables of `protocols/` for a reader that knows nothing else: TOML in, rows out.

The package has another reader of the same files (`contractnet.interaction`), for programs that walk them. This one is
apart on purpose: what one of them reads wrongly, the other does not.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources.abc import Traversable
from typing import Any, Final

from contractnet.conformance.schema import Schema

#: short name of a table -> its file in `protocols/`, without `.toml`
FILES: Final[Mapping[str, str]] = {
    "C": "conversation",
    "I": "initiator",
    "P": "participant",
    "MI": "mediation-initiator",
    "MP": "mediation-participant",
    "B": "bargaining",
}
#: in the column `next`: the state stays
SAME: Final = "="
BASIC: Final = "fipa-contract-net"
ITERATED: Final = "fipa-iterated-contract-net"
MEDIATION: Final = "contractnet-mediation"
BARGAINING: Final = "contractnet-bargaining"
_NO_RULE: Final = frozenset({"X", "XI"})  #: these mark an extension; the row itself is its rule


@dataclass(frozen=True)
class Row:
    """One row, groups of states expanded."""

    name: str
    states: tuple[str, ...]
    events: tuple[str, ...]
    next: str
    rules: frozenset[str]  #: its name, and the rules that it cites
    guard: str | None = None  #: `name` or `not name`
    sends: tuple[str, ...] = ()  #: acts, as `performative` or `performative:kind-or-reason`
    reasons: tuple[str, ...] = ()
    one_offer: bool = False
    fires: tuple[str, ...] = ()

    def sends_this(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is an act that this row sends."""
        return any(is_the_act(sent, self, message) for sent in self.sends)


@dataclass(frozen=True)
class Table:
    """One table in the form of one protocol."""

    name: str
    start: str
    final: frozenset[str]
    rows: tuple[Row, ...]
    having: Mapping[str, frozenset[str]]  #: property -> states
    outcomes: Mapping[str, str]  #: final state -> how a conversation ended
    steps: Mapping[tuple[str, str], tuple[Row, ...]] = field(repr=False)  #: (state, event) -> rows, by their guards

    def step(self, state: str, event: str, guards: Mapping[str, bool] | None = None) -> Row | None:
        """The row for this state and event whose guard holds, or None."""
        for row in self.steps.get((state, event), ()):
            if row.guard is None or (guards or {})[row.guard.removeprefix("not ")] is not row.guard.startswith("not "):
                return row
        return None

    def rules_with(self, event: str) -> frozenset[str]:
        """What an event without a row breaks: the rows that have it in some other state."""
        return frozenset[str]().union(*(row.rules for row in self.rows if event in row.events))

    def rules_firing(self, event: str) -> frozenset[str]:
        """What an event that no row raised breaks: the rows that would raise it, as `I:#award`."""
        return frozenset[str]().union(*(row.rules for row in self.rows if event in row.fires))

    def rules_sending(self, message: Mapping[str, Any]) -> frozenset[str]:
        """What a message that no row has asked for breaks: the rows that send just this, or else this performative."""
        exact = [row.rules for row in self.rows if row.sends_this(message)]
        alike = [row.rules for row in self.rows if any(s.split(":")[0] == message["performative"] for s in row.sends)]
        return frozenset[str]().union(*(exact or alike))


def after(row: Row, state: str) -> str:
    """The state after a row that was taken in `state`."""
    return state if row.next == SAME else row.next


def is_the_act(sent: str, row: Row, message: Mapping[str, Any]) -> bool:
    """Whether a message is what a row sends: performative, kind, reason, and whether it names one offer."""
    performative, _, detail = sent.partition(":")
    content: Mapping[str, Any] = message["content"]
    if message["performative"] != performative:
        return False
    if performative in ("inform", "failure"):
        kind = content.get("kind")
        if kind != detail and (kind, detail) != ("settled", "choice"):  # the answer about a bargaining
            return False
    elif detail and content.get("reason") != detail:
        return False
    if row.reasons and content.get("reason") not in row.reasons:
        return False
    return performative != "reject-proposal" or ("offer" in content) is row.one_offer


class Protocols:
    """The folder `protocols/`: six tables, each in the form of each of its protocols, and the schema of messages."""

    def __init__(self, folder: Traversable) -> None:
        """Read it.

        Args:
            folder: where the tables and `message.schema.json` lie; a `pathlib.Path` will do.
        Raises:
            OSError: a file is missing.
            ValueError: a file is neither TOML nor JSON, or the schema uses a word that is not known here.
            KeyError: a table lacks something that protocols/README.md, section 4, asks for.
        """
        texts = {short: (folder / f"{name}.toml").read_text(encoding="utf-8") for short, name in FILES.items()}
        self._raw: dict[str, dict[str, Any]] = {short: tomllib.loads(text) for short, text in texts.items()}
        self._schema = (folder / "message.schema.json").read_text(encoding="utf-8")
        self.table = cache(self._table)  #: (short name, protocol) -> Table

    @cached_property
    def schema(self) -> Schema:
        """Of one message."""
        return Schema(json.loads(self._schema))

    def _table(self, short: str, protocol: str) -> Table:
        """One table. In `fipa-contract-net` the iterated rows and states are left out, and their guards with them."""
        raw = self._raw[short]
        listed: list[dict[str, Any]] = raw["rows"]
        gone = [row for row in listed if protocol == BASIC and row.get("iterated")]
        states: dict[str, dict[str, Any]] = {
            name: about for name, about in raw["states"].items() if not (protocol == BASIC and about.get("iterated"))
        }
        lifted = {(event, row.get("guard")) for row in gone for event in row["events"]}
        rows = tuple(_row(row, raw.get("groups", {}), set(states), lifted) for row in listed if row not in gone)
        steps: dict[tuple[str, str], tuple[Row, ...]] = {}
        for row in rows:
            for key in ((state, event) for state in row.states for event in row.events):
                steps[key] = (*steps.get(key, ()), row)
        return Table(
            name=short,
            start=raw["start"],
            final=frozenset(name for name, about in states.items() if about.get("final")),
            rows=rows,
            having={
                wanted: frozenset(name for name, about in states.items() if wanted in about.get("has", ()))
                for wanted in raw.get("properties", {})
            },
            outcomes={
                name: about.get("outcome", name.lower().replace("_", "-"))
                for name, about in states.items()
                if about.get("final")
            },
            steps=steps,
        )


def _row(
    raw: Mapping[str, Any],
    groups: Mapping[str, list[str]],
    states: set[str],
    lifted: set[tuple[str, str | None]],
) -> Row:
    guard: str | None = raw.get("guard")
    if guard is not None:
        counterpart = guard.removeprefix("not ") if guard.startswith("not ") else f"not {guard}"
        if all((event, counterpart) in lifted for event in raw["events"]):
            guard = None
    expanded = (state for name in raw["states"] for state in groups.get(name, [name]))
    return Row(
        name=raw["row"],
        states=tuple(state for state in expanded if state in states),
        events=tuple(raw["events"]),
        next=raw["next"],
        rules=frozenset({raw["row"], raw["by"], *raw.get("see", ())}) - _NO_RULE,
        guard=guard,
        sends=tuple(raw.get("sends", ())),
        reasons=tuple(raw.get("reasons", ())),
        one_offer=raw.get("one_offer", False),
        fires=tuple(raw.get("fires", ())),
    )
