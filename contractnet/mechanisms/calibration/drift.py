"""Drift: an agent that was good and no longer is, or the reverse, noticed outcome by outcome.

Page's cumulative sum, one for each direction: it adds what an outcome was worse (better) than the estimate, less a
slack, and starts anew at 0. Where it goes over the threshold the record before its last 0 no longer speaks of the agent
as it is. Integers, ppm of an outcome.

Source: Page 1954, continuous inspection schemes.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.tally import Tally
from contractnet.messages.values import PPM


class DriftPolicy(Struct, frozen=True, kw_only=True):
    """How much is noticed, how soon. Half the change in rate that matters is a good slack."""

    slack: int = 100_000  #: ppm of an outcome taken off each time: changes of rate under it are not noticed
    threshold: int = 8_000_000  #: ppm of an outcome: 8 outcomes
    after: int = 20  #: outcomes before any are held against the estimate


class Drift(Struct, frozen=True, kw_only=True):
    """A change of rate that was noticed: to be recorded, and the record is cut there."""

    direction: Literal["worse", "better"]
    before: int  #: ppm, the estimate that no longer holds
    since: int  #: outcomes since the change, by the best guess of when it was
    successes: int  #: good ones among these


class _Side(Struct, kw_only=True):
    level: int = 0
    since: Tally = field(default_factory=Tally)  #: outcomes since the level was last 0


class Watch(Struct, kw_only=True):
    """The two sums of one agent at one skill. Grows by `see`."""

    worse: _Side = field(default_factory=_Side)
    better: _Side = field(default_factory=_Side)

    def see(self, policy: DriftPolicy, estimate: int, stated: int, ok: bool) -> tuple[Drift, Tally] | None:
        """One more outcome, against the estimate before it, ppm; and the record since the change, where one is seen.

        Raises:
            MechanismError: the policy would notice nothing, or everything.
        """
        if policy.slack < 0 or policy.threshold < 1 or policy.after < 0:
            raise MechanismError("drift: slack and after are at least 0, the threshold at least 1")
        gap = estimate - PPM * ok
        found: tuple[Drift, Tally] | None = None
        for direction, side, loss in (("worse", self.worse, gap), ("better", self.better, -gap)):
            side.since.add(stated, ok)
            side.level += loss - policy.slack
            if side.level <= 0:
                side.level, side.since = 0, Tally()
            elif side.level > policy.threshold:
                tally = side.since
                which: Literal["worse", "better"] = "worse" if direction == "worse" else "better"
                found = Drift(direction=which, before=estimate, since=tally.n, successes=tally.successes), tally
        if found is not None:
            self.worse, self.better = _Side(), _Side()
        return found
