"""The watch: what the presence lane brings. Beats of daemons keep the directory, beats of work renew leases.

Nothing of it is recorded; what is recorded is the decision drawn from it: nobody waits for agents that are gone (D6).
"""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.directory.directory import Directory
from contractnet.mail.inbox import beats
from contractnet.manager.book import Book
from contractnet.manager.openings import Openings
from contractnet.manager.records import Gone
from contractnet.manager.tender import Tender
from contractnet.messages.acts import (
    Presence,
)
from contractnet.messages.contents import (
    ProgressContent,
)
from contractnet.transport.port import Delivery


class Watch:
    """Who is there, and who is at work."""

    def __init__(self, book: Book, directory: Directory, openings: Openings) -> None:
        self._book = book
        self._directory = directory
        self._openings = openings

    def hear(self, delivery: Delivery, now: int) -> frozenset[str]:
        """Take a delivery of the presence lane; returns the agents that are gone because of it."""
        gone = frozenset[str]()
        for beat in beats(delivery):
            if isinstance(beat, Presence):
                gone |= self._directory.hear(beat, now)
            elif beat.receiver == self._book.owner and isinstance(beat.content, ProgressContent):
                tender = self._book.find(beat.conversation_id)
                if tender is not None:
                    tender.beat(beat.conversation_id, beat.sender, beat.content.slot, beat.content.epoch, now)
        return gone

    def missing(self, gone: frozenset[str]) -> Iterator[tuple[Tender, str, Gone]]:
        """The open rounds that wait for agents that are gone: (tender, conversation, the fact)."""
        if not gone:
            return
        for tender in self._openings.live:
            if tender.calling and tender.calls[-1].machine.has("collecting"):
                call = tender.calls[-1]
                if waited := sorted(call.awaited & gone):
                    yield tender, call.conversation, Gone(agents=tuple(waited))
