"""How a daemon behaves: the timers of D7, all in milliseconds. Tests and campaigns scale them."""

from __future__ import annotations

from msgspec import Struct

from contractnet.contractor.records import Timers


class Settings(Struct, frozen=True, kw_only=True):
    """A user's defaults are those of D7."""

    timers: Timers = Timers()
    beat_ms: int = 5_000  #: presence
    presence_lease_ms: int = 15_000
    grace_ms: int = 10_000  #: after a reconnect no timer but the bid window fires for so long (D5)
    confirm_ms: int = 10_000  #: for the broker's confirm of one publish
    max_attempts: int = 3  #: work that restarts interrupt more often ends in failure (restart)
