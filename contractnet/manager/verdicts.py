"""Later verdicts on results, by whoever may write the ledger while its manager is away."""

from __future__ import annotations

from msgspec import Struct

from contractnet.errors import DefinitionError
from contractnet.ledger.port import Ledger
from contractnet.manager.book import Book
from contractnet.manager.records import Judged
from contractnet.manager.replay import replay
from contractnet.manager.tender import Tender
from contractnet.messages.values import plain_text


class Judgement(Struct, frozen=True, kw_only=True):
    """What a verdict was about, and what it changed for one winner."""

    agent: str
    skill: str
    good: int  #: outcomes of the agent at the skill that are good now
    n: int  #: of so many
    before: int  #: ppm, its rate before the verdict, shrunk to the pool
    after: int  #: ppm, since


async def judge(ledger: Ledger, name: str, ok: bool, note: str, now: int) -> tuple[Tender, list[Judgement]]:
    """Record a verdict on the result of a tender; returns when it is durable.

    Args:
        ledger: open for writing.
        name: the tender's id or key, or the id of one of its conversations.
        now: milliseconds since the Unix epoch.
    Raises:
        DefinitionError: there is no such tender, or it has no result.
        ReplayDifference: the ledger is not what its facts give.
        LedgerBroken, VersionConflict: it could not be recorded.
    """
    book = replay(ledger.owner, ledger.entries())
    tender = _found(book, name)
    winners = sorted({(one.winner, tender.opened.spec.skill) for one in tender.ended.filled}) if tender.ended else []
    records = book.outcomes.records
    before = {pair: records.rate(*pair) for pair in winners}
    record = Judged(ok=ok, note=plain_text(note))
    await ledger.append([draft for draft, _ in book.loose(tender.id, record, max(now, book.at))])
    found: list[Judgement] = []
    for pair in winners:
        track = records.track(*pair)
        assert track is not None  # its result is an outcome
        whole = track.whole
        found.append(
            Judgement(
                agent=pair[0],
                skill=pair[1],
                good=whole.successes,
                n=whole.n,
                before=before[pair],
                after=records.rate(*pair),
            )
        )
    return tender, found


def _found(book: Book, name: str) -> Tender:
    tender = book.tenders.get(name.partition(".")[0]) or book.by_key.get(name)
    if tender is None:
        raise DefinitionError(
            f"{plain_text(name, 96)!r} is no tender of this ledger: give its id, its key, or a conversation id; "
            "`contractnet log` shows them"
        )
    if tender.ended is None:
        raise DefinitionError(f"tender {tender.id} has not ended: there is no result to judge yet")
    if not tender.ended.filled:
        raise DefinitionError(f"tender {tender.id} ended as {tender.ended.status}: there is no result to judge")
    return tender
