"""Decisions that a person is asked for, as a ledger holds them: what is pending, what was answered, and by whom.

A pending decision outlives the process that asks for it. Facts that move nothing by themselves: what follows from an
answer is in the facts after it. The kinds there are: `limit`, in a manager's ledger, the money of an account is not
enough (D12); `mediation`, in a daemon's journal, a deadlock is before a person.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from contractnet.errors import DefinitionError
from contractnet.ledger.records import Record

#: the stream of decisions
DECISIONS: Final = "decisions"
#: who decides where nobody is asked: the policy of the account, or the time that is over. Nobody else is so called
RESERVED: Final = frozenset({"policy", "time"})


class Pending(Record, frozen=True):
    """Somebody has to decide."""

    id: str  #: `q1`, `q2` … in its ledger
    kind: str
    about: str  #: of a limit: the path of the account, empty: the market's own; of a mediation: its conversation
    choices: tuple[str, ...]  #: one of these is the answer
    told: dict[str, Any] = {}  #: what was known then, for whoever decides


class Answered(Record, frozen=True):
    """It was decided."""

    id: str
    choice: str
    by: str  #: a person, a program; `policy`: it was settled before; `time`: nobody did in time
    amount: int | None = None  #: of a grant: how much more, micros
    why: str = ""


class Question(NamedTuple):
    """A pending decision and its answer."""

    pending: Pending
    at: int  #: instant at which it was asked
    answered: Answered | None = None
    answered_at: int | None = None


class Questions:
    """All decisions of a ledger, in the order in which they were asked."""

    def __init__(self) -> None:
        self.all: dict[str, Question] = {}

    @property
    def open(self) -> list[Pending]:
        """Those that nobody has answered."""
        return [one.pending for one in self.all.values() if one.answered is None]

    def next_id(self) -> str:
        """The id of the next one."""
        return f"q{len(self.all) + 1}"

    def about(self, kind: str, about: str) -> Pending | None:
        """The open one of a kind about something; None: there is none."""
        return next((one for one in self.open if (one.kind, one.about) == (kind, about)), None)

    def last(self, kind: str, about: str) -> Question | None:
        """The newest of a kind about something, open or answered; None: it was never asked."""
        found = [one for one in self.all.values() if (one.pending.kind, one.pending.about) == (kind, about)]
        return found[-1] if found else None

    def require(self, answered: Answered) -> Pending:
        """The question that this answers.

        Raises:
            DefinitionError: there is none of that id, it was answered already, or this is none of its choices.
        """
        found = self.all.get(answered.id)
        if found is None or found.answered is not None:
            what = "was answered already" if found is not None else "is not known here"
            raise DefinitionError(f"the decision {answered.id} {what}; `contractnet decide LEDGER` lists what is open")
        if answered.choice not in found.pending.choices:
            choices = ", ".join(found.pending.choices)
            raise DefinitionError(f"decision {answered.id}: {answered.choice!r} is none of {choices}")
        return found.pending

    def ask(self, pending: Pending, at: int) -> None:
        """It is recorded.

        Raises:
            DefinitionError: its id is not the next.
        """
        if pending.id != self.next_id():
            raise DefinitionError(f"the next decision is {self.next_id()}, not {pending.id}")
        self.all[pending.id] = Question(pending, at)

    def answer(self, answered: Answered, at: int) -> Pending:
        """It is recorded; returns the question. Raises as `require`."""
        pending = self.require(answered)
        self.all[pending.id] = self.all[pending.id]._replace(answered=answered, answered_at=at)
        return pending
