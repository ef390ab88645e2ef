"""From the files of the checkout to the pages of the site: what is generated is put in, links are bent to fit.

The pages are written for a code host: a link leads to the file in the checkout. In the site a link to a page leads to
the page, one to any other file leads to a copy of it under `files/`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.tools.api import api_page
from docs.tools.commands import command_pages, screens, variable_table
from docs.tools.demo import demo_output, demo_part
from docs.tools.failures import error_page
from docs.tools.records import entry_columns, record_kinds
from docs.tools.source import ROOT
from docs.tools.tables import protocol_table
from docs.tools.text import replace_links

DOCS = ROOT / "docs"
#: pages that lie elsewhere in the checkout -> where the site has them
ELSEWHERE: Mapping[str, str] = {
    "protocols/README.md": "protocol/README.md",
    "deploy/README.md": "deploy/README.md",
    "agents/README.md": "agents/README.md",
    "CHANGELOG.md": "changelog.md",
}
#: what `<!-- generated: NAME -->` on a line of its own is replaced with
GENERATED: Mapping[str, Callable[[], str]] = {
    "commands": command_pages,
    "screens": screens,
    "variables": variable_table,
    "python": api_page,
    "entry": entry_columns,
    "records": record_kinds,
    "errors": error_page,
    "demo": demo_output,
    "demo-part": demo_part,
}
_MARK = re.compile(
    r"^<!-- generated: (\S+)(?: (\S+))? -->\n(?:<!-- until -->.*?<!-- end -->\n)?", re.MULTILINE | re.DOTALL
)


class StagingError(Exception):
    """A page names what is not there; says which page, and what."""


def pages() -> dict[Path, Path]:
    """The Markdown files of the site: file in the checkout -> place in the site."""
    own = {path: path.relative_to(DOCS) for path in sorted(DOCS.rglob("*.md"))}
    return {**own, **{ROOT / name: Path(place) for name, place in ELSEWHERE.items()}}


def generate(text: str, where: str) -> str:
    """The text with its marks replaced.

    Raises:
        StagingError: nothing of that name is generated.
    """

    def put(match: re.Match[str]) -> str:
        name, argument = match[1], match[2]
        if name == "table" and argument:
            return protocol_table(argument)
        if name not in GENERATED:
            raise StagingError(f"{where}: nothing called {name!r} is generated; there are {', '.join(GENERATED)}")
        return GENERATED[name]()

    return _MARK.sub(put, text)


def stage(folder: Path) -> dict[Path, Path]:
    """Write all pages and what they show into an empty `folder`; returns what was written -> what it was made from.

    Raises:
        StagingError: a link leads to a file that is not there, or a mark names nothing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    places = pages()
    written: dict[Path, Path] = {}
    wanted: dict[Path, Path] = {path: path.relative_to(DOCS) for path in DOCS.rglob("*.css")}
    for source, place in places.items():
        text = generate(source.read_text(encoding="utf-8"), str(source.relative_to(ROOT)))

        def bend(target: str, source: Path = source, place: Path = place) -> str:
            return _bent(target, source, place, places, wanted)

        _write(folder / place, replace_links(text, bend))
        written[place] = source
    for source, place in wanted.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / place)
        written[place] = source
    return written


def _bent(target: str, source: Path, place: Path, places: Mapping[Path, Path], wanted: dict[Path, Path]) -> str:
    if re.match(r"[a-z]+:", target) or target.startswith("#"):
        return target
    name, sign, anchor = target.partition("#")
    file = Path(os.path.normpath(source.parent / name))
    if file.is_dir():
        file /= "README.md"
    if not file.is_file() or not file.is_relative_to(ROOT):
        raise StagingError(f"{source.relative_to(ROOT)}: the link to {target} leads nowhere")
    if file not in places:
        own = file.is_relative_to(DOCS)
        wanted[file] = file.relative_to(DOCS) if own else Path("files") / file.relative_to(ROOT)
    there = places.get(file) or wanted[file]
    return os.path.relpath(there, place.parent) + sign + anchor


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
