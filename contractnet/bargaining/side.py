"""One side of one bargaining. Table B. Pure: facts in, drafts out.

Rules:

1. Every change of state is a row of the table; a live side, a restart and a replay call the same `step`.
2. Each number that is said is computed here: by the strategy of the own plan, or as a model proposed it, behind the
   guard. Words come with a turn and change nothing.
3. An offer of the other side is looked at by the boundary before anything else looks at it. What it is worth is no
   fault of it: the own mandate is no part of what is checked and told.
4. Terms of an agreement are those of the record, by offer id; nothing is typed again.

Source: protocols/bargaining.toml; protocols/README.md, section 8; D14.
"""

from __future__ import annotations

import hashlib
from typing import Literal, cast

from contractnet.bargaining.hearing import hear, mishear
from contractnet.bargaining.records import (
    BargainCalledOff,
    BargainDeclined,
    BargainEnded,
    BargainOpened,
    BargainTaken,
    Fact,
    Plan,
    TurnDecided,
    TurnTaken,
)
from contractnet.bargaining.speech import Speech
from contractnet.bargaining.state import State
from contractnet.bargaining.wire import check_request, unit_of
from contractnet.ledger.records import Fired, HeardTurn, Misheard, Record, Returned
from contractnet.ledger.scribe import Scribe, Writing
from contractnet.mechanisms.bargaining.boundary import Said
from contractnet.mechanisms.bargaining.brought import find_strategy
from contractnet.mechanisms.bargaining.guard import Decision, bounded, decide
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.shape import Offer, Rules, View, fit, view_of
from contractnet.messages.bargaining import AcceptanceContent, BargainReject, OfferContent
from contractnet.messages.values import EndReason

_EVENTS = {
    "BargainOpened": "#open",
    "BargainTaken": "#agree",
    "BargainDeclined": "#refuse",
    "BargainCalledOff": "#cancel",
    "Returned": "#returned",
}


class Bargain(State):
    """The state of one side.

    Args:
        agent: whose side it is; a manager is an agent like any other.
        daemon: where it lives.
        seed: of the ids that it makes, and of what its strategy draws.
    """

    appeal: Bargain | None = None  #: this side before a mediator, where it has come to that

    # ---- what a driver asks

    def view(self, at: int) -> View:
        """What our strategy, or a model, sees in the turn that is due."""
        assert self.rules is not None  # a turn is ours only after an agree
        assert self.plan is not None
        seed = f"{self.pen.seed}|{self.conversation}"
        view = view_of(self.rules, self.plan.mandate, self.offers, self.turn, seed, at)
        if self.countered:  # our own offer of this turn, called wrong, was a counter-offer to theirs
            view = View(
                rules=view.rules,
                mandate=view.mandate,
                me=view.me,
                turn=view.turn,
                mine=view.mine,
                theirs=view.theirs,
                seed=seed,
            )
        return view

    def decision(self, fact: TurnTaken, at: int) -> Decision:
        """What our turn comes to; a strategy is asked once for what it sees. May raise what a brought one raises."""
        assert self.plan is not None
        view = self.view(at)
        if fact.act is not None:
            return bounded(view, fact.act, fact.terms)
        if self.decided is None or self.decided[0] != view:
            self.decided = (view, decide(find_strategy(self.plan.strategy), view))
        return self.decided[1]

    def allows(self, fact: Record) -> bool:
        """Whether a decision of ours is still possible."""
        if isinstance(fact, TurnTaken):
            return self.machine.has("ours") and fact.turn == self.turn
        event = _EVENTS.get(type(fact).__name__)
        return event is not None and self.machine.can(event)

    def deadline(self) -> int | None:
        """The instant at which a timer fires, milliseconds, or None."""
        if self.machine.finished or self.me is None:
            return None
        return self.window_at if self._owed else self.due_at

    def due(self, now: int) -> Fired | None:
        """The timer that must be stepped before anything else at `now`, or None."""
        deadline = self.deadline()
        if deadline is None or deadline > now:
            return None
        return Fired(timer="turn-window" if self._owed else "turn-due")

    @property
    def _owed(self) -> bool:
        """Whether an act of ours is due, not one of theirs."""
        return self.machine.has("asked") or self.machine.has("ours")

    # ---- steps

    def step(self, fact: Fact, at: int) -> list[Writing]:
        """Take one fact and return its entry and those of its conclusions.

        Raises:
            IllegalSend: a decision that is not possible in this state: a bug of the caller's.
            DefinitionError: a plan that does not fit the rules, or a strategy that is not there.
        """
        decision = self._judge(fact, at)  # what may raise comes first, and leaves nothing behind
        scribe, before = Scribe(self.pen, at), self.machine.state
        match fact:
            case HeardTurn(message=act):
                scribe.fact(self.conversation, fact, act.sender, act.message_id)
                hear(self, scribe, act)
            case Misheard():
                scribe.fact(self.conversation, fact, fact.sender, fact.message_id)
                mishear(self, scribe, fact)
            case _:
                scribe.fact(self.conversation, fact)
                self._decide(scribe, fact, decision)
        if self.machine.finished and self.machine.state != before:
            self.stuck = self._turns_over(fact)
            agreed = self.taken if self.machine.has("agreed") else None
            ended = BargainEnded(
                state=self.machine.state,
                offer=None if agreed is None else self.ids[agreed.turn],
                terms=None if agreed is None else agreed.terms,
            )
            scribe.end(self.conversation, ended)
        return scribe.finish()

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it, from a mediator either."""
        return self.machine.finished and (self.appeal is None or self.appeal.machine.finished)

    @property
    def deal(self) -> tuple[str, Terms] | None:
        """What is agreed, by the sides themselves or by a mediator: the id of an offer, or of the mediation; terms."""
        if self.machine.has("agreed") and self.taken is not None:
            return self.ids[self.taken.turn], self.taken.terms
        if self.mediated is None or self.settled is None or self.appeal is None:
            return None
        return self.settled.offer or self.appeal.conversation, self.mediated

    def _turns_over(self, fact: Fact) -> bool:
        """Whether it ended because no turn is left: the last one was used, or given up."""
        if self.rules is None or self.machine.state != "ENDED":
            return False
        given_up = isinstance(fact, TurnTaken) or (
            isinstance(fact, HeardTurn)
            and isinstance(fact.message, BargainReject)
            and fact.message.content.reason is EndReason.TURN_LIMIT
        )
        return self.turn >= self.rules.turns or (given_up and self.turn == self.rules.turns - 1)

    def check_plan(self, plan: Plan) -> None:
        """Refuse a plan that cannot be played by the rules of the request that came. Its generator is asked: once, by
        who takes the plan, not by `step`.

        Raises:
            MechanismError: it does not fit them. May raise what a generator of another distribution raises, too.
            DefinitionError: its strategy is not there.
        """
        assert self.me is not None
        assert self.rules is not None  # ASKED is entered by a request
        _fit(plan, self.rules, self.me)
        find_strategy(plan.strategy).generator.check(self.rules, plan.mandate)

    def _judge(self, fact: Fact, at: int) -> Decision | None:
        """What a decision of ours comes to; nothing is touched yet."""
        match fact:
            case BargainOpened():
                _fit(fact.plan, check_request(fact.request), 0)
            case BargainTaken():
                if not self.allows(fact):
                    self.machine.fire("#agree")  # raises
                assert self.rules is not None  # ASKED is entered by a request
                _fit(fact.plan, self.rules, 1)
            case TurnTaken():
                if not self.machine.has("ours"):
                    self.machine.fire("#offer", turns_left=True)  # raises
                return self._final(fact, at)
            case _:
                pass
        return None

    def _final(self, fact: TurnTaken, at: int) -> Decision:
        """As `decision`; a strategy that raises only now, since the clock has ended an offer, walks away."""
        assert self.plan is not None
        if fact.act is None:
            find_strategy(self.plan.strategy)  # raises where it is not there
        try:
            return self.decision(fact, at)
        except (Exception, SystemExit):  # somebody else's generator raises what it likes
            return Decision(Said(act="quit"))

    def _decide(self, scribe: Scribe, fact: Fact, decision: Decision | None) -> None:
        speech = Speech(self, scribe)
        match fact:
            case BargainOpened():
                self.me, self.peer, self.timers, self.parent = 0, fact.peer, fact.timers, fact.parent
                self.work = fact.work
                self.request, self.rules, self.plan = fact.request, check_request(fact.request), fact.plan
                self.move(scribe, "#open")
                self.newest = speech.request(fact.request, fact.parent)
                self.await_act(scribe.at, fact.request.reply_within_ms)
            case BargainTaken():
                assert self.request is not None  # ASKED is entered by one
                self.plan = fact.plan
                self.move(scribe, "#agree")
                self.newest = speech.agree()
                self.await_act(scribe.at, self.request.turn_within_ms)
            case BargainDeclined():
                self.move(scribe, "#refuse")
                speech.refuse(fact.reason, fact.text)
            case TurnTaken():
                assert decision is not None
                self._turn(scribe, speech, fact, decision)
            case BargainCalledOff():
                self.move(scribe, "#cancel")
                self.called_off = True
                speech.cancel(fact.reason)
            case Fired() | Returned():
                row = self.move(scribe, f"@{fact.timer}" if isinstance(fact, Fired) else "#returned")
                if row.sends:
                    speech.cancel()
            case _:
                raise AssertionError(f"{type(fact).__name__} is no decision of ours")

    def _turn(self, scribe: Scribe, speech: Speech, fact: TurnTaken, decision: Decision) -> None:
        """B10 to B13."""
        assert self.rules is not None  # a turn is ours only after an agree
        assert self.request is not None
        said, turn = decision.said, self.turn
        terms = None if said.terms is None else tuple(cast("Terms", said.terms))  # the guard's own
        decided = TurnDecided(
            turn=turn,
            act=said.act,
            terms=terms,
            of=said.of,
            corrected=None if decision.corrected is None else decision.corrected.value,
            overruled=None if decision.overruled is None else decision.overruled.turn,
        )
        scribe.note(self.conversation, decided)
        words, unit = fact.words if fact.words_for == terms else "", unit_of(self.rules)
        left = turn + 1 < self.rules.turns
        if said.act == "quit" or terms is None:
            self.move(scribe, "#walk-away")
            speech.end(EndReason.WALKED_AWAY if left else EndReason.TURN_LIMIT, words)
            return
        self.own_window = self.window_at
        if said.act == "accept":
            assert said.of is not None
            self.move(scribe, "#accept", live_offer=True)
            self.taken = next(offer for offer in self.offers if offer.turn == said.of)
            content = AcceptanceContent(offer=self.ids[said.of], turn=turn, terms=terms, unit=unit, text=words)
            self.newest, self.countered = speech.accept(content), False
        else:
            self.move(scribe, "#offer", turns_left=left)
            offer = self._offer_id()
            self.newest = speech.propose(OfferContent(offer=offer, turn=turn, terms=terms, unit=unit, text=words))
            self.keep(Offer(turn, self.mover, terms), offer)
            self.turn, self.countered = turn + 1, False
        self.await_act(scribe.at, self.request.turn_within_ms)

    @property
    def mover(self) -> Literal[0, 1]:
        """Our place in the order of turns."""
        assert self.me is not None
        return self.me

    def _offer_id(self) -> str:
        text = f"{self.pen.seed}|{self.conversation}|{self.agent}|offer|{len(self.known_ids) + 1}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def _fit(plan: Plan, rules: Rules, me: int) -> None:
    fit(plan.mandate, rules, me)
    find_strategy(plan.strategy)
