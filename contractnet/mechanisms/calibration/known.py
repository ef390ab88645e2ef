"""What is known of agents: their records, and what each outcome rests on. Mutable: a fold over a ledger."""

from __future__ import annotations

from typing import Literal, NamedTuple

from contractnet.mechanisms.calibration.records import Policy, Records

#: what an outcome rests on: a later verdict; the task's check; a valid result; or the award came to nothing
Basis = Literal["verdict", "check", "inform", "lost"]


class Outcome(NamedTuple):
    """The place of one outcome among the records."""

    agent: str
    skill: str
    which: int  #: of the agent's outcomes at the skill, from 0


class Known:
    """Records, and how they came to be."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.records = Records(policy)
        self.bases: dict[tuple[str, str], dict[Basis, int]] = {}  #: (agent, skill) -> how many outcomes rest on what

    def learn(self, agent: str, skill: str, stated: int, ok: bool, basis: Basis) -> Outcome:
        """One more outcome, as `Records.learn`."""
        which = self.records.learn(agent, skill, stated, ok)
        self._count(agent, skill, basis, 1)
        return Outcome(agent, skill, which)

    def turn(self, outcome: Outcome, ok: bool, before: Basis, basis: Basis) -> None:
        """An outcome that rested on `before` is now known to be good, or bad, by something else."""
        self.records.turn(outcome.agent, outcome.skill, outcome.which, ok)
        self._count(outcome.agent, outcome.skill, before, -1)
        self._count(outcome.agent, outcome.skill, basis, 1)

    def _count(self, agent: str, skill: str, basis: Basis, more: int) -> None:
        bases = self.bases.setdefault((agent, skill), {})
        bases[basis] = bases.get(basis, 0) + more
        if not bases[basis]:
            del bases[basis]
