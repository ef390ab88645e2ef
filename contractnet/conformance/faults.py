"""What is found wrong with a transcript: the first fault is the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

#: kind of fault -> what it means; protocols/README.md has the same list
KINDS: Final[Mapping[str, str]] = {
    "format": "no line of a transcript",
    "order": "an instant goes back",
    "schema": "a message does not keep message.schema.json",
    "envelope": "a field of a message is not what the conversation asks for",
    "unexplained": "no run of the other side's tables lets it say this",
    "misread": "the event is not what the message is",
    "no-row": "the table has no row for this event of our own",
    "unasked": "no row of table C asks for this event of table I",
    "untrue": "a derived event whose condition does not hold, or a reason that is not so",
    "early": "a timer before its time",
    "late": "something done when its time was over",
    "unowed": "a message that no row has asked for",
    "owed": "a message or a decision that was due is missing",
    "open-end": "the conversation does not end as the header says",
}


#: what is broken by an event or an act that no row of the protocol has
NO_ROW_AT_ALL: Final = frozenset({"tables"})


class Fault(NamedTuple):
    """The first thing wrong with a transcript."""

    line: int  #: from 1, the header's line
    kind: str  #: one of KINDS
    breaks: frozenset[str]  #: rows and rules, any of which may be stated
    text: str  #: one sentence for people


class BrokenRuleError(Exception):
    """A fault, on its way to the checker, which adds the line. Never leaves this package."""

    def __init__(self, kind: str, breaks: Iterable[str], text: str) -> None:
        self.kind = kind
        self.breaks = frozenset(breaks) or NO_ROW_AT_ALL
        super().__init__(text)
