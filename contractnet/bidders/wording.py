"""The one test of words that go with an offer, whoever wrote them: no number in them but what binds.

Rules:

1. The words bind nobody. A number in them, in digits or in letters, that is not a bound value is a promise that nobody
   made: they are not sent, and a template stands in their place.
2. At most 500 characters, one line, without characters that are not seen, and nothing of what a model was told
   (`outbound`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from contractnet.bargaining.words import Spoken
from contractnet.bidders.outbound import leaks
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.prompts import visible
from contractnet.messages.values import MAX_TEXT, plain_text

_NUMBER: Final = re.compile(r"\d+(?:[.,' ]\d+)*")
_NUMBER_WORDS: Final = re.compile(
    r"\b(zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|half|quarter|free|percent|"
    r"cents?|dollars?|euros?)\b|[%$€£¥]",
    re.IGNORECASE,
)


def sendable(words: str, bound: Collection[str], phrase: str = "") -> str | None:
    """The words as they may be sent; None: they may not.

    Args:
        bound: the numbers that may stand in them, as they are written.
        phrase: a price with its unit, which may hold what else is a number in letters.
    """
    words = " ".join(unicodedata.normalize("NFKC", str(visible(words))).split())
    if len(words) > MAX_TEXT:
        end = max(words.rfind(mark, 0, MAX_TEXT) for mark in (". ", "! ", "? "))
        words = words[: end + 1] if end > 0 else words[:MAX_TEXT]
    if any(found.group() not in bound for found in _NUMBER.finditer(words)):
        return None
    if _NUMBER_WORDS.search(words.replace(phrase, "") if phrase else words):
        return None
    return plain_text(words) or None


def beside(words: str, spoken: Spoken) -> str | None:
    """The words as they may be sent beside an act of a bargaining."""
    if spoken.price is None:
        return sendable(words, ())
    return sendable(words, {spoken.price}, f"{spoken.price} {spoken.unit}")


def of_model(words: str, system: str, endpoint: Endpoint, spoken: Spoken) -> str | None:
    """As `beside`, of words that a model gave.

    Args:
        system: what it was told by its operator.
    """
    return None if leaks(words, system, endpoint) else beside(words, spoken)
