"""Whether a market's broker is there, told to the standard logger `contractnet.market`.

A market waits for a broker that is away, since its tenders go on when it is back; without these lines a wrong password
would look the same. Without a handler they go to stderr.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from contractnet.manager.manager import Manager
from contractnet.transport.port import Down, Standby, Up

_LOGGER: Final = logging.getLogger("contractnet.market")
_LOOK_S: Final = 0.25


async def tell(manager: Manager) -> None:
    """Log each time the link of this manager goes, and that it is back. Runs until it is cancelled."""
    known: Up | Down | Standby | None = None
    away = False
    while True:
        state = manager.state
        if state is not known:
            known = state
            if isinstance(state, Down):
                _LOGGER.warning("no broker: %s; trying again, and tenders wait", state.reason)
            elif isinstance(state, Standby):
                _LOGGER.warning("standing by: %s", state.reason)
            elif away:
                _LOGGER.warning("the broker is back")
            away = not isinstance(state, Up)
        await asyncio.sleep(_LOOK_S)
