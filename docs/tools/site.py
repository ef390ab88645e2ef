"""The built site, looked at: every internal link and anchor leads somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: attributes that a browser follows by itself; only `href` of `<a>` waits for a click
_FETCHED = {
    ("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src"),
    ("audio", "src"), ("object", "data"), ("embed", "src"), ("use", "href"), ("image", "href"), ("input", "src"),
}  # fmt: skip
#: relations of `<link>` that fetch nothing
_HARMLESS = {"canonical", "next", "prev", "alternate"}
_CSS_URL = re.compile(r"""url\(\s*["']?(?!data:)([^"')]+)|@import\s+["']([^"']+)""")

#: an address in a script; those of www.w3.org name a language, and are no place
_ADDRESS = re.compile(r"https?://(?!www\.w3\.org/)[\w.-]+/")


class Page(HTMLParser):
    """The links and anchors of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.clicked: list[str] = []  #: targets of `<a>`
        self.fetched: list[str] = []  #: what a browser loads
        self.classes: set[str] = set()
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.classes |= set(given.get("class", "").split())
        self._style = tag == "style"
        for name, value in given.items():
            if (tag, name) == ("a", "href"):
                self.clicked.append(value)
            elif (tag, name) in _FETCHED and given.get("rel") not in _HARMLESS:
                self.fetched.append(value)
        self.fetched += css_urls(given.get("style", ""))

    def handle_data(self, data: str) -> None:
        if self._style:
            self.fetched += css_urls(data)

    def handle_endtag(self, tag: str) -> None:
        self._style = False


def css_urls(text: str) -> list[str]:
    """What a style sheet loads."""
    return [one or two for one, two in _CSS_URL.findall(text)]


def check(site: Path) -> Iterator[str]:
    """What is wrong with the site, a line each: first the file, then the fault."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        for target in (*page.clicked, *page.fetched):
            fault = _fault(target, path, site, pages)
            if fault:
                yield f"{name}: {target} {fault}"
        for target in page.fetched:
            if _is_outside(target):
                yield f"{name}: {target} is fetched from elsewhere"
        if "mermaid" in page.classes:
            yield f"{name}: a mermaid block would fetch a script; draw an SVG"
    for path in sorted(site.rglob("*.js")):
        for target in _ADDRESS.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: {target} is named by a script"
    for path in sorted(site.rglob("*.css")):
        for target in css_urls(path.read_text(encoding="utf-8")):
            if _is_outside(target):
                yield f"{path.relative_to(site)}: {target} is fetched from elsewhere"


def cut_off(site: Path) -> None:
    """Take the addresses of others out of the theme's scripts: what they would fetch for parts that no page of ours has
    (diagrams, code that runs, light boxes) is looked for here, and not there.
    """
    for path in site.rglob("*.js"):
        path.write_text(_ADDRESS.sub("./", path.read_text(encoding="utf-8")), encoding="utf-8")


def _is_outside(target: str) -> bool:
    return bool(urlsplit(target).netloc)


def _fault(target: str, path: Path, site: Path, pages: dict[Path, Page]) -> str | None:
    parts = urlsplit(target)
    if parts.scheme in ("data", "mailto", "javascript"):
        return None
    if parts.scheme or parts.netloc:
        good = parts.scheme in ("http", "https") and "." in parts.netloc and " " not in target
        return None if good else "is no address"
    base = site if parts.path.startswith("/") else path.parent
    file = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
    if file.is_dir():
        file /= "index.html"
    if not file.is_file():
        return "leads to no file"
    if parts.fragment and file in pages and unquote(parts.fragment) not in pages[file].anchors:
        return "leads to no heading"
    return None
