"""How many examples a property is held over: with CONTRACTNET_TEST_EXAMPLES=4 four times as many as in a usual run, and
others each time. A usual run takes the same ones each time.
"""

from __future__ import annotations

import os

VARIABLE = "CONTRACTNET_TEST_EXAMPLES"
TIMES = int(os.environ.get(VARIABLE) or 1)


def often(count: int) -> int:
    """So many, or times what was asked for."""
    return count * TIMES
