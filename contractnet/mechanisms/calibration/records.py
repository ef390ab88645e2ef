"""Calibrated probabilities per agent and skill, learnt from outcomes in the order of the ledger.

What an agent states is no fact. Its probability of a good result is

* the rate of the pool (all other agents at the skill, and the stated prior) where it has no record: a newcomer is
  neither shut out nor believed;
* a Beta-binomial rate shrunk to the pool, as it gets a record: its own rate, whatever it states;
* with `isotonic_from` outcomes and at least two bins of stated confidence: an isotonic curve of what its statements
  were worth, each bin shrunk to its rate, so that high statements count for more if they were.

A drift cuts the record at the change. Everything is an exact integer; the same outcomes in the same order give the same
numbers everywhere. One outcome costs constant time.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from contractnet.mechanisms.calibration.beta import Prior, posterior
from contractnet.mechanisms.calibration.drift import Drift, DriftPolicy, Watch
from contractnet.mechanisms.calibration.isotonic import Point, Steps, fit
from contractnet.mechanisms.calibration.tally import Tally, bin_of
from contractnet.messages.values import PPM

Method = Literal["pool", "beta-binomial", "isotonic"]


class Policy(Struct, frozen=True, kw_only=True):
    """How outcomes become probabilities; part of the recorded terms."""

    prior: Prior = Prior()
    isotonic_from: int = 100  #: outcomes of an agent at a skill from which its statements are read
    bin_strength: int = 5  #: outcomes at which a bin's own rate weighs as much as the agent's
    drift: DriftPolicy | None = DriftPolicy()  #: None: nothing is noticed, nothing is forgotten


class Calibrated(Struct, frozen=True, kw_only=True):
    """What an award uses in place of a stated confidence; both are recorded."""

    probability: int  #: ppm
    stated: int  #: ppm
    method: Method
    n: int  #: outcomes of the agent at the skill behind it, since a drift if there was one


class Track(Struct, kw_only=True):
    """One agent at one skill."""

    whole: Tally = field(default_factory=Tally)  #: all outcomes: what scores and reliability are computed from
    lately: Tally = field(default_factory=Tally)  #: those since the last drift: what probabilities are computed from
    watch: Watch = field(default_factory=Watch)
    drifts: int = 0
    curve: Steps | None = None  #: as computed from `lately`; None: not yet


class Records:
    """The outcomes of a market so far. Mutable: a fold over the outcomes of its ledger."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._tracks: dict[str, dict[str, Track]] = {}
        self._pools: dict[str, list[int]] = {}

    def learn(self, agent: str, skill: str, stated: int, ok: bool) -> Drift | None:
        """One more outcome: the confidence that was stated with the awarded bid, ppm, and whether it came out well.

        Returns:
            The drift that this outcome made plain, if it did: a fact for the record.
        Raises:
            MechanismError: the confidence is out of its bounds.
        """
        bin_of(stated)
        track = self._tracks.setdefault(skill, {}).setdefault(agent, Track())
        found = self._drift(agent, skill, track, stated, ok)
        track.curve = None
        track.whole.add(stated, ok)
        if found is None:
            track.lately.add(stated, ok)
        else:
            track.lately = found[1]
            track.drifts += 1
        pool = self._pools.setdefault(skill, [0, 0])
        pool[0] += int(ok)
        pool[1] += 1
        return None if found is None else found[0]

    def probability(self, agent: str, skill: str, stated: int) -> Calibrated:
        """The probability of a good result of that agent at that skill, given what it states now."""
        slot = bin_of(stated)
        track = self.track(agent, skill)
        tally = Tally() if track is None else track.lately
        curve = self.curve(agent, skill)
        if curve is not None:
            return Calibrated(probability=curve.at(slot), stated=stated, method="isotonic", n=tally.n)
        method: Method = "beta-binomial" if tally.n else "pool"
        return Calibrated(probability=self.rate(agent, skill), stated=stated, method=method, n=tally.n)

    def rate(self, agent: str, skill: str) -> int:
        """The agent's rate shrunk to the pool of the others, whatever it states, ppm."""
        track = self.track(agent, skill)
        whole, lately = (Tally(), Tally()) if track is None else (track.whole, track.lately)
        good, n = self._pools.get(skill, (0, 0))
        return posterior(self.policy.prior, lately.successes, lately.n, good - whole.successes, n - whole.n)

    def curve(self, agent: str, skill: str) -> Steps | None:
        """What the agent's statements are worth, over bins of one percent; None: too few outcomes to say."""
        track = self.track(agent, skill)
        if track is None or track.lately.n < self.policy.isotonic_from or len(track.lately.bins) < 2:
            return None
        if track.curve is None:
            track.curve = _curve(track.lately, self.policy.bin_strength)
        return track.curve

    def trials(self, agent: str, skill: str) -> int:
        """Outcomes of the agent at the skill."""
        track = self.track(agent, skill)
        return 0 if track is None else track.whole.n

    def track(self, agent: str, skill: str) -> Track | None:
        """The record of an agent at a skill; None: it has none. Read only."""
        return self._tracks.get(skill, {}).get(agent)

    def known(self) -> tuple[tuple[str, str], ...]:
        """(agent, skill) of every record, sorted."""
        return tuple(sorted((agent, skill) for skill, tracks in self._tracks.items() for agent in tracks))

    def _drift(self, agent: str, skill: str, track: Track, stated: int, ok: bool) -> tuple[Drift, Tally] | None:
        policy = self.policy.drift
        if policy is None or track.lately.n < policy.after:
            return None
        return track.watch.see(policy, self.rate(agent, skill), stated, ok)


def _curve(tally: Tally, strength: int) -> Steps:
    """The isotonic curve over the bins, each with `strength` more outcomes at the rate of all of them."""
    rate = tally.successes * PPM // tally.n
    return fit(
        [
            Point(x=slot, total=one.successes * PPM + strength * rate, weight=(one.n + strength) * PPM)
            for slot, one in tally.bins.items()
        ]
    )
