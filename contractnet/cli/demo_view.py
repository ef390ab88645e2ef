"""How `contractnet demo` looks: a bar while it runs, then for every task who bid, what became of each, and a summary.

What is shown is read from the ledger (`tale`). A wide screen gets a table; a narrower one a list, in which the words
move under the prices where there is no room beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from contractnet.cli import screen
from contractnet.cli.entry_words import printable
from contractnet.cli.tale import Mark, Part, Tale
from contractnet.market.contract import Contract
from contractnet.messages.values import PPM, show_amount

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

#: screens from so wide on get a table; up to so narrow words stand on lines of their own
WIDE: Final = 100
NARROW: Final = 60
#: what the table's lines and paddings take, columns
BORDERS: Final = 6
USUAL_RULE: Final = "best-value"
_STYLES: Final = {Mark.WON: "green", Mark.LOST: "", Mark.NO_BID: "dim", Mark.TROUBLE: "red"}
#: (where nothing but ASCII is shown, elsewhere)
_SIGNS: Final = {Mark.WON: ("+", "✓"), Mark.LOST: (".", "·"), Mark.NO_BID: ("-", "–"), Mark.TROUBLE: ("x", "✗")}


@contextmanager
def progress(total: int) -> Generator[tuple[Callable[[Contract], None], Callable[[Contract], None]]]:
    """A bar on standard error where that is a terminal: to be told of what has begun, and of what has ended."""
    if not sys.stderr.isatty():
        yield _nothing, _nothing
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    words = max(8, min(60, screen.width() - 36))
    columns = (
        BarColumn(bar_width=min(20, screen.width() // 4)),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=screen.console(stderr=True), transient=True) as bar:
        shown = bar.add_task("the market opens", total=total)

        def begun(contract: Contract) -> None:
            bar.update(shown, description=f"calls: {contract.task}"[:words])

        def ended(contract: Contract) -> None:
            who = f", {contract.winner}" if contract.winner else ""
            bar.update(shown, advance=1, description=f"{contract.status}{who}: {contract.task}"[:words])

        yield begun, ended


def _nothing(_: Contract) -> None:
    pass


def show(tales: Sequence[Tale]) -> None:
    """For every task who bid, and what became of each."""
    console = screen.console()
    widths = _Widths(tales)
    if console.width >= WIDE:
        screen.draw(console, _table(console, tales, widths))
        return
    for tale in tales:
        screen.draw(console, *_heading(console, tale), *_events(tale), *_bids(console, tale, widths, console.width), "")


class _Widths:
    """So wide are columns, the same for all tasks."""

    def __init__(self, tales: Sequence[Tale]) -> None:
        parts = [part for tale in tales for part in tale.parts.values()]
        self.columns = [max(map(len, cells)) for cells in zip(*map(_cells, parts), strict=True)]

    def row(self, part: Part) -> str:
        """Its cells, each as wide as the widest of all tasks; numbers to the right."""
        name, *numbers = _cells(part)
        width, *others = self.columns
        return "  ".join([name.ljust(width), *(n.rjust(w) for n, w in zip(numbers, others, strict=True))])


def _cells(part: Part) -> tuple[str, str, str, str]:
    price = "" if not part.prices else f"{part.prices[-1] // 1_000_000}.{part.prices[-1] % 1_000_000:06d}"
    eta = "" if part.eta is None else f"{part.eta} s"
    sure = "" if part.confidence is None else f"{part.confidence * 100 // PPM} %"
    return part.agent, price, eta, sure


def _table(console: Console, tales: Sequence[Tale], widths: _Widths) -> Table:
    from rich.box import ASCII2, SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table

    left = console.width // 3
    box = SIMPLE_HEAD if _sign(console, "", "─") else ASCII2
    table = Table(box=box, pad_edge=False, padding=(0, 1, 1, 0))
    table.add_column("task", width=left, overflow="fold")
    table.add_column("bids: price, eta, confidence, and what became of each")
    for tale in tales:
        bids = _bids(console, tale, widths, console.width - left - BORDERS)
        table.add_row(Group(*_heading(console, tale), *_events(tale)), Group(*bids))
    return table


def _heading(console: Console, tale: Tale) -> tuple[Text, Text]:
    """The task; its skill, its reserve, and what is unusual about its terms."""
    from rich.text import Text

    terms = [tale.skill]
    terms.append("no reserve" if tale.reserve is None else f"reserve {show_amount(tale.reserve)}")
    if tale.slots > 1:
        terms.append(f"{tale.slots} winners")
    if tale.rounds > 1:
        terms.append(f"{tale.rounds} rounds")
    if tale.rule != USUAL_RULE:
        terms.append(tale.rule)
    dot = _sign(console, ", ", " · ")
    return Text(printable(tale.task), style="bold cyan"), Text(dot.join(terms), style="dim")


def _events(tale: Tale) -> list[Text]:
    from rich.text import Text

    return [Text(printable(event), style="yellow") for event in tale.events]


def _bids(console: Console, tale: Tale, widths: _Widths, width: int) -> list[Text]:
    """One bidder a line, and the tender's end; on a narrow screen the words stand under their bidder."""
    from rich.text import Text

    lines = [] if tale.parts else [Text("nobody bid", style="red")]
    for part in tale.parts.values():
        row, words = f"{_sign(console, *_SIGNS[part.mark])} {widths.row(part)}  ", printable(part.words())
        indent = 4 if width < NARROW else len(row)
        first, *more = screen.wrapped(words, max(8, width - indent)) or [""]
        told = [row.rstrip(), " " * indent + first] if indent < len(row) else [row + first]
        lines.append(Text("\n".join([*told, *(" " * indent + line for line in more)]), style=_STYLES[part.mark]))
    return [*lines, Text(f"{_sign(console, '=', '→')} {printable(_end(tale))}", style="bold")]


def _end(tale: Tale) -> str:
    """The tender's one end."""
    ended = tale.ended
    if ended is None:
        return "it runs"
    text = ended.status + (f": {ended.reason}" if ended.reason else "")
    if ended.filled:
        names = " and ".join(one.winner for one in ended.filled)
        text += f": {names}, {show_amount(ended.spent)} {ended.unit}"
    return text


def _sign(console: Console, plain: str, fancy: str) -> str:
    return screen.signs(console.encoding, plain, fancy)
