"""Third rung: one text, changed again and again by the mediator; the sides only vote, and the mediator anneals.

Rules:

1. The mediator changes one issue of the present text. Each side votes +2, +1, -1 or -2 by what the change is worth to
   itself, and says whether it would take the text at all. Nobody else sees a vote or a text on the way.
2. The change stands if the votes sum to 0 or more, else with the probability exp(sum / T); T falls to 0.
3. The best text that all would take is kept. It ends with that text, or without a deal.
4. The mediator anneals, not the sides: sides that take losses of their own accord are exploited by those that do not.

Source: Klein, Faratin, Sayama and Bar-Yam 2003; the concrete rule is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, Protocol

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE, exp
from contractnet.mechanisms.bargaining.issues import Agenda, Terms
from contractnet.mechanisms.bargaining.lots import Lots
from contractnet.mechanisms.bargaining.preferences import Preferences
from contractnet.messages.values import PPM

Vote = Literal[2, 1, -1, -2]


class Voter(Protocol):
    """A side, as far as the mediator sees it."""

    def vote(self, present: Terms, changed: Terms) -> Vote:
        """What it thinks of a change: strong or weak, for or against."""
        ...

    def takes(self, text: Terms) -> bool:
        """Whether the text is worth at least no deal to it."""
        ...


class Honest(Struct, frozen=True):
    """A side that votes by its preferences."""

    preferences: Preferences
    strong: int  #: gain or loss from which a vote is a strong one, of the utility's unit

    def vote(self, present: Terms, changed: Terms) -> Vote:
        gain = self.preferences.utility(changed) - self.preferences.utility(present)
        if gain >= 0:
            return 2 if gain >= self.strong else 1
        return -2 if -gain >= self.strong else -1

    def takes(self, text: Terms) -> bool:
        return self.preferences.utility(text) >= self.preferences.reservation


class Annealing(Struct, frozen=True, kw_only=True):
    """How long and how boldly."""

    steps: int = 400  #: changes that are voted on, 1..10,000
    heat: int = 2_000_000  #: T of the first step, ppm of a vote; it falls by equal steps to 0


class Step(Struct, frozen=True):
    """One change, as it is recorded: for the mediator's ledger alone."""

    text: Terms  #: as changed
    votes: tuple[Vote, ...]
    stands: bool


class Outcome(Struct, frozen=True, kw_only=True):
    """How it ended."""

    text: Terms | None  #: None: no text was found that all would take
    steps: tuple[Step, ...]


def anneal(agenda: Agenda, voters: Sequence[Voter], start: Terms, policy: Annealing, seed: str) -> Outcome:
    """Look for a text that all would take.

    Args:
        start: the first text, such as the last offer of either side.
        seed: of the changes and of what stands by chance.
    Raises:
        MechanismError: the start is off the agenda, there is nothing to change, or the policy is out of its bounds.
    """
    if not 1 <= policy.steps <= 10_000 or policy.heat < 0:
        raise MechanismError("single text: steps are within 1 and 10,000, heat is at least 0")
    open_issues = [place for place, issue in enumerate(agenda.issues) if issue.size > 1]
    if not agenda.holds(start) or not open_issues:
        raise MechanismError("single text: the first text is off the agenda, or no issue has two values")
    lots, steps, text = Lots(seed, "single-text"), list[Step](), start
    best = text if all(voter.takes(text) for voter in voters) else None
    for number in range(policy.steps):
        changed = _changed(agenda, text, open_issues[lots.below(len(open_issues))], lots)
        votes: tuple[Vote, ...] = tuple(voter.vote(text, changed) for voter in voters)
        heat = policy.heat * (policy.steps - number - 1) // policy.steps
        stands = sum(votes) >= 0 or lots.chance(acceptance(sum(votes) * PPM, heat), ONE)
        steps.append(Step(changed, votes, stands))
        if stands:
            text = changed
            if all(voter.takes(text) for voter in voters):
                kept = best
                if kept is None or sum(voter.vote(kept, text) for voter in voters) > 0:
                    best = text
    return Outcome(text=best, steps=tuple(steps))


@lru_cache(maxsize=4096)
def acceptance(change: int, heat: int) -> int:
    """The probability that a change for the worse stands, parts of ONE: exp(change / heat); 0 at no heat.

    Args:
        change: at most 0, ppm. heat: at least 0, ppm.
    Source: Metropolis and others 1953.
    """
    if change >= 0:
        return ONE
    return exp(change * ONE // heat) if heat else 0


def _changed(agenda: Agenda, text: Terms, place: int, lots: Lots) -> Terms:
    """The text with another value for one issue, each as likely."""
    issue = agenda.issues[place]
    now = (text[place] - issue.low) // issue.tick
    other = lots.below(issue.size - 1)
    value = issue.low + (other + (other >= now)) * issue.tick
    return (*text[:place], value, *text[place + 1 :])
