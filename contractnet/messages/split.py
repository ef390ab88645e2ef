"""Splitting a body into its elements without judging them.

The strict decoder splits at once what is well formed. Where it stops at a malformed element, such as one with NaN, a
scan over strings and brackets splits instead, so that the element alone is refused and its neighbours are not (D10).
The scan is one pass, whatever the bytes.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from contractnet.errors import DecodeError

_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_WHITE: Final = b" \t\n\r"
#: strings, brackets and commas looked at in a malformed body; 256 ordinary envelopes have about 20,000
_MOST_MARKS: Final = 200_000
# an unclosed string runs to the end of the bytes, so that no start is tried twice
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)|[\[\]{},]', re.DOTALL)


def elements(body: bytes, most: int) -> list[bytes]:
    """The elements of a JSON array, each as it came.

    Raises:
        DecodeError: not an array, unclosed, empty, or with more than `most` elements.
    """
    try:
        found = [bytes(element) for element in _RAWS.decode(body)]
    except (ValueError, RecursionError):
        found = _scan(body, most)
    if not found:
        raise DecodeError("schema", [("$", "is an empty array; a body holds at least one envelope")])
    if len(found) > most:
        raise DecodeError("schema", [("$", f"has more than {most} envelopes")])
    return found


def _scan(body: bytes, most: int) -> list[bytes]:
    """Top-level elements by strings and brackets alone; stops after `most` + 1."""
    text = body.strip(_WHITE)
    if not text.startswith(b"["):
        raise DecodeError("json", [("$", "is not a JSON array of envelopes")])
    found: list[bytes] = []
    depth, begin = 0, 1
    for count, token in enumerate(_TOKEN.finditer(text)):
        if count > _MOST_MARKS:
            raise DecodeError("json", [("$", "is malformed, and too intricate to be split")])
        mark = token.group()
        if mark in (b"[", b"{"):
            depth += 1
        elif mark in (b"]", b"}"):
            depth -= 1
            if depth == 0 and token.end() != len(text):
                raise DecodeError("json", [("$", "has something after the array of envelopes")])
        if (mark == b"," and depth == 1) or depth == 0:
            found.append(text[begin : token.start()].strip(_WHITE))
            begin = token.end()
            if len(found) > most:
                return found
    if depth != 0:
        raise DecodeError("json", [("$", "is an array that does not close")])
    return found
