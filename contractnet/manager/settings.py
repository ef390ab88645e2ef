"""How a manager behaves beside the terms of a tender: timers of D7, places, and what it waits for."""

from __future__ import annotations

from msgspec import Struct

from contractnet.manager.conditions import Timers
from contractnet.mechanisms.calibration.records import Policy


class Settings(Struct, frozen=True, kw_only=True):
    """All durations in milliseconds. Tests and campaigns scale them; a user's defaults are those of D7."""

    timers: Timers = Timers()
    grace_ms: int = 10_000  #: after a restart or a reconnect no timer fires for so long (D5)
    listen_ms: int = 5_000  #: one presence beat is awaited before the first cfp (D6)
    presence_lease_ms: int = 15_000  #: after an outage every lease begins anew with this
    check_ms: int = 60_000  #: a check that takes longer says no (D11)
    confirm_ms: int = 10_000  #: for the broker's confirm of one publish
    concurrency: int = 16  #: calls open at once; a waiting tender gives its place up
    calibration: Policy = Policy()  #: how outcomes become probabilities
    recheck_ms: int = 500  #: how soon a tender that waits for money or a place is looked at again
