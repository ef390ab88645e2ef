"""A conversation as a Mermaid sequence diagram: its form, and that no text of agents is taken for syntax."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.cli.mermaid import sequence_diagram
from contractnet.cli.sequence import story
from contractnet.cli.story import Arrow, Item, Note, Story
from tests.support.ledgers import LEDGERS

TEXT = r"(?:[^#;<>\n\r]|#\d+;|<br/>)+"
FORMS = re.compile(
    rf"sequenceDiagram|    accTitle: {TEXT}|    participant p\d+ as {TEXT}"
    rf"|    Note over p\d+(,p\d+)?: \+{TEXT}|    p\d+(->>|-x)p\d+: \+{TEXT}"
)


def shown(text: str) -> str:
    """What Mermaid shows of a text."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", text.replace("<br/>", " ")))


def arrow(sender: str, *receivers: str, words: str = "propose", lost: bool = False) -> Arrow:
    return Arrow(0, sender, receivers, "propose", words, "t.1", None, heard=True, lost=lost)


@pytest.mark.parametrize("name", sorted(LEDGERS))
def test_every_recorded_conversation_has_the_form(name: str) -> None:
    entries = LEDGERS[name]().entries
    for tender in {entry.conversation.partition(".")[0] for entry in entries}:
        made = story([entry for entry in entries if entry.conversation.partition(".")[0] == tender])
        lines = sequence_diagram(made, tender)
        assert not [line for line in lines if not FORMS.fullmatch(line)]
        assert len(lines) == 2 + len(made.lanes) + len(made.items)


def test_a_tender() -> None:
    entries = [one for one in LEDGERS["settled"]().entries if one.conversation.partition(".")[0] == "t"]
    lines = sequence_diagram(story(entries), "t")
    assert lines[:6] == [
        "sequenceDiagram",
        "    accTitle: t",
        "    participant p0 as mgr",
        "    participant p1 as a",
        "    participant p2 as b",
        "    participant p3 as c",
    ]
    assert "    p0->>p3: +0.000 s cfp text.summarise, answers within 20 s: Summarise this ticket (to all)" in lines
    assert "    Note over p0: +2.100 s slot 1 epoch 1 awarded to a<br/>at 0.03" in lines
    assert "    p0->>p3: +2.100 s reject-proposal over-reserve [REJECTED]" in lines
    assert "    Note over p0,p3: +2.100 s decided by best-value: " in "\n".join(lines)


def test_a_group_is_one_arrow_to_the_furthest() -> None:
    items: list[Item] = [arrow("m", "a", "c"), arrow("m", "a", "b", "c"), arrow("c", "m", lost=True), arrow("m")]
    assert sequence_diagram(Story(("m", "a", "b", "c"), tuple(items)), "t")[6:] == [
        "    p0->>p3: +0.000 s propose (to a, c)",
        "    p0->>p3: +0.000 s propose (to all)",
        "    p3-xp0: +0.000 s propose",
        "    Note over p0: +0.000 s propose (to all with the<br/>skill)",
    ]


def test_one_lifeline_alone() -> None:
    lines = sequence_diagram(Story(("m",), (Note(0, "m", "x" * 100),)), "t")
    assert lines[-1].startswith("    Note over p0: ")


names = st.text(min_size=1, max_size=20)


@given(st.lists(names, min_size=2, max_size=5, unique=True), st.text(), st.text())
def test_hostile_text_is_shown_and_does_nothing(lanes: list[str], words: str, title: str) -> None:
    items = (arrow(lanes[0], *lanes[1:], words=words), Note(1, lanes[-1], words, ("STATE " + lanes[0],)))
    lines = sequence_diagram(Story(tuple(lanes), items), title)
    assert len(lines) == 2 + len(lanes) + 2
    assert not [line for line in lines if not FORMS.fullmatch(line)]
    assert not [line for line in lines if line != line.rstrip()]  # what is blank makes Mermaid read on
    printed = "".join(character if character.isprintable() else " " for character in words)
    assert " ".join(printed.split()) in " ".join(shown(lines[-2]).split())
