"""A circuit that opens after repeated failures, lets one request try after a while, and closes by itself.

Rules:

1. After `failures` in a row it is open: nothing is asked for `open_s`.
2. Then one request tries (half open); the others are still turned away. If it succeeds the circuit is closed; if it
   fails, it is open again, twice as long, at most `most_s`.
3. A request that ended without a word on the endpoint (cancelled, over a limit of ours) counts as neither.
"""

from __future__ import annotations

from contractnet.errors import ModelUnavailable


class Circuit:
    """Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self, failures: int = 5, open_s: float = 5.0, most_s: float = 60.0) -> None:
        self._most_failures = failures
        self._first_s = open_s
        self._most_s = most_s
        self._failures = 0
        self._open_s = open_s
        self._until: float | None = None  #: set: open, at least until then
        self._trying = False

    @property
    def closed(self) -> bool:
        """Whether requests go through."""
        return self._until is None

    def enter(self, now: float) -> None:
        """A request wants to be sent.

        Raises:
            ModelUnavailable: the circuit is open.
        """
        if self._until is None:
            return
        if now < self._until or self._trying:
            left_s = max(0.0, self._until - now)
            text = f"the model's endpoint failed {self._failures} times in a row; it is left alone for {left_s:.1f} s"
            raise ModelUnavailable(text, "circuit")
        self._trying = True

    def succeeded(self) -> None:
        """The endpoint answered as one that works."""
        self._failures, self._until, self._trying, self._open_s = 0, None, False, self._first_s

    def failed(self, now: float) -> None:
        """The endpoint did not answer, or as one that is out of order."""
        self._failures += 1
        if self._trying:
            self._open_s = min(self._most_s, self._open_s * 2)
        if self._trying or self._failures >= self._most_failures:
            self._until = now + self._open_s
        self._trying = False

    def left(self) -> None:
        """The request ended without telling anything of the endpoint."""
        self._trying = False
