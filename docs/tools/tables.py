"""The pages of the protocol tables, from protocols/*.toml."""

from __future__ import annotations

import tomllib
from typing import Any

from docs.tools.source import ROOT
from docs.tools.text import table


def protocol_table(name: str) -> str:
    """A table: its picture, states, events and rows. `name`: of the file in protocols/, without `.toml`."""
    raw = tomllib.loads((ROOT / "protocols" / f"{name}.toml").read_text(encoding="utf-8"))
    parts = [
        f"{raw['title']}, of {' and '.join(f'`{one}`' for one in raw['protocols'])}. It starts in `{raw['start']}`.\n",
        f"![State diagram of table {raw['table']}](../../protocols/diagrams/{name}.svg)\n",
        f"## States\n\n{_states(raw)}",
    ]
    if "properties" in raw:
        parts.append("## Properties\n\nWhat a program reacts to; state names may change.\n")
        parts.append(_named("property", raw["properties"]))
    if "groups" in raw:
        rows = [(f"`{group}`", ", ".join(f"`{one}`" for one in members)) for group, members in raw["groups"].items()]
        parts.append(f"## Groups\n\n{table(('group', 'states'), rows)}")
    parts.append(f"## Events\n\n{_named('event', raw['events'])}")
    if "guards" in raw:
        parts.append(f"## Guards\n\n{_named('guard', raw['guards'])}")
    parts.append(f"## Rows\n\n{_rows(raw)}")
    return "\n".join(parts)


def _named(what: str, meanings: dict[str, str]) -> str:
    return table((what, "what it means"), [(f"`{name}`", text) for name, text in meanings.items()])


def _states(raw: dict[str, Any]) -> str:
    rows = []
    for name, state in raw["states"].items():
        marks = ["final"] if state.get("final") else []
        marks += [f"outcome `{state['outcome']}`"] if "outcome" in state else []
        marks += ["iterated"] if state.get("iterated") else []
        marks += [", ".join(f"`{one}`" for one in state.get("has", []))] if state.get("has") else []
        rows.append((f"`{name}`", state["means"], "; ".join(marks)))
    return table(("state", "what it means", "properties"), rows)


def _rows(raw: dict[str, Any]) -> str:
    rows = []
    for row in raw["rows"]:
        when = ", ".join(f"`{one}`" for one in row["events"])
        if row.get("guard"):
            when += f" if {row['guard']}"
        sends = [f"`{one}`" for one in row.get("sends", [])] + [f"fires `{one}`" for one in row.get("fires", [])]
        by = ", ".join([row["by"], *row.get("see", [])])
        after = "the same" if row["next"] == "=" else f"`{row['next']}`"
        states = " ".join(f"`{one}`" for one in row["states"])
        rows.append((row["row"], states, when, ", ".join(sends), after, row.get("does", ""), by))
    return table(("row", "in", "event", "says", "then", "does", "by"), rows)
