"""A bench on which calls bargain: it does what a manager's driver does with bargainings, and agents answer by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contractnet.bargaining.records import (
    BargainCalledOff,
    BargainDeclined,
    BargainEnded,
    BargainTaken,
    Plan,
    Timers,
    TurnTaken,
)
from contractnet.bargaining.records import Fact as BargainFact
from contractnet.bargaining.side import Bargain
from contractnet.ledger.records import HeardTurn, SaidTurn
from contractnet.ledger.scribe import Writing
from contractnet.manager.bargains import openings, talked
from contractnet.manager.conditions import BargainTerms
from contractnet.manager.kinds import Fact
from contractnet.manager.records import Bargained, BargainsEnded
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.messages.bargaining import AnyBargainAct
from contractnet.messages.codec import decode_bargain, digest, encode
from contractnet.messages.values import CancelReason, RefuseReason
from tests.support.bench import DIGEST, Bench

TERMS = BargainTerms(best=2, turns=6, within_ms=5_000, strategy="linear")


class BargainingBench(Bench):
    """One manager that bargains, and agents who each have a cost."""

    def __init__(self) -> None:
        super().__init__()
        self.sides: dict[str, Bargain] = {}  #: conversation -> the agent's side
        self.pool: list[AnyBargainAct] = []  #: to the manager
        self.agreed: dict[str, int] = {}  #: agent -> what the manager's own record says

    # ---- what a driver does

    def record(self, written: Any) -> Any:
        found = super().record(written)
        for draft, record in written:
            if isinstance(record, SaidTurn):
                self._to_agent(record.message)
            elif isinstance(record, BargainEnded) and record.terms is not None:
                self.agreed[self.book.bargains[draft.conversation].peer or ""] = record.terms[0]
        return found

    def step(self, conversation: str, fact: Fact) -> Any:
        found = super().step(conversation, fact)
        self.follow()
        return found

    def wait(self, ms: int) -> None:
        """Time passes, for bargainings too."""
        until = self.now + ms
        while True:
            ends = [one.deadline() for one in self.book.bargains.values()]
            ahead = min((one for one in ends if one is not None and one <= until), default=None)
            if ahead is None:
                break
            super().wait(max(0, ahead - self.now))
            for bargain in list(self.book.bargains.values()):
                while (timer := bargain.due(self.now)) is not None:
                    self.record(self.book.step(bargain.conversation, timer, self.now))
            self.follow()
        super().wait(until - self.now)
        self.follow()

    def follow(self) -> None:
        """What the bargainings of the newest call need."""
        call = self.tender.calls[-1] if self.tender.calls else None
        if call is None or call.talks is None:
            return
        for conversation, opening in openings(call).items():
            if conversation not in self.book.bargains:
                self.record(self.book.step(conversation, opening, self.now))
        if talked(call):
            self.record(self.book.step(call.conversation, BargainsEnded(), self.now))
        if not call.bargaining:
            for talk in call.talks.by_agent.values():
                self.act(talk.conversation, BargainCalledOff(reason=CancelReason.USER))

    def act(self, conversation: str, fact: Any) -> None:
        """A decision of the manager, if it is possible."""
        bargain = self.book.bargains.get(conversation)
        if bargain is not None and bargain.allows(fact):
            self.record(self.book.step(conversation, fact, self.now))
            self.follow()

    # ---- opening

    def haggle(self, prices: Mapping[str, int], terms: BargainTerms = TERMS, **given: Any) -> None:
        """A call whose agents have asked these prices."""
        self.start(*prices, bargain=terms, **{"max_rounds": 2} | given)
        for agent, price in prices.items():
            self.propose(agent, price, valid_for_ms=600_000)

    @property
    def talks(self) -> dict[str, str]:
        """Agent -> the conversation in which it bargains."""
        talks = self.call.talks
        return {} if talks is None else {agent: talk.conversation for agent, talk in talks.by_agent.items()}

    # ---- the agents

    def _to_agent(self, act: AnyBargainAct) -> None:
        side = self.sides.get(act.conversation_id)
        if side is None:
            name = act.receiver
            side = Bargain(name, f"d_{name}", act.conversation_id, name.encode().hex().ljust(32, "0")[:32], Timers())
            self.sides[act.conversation_id] = side
        self._agent(side, HeardTurn(message=decode_bargain(encode(act)), digest=DIGEST, lane="bid"))

    def _agent(self, side: Bargain, fact: BargainFact) -> None:
        written: list[Writing] = side.step(fact, self.now)
        self.pool += [record.message for _, record in written if isinstance(record, SaidTurn)]

    def take(self, agent: str, cost: int, strategy: str = "linear") -> None:
        """An agent takes the request: it sells, and never under its cost."""
        plan = Plan(strategy=strategy, mandate=Mandate(preferences=PricePreferences(side="seller", limit=cost)))
        self._agent(self.sides[self.talks[agent]], BargainTaken(plan=plan))

    def decline(self, agent: str) -> None:
        self._agent(self.sides[self.talks[agent]], BargainDeclined(reason=RefuseReason.POLICY))

    def deliver(self) -> bool:  # type: ignore[override]  # of a bargaining, oldest first
        """The oldest act of the agents arrives."""
        if not self.pool:
            return False
        act = self.pool.pop(0)
        raw = encode(act)
        self.record(
            self.book.step(act.conversation_id, HeardTurn(message=act, digest=digest(raw), lane="bid"), self.now)
        )
        self.follow()
        return True

    def turns(self) -> bool:
        """Whoever owes a turn plays it; whether anybody did."""
        for bargain in list(self.book.bargains.values()):
            if bargain.machine.has("ours"):
                self.act(bargain.conversation, TurnTaken(turn=bargain.turn))
                return True
        for side in self.sides.values():
            if side.machine.has("ours"):
                self._agent(side, TurnTaken(turn=side.turn))
                return True
        return False

    def play(self) -> None:
        """Until nobody has anything to say."""
        while self.deliver() or self.turns():
            self.now += 10

    def bargain(self, **costs: int) -> None:
        """Each of these takes, the others decline; all is played out."""
        for agent in self.talks:
            if agent in costs:
                self.take(agent, costs[agent])
            else:
                self.decline(agent)
        self.play()

    @property
    def came_of_it(self) -> Bargained:
        return self.only(Bargained)
