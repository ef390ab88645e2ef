"""Markdown as text: its code blocks, headings and links. Enough of the language for the pages of this folder."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<fence>```+)(?P<info>[^\n]*)\n(?P<code>.*?)^(?P=fence)[ ]*$\n?", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_TITLE = re.compile(r'title="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    language: str  #: the first word after the fence, or empty
    title: str  #: the name of the file that it shows, or empty
    code: str
    line: int  #: of the fence, from 1


def blocks(text: str) -> list[Block]:
    """The fenced blocks, in order."""
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        info = match["info"].strip()
        title = _TITLE.search(info)
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(info.split(" ")[0], title[1] if title else "", match["code"], line))
    return found


def masked(text: str) -> str:
    """The same text with a space for every character of code, so that places stay."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _INLINE.sub(blank, _FENCE.sub(blank, text))


def slug(heading: str) -> str:
    """The anchor of a heading, as code hosts and the site make it."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(text: str) -> list[str]:
    """The anchors of a page: one a heading; a second of the same words gets `_1`, which no link should use."""
    plain = _FENCE.sub("", text)
    found: list[str] = []
    for heading in _HEADING.findall(plain):
        name = slug(heading.replace("`", ""))
        found.append(name if name not in found else f"{name}_1")
    return found


def links(text: str) -> Iterator[tuple[str, int]]:
    """The targets of links and images, each with its line, from 1."""
    for match in _LINK.finditer(masked(text)):
        yield match["target"], text.count("\n", 0, match.start()) + 1


def replace_links(text: str, new: Callable[[str], str]) -> str:
    """The text with every target of a link or image replaced; code is left alone."""
    parts: list[str] = []
    at = 0
    for match in _LINK.finditer(masked(text)):
        begin, end = match.span("target")
        parts += [text[at:begin], new(match["target"])]
        at = end
    return "".join([*parts, text[at:]])


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; `|` and line ends in a cell are made harmless."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    plain = " ".join(text.split())
    return re.sub(r"`([^`]*\|[^`]*)`", _code_with_bars, plain).replace("|", "\\|")


def _code_with_bars(match: re.Match[str]) -> str:
    """Code in a cell: a backslash before a bar would be shown."""
    return f"<code>{html.escape(match[1]).replace('|', '&#124;')}</code>"


def unwrapped(text: str) -> str:
    """Paragraphs of a docstring, each on one line; indented parts stay as they are."""
    return "\n\n".join(
        part if part.startswith((" ", "- ", "1.")) else " ".join(part.split()) for part in text.strip().split("\n\n")
    )
