"""The shape of an experiment: what it asks, what it is run with, and what it finds.

Rules that every experiment keeps:

1. The same seed and trials give the same findings on every machine: draws are from `draws.Draws`, numbers are integers
   and fractions, and nothing is rounded before it is written.
2. Every rate and mean that was measured is an `Estimate`, with its interval. What theory says stands beside it.
3. The rules are those of the package, asked as the manager asks them; where an experiment brings one of its own to
   compare with, it says so.
4. The words of `Findings.says` take their numbers from the run.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol, runtime_checkable

from msgspec import Struct

from contractnet.arena.chart import Chart
from contractnet.arena.estimates import Estimate

#: a number measured, a number known, words; None: there is none
Cell = Estimate | Fraction | int | str | None

#: called with how many steps were done since the last call
Progress = Callable[[int], None]


class Column(Struct, frozen=True, kw_only=True):
    """A column of a table."""

    key: str  #: as CSV and JSON name it: lower-case words joined by `_`
    title: str  #: as people read it
    unit: str = ""  #: of its numbers; empty: words, or a plain count
    places: int = 0  #: decimals that are written
    scale: int = 1  #: numbers are multiplied by it to be written: 100 for percents


class Table(Struct, frozen=True, kw_only=True):
    """What was measured."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]  #: a cell for each column


class Findings(Struct, frozen=True, kw_only=True):
    """What one run of an experiment found."""

    table: Table
    charts: tuple[Chart, ...]  #: drawn under each other
    says: str  #: one paragraph


class Parameter(Struct, frozen=True, kw_only=True):
    """A number or a choice that an experiment fixes."""

    name: str
    value: str  #: with its unit


@runtime_checkable
class Experiment(Protocol):
    """One question, answered by many trials."""

    @property
    def name(self) -> str:
        """As the command line writes it: lower-case words joined by hyphens."""
        ...

    @property
    def asks(self) -> str:
        """The question, one sentence."""
        ...

    @property
    def setting(self) -> str:
        """What is played, in a few sentences: who bids what, who pays what."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What is fixed."""
        ...

    @property
    def source(self) -> str:
        """Where the formulas come from."""
        ...

    @property
    def trials(self) -> int:
        """How many trials its page is made of, and a run that names no number."""
        ...

    @property
    def trial(self) -> str:
        """What one trial is, in the plural: `auctions of each row`."""
        ...

    def steps(self, trials: int) -> int:
        """How many steps `run` will report, for a progress bar."""
        ...

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        """Play.

        Args:
            seed: of every draw.
            trials: at least 2.
            progress: told of steps done; it changes nothing.
        """
        ...


class Described(Struct, frozen=True, kw_only=True):
    """The words of an experiment; a base for those that are written here."""

    name: str
    asks: str
    setting: str
    parameters: tuple[Parameter, ...]
    source: str
    trials: int
    trial: str
