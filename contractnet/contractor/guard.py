"""What the user's own code raises: told apart from a cancellation of ours, and logged.

Rules: what a bidder or a performer raises never ends the daemon; it is neither sent nor recorded, because it may be
private; it goes to the standard logger `contractnet.contractor`, which without a handler writes to stderr.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

_LOGGER: Final = logging.getLogger("contractnet.contractor")

#: all that the user's code may raise without ending the process
RAISED: Final = (Exception, SystemExit, asyncio.CancelledError)


def own_failure(error: BaseException, what: str, agent: str, conversation: str) -> bool:
    """Whether the user's code itself failed, which is logged; False: its task was cancelled from outside.

    Args:
        what: "bidder" or "work".
    """
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        return False
    _LOGGER.error("the %s of %s raised, in %s", what, agent, conversation, exc_info=error)
    return True
