"""A model that a command line names by its URL: the agent that it makes of it, as an agent's file would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from contractnet.agent.definition import Definition, parse

#: the environment variable that holds the key, as everywhere; it need not be set
KEY = "OPENAI_API_KEY"


def definition(agent: str, skills: Sequence[str], url: str, name: str, *, key: bool, timeout_s: float) -> Definition:
    """An agent with the model at a URL behind it: the model estimates and works, code makes the price.

    Args:
        name: the model's name at its endpoint.
        key: whether the variable of the key is set.
        timeout_s: the longest one request may take.
    Raises:
        DefinitionError: the URL or the name cannot be used.
    """
    model: dict[str, Any] = {"base_url": url, "name": name, "reads": "task", "timeout_s": timeout_s, "max_tokens": 512}
    if key:
        model["api_key_env"] = KEY
    tables: dict[str, dict[str, Any]] = {
        "": {"id": agent, "skills": list(skills), "capacity": 4},
        "cost": {"per_1k_tokens": "0.01", "margin_pct": 20, "floor": "0.002"},
        "model": model,
    }
    lines = [
        line
        for table, values in tables.items()
        for line in ([f"[{table}]"] if table else []) + [f"{name} = {_toml(value)}" for name, value in values.items()]
    ]
    found = parse("\n".join(lines).encode(), "--model", Path.cwd())
    assert isinstance(found, Definition)  # it has no [mediate]
    return found


def _toml(value: Any) -> str:
    """Of texts, numbers and lists TOML and JSON have the same form."""
    return msgspec.json.encode(value).decode()
