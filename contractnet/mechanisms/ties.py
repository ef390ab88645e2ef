"""Ties: resolved over participant ids by a seed that was recorded before the first proposal came in.

Neither order of arrival nor anything a participant says can move the draw: it depends on the seed, the place where
the tie stands and the ids alone (promise 5).
"""

from __future__ import annotations

import hashlib


def draw(seed: str, where: str, participant: str) -> str:
    """The participant's lot: 64 hex digits; among tied participants the smallest lot goes first.

    Args:
        seed: the tender's recorded seed.
        where: what the draw is for, such as a conversation id and a round, so that one seed serves many draws.
        participant: the agent id.
    Source:
        Seeded hash for bidders; SHA-256 over `seed|where|participant`.
    """
    return hashlib.sha256(f"{seed}|{where}|{participant}".encode()).hexdigest()
