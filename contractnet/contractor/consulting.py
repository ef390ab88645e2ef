"""Asking a person: a decision that is pending in the journal until somebody answers it, or its time is over.

Rules: a question outlives the process; after a restart it is open as before, with the time that is left of it; it is
answered once. What nobody answers in time is passed on, by `time`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from contractnet.contractor.bidding import Host, nothing
from contractnet.contractor.persons import MEDIATION, NEXT_RUNG
from contractnet.ledger.questions import DECISIONS, Answered, Pending
from contractnet.messages.values import plain_text


class Consulting:
    """The pending decisions of one daemon."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._waiting: dict[str, asyncio.Event] = {}  #: decision -> set once it is answered

    async def ask(
        self, about: str, choices: Sequence[str], told: dict[str, Any], within_s: float, left_s: float
    ) -> Answered:
        """Ask, or go on waiting for what was asked before; returns the answer.

        Args:
            about: what it is asked for, once; a conversation, with `/` and a message id where it is asked again.
            within_s: from the first asking. left_s: from now.
        """
        questions = self._host.diary.questions
        found = questions.last(MEDIATION, about)
        if found is None:
            number = questions.next_id()
            until = self._host.now() + round(1000 * max(0.0, min(left_s, within_s)))
            self._record(
                Pending(id=number, kind=MEDIATION, about=about, choices=tuple(choices), told={**told, "until": until})
            )
            found = questions.all[number]
        number = found.pending.id
        if found.answered is None:
            left = min(left_s, within_s - (self._host.now() - found.at) / 1000)
            await self._wait(number, max(0.0, left))
        answered = questions.all[number].answered
        if answered is None:
            answered = Answered(id=number, choice=NEXT_RUNG, by="time", why="nobody has answered in time")
            self._record(answered)
        return answered

    async def _wait(self, number: str, left_s: float) -> None:
        event = self._waiting.setdefault(number, asyncio.Event())
        try:
            async with asyncio.timeout(left_s):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.pop(number, None)

    def decide(self, answered: Answered, then: Callable[[], None] = nothing) -> None:
        """Somebody has answered; `then` is called when that is durable.

        Raises:
            DefinitionError: it answers nothing that is open.
        """
        clean = msgspec.structs.replace(answered, by=plain_text(answered.by), why=plain_text(answered.why))
        self._host.diary.questions.require(clean)
        self._record(clean, then)
        if (event := self._waiting.get(answered.id)) is not None:
            event.set()

    def close(self, conversation: str) -> None:
        """What was asked for this conversation is of no use any more."""
        for one in self._host.diary.questions.open:
            if one.kind == MEDIATION and one.about.partition("/")[0] == conversation:
                why = "no answer is due any more"
                self._record(Answered(id=one.id, choice=NEXT_RUNG, by="time", why=why))

    def _record(self, record: Pending | Answered, then: Callable[[], None] = nothing) -> None:
        self._host.note(self._host.name, DECISIONS, record, then)
