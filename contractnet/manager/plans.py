"""Plans: a large job split into tasks, as a ledger holds it. Facts that move no tender: replay asks nobody again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contractnet.ledger.records import Record

#: streams of plans begin so
PREFIX = "plan-"


class PlanTask(Record, frozen=True):
    """One task of a plan."""

    id: str  #: in its plan
    task: str
    skill: str
    input: dict[str, Any] = {}
    after: tuple[str, ...] = ()  #: ids of the tasks whose results it needs
    reserve: int | None = None  #: the most that will be paid for it, micros; None: as for all


class Drafted(Record, frozen=True):
    """Somebody split a job: a model, a program, a person. It was checked; nobody has agreed to it yet."""

    key: str  #: the caller's name for the plan
    job: str
    tasks: tuple[PlanTask, ...]
    by: str  #: who drafted it


class Approved(Record, frozen=True):
    """A person or a policy has looked at the draft."""

    key: str
    ok: bool
    by: str
    why: str = ""


@dataclass(slots=True)
class PlanState:
    """What a ledger says of one plan; the last draft and the last word on it stand."""

    drafted: Drafted
    approved: Approved | None = None


def follow(plans: dict[str, PlanState], record: Record) -> None:
    """Keep the index of plans, by key."""
    match record:
        case Drafted():
            plans[record.key] = PlanState(record)
        case Approved() if record.key in plans:
            plans[record.key].approved = record
        case _:
            pass
