"""`contractnet replay`: every conclusion of a ledger derived again from its facts, and the chain checked on the way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final, NamedTuple

import click
import msgspec

from contractnet.cli import exits, options, output
from contractnet.cli.replay_bargains import Bargainings
from contractnet.contractor.replay import replay as replay_journal
from contractnet.errors import LedgerDamaged, ReplayDifference
from contractnet.interaction.definition import load
from contractnet.ledger.chain import checked
from contractnet.ledger.founding import Kind, founding
from contractnet.ledger.port import Entry, LedgerReader
from contractnet.ledger.records import Moved
from contractnet.ledger.urls import file_of, filled, open_reader
from contractnet.manager.records import Awarded
from contractnet.manager.replay import replay as replay_ledger

#: how often the bar is moved, entries
BAR_EVERY: Final = 500


@click.command("replay")
@options.ledger_argument()
def command(ledger: str) -> int:
    """Check a ledger: its hash chain, and that every state, score, award and message follows from its facts.

    LEDGER is a manager's ledger or a daemon's journal: a ledger URL, a SQLite file (it may be in use), or an exported
    JSONL file. No model is called. Exits with 1 at the first entry that is not what it should be, and names it.

    \b
    Example:
      contractnet replay contractnet.db
    """
    found = rederive(ledger)
    if found.difference is not None:
        output.note("replay", found.difference)
    if found.bargainings is not None:
        click.echo(found.bargainings)
    click.echo(found.line())
    return exits.OK if found.difference is None else exits.WRONG


class Rederived(NamedTuple):
    """What came of deriving a ledger again."""

    awards: int  #: before the first difference
    total: int
    difference: str | None  #: what is wrong and where; None: nothing
    bargainings: str | None = None  #: how many, and how many of them were agreed; None: there are none

    def line(self) -> str:
        """The last line of `contractnet replay`."""
        differences = "0 differences" if self.difference is None else "1 difference"
        return f"{self.awards} of {self.total} awards re-derived, {differences}, 0 model calls"


def rederive(ledger: str, *, bar: bool = True) -> Rederived:
    """Derive every conclusion of a ledger again, and check its chain and file.

    Args:
        bar: shown where standard error is a terminal.
    Raises:
        DefinitionError, LedgerUnusable: there is no ledger to read under that name.
    """
    with closing(open_reader(ledger)) as reader:
        filled(reader, ledger)
        found = founding(next(reader.entries(), None), ledger)
        awards, bargainings = Awards(found.kind), Bargainings()
        try:
            with _progress(bar) as seen:
                entries = checked(bargainings.counted(awards.counted(seen(reader.entries()))))
                if found.kind is Kind.LEDGER:
                    replay_ledger(found.owner, entries)
                else:
                    replay_journal(found.owner, entries)
            reader.check()  # the file itself: its chain held
        except (LedgerDamaged, ReplayDifference) as error:
            made = awards.before(error.position)
            for _ in bargainings.counted(awards.rest(reader)):
                pass
            line = bargainings.line(error.position or 0)
            return Rederived(made, awards.total, _naming(ledger, str(error)), line)
    return Rederived(awards.total, awards.total, None, bargainings.line(None))


def _naming(ledger: str, said: str) -> str:
    """What is wrong, with the ledger's name once: what reading the file raised has it already."""
    return said if said.startswith(f"{file_of(ledger)} is ") else f"{ledger}: {said}"


class Awards:
    """Where a ledger records its awards: `Awarded` at a manager, the row that commits at a daemon's agent.

    Args:
        kind: of the ledger.
    """

    def __init__(self, kind: Kind) -> None:
        self._journal = kind is Kind.JOURNAL
        self._committed = _committed_states() if self._journal else frozenset[str]()
        self._taken: set[tuple[str, str]] = set()  #: in a journal: (agent, conversation)
        self._positions: list[int] = []
        self._last = 0

    @property
    def total(self) -> int:
        """How many there are in what was read."""
        return len(self._positions)

    def before(self, position: int | None) -> int:
        """How many of them lie before a position; None: the file as a whole is wrong, and none counts."""
        return 0 if position is None else sum(1 for one in self._positions if one < position)

    def counted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass the entries on."""
        for entry in entries:
            self._last = entry.position
            if self._is_award(entry):
                self._positions.append(entry.position)
            yield entry

    def rest(self, reader: LedgerReader) -> Iterator[Entry]:
        """Go on to the end, as far as it can be read."""
        with suppress(LedgerDamaged):
            yield from self.counted(reader.entries(self._last))

    def _is_award(self, entry: Entry) -> bool:
        if not self._journal:
            return entry.type == Awarded.__name__
        if entry.type != Moved.__name__ or (entry.agent, entry.conversation) in self._taken:
            return False
        try:
            moves = msgspec.json.decode(entry.body, type=Moved).moves
        except msgspec.MsgspecError:  # replay will say so
            return False
        if not any(move.state in self._committed for move in moves):
            return False
        self._taken.add((entry.agent, entry.conversation))
        return True


def _committed_states() -> frozenset[str]:
    states = load("participant").states
    return frozenset(name for name, state in states.items() if "committed" in state.has)


@contextmanager
def _progress(bar: bool) -> Generator[Callable[[Iterable[Entry]], Iterator[Entry]]]:
    """A bar on a terminal; nothing where stderr is a file."""
    if not bar or not sys.stderr.isatty():
        yield iter
        return
    from rich.console import Console  # slow to import
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.completed} entries"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replay", total=None)

        def seen(entries: Iterable[Entry]) -> Iterator[Entry]:
            for number, entry in enumerate(entries):
                if number % BAR_EVERY == 0:
                    progress.update(task, completed=number)
                yield entry

        yield seen
