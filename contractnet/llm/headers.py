"""What an endpoint's headers say of when to ask again: Retry-After, and how much is left of its limits.

Rules: headers are believed within bounds, and what cannot be read says nothing. A time is seconds, a date, or of the
form `1h2m3.5s` or `20ms`.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from contractnet.llm.chat import Left, Room

#: the longest wait that is believed, seconds
MOST_WAIT_S: Final = 3_600.0
_MOST_LEFT: Final = 1_000_000_000
_PARTS: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """When to come again, seconds from now; None: nothing is said."""
    if (wait_s := _bounded(_number(headers.get("retry-after-ms"), 0.001))) is not None:
        return wait_s
    said = headers.get("retry-after")
    if (wait_s := _bounded(_number(said))) is not None:
        return wait_s
    try:
        return _bounded(max(0.0, parsedate_to_datetime(said or "").timestamp() - time.time()))
    except (ValueError, OverflowError):
        return None


def room(headers: Mapping[str, str]) -> Room:
    """What is left of the limits on requests and on tokens, and when they are whole again.

    Source: the `x-ratelimit-*` headers of OpenAI's API, which others send too.
    """
    return Room(_left(headers, "requests"), _left(headers, "tokens"))


def _left(headers: Mapping[str, str], what: str) -> Left | None:
    amount = _number(headers.get(f"x-ratelimit-remaining-{what}"))
    reset_s = _bounded(_duration(headers.get(f"x-ratelimit-reset-{what}")))
    if amount is None or reset_s is None or amount > _MOST_LEFT:
        return None
    return Left(int(amount), reset_s)


def _duration(text: str | None) -> float | None:
    if (plain := _number(text)) is not None:
        return plain
    parts = _PARTS.findall(text or "")
    if not parts or "".join(f"{amount}{unit}" for amount, unit in parts) != text:
        return None
    return math.fsum(float(amount) * _UNITS_S[unit] for amount, unit in parts)


def _number(text: str | None, unit: float = 1.0) -> float | None:
    """A number that is finite and not under 0."""
    try:
        found = float(text or "") * unit
    except ValueError:
        return None
    return found if 0 <= found < math.inf else None


def _bounded(wait_s: float | None) -> float | None:
    return wait_s if wait_s is not None and wait_s <= MOST_WAIT_S else None
