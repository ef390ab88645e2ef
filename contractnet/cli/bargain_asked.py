"""What the command line of `contractnet bargain` asks for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from contractnet.arena.bargaining.runs import repeated
from contractnet.arena.bargaining.several.cases import Case, drawn_cases, is_of_issues, is_prior, read_cases
from contractnet.arena.bargaining.trials import First, Mode, Table
from contractnet.cli import output
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung, ladder

#: turns of both sides together, where none are named: over a price, and over several issues
TURNS: Final = 12
TURNS_OF_ISSUES: Final = 40
#: trials of a prior where no number is given
TRIALS: Final = 1_000
#: rungs that need nobody outside
_ALONE: Final = (Rung.STANDING_OFFERS, Rung.EXTRA_ROUND, Rung.SEALED_RESERVATIONS, Rung.SINGLE_TEXT)


class Asked(Struct, frozen=True, kw_only=True):
    """The command line."""

    buyer: str
    seller: str
    prior: str | None
    file: Path | None
    product: str | None
    swap: bool
    trials: int | None
    seed: int
    turns: int
    first: First
    monotone: bool
    ladder: str | None
    model: str | None
    model_name: str
    mode: Mode
    persona: str
    jobs: int
    as_json: bool
    csv_file: Path | None
    plot: Path | None

    def line(self) -> str:
        """The command that plays the same."""
        words = ["contractnet bargain", self.buyer, self.seller]
        names = ["prior", "file", "product", "trials", "seed", "turns", "first", "ladder"]
        names += [] if self.model is None else ["model", "model_name", "mode", "persona"]
        for name in names:
            value = getattr(self, name)
            words += [] if value is None else [f"--{name.replace('_', '-')}", shlex.quote(str(value))]
        return " ".join([*words, *(f"--{name}" for name in ("swap", "monotone") if getattr(self, name))])

    @property
    def table(self) -> Table:
        """The public terms.

        Raises:
            DefinitionError: a rung is not known, or asks somebody outside.
        """
        rungs = () if self.ladder is None else ladder(self.ladder)
        for rung in rungs:
            if rung not in _ALONE:
                raise DefinitionError(f"ladder: {rung} asks somebody outside, who is not here; leave it out")
        return Table(turns=self.turns, first=self.first, monotone=self.monotone, ladder=rungs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(buyer, seller) of each pairing."""
        return [(self.buyer, self.seller), *([(self.seller, self.buyer)] if self.swap else [])]

    @property
    def sides(self) -> list[str]:
        """Who plays which side in each pairing, as the table heads it."""
        return ["A buys, B sells", "B buys, A sells"][: len(self.pairs)]

    def reserve_files(self) -> None:
        """Make the files that will be written: what cannot be is known before a long run, not after.

        Raises:
            OSError: one cannot be written.
        """
        for path in (self.csv_file, self.plot):
            if path is not None:
                path.touch()

    def show_head(self, count: int) -> None:
        """Print what was played: so many bargainings, by which terms, by whom."""
        moves = {
            "draw": "who moves first is drawn",
            "buyer": "the buyer moves first",
            "seller": "the seller moves first",
        }
        turns = f"{self.turns} turn{'' if self.turns == 1 else 's'} of both together"
        kinds = f"{count:,} bargaining{'' if count == 1 else 's'} of each pairing"
        output.folded("", f"{kinds}; {turns}; {moves[self.first]}; seed {self.seed}")
        output.folded("A: ", self.buyer)
        output.folded("B: ", self.seller)


def read_line(given: dict[str, object]) -> Asked:
    """The command line with what it leaves out, where that depends on what is bargained over.

    Raises:
        OSError: the file cannot be read.
    """
    turns = given["turns"]
    if turns is None:
        prior, file = given["prior"], given["file"]
        several = is_prior(prior if isinstance(prior, str) else None)
        several = several or (isinstance(file, Path) and is_of_issues(lines_of(file)))
        turns = TURNS_OF_ISSUES if several else TURNS
    return msgspec.convert({**given, "turns": turns}, Asked)


def lines_of(file: Path) -> list[str]:
    """Of a file of scenarios.

    Raises:
        OSError: it cannot be read.
    """
    return file.read_text(encoding="utf-8", errors="replace").splitlines()


def cases_of(asked: Asked) -> list[Case] | None:
    """The scenarios over several issues; None: they are over a price.

    Raises:
        DefinitionError: the prior or the file is wrong.
        OSError: the file cannot be read.
    """
    if is_prior(asked.prior):
        return list(drawn_cases(asked.prior or "", asked.seed, asked.trials or TRIALS))
    if asked.file is None or not is_of_issues(lines := lines_of(asked.file)):
        return None
    return repeated(read_cases(lines, str(asked.file)), asked.trials)
