"""The one test of words that go with an offer, whoever wrote them: no number in them but what binds. Pure.

Rules:

1. The words bind nobody. A number in them, in digits or in letters, that is not a bound value is a promise that nobody
   made: they are not sent, and a template stands in their place. Of several issues the values of the terms are bound,
   and the names of issues and options may be said whatever is in them.
2. At most 500 characters, one line, without characters that are not seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

import msgspec

from contractnet.bargaining.player import Owed
from contractnet.bargaining.records import TurnTaken
from contractnet.bargaining.words import Spoken, plain, spoken
from contractnet.messages.values import MAX_TEXT, plain_text, seen_text

_NUMBER: Final = re.compile(r"\d+(?:[.,' ]\d+)*")
_NUMBER_WORDS: Final = re.compile(
    r"\b(zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|half|quarter|free|percent|"
    r"cents?|dollars?|euros?)\b|[%$€£¥]",
    re.IGNORECASE,
)


def sendable(words: str, bound: Collection[str], phrase: str = "", names: Collection[str] = ()) -> str | None:
    """The words as they may be sent; None: they may not.

    Args:
        bound: the numbers that may stand in them, as they are written.
        phrase: a price with its unit, which may hold what else is a number in letters.
        names: what may be said as a whole, numbers in it or not.
    """
    words = _line(words)
    if len(words) > MAX_TEXT:
        end = max(words.rfind(mark, 0, MAX_TEXT) for mark in (". ", "! ", "? "))
        words = words[: end + 1] if end > 0 else words[:MAX_TEXT]
    rest = _without(words, names)
    if any(found.group() not in bound for found in _NUMBER.finditer(rest)):
        return None
    if _NUMBER_WORDS.search(rest.replace(phrase, "") if phrase else rest):
        return None
    return plain_text(words) or None


def beside(words: str, spoken: Spoken) -> str | None:
    """The words as they may be sent beside an act of a bargaining."""
    if spoken.price is None:
        return sendable(words, ())
    return sendable(words, {spoken.price}, f"{spoken.price} {spoken.unit}")


def worded(taken: TurnTaken, owed: Owed) -> TurnTaken:
    """The same turn with words that may be sent: its own, or the template."""
    if not taken.words or taken.words_for != owed.terms:  # words about other terms are dropped in any case
        return taken
    return msgspec.structs.replace(taken, words=_fitting(taken.words, owed) or plain(owed))


def _fitting(words: str, owed: Owed) -> str | None:
    if owed.rules.buyer is not None or owed.terms is None:
        return beside(words, spoken(owed))
    bound: set[str] = set()
    names: list[str] = []
    for issue, value in zip(owed.rules.agenda.issues, owed.terms, strict=True):
        names.append(issue.name)
        if issue.options:
            names.append(issue.options[value])
        else:
            bound.add(str(abs(value)))
            names.append(f"{abs(value)} {issue.unit}")
    return sendable(words, bound, names=names)


def _line(words: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", seen_text(words)).split())


def _without(words: str, names: Collection[str]) -> str:
    """What is left where each name that stands as a whole is taken out; the longest first."""
    lines = sorted({line for name in names if (line := _line(name))}, key=len, reverse=True)
    if not lines:
        return words
    either = "|".join(map(re.escape, lines))
    return re.sub(rf"(?<![\w.,'])(?:{either})(?!\w|[.,']\d)", " ", words, flags=re.IGNORECASE)
