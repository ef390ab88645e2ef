"""Openings that do not decode: a cfp or a request to agents hosted here that is none. Its sender is told, and nobody is
moved. Pure.

Rules: an opening is for the agents that its `receiver` names, where that, its sender, its conversation and its protocol
can be read, and none of them is in that conversation. Each of them answers it once with not-understood (`schema`): it
moves nothing, so that the conversation is as unknown as it was. An agent tells a sender so `max_faults` times running,
until it understands something of that sender's; what is beyond is kept apart. Of more than `MOST_TOLD` such pairs, of
agent and sender, the oldest is forgotten: strangers without number make no state without number.

Source: the gate in protocols/README.md; R8, M3, M5.
"""

from __future__ import annotations

import hashlib
from typing import Final, TypedDict

from contractnet.contractor.records import MisheardOpening
from contractnet.ledger.scribe import Scribe
from contractnet.mail.inbox import Scrap
from contractnet.messages.acts import BARGAINING, CONTRACT_NET, ITERATED_CONTRACT_NET, MEDIATION, NotUnderstood
from contractnet.messages.bargaining import BargainNotUnderstood
from contractnet.messages.contents import NotUnderstoodContent
from contractnet.messages.values import NotUnderstoodReason
from contractnet.transport.port import Lane

#: the acts that begin something with an agent: (performative, protocol)
_OPENS: Final = frozenset(
    {("cfp", CONTRACT_NET), ("cfp", ITERATED_CONTRACT_NET), ("request", MEDIATION), ("request", BARGAINING)}
)
#: pairs of an agent and a sender of which it did not understand the last opening
MOST_TOLD: Final = 1_000


class _Header(TypedDict):
    message_id: str
    reply_with: str
    conversation_id: str
    sender: str
    daemon: str
    receiver: str
    in_reply_to: str | None


def opens(scrap: Scrap) -> bool:
    """Whether it is an opening of which enough can be read to answer it."""
    named = scrap.sender and scrap.conversation and scrap.receiver
    return bool(named) and (scrap.performative, scrap.protocol) in _OPENS


def misheard_opening(scrap: Scrap, agents: tuple[str, ...], lane: Lane, why: str) -> MisheardOpening:
    """The fact that it came, for those agents."""
    assert scrap.sender is not None  # `opens`
    assert scrap.protocol is not None
    return MisheardOpening(
        digest=scrap.digest,
        lane=lane.value,
        why=why,
        sender=scrap.sender,
        message_id=scrap.message_id,
        performative=scrap.performative,
        conversation=scrap.conversation,
        about=scrap.reply_with or scrap.message_id,
        agents=agents,
        fields=scrap.fields,
        protocol=scrap.protocol,
        by_inbox=scrap.answer_to == "agent",
    )


class MisheardOpenings:
    """What one daemon knows of them."""

    def __init__(self, daemon: str) -> None:
        self.by_inbox: set[str] = set()  #: message ids of what goes to an agent's inbox
        self._daemon = daemon
        self._heard: dict[tuple[str, str], tuple[str, ...]] = {}  #: (sender, message id) -> message ids of the answers
        self._running: dict[tuple[str, str], int] = {}  #: (agent, sender) -> how many were not understood in a row
        self._count = 0

    def answers(self, sender: str | None, message_id: str | None) -> tuple[str, ...] | None:
        """Message ids of what was said about it; None: it did not come before."""
        return self._heard.get((sender or "", message_id or ""))

    def tells(self, agent: str, sender: str, most: int) -> bool:
        """Whether an agent names one more fault to a sender; `most`: in a row."""
        return self._running.get((agent, sender), 0) < most

    def understood(self, agent: str, sender: str) -> None:
        """An act of that sender's decoded."""
        self._running.pop((agent, sender), None)

    def take(self, scribe: Scribe, fact: MisheardOpening, seed: str, stream: str, most: int) -> None:
        """Each agent that it is for answers; recorded in `stream`, since its conversation has no side."""
        assert fact.sender is not None  # `opening`
        self._count += 1
        said: list[str] = []
        for agent in fact.agents:
            assert self.tells(agent, fact.sender, most)  # the gate has asked; what replay reads may differ
            self._running[agent, fact.sender] = self._running.pop((agent, fact.sender), 0) + 1
            if len(self._running) > MOST_TOLD:
                del self._running[next(iter(self._running))]
            said.append(self._tell(scribe, fact, agent, seed, stream))
        if fact.message_id is not None:
            self._heard[fact.sender, fact.message_id] = tuple(said)
        self.by_inbox.update(said if fact.by_inbox else ())

    def _tell(self, scribe: Scribe, fact: MisheardOpening, agent: str, seed: str, stream: str) -> str:
        assert fact.sender is not None
        assert fact.conversation is not None
        text = f"{seed}|misheard|{self._daemon}|{agent}|{self._count}"
        message_id = f"{fact.conversation[:64]}.{hashlib.sha256(text.encode()).hexdigest()[:20]}"
        header: _Header = {
            "message_id": message_id,
            "reply_with": message_id,
            "conversation_id": fact.conversation,
            "sender": agent,
            "daemon": self._daemon,
            "receiver": fact.sender,
            "in_reply_to": fact.about,
        }
        about = (fact.performative or "unknown")[:32]
        content = NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about=about, fields=fact.fields)
        if fact.protocol == BARGAINING:
            turn = BargainNotUnderstood(**header, protocol=fact.protocol, content=content)
            scribe.say_turn(turn, (fact.sender,), stream=stream)
        else:
            act = NotUnderstood(**header, protocol=fact.protocol, content=content)
            scribe.say(act, (fact.sender,), stream=stream)
        return message_id
