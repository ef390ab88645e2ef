"""Agents with models for whole markets, and what their journals say of calls, answers and money."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.audit import Row

SKILL = "text.count"
PRICES = (500, 1_500)  #: micros per thousand tokens, in and out
SCHEMA = {
    "type": "object",
    "properties": {"words": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["words"],
    "additionalProperties": False,
}


def write_agent(folder: Path, name: str, base_url: str, *more: str, capacity: int = 8, cost: str = "") -> Path:
    """The file of an agent whose model bids and works; `more` are lines of its `[model]`."""
    path = folder / f"{name}.toml"
    lines = [
        f'id = "{name}"',
        f'skills = ["{SKILL}"]',
        f"capacity = {capacity}",
        "[cost]",
        cost or 'per_1k_tokens = "0.002"\nmargin_pct = 20\nfloor = "0.001"',
        "[model]",
        f'base_url = "{base_url}"',
        'name = "noise"',
        'price_in_per_1k = "0.0005"',
        'price_out_per_1k = "0.0015"',
        "max_tokens = 200",
        *more,
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def asked(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """What a journal says of requests to models."""
    return [row.body for row in rows if row.type == "Asked"]


def unanswered(rows: list[Row]) -> list[str]:
    """Calls that no proposal and no refusal was said to in time, or to which one was said that was late."""
    wrong = []
    said = [row for row in rows if row.type == "Said" and row.message["performative"] in ("propose", "refuse")]
    for row in rows:
        if row.type != "Heard" or row.message["performative"] != "cfp":
            continue
        mine = [one for one in said if one.agent == row.agent and one.conversation == row.conversation]
        until = row.at + row.content["reply_within_ms"]
        answers = [one for one in mine if one.message["in_reply_to"] == row.message["reply_with"]]
        if not answers:
            wrong.append(f"{row.agent} said nothing in {row.conversation}")
        elif answers[0].at > until:
            wrong.append(f"{row.agent} was {answers[0].at - until} ms late in {row.conversation}")
    return wrong


def assert_adds_up(rows: Iterable[Row]) -> tuple[int, int, int]:
    """Every cost follows from its tokens; returns the sums of tokens in, tokens out and micros."""
    found = asked(rows)
    for one in found:
        worth = -(-(one.get("tokens_in", 0) * PRICES[0] + one.get("tokens_out", 0) * PRICES[1]) // 1000)
        assert one.get("cost", 0) == worth, one
    sums = [sum(one.get(name, 0) for one in found) for name in ("tokens_in", "tokens_out", "cost")]
    return sums[0], sums[1], sums[2]
