"""The diagrams of the tables, drawn once for all tests that look at them, and not before the first does."""

from __future__ import annotations

from functools import cache

from contractnet.interaction.drawing.files import diagrams


@cache
def made() -> dict[str, str]:
    """Name within `protocols/` -> text."""
    return diagrams()
