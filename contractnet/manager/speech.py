"""What the initiator says: the acts that the rows of tables C and I send, built from recorded facts.

Equal rejects and cancels are equal bytes (D8): they are gathered during a step and said once for all daemons that
host one participant of the conversation, and once to each daemon that hosts several (D10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contractnet.ledger.scribe import Scribe
from contractnet.manager.state import Participant
from contractnet.messages.acts import (
    Cancel,
    NotUnderstood,
    RejectProposal,
)
from contractnet.messages.contents import (
    CancelContent,
    FieldError,
    NotUnderstoodContent,
    RejectContent,
)
from contractnet.messages.values import CancelReason, NotUnderstoodReason, RejectReason

GROUP = "multi"
#: agents that one act's `receivers` names at most
MOST_RECEIVERS = 256


class Farewells:
    """Whole-conversation rejects and cancels of one step, gathered by reason."""

    def __init__(self) -> None:
        self._rejects: dict[RejectReason, list[str]] = {}
        self._cancels: dict[CancelReason, list[str]] = {}

    def reject(self, agent: str, reason: RejectReason) -> None:
        """This agent's part in the conversation ends."""
        self._rejects.setdefault(reason, []).append(agent)

    def cancel(self, agent: str, reason: CancelReason) -> None:
        """This agent is to stop."""
        self._cancels.setdefault(reason, []).append(agent)

    def say(self, scribe: Scribe, conversation: str, participants: Mapping[str, Participant]) -> None:
        """Say what was gathered."""
        for reject, agents in sorted(self._rejects.items()):
            for receivers, to in groups(agents, participants):
                header = scribe.header(conversation)
                content = RejectContent(reason=reject)
                scribe.say(RejectProposal(**header, receiver=GROUP, receivers=to, content=content), receivers)
        for cancel, agents in sorted(self._cancels.items()):
            for receivers, to in groups(agents, participants):
                header = scribe.header(conversation)
                why = CancelContent(reason=cancel)
                scribe.say(Cancel(**header, receiver=GROUP, receivers=to, content=why), receivers)


def groups(
    agents: Iterable[str], participants: Mapping[str, Participant]
) -> list[tuple[tuple[str, ...], tuple[str, ...] | None]]:
    """Cut agents into publishes: (who it goes to, the `receivers` field or None).

    One for all daemons that host exactly one participant of the conversation; then one for each other daemon, which
    names its receivers (D10), at most MOST_RECEIVERS in one act. Where an agent lives that was not expected is its own
    word: it shares no envelope.
    """
    hosted: dict[str, int] = {}
    for participant in participants.values():
        hosted[participant.daemon] = hosted.get(participant.daemon, 0) + 1
    alone = tuple(sorted(agent for agent in agents if hosted[participants[agent].daemon] == 1))
    shared: dict[str, list[str]] = {}
    for agent in sorted(agents):
        participant = participants[agent]
        if hosted[participant.daemon] > 1:
            place = participant.daemon if participant.expected else f"{participant.daemon}/{agent}"
            shared.setdefault(place, []).append(agent)
    cut: list[tuple[tuple[str, ...], tuple[str, ...] | None]] = [(alone, None)] if alone else []
    for _, names in sorted(shared.items()):
        parts = [tuple(names[at : at + MOST_RECEIVERS]) for at in range(0, len(names), MOST_RECEIVERS)]
        cut += [(part, part) for part in parts]
    return cut


def reject_one(
    scribe: Scribe,
    conversation: str,
    agent: str,
    about: str | None,
    reason: RejectReason,
    offer: str,
    late_by_ms: int | None = None,
) -> None:
    """Reject one offer; other offers of the bidder are untouched."""
    content = RejectContent(reason=reason, offer=offer, late_by_ms=late_by_ms)
    scribe.say(
        RejectProposal(**scribe.header(conversation), receiver=agent, in_reply_to=about, content=content), (agent,)
    )


def not_understood(
    scribe: Scribe,
    conversation: str,
    agent: str,
    about: str | None,
    performative: str,
    reason: NotUnderstoodReason,
    fields: tuple[FieldError, ...] = (),
    time_left_ms: int | None = None,
) -> None:
    """Say what was wrong with a message, field by field, and how much time is left to mend it."""
    content = NotUnderstoodContent(
        reason=reason, about=performative[:32], fields=fields[:32], time_left_ms=time_left_ms
    )
    scribe.say(
        NotUnderstood(**scribe.header(conversation), receiver=agent, in_reply_to=about, content=content), (agent,)
    )
