"""What a user's code says in words is made fit to be recorded and sent where it enters."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.contractor.ports import Award, Choice, Proposal, Refusal
from contractnet.errors import DefinitionError
from contractnet.messages.values import MAX_TEXT, plain_text

ODD = "a\udc80b\x00c\x9bd"
CLEAN = "a?b c d"


def test_words_that_are_not_utf8_or_control_a_terminal_are_made_plain() -> None:
    assert plain_text(ODD) == CLEAN
    assert plain_text("größe €") == "größe €"
    assert plain_text("\udc80" * 600) == "?" * MAX_TEXT
    assert plain_text("abc", 2) == "ab"


def test_a_bidders_words_are_plain() -> None:
    assert Proposal(price="1", eta=1, rationale=ODD).rationale == CLEAN
    assert Refusal("busy", ODD).text == CLEAN


async def test_a_performers_progress_is_plain() -> None:
    told: list[str] = []

    async def beat(text: str) -> None:
        told.append(text)

    award = Award("x", "a.b", {}, 1, 1, "t/1/1", 1, None, beat)
    await award.progress(ODD)
    assert told == [CLEAN]


@pytest.mark.parametrize("offer", ["", "\udc80", "a\x00", "x" * 97, 5])
def test_a_choice_names_what_can_be_an_offers_id(offer: Any) -> None:
    with pytest.raises(DefinitionError, match=r"^choice: .* is not a valid key"):
        Choice("offer", offer)


@pytest.mark.parametrize("text", ["", "one line"])
def test_plain_words_stay(text: str) -> None:
    assert Refusal("busy", text).text == text
