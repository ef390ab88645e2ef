"""A bidder brought by another distribution: so much a word, twice as much where the time is short."""

from __future__ import annotations

from decimal import Decimal

from contractnet import Proposal, Refusal
from contractnet.contractor.ports import Call

A_WORD = Decimal("0.0005")
SHORT_S = 5


def by_the_word(call: Call) -> Proposal | Refusal:
    """What the words of the text cost."""
    text = call.input.get("text")
    if not isinstance(text, str) or not text.split():
        return Refusal("unfit", "there are no words in it")
    words = len(text.split())
    dear = 2 if call.time_left_s < SHORT_S else 1
    return Proposal(price=words * A_WORD * dear, eta=1 + words // 100, confidence=0.95)
