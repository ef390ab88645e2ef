"""The reception: which of a daemon's agents an envelope is for, and whether it may move them. Decides nothing.

Rules: a cfp by skill goes to all agents with the skill; `receivers` names agents of this daemon; a group message
without them moves an agent only if exactly one of the daemon's is in that conversation (D10), or, of a reject, if
exactly one has an offer out: the initiator need not know of the others, who said nothing to it. Mail for an agent that
is not hosted here is recorded and not answered (D9). Only the initiator of a conversation is heard in it. What an
agent heard before, in whichever conversation, is answered again and moves nobody: a journal records a message once;
under the same id with other bytes it is kept apart (M5). What is said of an offer of ours names a message of ours (M3).
A cfp or a request that does not decode is told to who sent it (`misheard`).

Source: the gate in protocols/README.md; D9, D10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contractnet.bargaining.side import Bargain
from contractnet.contractor.engagement import Engagement
from contractnet.contractor.misheard import misheard_opening, opens
from contractnet.contractor.ports import Agent
from contractnet.contractor.replay import DAEMON, STRAYS, Diary
from contractnet.contractor.side import Side
from contractnet.ledger.founding import CONVERSATION
from contractnet.ledger.records import Heard, HeardTurn, Misheard, Quarantined
from contractnet.mail.gate import answers_nothing, misheard, other_bytes
from contractnet.mail.inbox import Letter, Scrap
from contractnet.messages.acts import AcceptProposal, AnyAct, Cancel, Cfp, RejectProposal
from contractnet.messages.bargaining import AnyMessage, BargainAct
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
    fact: Heard | HeardTurn | Misheard


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
        if (again := self._opened_before(item, lane)) is not None:
            yield from again
            return
        if isinstance(item, Scrap):
            yield self._judge_scrap(item, lane)
            return
        act = item.act
        targets = [] if act.conversation_id in RESERVED else self.targets(act)
        if not targets:
            yield self._stray(item, lane, "it is for no agent hosted here")
        apart = False
        for agent in targets:
            verdict = self._judge_one(agent, item, lane)
            if not (apart and isinstance(verdict, Quarantined)):  # kept apart once, whomever it is for
                yield verdict
            apart = apart or isinstance(verdict, Quarantined)

    def _judge_one(self, agent: str, letter: Letter, lane: Lane) -> Verdict:
        act = letter.act
        known = self._diary.known(agent, act.conversation_id)
        before = self._diary.seen.get((agent, act.sender, act.message_id))
        if before is not None:
            return self._again(before, known, letter, lane, act.sender, act.message_id, act.reply_with)
        if isinstance(act, BargainAct) and act.sender == agent:
            return self._stray(letter, lane, "it says that it comes from whom it is for")
        if known is not None and known.manager not in (None, act.sender):
            return self._stray(letter, lane, "its sender is not the conversation's initiator")
        if known is not None and known.protocol not in (None, act.protocol):
            why = f"its protocol is {act.protocol}, the conversation's is {known.protocol}"
            return self._stray(letter, lane, why)
        if isinstance(act, BargainAct):
            return ToStep(agent, act.conversation_id, HeardTurn(message=act, digest=letter.digest, lane=lane.value))
        if isinstance(known, Engagement) and self._answers_nothing(known, act):
            return ToStep(agent, act.conversation_id, answers_nothing(letter, lane))
        return ToStep(agent, act.conversation_id, Heard(message=act, digest=letter.digest, lane=lane.value))

    def targets(self, act: AnyMessage) -> list[str]:
        """The hosted agents that an act is for."""
        if isinstance(act, Cfp) and act.receiver.startswith(SKILL):
            skill = act.receiver.removeprefix(SKILL)
            return [agent.id for agent in self._agents.values() if skill in agent.skills]
        if isinstance(act, BargainAct):
            return [act.receiver] if act.receiver in self._agents else []
        if act.receivers is not None:
            return [agent for agent in act.receivers if agent in self._agents]
        if act.receiver != GROUP:
            return [act.receiver] if act.receiver in self._agents else []
        mine = self._in(act.conversation_id)
        if not mine and isinstance(act, Cancel) and len(self._agents) == 1:
            return list(self._agents)  # it overtook its cfp: row P30 leaves a tombstone
        if len(mine) > 1 and isinstance(act, RejectProposal):
            heard = [one for one in mine if (one, act.sender, act.message_id) in self._diary.seen]
            mine = heard or [one for one in mine if self._diary.engagements[one, act.conversation_id].live_offer]
        return mine if len(mine) == 1 else []

    def _in(self, conversation: str) -> list[str]:
        return [agent for agent in self._agents if (agent, conversation) in self._diary.engagements]

    def _answers_nothing(self, known: Engagement, act: AnyAct) -> bool:
        """M3, of what is said of an offer of ours. One that we do not know may be from before our journal was lost:
        table P answers it.
        """
        if not isinstance(act, AcceptProposal | RejectProposal) or act.content.offer not in known.offers:
            return False
        if act.in_reply_to is None:
            return isinstance(act, AcceptProposal)
        return self._diary.said.get(act.in_reply_to, ("", ""))[:2] != (known.agent, known.conversation)

    def _again(
        self,
        before: str,
        known: Side | Bargain | None,
        item: Letter | Scrap,
        lane: Lane,
        sender: str,
        message_id: str,
        reply_with: str | None,
    ) -> ToRepeat | Quarantined:
        """Heard before: a repetition where the bytes are the same, else a fault (M5)."""
        if before != item.digest:
            return other_bytes(item, lane, sender, message_id)
        answers = known.answers if known is not None else {}
        return ToRepeat(answers.get(reply_with or message_id) or answers.get(message_id))

    def _judge_scrap(self, scrap: Scrap, lane: Lane) -> Verdict:
        """An act that does not decode: told once to its sender, the initiator of one agent's conversation."""
        named = (scrap.receiver,) if scrap.receiver and scrap.receiver in self._agents else self._agents
        sides = [self._diary.known(agent, scrap.conversation or "") for agent in named]
        mine = [one for one in sides if one is not None]
        if scrap.sender and scrap.conversation and scrap.performative and len(mine) == 1:
            known = mine[0]
            before = self._diary.seen.get((known.agent, scrap.sender, scrap.message_id or ""))
            if before is not None and scrap.message_id is not None:
                return self._again(before, known, scrap, lane, scrap.sender, scrap.message_id, scrap.reply_with)
            if known.manager == scrap.sender:
                fact = misheard(scrap, scrap.sender, scrap.performative, lane)
                return ToStep(known.agent, scrap.conversation, fact)
        faults = "; ".join(f"{field.path}: {field.text}" for field in scrap.fields)[:500]
        why = f"{scrap.code}: {faults}"
        if not mine and opens(scrap) and scrap.conversation not in RESERVED:
            return self._judge_opening(scrap, scrap.sender or "", lane, why)
        return Quarantined(digest=scrap.digest, lane=lane.value, why=why)

    def _judge_opening(self, scrap: Scrap, sender: str, lane: Lane, why: str) -> Verdict:
        """A cfp or a request that does not decode: told to its sender by whom it is for, so often."""
        skill = (scrap.receiver or "").removeprefix(SKILL)
        called = [one.id for one in self._agents.values() if skill != scrap.receiver and skill in one.skills]
        agents = called or [one for one in self._agents if one == scrap.receiver]
        if scrap.message_id is not None:
            seen = [self._diary.seen.get((one, sender, scrap.message_id)) for one in (self._diary.daemon, *agents)]
            if any(one is not None for one in seen):
                return other_bytes(scrap, lane, sender, scrap.message_id)
        telling = tuple(one for one in agents if self._diary.misheard.tells(one, sender, self._diary.max_faults))
        if not telling:
            return Quarantined(digest=scrap.digest, lane=lane.value, why=why)
        return misheard_opening(scrap, telling, lane, why)

    def _opened_before(self, item: Letter | Scrap, lane: Lane) -> list[Verdict] | None:
        """An opening that was not understood came before under this id; None: it did not."""
        sender, message_id = _named(item)
        answers = self._diary.misheard.answers(sender, message_id)
        if answers is None or sender is None or message_id is None:
            return None
        if self._diary.seen.get((self._diary.daemon, sender, message_id)) != item.digest:
            return [other_bytes(item, lane, sender, message_id)]
        return [ToRepeat(answer) for answer in answers]

    def _stray(self, letter: Letter, lane: Lane, why: str) -> Quarantined | ToRepeat:
        """Kept apart, once."""
        act = letter.act
        before = self._diary.seen.get((self._diary.daemon, act.sender, act.message_id))
        if before is not None:
            return self._again(before, None, letter, lane, act.sender, act.message_id, None)
        return Quarantined(
            digest=letter.digest,
            lane=lane.value,
            why=why,
            sender=act.sender,
            message_id=act.message_id,
            performative=str(act.__struct_config__.tag),
            conversation=act.conversation_id,
        )


def _named(item: Letter | Scrap) -> tuple[str | None, str | None]:
    """Who says it, under which id."""
    if isinstance(item, Scrap):
        return item.sender, item.message_id
    return item.act.sender, item.act.message_id
