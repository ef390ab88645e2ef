"""`contractnet log`: what a ledger holds, filtered, followed, or drawn as a sequence diagram."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import click
import msgspec

from contractnet.cli import exits, options, output
from contractnet.cli.diagram import draw
from contractnet.cli.entry_words import RECORDS, Told, tell
from contractnet.cli.explain import explain as explained
from contractnet.cli.mermaid import sequence_diagram
from contractnet.cli.options import option
from contractnet.cli.sequence import story
from contractnet.errors import DefinitionError
from contractnet.ledger.follow import follow as follow_ledger
from contractnet.ledger.founding import CONVERSATION
from contractnet.ledger.port import Entry, LedgerReader
from contractnet.ledger.urls import filled, open_reader

#: entries that are shown only where `--type` names them
BOOKKEEPING: Final = frozenset({"Moved", "Sent"})
#: how a conversation can be drawn
DIAGRAMS: Final = ("text", "mermaid")
_AGO: Final = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Instant(click.ParamType[int]):
    """An instant, as milliseconds since the Unix epoch."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if (ago := _AGO.fullmatch(text)) is not None:
            return time.time_ns() // 1_000_000 - int(ago[1]) * _SECONDS[ago[2]] * 1000
        if text.isascii() and text.isdigit():
            return int(text)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no instant; write 15m, 2h or 3d (ago), 2026-11-21T12:00:00Z, or milliseconds")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; what is None wants all."""

    conversation: str | None
    agent: str | None
    kinds: frozenset[str]
    performatives: frozenset[str]
    since: int | None
    until: int | None

    def takes(self, entry: Entry, told: Told) -> bool:
        """Whether an entry is wanted."""
        if self.kinds and entry.type not in self.kinds:
            return False
        if not self.kinds and entry.type in BOOKKEEPING:
            return False
        if self.performatives and told.performative not in self.performatives:
            return False
        if self.since is not None and entry.at < self.since:
            return False
        if self.until is not None and entry.at >= self.until:
            return False
        if self.conversation is not None and not belongs(entry.conversation, self.conversation):
            return False
        return self.agent is None or entry.agent == self.agent or told.concerns(self.agent)


def belongs(conversation: str, wanted: str) -> bool:
    """Whether it is that conversation, a call of that tender, or one whose id begins so."""
    return conversation == wanted or ("." not in wanted and conversation.startswith(wanted))


class _Log(click.Command):
    """`--diagram` alone draws text, also where LEDGER follows it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        told = [
            "--diagram=text" if one == "--diagram" and after not in DIAGRAMS else one
            for one, after in zip(args, [*args[1:], ""], strict=False)
        ]
        return super().parse_args(ctx, told)


@click.command("log", cls=_Log)
@click.argument("ledgers", metavar="LEDGER...", nargs=-1, required=True)
@option(
    "conversation", metavar="ID", help="Of one conversation, or of all calls of a tender; the id's beginning will do."
)
@option("agent", metavar="ID", help="What an agent said, heard, or is named in.")
@option(
    "type", "kinds", metavar="TYPE", multiple=True, help=f"Entries of a type, such as Decided; {len(RECORDS)} exist."
)
@option("performative", "performatives", metavar="NAME", multiple=True, help="Messages, such as propose.")
@option("since", type=Instant(), help="Not before: 15m, 2h, 3d (ago), an ISO time, or milliseconds.")
@option("until", type=Instant(), help="Before that instant.")
@option("follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@options.as_json("Entries")
@option(
    "diagram",
    type=click.Choice(DIAGRAMS),
    is_flag=False,
    flag_value="text",
    help="One conversation, or all calls of a tender, as a sequence diagram; text where none is named.",
)
@option("explain", metavar="TENDER", help="Why a tender was decided as it was, by its id or key, in plain words.")
@option(
    "stats", is_flag=True, help="Tenders and bargainings: deal rate, whether it has fallen, payoffs and how they vary."
)
@option(
    "block",
    type=click.IntRange(1, 1_000_000),
    default=50,
    help="Of --stats: outcomes to a look. Choose before looking.",
)
def command(
    ledgers: tuple[str, ...],
    conversation: str | None,
    agent: str | None,
    kinds: tuple[str, ...],
    performatives: tuple[str, ...],
    since: int | None,
    until: int | None,
    follow: bool,
    as_json: bool,
    diagram: str | None,
    explain: str | None,
    stats: bool,
    block: int,
) -> int:
    """Show what was heard, said and decided, in order.

    LEDGER is a manager's ledger or a daemon's journal: a ledger URL, a SQLite file (it may be in use), or an exported
    JSONL file. It is read as it is; `contractnet replay` checks it. With --json entries are written as they are
    recorded, with what is private in them: reserves, the private part of tasks, limits of bargainings.

    With --stats, of one or several: an ended tender is a deal where a slot was filled with a credited result that no
    later verdict calls bad. Its payoff is the reserve of what was filled less what was paid; without a reserve, the
    lowest price of who won nothing less what was paid. A bargaining, counted for itself, is a deal where terms were
    agreed; its payoff is their worth over the own reservation. What runs and what was called off is counted apart. Each
    block is held against all before it (Fisher's exact test, one-sided; look j may use 1/(j(j+1)) of 5 %), so that a
    rate that stands still is called fallen once in 20 ledgers at most, however often one looks. Exits with 1 where it
    has fallen.

    \b
    Example:
      contractnet log contractnet.db --performative propose --since 15m
      contractnet log contractnet.db --diagram --conversation 29ca0b
      contractnet log contractnet.db --diagram mermaid --conversation 29ca0b > 29ca0b.mmd
      contractnet log contractnet.db --follow --json
      contractnet log contractnet.db --explain 29ca0b
      contractnet log contractnet.db --stats
    """
    if stats:
        _whole(conversation=conversation, agent=agent, type=kinds, performative=performatives)
        _whole(follow=follow, diagram=diagram, explain=explain)
        from contractnet.cli.log_stats import show_stats  # the arena's arithmetic, which the rest does without

        return show_stats(ledgers, since, until, block, as_json=as_json)
    _one_way(ledgers, kinds, diagram, explain, lines=follow or as_json)
    ledger = ledgers[0]
    wanted = Filter(conversation, agent, frozenset(kinds), frozenset(performatives), since, until)
    with closing(open_reader(ledger)) as reader:
        filled(reader, ledger)
        if explain:
            for line in explained(reader.entries(), explain):
                output.folded("", line)
        elif diagram:
            _draw(reader, conversation, diagram)
        elif follow:
            _follow(reader, wanted, as_json)
        else:
            for entry in reader.entries():
                _show(entry, wanted, as_json)
    return exits.OK


def _whole(**given: object) -> None:
    """Refuse what chooses entries beside --stats."""
    for name, value in given.items():
        if value:
            raise click.UsageError(
                f"--stats is of all tenders, or with --since and --until of those that ended then: leave --{name} out"
            )


def _one_way(
    ledgers: Sequence[str], kinds: Sequence[str], diagram: str | None, explain: str | None, *, lines: bool
) -> None:
    """Refuse two ways to show at once."""
    if len(ledgers) > 1:
        raise click.UsageError("name one ledger; several are for --stats")
    unknown = [kind for kind in kinds if kind not in RECORDS]
    if unknown:
        raise click.UsageError(f"--type {unknown[0]}: no such type; there are {', '.join(sorted(RECORDS))}")
    if diagram and lines:
        raise click.UsageError("--diagram is of a whole conversation: leave --follow and --json out")
    if explain is not None and not explain.strip():
        raise click.UsageError("--explain: name a tender, by the beginning of its id or by its key")
    if explain and (lines or diagram):
        raise click.UsageError("--explain tells a whole tender: leave --follow, --json and --diagram out")


def _follow(reader: LedgerReader, wanted: Filter, as_json: bool) -> None:
    async def show() -> None:
        async for entry in follow_ledger(reader):
            _show(entry, wanted, as_json)

    try:
        asyncio.run(show())
    except KeyboardInterrupt:
        return  # the way in which following ends


def _show(entry: Entry, wanted: Filter, as_json: bool) -> None:
    told = tell(entry)
    if not wanted.takes(entry, told):
        return
    if as_json:
        fields = msgspec.structs.asdict(entry)
        output.json_line({**fields, "body": msgspec.Raw(entry.body.encode())})
        return
    if told.sender is not None:
        to = ", ".join(told.receivers) or "all"
        words = f"{told.sender} -> {to}: {told.words}"
    else:
        words = f"{entry.agent}: {told.words}"
    output.folded(f"{entry.position:>6}  {output.instant(entry.at)}  {entry.conversation:<24}  ", words)


def _draw(reader: LedgerReader, conversation: str | None, diagram: str) -> None:
    chosen = _choose(reader.entries(), conversation)
    tender = chosen.partition(".")[0]
    entries = [one for one in reader.entries() if _drawn_with(one.conversation, chosen, tender)]
    title = f"{chosen}, begun {output.instant(entries[0].at)}"
    for line in sequence_diagram(story(entries), title) if diagram == "mermaid" else [title, *draw(story(entries))]:
        click.echo(line)


def _drawn_with(conversation: str, chosen: str, tender: str) -> bool:
    """Whether an entry of that conversation is drawn: what is told of its tender is, and its mediation."""
    return conversation in (chosen, tender) or conversation.startswith(f"{chosen}.") or belongs(conversation, chosen)


def _choose(entries: Iterable[Entry], wanted: str | None) -> str:
    """The conversation or tender to draw: the one named, or the only one there is."""
    own = (CONVERSATION,)
    found = dict.fromkeys(
        entry.conversation
        for entry in entries
        if entry.message_id is not None
        and entry.conversation not in own
        and (wanted is None or belongs(entry.conversation, wanted))
    )
    if wanted in found:
        return str(wanted)
    tenders = list(dict.fromkeys(conversation.partition(".")[0] for conversation in found))
    if not tenders:
        what = "no conversation" if wanted is None else f"no conversation {wanted}"
        raise DefinitionError(f"there is {what} here: contractnet log without --diagram lists what there is")
    if len(tenders) > 1:
        raise click.UsageError(
            f"{len(tenders)} conversations match: name one with --conversation, such as the last one, {tenders[-1]}"
        )
    return tenders[0]
