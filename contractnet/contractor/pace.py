"""The pace of a daemon: when timers fire, and what is recorded. What is due fires before anything else is stepped.

While the broker is away, and for a grace after it came back, only those fire that end what we owe: a bid's window, a
turn's, and a stop (D5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contractnet.bargaining.side import Bargain
from contractnet.clock import Alarms, LoopClock
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.replay import AnySide, Diary, replay, together
from contractnet.contractor.settings import Settings
from contractnet.ledger.port import Ledger
from contractnet.ledger.scribe import Writing
from contractnet.mail.recorder import Recorder
from contractnet.transport.port import Delivery

RECHECK_MS: Final = 500  #: how soon a timer that may not fire now is looked at again
#: these fire whether the broker is there or not
_OWN: Final = frozenset({"bid-window", "turn-window", "stop"})


class Pace:
    """The base of the driver: diary, clock and recorder, and the timers."""

    def __init__(self, journal: Ledger, settings: Settings) -> None:
        self.settings = settings
        self.diary: Diary = replay(journal.owner, journal.entries())
        self.calm = False  #: between the events `Up` and `Down`: what the link itself says is ahead of them
        self._grace_until = 0
        self._clock = LoopClock(self.diary.at)
        self._recorder = Recorder(journal, self._recorded)
        self._alarms = Alarms(self._clock)

    def _recorded(self, written: Sequence[Writing]) -> None:
        raise NotImplementedError

    def _look(self, side: AnySide) -> None:
        raise NotImplementedError

    def now(self) -> int:
        """The instant of the next step, milliseconds (D14)."""
        return max(self._clock.now(), self.diary.at)

    def _commit(self, written: Sequence[Writing], mail: Sequence[Delivery] = (), moved: Sequence[AnySide] = ()) -> None:
        """Record; when it is durable ack the mail, send what was said, and look at what moved."""

        def look() -> None:
            for side in moved:
                self._look(side)

        self._recorder.commit(written, mail, look)

    # ---- time

    def _due(self, side: AnySide) -> list[Writing]:
        """Fire what is due; while the broker is away, and for a grace after it, only what ends what we owe (D5)."""
        now, written = self.now(), list[Writing]()
        calm = self.calm and now >= self._grace_until
        for one in together(side):
            while (timer := one.due(now)) is not None and (calm or timer.timer in _OWN):
                written += self.diary.step(one.agent, one.conversation, timer, now)
        return written

    def _schedule(self, side: AnySide) -> None:
        key = (side.agent, side.conversation)
        if (deadline := side.deadline()) is None:
            return self._alarms.drop(key)
        if not _ends_own(side):
            deadline = max(deadline, self._grace_until)
        return self._alarms.set(key, deadline, lambda: self._on_alarm(side))

    def _on_alarm(self, side: AnySide) -> None:
        written = self._due(side)
        if written:
            self._commit(written, (), [side])
        else:  # the broker is away
            key = (side.agent, side.conversation)
            self._alarms.set(key, self.now() + RECHECK_MS, lambda: self._on_alarm(side))


def _ends_own(side: AnySide) -> bool:
    """Whether the timer that runs ends what we owe ourselves."""
    if isinstance(side, Mediating):
        return False
    if isinstance(side, Bargain):
        return side.machine.has("asked") or side.machine.has("ours")
    return side.machine.has("deliberating") or side.machine.has("cancelling")
