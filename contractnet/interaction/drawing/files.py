"""The diagrams that lie in `protocols/diagrams/`: two of each table, the same bytes wherever they are made."""

from __future__ import annotations

from typing import Final

from contractnet.interaction.definition import TABLES, load
from contractnet.interaction.drawing.mermaid import mermaid
from contractnet.interaction.drawing.picture import picture
from contractnet.interaction.drawing.svg import svg

FOLDER: Final = "diagrams"


def diagrams() -> dict[str, str]:
    """The generated files: name within `protocols/` -> text, in the order of their names.

    Raises:
        DefinitionError: a table is wrong.
    """
    found: dict[str, str] = {}
    for name in TABLES:
        drawn = picture(load(name))
        found[f"{FOLDER}/{name}.mmd"] = mermaid(drawn, f"{name}.toml")
        found[f"{FOLDER}/{name}.svg"] = svg(drawn, f"{name}.toml")
    return dict(sorted(found.items()))
