"""The tools of docs/: Markdown as text, what a page prints, the check of a built site."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.tools import site, text
from docs.tools.api import sections
from docs.tools.blocks import Reader, commands, is_as_told
from docs.tools.source import classes
from docs.tools.stage import StagingError, generate


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("D7 Timers", "d7-timers"),
        ("Tender, call, conversation", "tender-call-conversation"),
        ("Market.open", "marketopen"),
        ("Where is [it](x.md)?", "where-is-it"),
    ],
)
def test_the_anchor_of_a_heading(heading: str, anchor: str) -> None:
    assert text.slug(heading) == anchor


def test_links_in_code_are_none() -> None:
    page = "[a](a.md) `[b](b.md)`\n\n```text\n[c](c.md)\n```\n\n![d](d.svg)\n"
    assert list(text.links(page)) == [("a.md", 1), ("d.svg", 7)]
    assert text.replace_links(page, str.upper) == page.replace("(a.md)", "(A.MD)").replace("(d.svg)", "(D.SVG)")


def test_headings_in_code_are_none_and_a_second_of_the_same_words_is_told_apart() -> None:
    assert text.anchors("# A b\n\n```sh\n# no heading\n```\n\n## A b\n") == ["a-b", "a-b_1"]


@pytest.mark.parametrize(
    ("printed", "told", "same"),
    [
        ("one\ntwo\n", "one\ntwo\n", True),
        ("one\ntwo\n", "one\n", False),
        ("at 12:03 it began\n", "at … it began\n", True),
        ("at 12:03\nit began\n", "at … it began\n", False),
        ("a\nb\nc\nd\n", "a\n…\nd\n", True),
        ("a\nd\n", "a\n…\nd\n", True),
        ("a\nb\n", "a\n…\nd\n", False),
        ("ends here   \n", "ends here\n", True),
        ("", "", True),
    ],
)
def test_what_is_printed_is_held_against_what_is_told(printed: str, told: str, same: bool) -> None:
    assert is_as_told(printed, told) is same


def test_a_bar_in_a_table_is_no_end_of_a_cell() -> None:
    assert text.table(("a",), [("`x | None` or a|b",)]).splitlines()[2] == "| <code>x &#124; None</code> or a\\|b |"


def test_the_commands_of_a_block() -> None:
    block = text.blocks("\n```console\n$ one \\\n>  more\nprints\n$ two\n```\n")[0]
    assert [(one.text, one.printed) for one in commands(block)] == [("one more", "prints\n"), ("two", "")]


def test_a_page_that_says_what_does_not_happen_is_found(tmp_path: Path) -> None:
    page = (
        '```python title="two.py"\nTWO = 2\n```\n\n```python\nfrom two import TWO\nprint(TWO)\n```\n\n'
        "```text\n3\n```\n\n"
        "```console\n$ cat two.py\nTWO = 2\n$ false\nsomething\n```\n\n```python\nraise SystemExit(4)\n```\n"
    )
    faults = list(Reader(tmp_path).follow(page))
    assert [fault.splitlines()[0] for fault in faults] == [
        "line 5: the script prints",
        "line 17: `false` prints",
        "line 21: the script ends with 4:",
    ]


def test_a_mark_that_names_nothing_is_an_error() -> None:
    with pytest.raises(StagingError, match=r"x\.md: nothing called 'nonsense'"):
        generate("<!-- generated: nonsense -->\n", "x.md")


def test_a_docstring_becomes_lists() -> None:
    said = sections(
        "Does it.\n\nArgs:\n    one: the first,\n        and more.\n    two, three: others.\nRaises:\n    E: no."
    )
    assert said == (
        "Does it.\n\n**Arguments:**\n\n- `one`: the first, and more.\n- `two`, `three`: others.\n\n"
        "**Raises:**\n\n- `E`: no."
    )


def test_what_a_field_means_stands_behind_it() -> None:
    entry = classes("contractnet/ledger/port.py")["Entry"]
    assert [one.name for one in entry.fields] == ["position", "previous", "hash"]
    assert all(one.meaning for one in entry.fields)
    feedback = {one.name: one for one in classes("contractnet/market/terms.py")["TermOptions"].fields}["feedback"]
    assert feedback.meaning.endswith("that is the best price); never who")  # its second line


GOOD = '<html><body><h1 id="top">x</h1><a href="b.html#end">b</a><img src="p.svg"></body></html>'


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("", None),
        ('<a href="https://example.org/x">x</a>', None),
        ('<link rel="canonical" href="https://example.org/x">', None),
        ('<a href="gone.html">x</a>', "index.html: gone.html leads to no file"),
        ('<a href="b.html#nowhere">x</a>', "index.html: b.html#nowhere leads to no heading"),
        ('<a href="#nowhere">x</a>', "index.html: #nowhere leads to no heading"),
        ('<a href="http://nowhere">x</a>', "index.html: http://nowhere is no address"),
        ('<script src="https://example.org/x.js"></script>', "https://example.org/x.js is fetched from elsewhere"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "//example.org/x.css is fetched from elsewhere"),
        ("<style>@import 'https://example.org/x.css';</style>", "https://example.org/x.css is fetched from elsewhere"),
        ('<p style="background: url(https://example.org/x)">', "https://example.org/x is fetched from elsewhere"),
        ('<pre class="mermaid">x</pre>', "index.html: a mermaid block would fetch a script; draw an SVG"),
    ],
)
def test_a_fault_of_the_site_is_found(tmp_path: Path, more: str, fault: str | None) -> None:
    (tmp_path / "index.html").write_text(GOOD.replace("</body>", more + "</body>"))
    (tmp_path / "b.html").write_text('<p id="end">x</p>')
    (tmp_path / "p.svg").write_text("<svg/>")
    found = list(site.check(tmp_path))
    assert found == [] if fault is None else any(fault in one for one in found)


def test_a_style_sheet_that_fetches_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text("@font-face { src: url(https://example.org/f.woff2) } i { mask: url(data:x) }")
    assert list(site.check(tmp_path)) == ["x.css: https://example.org/f.woff2 is fetched from elsewhere"]


def test_a_script_that_names_others_is_found_and_cut_off(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text('load("https://example.org/lib/x.js"); ns("http://www.w3.org/2000/svg")')
    assert list(site.check(tmp_path)) == ["x.js: https://example.org/ is named by a script"]
    site.cut_off(tmp_path)
    assert list(site.check(tmp_path)) == []
    assert (tmp_path / "x.js").read_text() == 'load("./lib/x.js"); ns("http://www.w3.org/2000/svg")'
