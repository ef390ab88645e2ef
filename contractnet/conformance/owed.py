"""What rows have asked to be said: each act is said once, with what it must name, before the next step begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, is_the_act

#: the gate, step 6: what a message without a row is answered with (R11)
NOT_IN_SEQUENCE: Final = Row(
    name="gate 6",
    states=(),
    events=(),
    next="=",
    rules=frozenset({"gate 6", "R11"}),
    sends=("not-understood",),
    reasons=("out-of-sequence", "illegal-act"),
)
#: the gate, step 5: what an act that is none is answered with
INVALID_ACT: Final = Row(
    name="gate 5", states=(), events=(), next="=", rules=frozenset({"gate 5", "M3"}), sends=("not-understood:schema",)
)
#: each not-understood that was said counts against the peer; after so many, the gate answers no more
MAX_FAULTS: Final = 5


@dataclass(frozen=True)
class Debt:
    """An act that is due."""

    peer: str
    sent: str  #: as a row names it
    row: Row
    offer: str | None = None  #: that it must name
    about: str | None = None  #: `reply_with` of the message that it must answer, if it names one


class Debts:
    """What one side has to say."""

    def __init__(self, rules_sending: Callable[[Message], frozenset[str]]) -> None:
        """Nothing is due.

        Args:
            rules_sending: which rules a message breaks that no row has asked for.
        """
        self._rules_sending = rules_sending
        self._due: list[Debt] = []
        self._told: dict[str, int] = {}  #: peer -> how often it was told that it was not understood
        self._said: list[Message] = []

    def add(self, peer: str, row: Row, *, offer: str | None = None, about: str | None = None) -> None:
        """A row was taken: all that it sends is due to this peer."""
        self._due += [Debt(peer, sent, row, offer, about) for sent in row.sends]

    def add_default(self, peer: str, row: Row, message: Message) -> bool:
        """A message moves nothing: the answer by default, unless the peer had its share. Returns whether it is due."""
        owed = message["performative"] != "not-understood" and self._told.get(peer, 0) < MAX_FAULTS
        if owed:
            self.add(peer, row, about=message["reply_with"])
        return owed

    def pay(self, message: Message, peers: tuple[str, ...]) -> None:
        """A message was said.

        Raises:
            BrokenRuleError: `unowed`; `envelope` where it was due and names another offer or message.
        """
        for peer in peers:
            due = [one for one in self._due if one.peer == peer and is_the_act(one.sent, one.row, message)]
            if not due:
                text = f"{message['performative']} to {peer}, which no row has asked for"
                raise BrokenRuleError("unowed", self._breaks(message, peer), text)
            meant = [one for one in due if _names(one, message)]
            if not meant:
                rules = due[0].row.rules | ({"G14", "R17"} if "offer" in message["content"] else {"M3"})
                raise BrokenRuleError("envelope", rules, f"{message['performative']} names another offer or message")
            self._due.remove(meant[0])
            if message["performative"] == "not-understood":
                self._told[peer] = self._told.get(peer, 0) + 1
        self._said.append(message)

    def settled(self) -> None:
        """Raises BrokenRuleError (`owed`) where something due was not said."""
        for one in self._due:
            raise BrokenRuleError("owed", one.row.rules, f"{one.sent} to {one.peer} was not said")

    def _breaks(self, message: Message, peer: str) -> frozenset[str]:
        rules = set(self._rules_sending(message))
        for one in self._due:  # it may be meant as what was due, in another form
            if one.peer == peer and one.sent.split(":")[0] == message["performative"]:
                rules |= one.row.rules
        if message["performative"] == "not-understood":
            rules |= {"R8", "R11"}
        if any(_alike(message, said) for said in self._said):
            rules.add("G16")
        return frozenset(rules)


def _names(due: Debt, message: Message) -> bool:
    about = message.get("in_reply_to")
    return due.offer in (None, message["content"].get("offer")) and (None in (due.about, about) or due.about == about)


def _alike(message: Message, said: Message) -> bool:
    """Whether a message was said before under another message id."""
    return all(message.get(name) == said.get(name) for name in ("performative", "content", "receiver", "in_reply_to"))
