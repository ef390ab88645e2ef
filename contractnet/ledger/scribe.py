"""The scribe: collects what one step of a core concludes, in a fixed order, as drafts for the ledger.

A step is one fact and its conclusions: the fact, the rows taken, what was decided, what is to be said, what ended.
One step is one transaction, so a message is never durable without the decision that caused it (G16).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple, TypedDict

from contractnet.ledger.port import Draft
from contractnet.ledger.records import Move, Moved, Record, Said, SaidTurn, Spoken
from contractnet.messages.acts import CONTRACT_NET, AnyAct, ProtocolName
from contractnet.messages.bargaining import AnyBargainAct
from contractnet.messages.codec import canonical


class Writing(NamedTuple):
    """One entry that a step wants recorded: as a draft, and as the record it was made of."""

    draft: Draft
    record: Record


class Header(TypedDict):
    """The envelope fields that every act of one writer in one conversation shares."""

    message_id: str
    reply_with: str
    conversation_id: str
    protocol: ProtocolName
    sender: str
    daemon: str
    manager_epoch: int | None


class Pen:
    """What stays between the steps of one core: who writes, and how far each conversation has come."""

    def __init__(self, writer: str, daemon: str, seed: str) -> None:
        self.writer = writer  #: agent id
        self.daemon = daemon  #: where it lives; a manager is its own
        self.seed = seed  #: of the ids it makes
        self.protocol: ProtocolName = CONTRACT_NET
        self.manager_epoch: int | None = None  #: on a manager's messages
        self.versions: dict[str, int] = {}
        self.said: dict[str, int] = {}


class Scribe:
    """Collects one step. `at`: its one instant, milliseconds (D14)."""

    def __init__(self, pen: Pen, at: int) -> None:
        self._pen = pen
        self.at = at
        self._written: list[Writing] = []
        self._moves: dict[str, list[Move]] = {}
        self._notes: list[tuple[str, Record]] = []
        self._says: list[tuple[str, Spoken]] = []
        self._ends: list[tuple[str, Record]] = []

    def fact(self, conversation: str, record: Record, sender: str | None = None, message_id: str | None = None) -> None:
        """The fact that the step begins with; `sender` and `message_id` where it is a message that came in."""
        if sender is None or message_id is None:  # no message, or one whose id could not be read
            self._draft(conversation, record)
        else:
            self._draft(conversation, record, "in", sender, message_id)

    def move(self, conversation: str, table: str, who: str, row: str, state: str) -> None:
        """A row was taken."""
        self._moves.setdefault(conversation, []).append(Move(table=table, who=who, row=row, state=state))

    def note(self, conversation: str, record: Record) -> None:
        """A conclusion other than a message."""
        self._notes.append((conversation, record))

    def end(self, conversation: str, record: Record) -> None:
        """A conclusion that stands after the messages: a call or the tender ended."""
        self._ends.append((conversation, record))

    def header(self, conversation: str) -> Header:
        """The envelope of the next message in a conversation, with its id: the n-th message of it (D14).

        The id begins with the conversation's, so that neighbours in time are neighbours in an index.
        """
        number = self._pen.said[conversation] = self._pen.said.get(conversation, 0) + 1
        text = f"{self._pen.seed}|{conversation}|{self._pen.writer}|{number}"
        message_id = f"{conversation[:64]}.{hashlib.sha256(text.encode()).hexdigest()[:20]}"
        return {
            "message_id": message_id,
            "reply_with": message_id,
            "conversation_id": conversation,
            "protocol": self._pen.protocol,
            "sender": self._pen.writer,
            "daemon": self._pen.daemon,
            "manager_epoch": self._pen.manager_epoch,
        }

    def say(
        self, act: AnyAct, receivers: Iterable[str], expires_ms: int | None = None, stream: str | None = None
    ) -> None:
        """A message to be sent to these agents; none: an open call. `stream`: where it is recorded, if elsewhere."""
        said = Said(message=act, receivers=tuple(receivers), expires_ms=expires_ms)
        self._says.append((stream or act.conversation_id, said))

    def say_turn(
        self, act: AnyBargainAct, receivers: Iterable[str], expires_ms: int | None = None, stream: str | None = None
    ) -> None:
        """A message of a bargaining to be sent; as `say`."""
        said = SaidTurn(message=act, receivers=tuple(receivers), expires_ms=expires_ms)
        self._says.append((stream or act.conversation_id, said))

    def finish(self) -> list[Writing]:
        """All entries of the step, the fact first."""
        for conversation, moves in self._moves.items():
            self._draft(conversation, Moved(moves=tuple(moves)))
        for conversation, record in self._notes:
            self._draft(conversation, record)
        for conversation, said in self._says:
            self._draft(conversation, said, "out", said.message.sender, said.message.message_id)
        for conversation, record in self._ends:
            self._draft(conversation, record)
        return self._written

    def _draft(
        self,
        conversation: str,
        record: Record,
        direction: str | None = None,
        sender: str | None = None,
        message_id: str | None = None,
    ) -> None:
        body = canonical(record).decode()  # what cannot be written raises before anything counts up
        version = self._pen.versions[conversation] = self._pen.versions.get(conversation, 0) + 1
        draft = Draft(
            agent=self._pen.writer,
            conversation=conversation,
            version=version,
            type=type(record).__name__,
            at=self.at,
            body=body,
            direction=direction,
            sender=sender,
            message_id=message_id,
        )
        self._written.append(Writing(draft, record))


def seeded(seed: str, *parts: Any) -> int:
    """A number from 0 to 999999 that depends on the seed and the parts alone: for jitter."""
    text = "|".join([seed, *map(str, parts)])
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) % 1_000_000
