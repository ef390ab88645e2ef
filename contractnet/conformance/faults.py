"""How a transcript is found to break the protocol."""

from __future__ import annotations

from collections.abc import Iterable


class BrokenRuleError(Exception):
    """One fault: its kind, and the rows and rules that it breaks."""

    def __init__(self, kind: str, breaks: Iterable[str], text: str) -> None:
        self.kind = kind
        self.breaks = frozenset(breaks)
        super().__init__(text)
