"""The reception: which of a daemon's agents an envelope is for, and whether it may move them. Decides nothing.

Rules: a cfp by skill goes to all agents with the skill; `receivers` names agents of this daemon; a group message
without them moves an agent only if exactly one of the daemon's is in that conversation (D10), or, of a reject, if
exactly one has an offer out: the initiator need not know of the others, who said nothing to it. Mail for an agent that
is not hosted here is recorded and not answered (D9). Only the initiator of a conversation is heard in it. What an
agent heard before, in whichever conversation, is answered again and moves nobody: a journal records a message once.

Source: the gate in protocols/README.md; D9, D10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contractnet.contractor.ports import Agent
from contractnet.contractor.replay import DAEMON, STRAYS, Diary
from contractnet.ledger.founding import CONVERSATION
from contractnet.ledger.records import Heard, Misheard, Quarantined
from contractnet.mail.inbox import Letter, Scrap
from contractnet.messages.acts import AnyAct, Cfp, RejectProposal
from contractnet.transport.port import Lane

GROUP = "multi"
SKILL = "skill:"
#: streams of the journal's own, which no conversation may be called like: a daemon may be called like its agent (D9)
RESERVED = frozenset({CONVERSATION, DAEMON, STRAYS})


@dataclass(frozen=True, slots=True)
class ToStep:
    """A fact for one agent's side of a conversation."""

    agent: str
    conversation: str
    fact: Heard | Misheard


@dataclass(frozen=True, slots=True)
class ToRepeat:
    """Heard before: the answer with this message id is given again, if there was one."""

    answer: str | None


Verdict = ToStep | ToRepeat | Quarantined


class Reception:
    """The gate of one daemon."""

    def __init__(self, diary: Diary, agents: Mapping[str, Agent]) -> None:
        self._diary = diary
        self._agents = agents

    def judge(self, item: Letter | Scrap, lane: Lane) -> Iterator[Verdict]:
        """What is to be done about one element of a delivery; may be several things, one an agent."""
        if isinstance(item, Scrap):
            yield self._judge_scrap(item, lane)
            return
        act = item.act
        targets = [] if act.conversation_id in RESERVED else self.targets(act)
        if not targets:
            yield self._stray(item, lane, "it is for no agent hosted here")
        for agent in targets:
            known = self._diary.known(agent, act.conversation_id)
            if (agent, act.sender, act.message_id) in self._diary.seen:
                yield ToRepeat(known.answers.get(act.message_id) if known is not None else None)
            elif known is not None and known.manager not in (None, act.sender):
                yield self._stray(item, lane, "its sender is not the conversation's initiator")
            elif known is not None and known.protocol not in (None, act.protocol):
                why = f"its protocol is {act.protocol}, the conversation's is {known.protocol}"
                yield self._stray(item, lane, why)
            else:
                fact = Heard(message=act, digest=item.digest, lane=lane.value)
                yield ToStep(agent, act.conversation_id, fact)

    def targets(self, act: AnyAct) -> list[str]:
        """The hosted agents that an act is for."""
        if isinstance(act, Cfp) and act.receiver.startswith(SKILL):
            skill = act.receiver.removeprefix(SKILL)
            return [agent.id for agent in self._agents.values() if skill in agent.skills]
        if act.receivers is not None:
            return [agent for agent in act.receivers if agent in self._agents]
        if act.receiver != GROUP:
            return [act.receiver] if act.receiver in self._agents else []
        mine = self._in(act.conversation_id)
        if len(mine) > 1 and isinstance(act, RejectProposal):
            heard = [one for one in mine if (one, act.sender, act.message_id) in self._diary.seen]
            mine = heard or [one for one in mine if self._diary.engagements[one, act.conversation_id].live_offer]
        return mine if len(mine) == 1 else []

    def _in(self, conversation: str) -> list[str]:
        return [agent for agent in self._agents if (agent, conversation) in self._diary.engagements]

    def _judge_scrap(self, scrap: Scrap, lane: Lane) -> Verdict:
        """An act that does not decode: told once to its sender, the initiator of one agent's conversation."""
        mine = self._in(scrap.conversation) if scrap.conversation else []
        if scrap.sender and scrap.conversation and scrap.performative and len(mine) == 1:
            known = self._diary.engagements[mine[0], scrap.conversation]
            if scrap.message_id is not None and (mine[0], scrap.sender, scrap.message_id) in self._diary.seen:
                return ToRepeat(known.answers.get(scrap.message_id))
            if known.manager == scrap.sender:
                fact = Misheard(
                    digest=scrap.digest,
                    lane=lane.value,
                    sender=scrap.sender,
                    message_id=scrap.message_id,
                    performative=scrap.performative,
                    fields=scrap.fields,
                    offer=scrap.offer,
                    reply_with=scrap.reply_with,
                )
                return ToStep(mine[0], scrap.conversation, fact)
        why = "; ".join(f"{field.path}: {field.text}" for field in scrap.fields)[:500]
        return Quarantined(digest=scrap.digest, lane=lane.value, why=f"{scrap.code}: {why}")

    def _stray(self, letter: Letter, lane: Lane, why: str) -> Quarantined | ToRepeat:
        """Kept apart, once."""
        act = letter.act
        if (self._diary.daemon, act.sender, act.message_id) in self._diary.seen:
            return ToRepeat(None)
        return Quarantined(
            digest=letter.digest,
            lane=lane.value,
            why=why,
            sender=act.sender,
            message_id=act.message_id,
            performative=str(act.__struct_config__.tag),
            conversation=act.conversation_id,
        )
