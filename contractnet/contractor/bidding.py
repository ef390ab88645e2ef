"""The bidding desk: which call gets a place, when a bidder runs, what its answer becomes. Owns one task for each
running bidder.

Rules (D2): a call without a place is kept for a short patience, in the same order everywhere, then answered `busy`;
an agent keeps at most 1,000; needing room, it withdraws the offer longest past its round. A bidder that raises is a
refusal, not a crash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

import msgspec

from contractnet.contractor.capacity import MOST_KEPT, order, patience_ms, taken, withdrawable
from contractnet.contractor.engagement import Engagement
from contractnet.contractor.guard import RAISED, own_failure
from contractnet.contractor.ports import Agent, Call, Proposal, Refusal
from contractnet.contractor.records import Bade, Declined, Fact, Withdrew
from contractnet.contractor.replay import Diary
from contractnet.errors import ContractNetError
from contractnet.ledger.questions import Answered, Pending
from contractnet.ledger.records import Asked
from contractnet.messages.acts import Cfp
from contractnet.messages.values import RefuseReason, plain_text


def nothing() -> None:
    """What follows where nothing does."""


#: an offer that is called invalid is mended so often (G1): a bidder is not run for ever
MOST_REPAIRS = 1


class Host(Protocol):
    """What the desk and the workshop need of their daemon."""

    name: str  #: of the daemon
    calm: bool  #: the broker is there, and its coming was heard
    diary: Diary

    def now(self) -> int: ...
    def engagements_of(self, agent: str) -> list[Engagement]: ...
    def take(self, agent: str, conversation: str, fact: Fact, then: Callable[[], None] = nothing) -> None: ...
    def note(
        self,
        agent: str,
        conversation: str,
        record: Asked | Pending | Answered,
        then: Callable[[], None] = nothing,
    ) -> None: ...
    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class Desk:
    """The bidding of one agent."""

    def __init__(self, agent: Agent, host: Host) -> None:
        self.agent = agent
        self.closed = False  #: the daemon stops: every call is refused
        self._host = host
        self._kept: dict[str, tuple[Engagement, int]] = {}  #: conversation -> (it, instant at which its patience ends)
        self._bidders: dict[str, asyncio.Task[None]] = {}
        self._bidding_on: dict[str, Cfp] = {}  #: conversation -> what its bidder was asked
        self._timer: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None  #: the pass of this turn of the loop, once it is asked for

    @property
    def free(self) -> int:
        """Places free now."""
        return max(0, self._room())

    def look(self, engagement: Engagement) -> None:
        """A conversation of the agent has moved: start, stop or forget its bidding."""
        conversation = engagement.conversation
        if engagement.machine.has("deliberating"):
            if conversation in self._bidders and self._bidding_on[conversation] is not engagement.cfp:
                self._stop_bidder(conversation)  # a newer round came before its answer (P8)
            if engagement.repairs > MOST_REPAIRS:
                text = "called invalid again after its repair"
                declined = Declined(reason=RefuseReason.INVALID_PROPOSAL, text=text)
                self._host.take(self.agent.id, conversation, declined)
            elif conversation not in self._bidders and conversation not in self._kept:
                self._keep(engagement)
        else:
            self._kept.pop(conversation, None)
            self._stop_bidder(conversation)
        if self._soon is None:  # one pass for all that moved in this turn of the loop
            self._soon = asyncio.get_running_loop().call_soon(self.serve)

    def serve(self) -> None:
        """Give places to the calls that are kept, by (reply_by, conversation).

        The first that finds none ends it; after that only those whose patience is over are looked at.
        """
        self.rest()
        waiting = [one for one, _ in self._kept.values() if one.machine.has("deliberating")]
        if self.closed:
            for engagement in waiting:
                self._decline(engagement, "the daemon is stopping")
        elif waiting:
            # whoever has its place already is not held up by a call that finds none (G14: its offer stands)
            self._give_places(sorted(waiting, key=lambda one: (not one.ties_capacity, *order(one))))
            now = self._host.now()
            for engagement, until in list(self._kept.values()):
                if until <= now:
                    self._decline(engagement)
        self._schedule()

    def close(self) -> None:
        """The daemon stops: calls are refused, bidding ends, offers are withdrawn."""
        self.closed = True
        for engagement in self._host.engagements_of(self.agent.id):
            if engagement.machine.has("deliberating"):
                self._kept[engagement.conversation] = (engagement, 0)
                self._stop_bidder(engagement.conversation)
            elif engagement.machine.has("offered"):
                self._host.take(self.agent.id, engagement.conversation, Withdrew())
        self.serve()

    def rest(self) -> None:
        """Look at no kept call by itself any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    # ---- parts

    def _room(self) -> int:
        """Places left; less than none where the agent once had more."""
        return self.agent.capacity - taken(self._host.diary.tying[self.agent.id], self._bidders.keys())

    def _holding(self) -> list[Engagement]:
        """What takes a place, but for bids being made."""
        diary, agent = self._host.diary, self.agent.id
        return [diary.engagement(agent, conversation) for conversation in diary.tying[agent]]

    def _give_places(self, waiting: list[Engagement]) -> None:
        room = self._room()
        past: list[Engagement] | None = None  # looked up once, and only where it is needed
        for engagement in waiting:
            if room <= 0 and not engagement.ties_capacity:  # with an offer that stands it has its place already
                if past is None:
                    past = list(withdrawable(self._holding(), self._host.now()))
                if room + len(past) <= 0:
                    return
                while room <= 0:
                    self._host.take(self.agent.id, past.pop(0).conversation, Withdrew())
                    room += 1
            room -= not engagement.ties_capacity
            del self._kept[engagement.conversation]
            self._start(engagement)

    def _keep(self, engagement: Engagement) -> None:
        cfp = engagement.cfp
        assert cfp is not None  # it is deliberating
        full = len(self._kept) >= MOST_KEPT
        until = 0 if full else self._host.now() + patience_ms(cfp.content.reply_within_ms)
        self._kept[engagement.conversation] = (engagement, until)

    def _decline(self, engagement: Engagement, text: str = "") -> None:
        self._kept.pop(engagement.conversation, None)
        self._host.take(self.agent.id, engagement.conversation, Declined(reason=RefuseReason.BUSY, text=text))

    def _schedule(self) -> None:
        if self._kept:
            wait_s = max(0.01, (min(until for _, until in self._kept.values()) - self._host.now()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.serve)

    def _start(self, engagement: Engagement) -> None:
        conversation, cfp = engagement.conversation, engagement.cfp
        assert cfp is not None  # it is deliberating
        self._bidding_on[conversation] = cfp
        self._bidders[conversation] = self._host.spawn(f"bid {conversation}", self._bid(engagement))

    def _stop_bidder(self, conversation: str) -> None:
        self._bidding_on.pop(conversation, None)
        bidder = self._bidders.pop(conversation, None)
        if bidder is not None:
            bidder.cancel()

    async def _bid(self, engagement: Engagement) -> None:
        """Run the bidder; it is cancelled when the window closes or the conversation moves on."""
        cfp, conversation = engagement.cfp, engagement.conversation
        assert cfp is not None  # it is deliberating
        call = Call(
            task=cfp.content.task,
            skill=cfp.content.skill,
            input=cfp.content.input,
            terms=cfp.content.terms,
            round=cfp.content.round,
            conversation=conversation,
            manager=cfp.sender,
            time_left_s=max(0.0, (engagement.bid_until - self._host.now()) / 1000),
            max_rounds=cfp.content.max_rounds,
            standing=engagement.standing.price if engagement.standing else None,
            agreed=self._host.diary.agreed_price(engagement),
            feedback=cfp.content.feedback,
            errors=engagement.repair.content.fields if engagement.repair else (),
            result_schema=cfp.content.result_schema,
            taken=max(0, self.agent.capacity - self._room() - 1),
            capacity=self.agent.capacity,
            note=partial(self._host.note, self.agent.id, conversation),
            remember=partial(self._host.diary.outcomes.score, self.agent.id, cfp.content.skill),
        )
        answer = await _ask(self.agent, call)
        if self._bidders.get(conversation) is asyncio.current_task():
            del self._bidders[conversation], self._bidding_on[conversation]
        if engagement.machine.has("deliberating") and engagement.cfp is cfp:
            self._host.take(self.agent.id, conversation, answer)


async def _ask(agent: Agent, call: Call) -> Bade | Declined:
    """The user's code: whatever it raises or returns beside an offer is a refusal."""
    try:
        answer = await agent.bid(call)
    except ContractNetError as error:
        return Declined(reason=RefuseReason.INVALID_PROPOSAL, text=plain_text(str(error)))
    except RAISED as error:  # the user's own code: any failure of it is no bid, and its text may be private
        if not own_failure(error, "bidder", agent.id, call.conversation):
            raise
        return Declined(reason=RefuseReason.INVALID_PROPOSAL, text=f"the bidder raised {type(error).__name__}")
    if isinstance(answer, Proposal):
        return _checked(answer)
    if isinstance(answer, Refusal):
        return Declined(reason=answer.reason, text=answer.text)
    text = f"the bidder returned {type(answer).__name__}, not a Proposal or a Refusal"
    return Declined(reason=RefuseReason.INVALID_PROPOSAL, text=text)


def _checked(answer: Proposal) -> Bade | Declined:
    """An offer as it is now: a program may have changed it since it was made and checked."""
    try:
        bade = Bade(
            price=answer.price,
            eta=answer.eta,
            confidence=answer.confidence,
            rationale=answer.rationale,
            model=answer.model,
            prompt=answer.prompt,
            parts=answer.parts,
            bundles=answer.bundles,
        )
        return msgspec.json.decode(msgspec.json.encode(bade), type=Bade)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, AttributeError):
        return Declined(reason=RefuseReason.INVALID_PROPOSAL, text="the proposal was changed after it was made")
