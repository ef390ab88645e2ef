"""What every message keeps, whatever the tables say: M1 to M6, R7, and the parent of a conversation that has one.

The schema is judged here as well. Of a proposal that is bad or late, and of a bad choice, the content may break it:
that is what the repair is for. Any other act that does not keep the schema, or that answers nothing, is invalid: it
moves nothing, and in a transcript it comes from a side that is known to be faulty.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Header, Line, Message
from contractnet.conformance.schema import Misfit, Schema
from contractnet.conformance.tables import BARGAINING, MEDIATION, Table

#: acts that carry `in_reply_to` only where they speak of one message: equal for all, or a beat (D8)
UNADDRESSED: Final = frozenset({"cfp", "cancel", "reject-proposal", "inform:progress", "request"})
#: events of messages whose content may be anything
MAY_BE_WRONG: Final = frozenset({"?propose:bad", "?propose:last", "?propose:late", "?inform:badchoice"})
#: acts that are invalid where they answer nothing; others are left to the table (M3)
MUST_ANSWER: Final = frozenset({"propose", "refuse", "agree", "inform", "failure", "not-understood"})
#: the event of an act that breaks the schema or answers nothing: no table has it (the gate, step 5)
INVALID: Final = "?invalid"
#: the event of a not-understood that moves nothing, whatever it answers
OTHER: Final = "?not-understood:other"
OPEN_CALL: Final = "skill:"


class Envelopes:
    """The messages of one transcript so far."""

    def __init__(self, header: Header, schema: Schema, tables: Iterable[Table]) -> None:
        self._header = header
        events = (event for table in tables for _, event in table.steps if event[0] == "?")
        self._hears = frozenset(event[1:].split(":")[0] for event in events)  #: what this side's tables have
        self._schema = schema
        self._seen: dict[tuple[str, str], Message] = {}  #: by sender and message id
        self._said_to: dict[str, set[str]] = {}
        self._said_to_all: set[str] = set()  #: open calls: whoever has the skill hears them
        self._heard_from: dict[str, set[str]] = {}
        self._conversation: str | None = None

    def seen_before(self, line: Line) -> bool:
        """Judge the envelope of a message said or taken; returns whether it is a repetition, which moves nothing.

        Raises:
            BrokenRuleError: `schema` or `envelope`.
        """
        message, incoming = line.spoken, line.event is not None
        self._keeps_schema(message, incoming and line.event in MAY_BE_WRONG)
        before = self._seen.setdefault((message["sender"], message["message_id"]), message)
        if before is not message:
            if before != message:
                raise _wrong({"M5"}, "a message id is used for two messages")
            return True
        expected = line.peers[0] if incoming else self._header.me
        self._belongs(message, incoming and expected in self._header.faulty)
        if message["sender"] != expected:
            raise _wrong({"M1"}, f"says that {message['sender']} sent it, and it came from {expected}")
        if line.event == INVALID or not self._forgiven(line):
            self._names_what_it_answers(message, line.peers, incoming)
        self.remember(line)
        if str(message.get("receiver")).startswith(OPEN_CALL):
            self._said_to_all.add(message["reply_with"])
        return False

    def _forgiven(self, line: Line) -> bool:
        """Whether it does not matter here what a message from a faulty side answers."""
        performative, event = line.spoken["performative"], line.event
        left_to_the_table = performative not in MUST_ANSWER & self._hears
        faulty = event is not None and line.peers[0] in self._header.faulty
        return faulty and (left_to_the_table or event in MAY_BE_WRONG or event == OTHER)

    def remember(self, line: Line) -> None:
        """A message was said or taken: it may be answered."""
        known = self._said_to if line.event is None else self._heard_from
        for peer in line.peers:
            known.setdefault(peer, set()).add(line.spoken["reply_with"])

    def _keeps_schema(self, message: Message, may_be_wrong: bool) -> None:
        for misfit in self._schema.misfits(message):
            if not (may_be_wrong and misfit.path.startswith("$.content")):
                raise BrokenRuleError("schema", _rules_of(misfit, message), f"{misfit.path}: {misfit.text}")

    def _belongs(self, message: Message, faulty: bool) -> None:
        """The conversation, its protocol, and the conversation that it follows or belongs to."""
        self._conversation = self._conversation or message["conversation_id"]
        if message["conversation_id"] != self._conversation:
            raise _wrong({"R7"}, "the conversation id changes within the conversation")
        if message["protocol"] != self._header.protocol:
            raise _wrong({"M2"}, "the protocol changes within the conversation")
        if not faulty:
            self._names_its_parent(message)

    def _names_its_parent(self, message: Message) -> None:
        parent, wanted = message.get("parent"), self._header.parent
        mediation = self._header.protocol == MEDIATION
        opens = message["performative"] == ("request" if self._header.protocol in (MEDIATION, BARGAINING) else "cfp")
        rules = {"G15", "R12", "MI1"} if mediation else {"G13", "R12"}
        if (parent != wanted and (opens or parent is not None)) or (mediation and opens and wanted is None):
            raise _wrong(rules, f"names {parent or 'no conversation'} as its parent, not {wanted or 'one'}")
        if parent == self._conversation:
            raise _wrong(rules | {"R7"}, "is its own parent: a mediation has a conversation of its own")

    def _names_what_it_answers(self, message: Message, peers: tuple[str, ...], incoming: bool) -> None:
        performative, about = message["performative"], message.get("in_reply_to")
        content: dict[str, Any] = message["content"]
        whole = performative == "cancel" or (performative == "reject-proposal" and "offer" not in content)
        if whole and (about is not None or "score" in content):
            raise _wrong({"M4"}, "what is said to the whole conversation names a message, or gives a score")
        if about is None:
            act = f"inform:{content.get('kind')}" if performative == "inform" else performative
            if act not in UNADDRESSED:
                raise _wrong({"M3"}, f"{performative} names no message that it answers")
            return
        for peer in peers:
            known = (self._said_to if incoming else self._heard_from).get(peer, set())
            if about not in (known | self._said_to_all if incoming else known):
                raise _wrong({"M3"}, f"{performative} answers {about}, which the other side never said")


def _rules_of(misfit: Misfit, message: Message) -> set[str]:
    """The rules that a misfit breaks, beside the schema itself."""
    rules = {"schema"}
    if misfit.path.endswith(".reason"):
        rules.add("G11")
    if misfit.word in ("type", "maximum"):
        rules.add("M6")
    if message["performative"] in ("reject-proposal", "cancel") and misfit.word == "additionalProperties":
        rules.add("M4")
    return rules


def _wrong(rules: set[str], text: str) -> BrokenRuleError:
    return BrokenRuleError("envelope", rules, text)
