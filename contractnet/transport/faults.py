"""What may go wrong on the way, drawn from one seed, so that a run can be had again."""

from __future__ import annotations

import random
from dataclasses import dataclass

#: a probability of one, parts per million
CERTAIN_PPM = 1_000_000
#: how long a parcel that is overtaken is held back at most, milliseconds
OVERTAKEN_MS = 20


@dataclass(frozen=True, slots=True)
class Faults:
    """Probabilities in parts per million, drawn once a send or a copy.

    A parcel that is lost raises TransportBroken at its sender, which must send it again; lost presence is lost
    without a word. What is delayed, doubled or reordered arrives.
    """

    seed: int
    lose: int = 0  #: ppm of sends that are not delivered
    unsure: int = 0  #: ppm of sends that are delivered, but whose confirm is lost: TransportBroken all the same
    cut: int = 0  #: ppm of sends at which the sender's link breaks: lost, then Down, everything unacked again, and Up
    double: int = 0  #: ppm of copies that arrive twice
    delay_ms: int = 0  #: every copy is late by 0 to so many milliseconds
    reorder: int = (
        0  #: ppm of copies that are held back up to OVERTAKEN_MS milliseconds more, so that later ones overtake
    )

    def __post_init__(self) -> None:
        for name in ("lose", "unsure", "cut", "double", "reorder"):
            if not 0 <= getattr(self, name) <= CERTAIN_PPM:
                raise ValueError(
                    f"faults: {name} is {getattr(self, name)}; it is in parts per million, 0 to {CERTAIN_PPM}"
                )
        if self.delay_ms < 0:
            raise ValueError(f"faults: delay_ms is {self.delay_ms}; it cannot be negative")


class Dice:
    """The draws of one transport. With no faults nothing is drawn."""

    def __init__(self, faults: Faults | None) -> None:
        self._faults = faults or Faults(0)
        self._random = random.Random(self._faults.seed)

    def loses(self) -> bool:
        return self._hit(self._faults.lose)

    def unsure(self) -> bool:
        return self._hit(self._faults.unsure)

    def cuts(self) -> bool:
        return self._hit(self._faults.cut)

    def delays_s(self) -> tuple[float, ...]:
        """One delay in seconds for each copy that is to arrive; 0 means at once."""
        copies = 2 if self._hit(self._faults.double) else 1
        return tuple(self._delay_s() for _ in range(copies))

    def _delay_s(self) -> float:
        late_ms = self._random.uniform(0, self._faults.delay_ms) if self._faults.delay_ms else 0.0
        if self._hit(self._faults.reorder):
            late_ms += self._random.uniform(0, OVERTAKEN_MS)
        return late_ms / 1000

    def _hit(self, ppm: int) -> bool:
        return ppm > 0 and self._random.randrange(CERTAIN_PPM) < ppm
