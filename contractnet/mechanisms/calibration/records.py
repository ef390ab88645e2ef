"""Calibrated probabilities per agent and skill, learnt from outcomes in the order of the ledger.

What an agent states is no fact. Its probability of a good result is

* the rate of the pool (what all records at the skill tell of it, and the stated prior) where it has no record: a
  newcomer is neither shut out nor believed;
* a Beta-binomial rate shrunk to the pool, as it gets a record: its own rate, whatever it states;
* with `isotonic_from` outcomes and at least two bins of stated confidence: an isotonic curve of what its statements
  were worth, each bin shrunk to its rate, so that high statements count for more if they were.

A drift cuts the record at the change. An outcome may turn out otherwise later (`turn`): then everything is as if it had
been learnt so. All are exact integers; the same outcomes in the same order give the same numbers everywhere.

One outcome costs constant time. One that turns round costs the agent's own record at the skill anew, when that is asked
for next.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from contractnet.mechanisms.calibration.beta import Prior, posterior, told
from contractnet.mechanisms.calibration.drift import Drift, DriftPolicy, Watch
from contractnet.mechanisms.calibration.isotonic import Point, Steps, fit
from contractnet.mechanisms.calibration.tally import Tally, bin_of
from contractnet.messages.values import PPM

Method = Literal["stated", "pool", "beta-binomial", "isotonic"]


class Policy(Struct, frozen=True, kw_only=True):
    """How outcomes become probabilities; recorded."""

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

    outcomes: list[int] = field(default_factory=list[int])  #: in order: 2 * stated, + 1 for a good one
    whole: Tally = field(default_factory=Tally)  #: all outcomes: what scores and reliability are computed from
    lately: Tally = field(default_factory=Tally)  #: those since the last drift: what probabilities are computed from
    watch: Watch = field(default_factory=Watch)
    drifts: list[Drift] = field(default_factory=list[Drift])  #: that were noticed, in order
    folded: int = 0  #: outcomes that the last three fields hold
    curve: Steps | None = None  #: as computed from `lately`; None: not yet

    def fold(self, policy: Policy) -> None:
        """Bring the fields that depend on the order up to date."""
        for packed in self.outcomes[self.folded :]:
            stated, ok = packed >> 1, bool(packed & 1)
            found = None
            if policy.drift is not None and self.lately.n >= policy.drift.after:
                found = self.watch.see(policy.drift, self._own(policy.prior), stated, ok)
            if found is None:
                self.lately.add(stated, ok)
            else:
                self.lately = found[1]
                self.drifts.append(found[0])
            self.curve = None
        self.folded = len(self.outcomes)

    def _own(self, prior: Prior) -> int:
        """Its own rate since the last drift, ppm: what a change is held against, whatever the others do."""
        return (prior.alpha + self.lately.successes) * PPM // (prior.alpha + prior.beta + self.lately.n)

    def unfold(self) -> None:
        """Forget the fields that depend on the order: an outcome in the past is another."""
        self.lately, self.watch, self.drifts, self.folded, self.curve = Tally(), Watch(), [], 0, None


class Records:
    """The outcomes of a market so far. Mutable: a fold over the outcomes of its ledger."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._tracks: dict[str, dict[str, Track]] = {}
        self._pools: dict[str, list[int]] = {}

    def learn(self, agent: str, skill: str, stated: int, ok: bool) -> int:
        """One more outcome: the confidence that was stated with the awarded bid, ppm, and whether it came out well.

        Returns:
            Which outcome of the agent at the skill it is, from 0: its name for `turn`.
        Raises:
            MechanismError: the confidence is out of its bounds.
        """
        bin_of(stated)
        track = self._tracks.setdefault(skill, {}).setdefault(agent, Track())
        self._tell(skill, track, -1)
        track.outcomes.append(2 * stated + ok)
        track.whole.add(stated, ok)
        self._tell(skill, track, 1)
        return len(track.outcomes) - 1

    def turn(self, agent: str, skill: str, which: int, ok: bool) -> None:
        """An outcome that was learnt is now known to be good, or bad.

        Raises:
            LookupError: there is no such outcome.
        """
        track = self._tracks[skill][agent]
        packed = track.outcomes[which]
        if bool(packed & 1) is ok:
            return
        self._tell(skill, track, -1)
        track.outcomes[which] = packed ^ 1
        track.whole.turn(packed >> 1, ok)
        self._tell(skill, track, 1)
        if which < track.folded:
            track.unfold()

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
        """The agent's rate shrunk to the pool, whatever it states, ppm."""
        track = self.track(agent, skill)
        lately = Tally() if track is None else track.lately
        good, n = self._pools.get(skill, (0, 0))
        return posterior(self.policy.prior, lately.successes, lately.n, good, n)

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
        track = self._tracks.get(skill, {}).get(agent)
        return 0 if track is None else track.whole.n

    def track(self, agent: str, skill: str) -> Track | None:
        """The record of an agent at a skill as it is now; None: it has none. Read only."""
        track = self._tracks.get(skill, {}).get(agent)
        if track is not None:
            track.fold(self.policy)
        return track

    def known(self) -> tuple[tuple[str, str], ...]:
        """(agent, skill) of every record, sorted."""
        return tuple(sorted((agent, skill) for skill, tracks in self._tracks.items() for agent in tracks))

    def under(self, policy: Policy) -> Records:
        """The same outcomes, read by another policy."""
        found = Records(policy)
        for agent, skill in self.known():
            for packed in self._tracks[skill][agent].outcomes:
                found.learn(agent, skill, packed >> 1, bool(packed & 1))
        return found

    def _tell(self, skill: str, track: Track, sign: int) -> None:
        """Add to the pool what a record tells of it, or take it off."""
        good, n = told(self.policy.prior, track.whole.successes, track.whole.n)
        pool = self._pools.setdefault(skill, [0, 0])
        pool[0] += sign * good
        pool[1] += sign * n


def _curve(tally: Tally, strength: int) -> Steps:
    """The isotonic curve over the bins, each with `strength` more outcomes at the rate of all of them."""
    rate = tally.successes * PPM // tally.n
    return fit(
        [
            Point(x=slot, total=one.successes * PPM + strength * rate, weight=(one.n + strength) * PPM)
            for slot, one in tally.bins.items()
        ]
    )
