"""A stream of lots from a recorded seed: the same in every language, so that what was drawn can be drawn again.

Source: SplitMix64 (Steele, Lea and Flood 2014), started by the first 8 bytes of SHA-256 over `seed|where`.
"""

from __future__ import annotations

import hashlib
from typing import Final

_MASK: Final = 2**64 - 1


class Lots:
    """Draws one after the other.

    Args:
        seed: recorded before the first draw.
        where: what the draws are for, so that one seed serves many streams.
    """

    def __init__(self, seed: str, where: str) -> None:
        self._state = int.from_bytes(hashlib.sha256(f"{seed}|{where}".encode()).digest()[:8], "big")

    def next(self) -> int:
        """0 to 2^64 - 1, each as likely."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        lot = self._state
        lot = (lot ^ (lot >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        lot = (lot ^ (lot >> 27)) * 0x94D049BB133111EB & _MASK
        return lot ^ (lot >> 31)

    def below(self, n: int) -> int:
        """0 to n - 1; for n far under 2^64 each as likely."""
        return self.next() * n >> 64

    def chance(self, share: int, of: int) -> bool:
        """True in so many of so many cases."""
        return self.next() * of < share << 64
