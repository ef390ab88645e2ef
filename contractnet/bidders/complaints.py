"""What goes wrong with a model, told to the operator in the daemon's own log: each thing once, not once a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contractnet.bidders.command import Log
from contractnet.errors import ModelError, ModelRefused, ModelUnavailable

Complain = Callable[[ModelError], None]
#: different things that are told
_MOST: Final = 100


def complaints(agent: str, log: Log) -> Complain:
    """Takes errors of the agent's model, and tells those that an operator can mend."""
    told: set[str] = set()

    def complain(error: ModelError) -> None:
        mendable = isinstance(error, ModelRefused | ModelUnavailable) or error.outcome == "budget"
        text = str(error)
        if mendable and error.outcome != "circuit" and text not in told and len(told) < _MOST:
            told.add(text)
            log(f"{agent}: {text}; see the entries Asked of the journal")

    return complain
