"""What a daemon is called (D9)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def daemon_name(agents: Sequence[str]) -> str:
    """A daemon of one agent is called like it; of several, `d_` and 8 hex digits of the SHA-256 of its sorted ids."""
    if len(agents) == 1:
        return agents[0]
    return "d_" + hashlib.sha256("\n".join(sorted(agents)).encode()).hexdigest()[:8]
