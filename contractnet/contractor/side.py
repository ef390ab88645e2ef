"""One agent's side of one conversation, whatever its table: moves, words, answers, and the default rule. Pure.

Rules:

1. Every change of state is a row of the table; what a row sends is read from the row.
2. A received act without a row is answered with not-understood (out-of-sequence), a few times; a not-understood is only
   recorded.
3. What answered a message is kept: it is given again for a duplicate.
4. Ids come from the journal's seed, the agent and the conversation: a restart makes the same ones (D14).

Source: the gate in protocols/README.md; G16.
"""

from __future__ import annotations

from contractnet.contractor.records import Timers
from contractnet.contractor.replies import Reply
from contractnet.errors import OutOfSequence
from contractnet.interaction.machine import Machine, Row, Table
from contractnet.ledger.records import Misheard
from contractnet.ledger.scribe import Header, Pen, Scribe
from contractnet.messages.acts import AnyAct, NotUnderstood, ProtocolName
from contractnet.messages.values import NotUnderstoodReason


class Side:
    """What every side has. `table`: where it begins."""

    def __init__(self, agent: str, daemon: str, conversation: str, seed: str, timers: Timers, table: Table) -> None:
        self.agent = agent
        self.conversation = conversation
        self.machine = Machine(table, peer=conversation)
        self.manager: str | None = None  #: who opened the conversation
        self.protocol: ProtocolName | None = None  #: of the first act heard; it never changes
        self.timers = timers
        self.faults = 0  #: not-understood answers said
        self.answers: dict[str, str] = {}  #: `reply_with` heard, or message id -> message id that answered it
        self.pen = Pen(agent, daemon, seed)

    def build(self, what: Reply, header: Header, manager: str) -> AnyAct:
        """The act that a reply is; each side knows what it answers."""
        raise NotImplementedError

    def move(self, scribe: Scribe, event: str, **guards: bool) -> Row:
        row = self.machine.fire(event, **guards)
        scribe.move(self.conversation, self.machine.table.name, self.agent, row.name, self.machine.state)
        return row

    def received(self, scribe: Scribe, act: AnyAct, event: str) -> Row | None:
        """Take the row of a received act; without one answer by the default rule and return None."""
        try:
            return self.move(scribe, event)
        except OutOfSequence:
            name = str(act.__struct_config__.tag)
            if not isinstance(act, NotUnderstood):
                self.complain(scribe, act.sender, act.reply_with, name, NotUnderstoodReason.OUT_OF_SEQUENCE)
            return None

    def complain(
        self,
        scribe: Scribe,
        to: str,
        about: str | None,
        performative: str,
        reason: NotUnderstoodReason,
        fact: Misheard | None = None,
    ) -> None:
        if self.faults >= self.timers.max_faults or performative == "not-understood":
            return
        self.faults += 1
        fields = fact.fields if fact else ()
        self.say(scribe, Reply("not-understood", about, reason, text=performative, fields=fields), to)

    def say(self, scribe: Scribe, what: Reply, to: str | None = None) -> str:
        """Say it, to who opened the conversation where nobody else is named; returns its message id."""
        manager = to or self.manager
        assert manager is not None  # known since the first message
        act = self.build(what, scribe.header(self.conversation), manager)
        scribe.say(act, (manager,))
        if what.about is not None:
            self.answers[what.about] = act.message_id
        return act.message_id

    def mishear(self, scribe: Scribe, fact: Misheard) -> None:
        """An act that does not decode: named to its sender."""
        self.manager = self.manager or fact.sender
        self.complain(
            scribe, fact.sender, fact.reply_with or fact.message_id, fact.performative, NotUnderstoodReason.SCHEMA, fact
        )
