"""Findings: what a look at something found, and what to do about it. `contractnet doctor` gathers and shows them."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  #: it works, and may not for long, or not for everything
    PROBLEM = "problem"  #: it does not work
    UNSEEN = "unseen"  #: it cannot be seen from here, or nobody could look


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    level: Level
    area: str  #: `broker`, `ledger`, `models`, `python`
    what: str  #: what was looked at, in a word or two
    found: str  #: for people, without secrets
    todo: str = ""  #: what to do about it; empty where nothing is to be done
    asked: bool = False  #: of what is unseen: somebody asked for it by name, so not to see it is a failure


def ok(area: str, what: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding(level=Level.OK, area=area, what=what, found=found)


def warning(area: str, what: str, found: str, todo: str) -> Finding:
    """It works, and something is to be done."""
    return Finding(level=Level.WARNING, area=area, what=what, found=found, todo=todo)


def problem(area: str, what: str, found: str, todo: str = "") -> Finding:
    """It does not work. `todo` is empty where `found` says what to do."""
    return Finding(level=Level.PROBLEM, area=area, what=what, found=found, todo=todo)


def unseen(area: str, what: str, found: str, todo: str = "", *, asked: bool = False) -> Finding:
    """Nobody could look."""
    return Finding(level=Level.UNSEEN, area=area, what=what, found=found, todo=todo, asked=asked)
