"""What one side of a bargaining knows: where it stands in table B, the rules, the offers, the clock. Pure."""

from __future__ import annotations

from typing import Literal

from contractnet.bargaining.records import Plan, Timers
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine, Row
from contractnet.ledger.scribe import Pen, Scribe
from contractnet.mechanisms.bargaining.guard import Decision
from contractnet.mechanisms.bargaining.shape import Offer, Rules, View
from contractnet.messages.acts import BARGAINING
from contractnet.messages.bargaining import BargainRequestContent, DealTerms
from contractnet.messages.joint import SettledContent


class State:
    """The fields of a side, and the few moves that hearing and deciding share."""

    protocol = BARGAINING

    def __init__(self, agent: str, daemon: str, conversation: str, seed: str, timers: Timers) -> None:
        self.agent = agent
        self.conversation = conversation
        self.machine = Machine(load("bargaining"), peer=conversation)
        self.pen = Pen(agent, daemon, seed)
        self.timers = timers
        self.me: Literal[0, 1] | None = None  #: 0: we opened it
        self.peer: str | None = None
        self.parent: str | None = None  #: conversation that it belongs to
        self.work: str | None = None  #: conversation of the award in whose work we opened it
        self.request: BargainRequestContent | None = None
        self.rules: Rules | None = None
        self.plan: Plan | None = None  #: how we play; None: not decided yet
        self.offers: tuple[Offer, ...] = ()  #: of both, let through and not called wrong, the newest last
        self.ids: dict[int, str] = {}  #: turn -> id of the offer that was made in it
        self.known_ids: set[str] = set()  #: of every offer that was said, good or not
        self.turn = 0  #: that is due
        self.taken: Offer | None = None  #: the offer that was accepted, by either side
        self.stuck = False  #: it ended because the turns were over
        self.settled: SettledContent | None = None  #: what a mediator has answered
        self.mediated: DealTerms | None = None  #: what of that is agreed: the own guard takes it
        self.countered = False  #: our offer of this turn was called wrong: what it answered is over
        self.called_off = False  #: by either side
        self.window_at = 0  #: instant at which the time of our own act is over
        self.own_window = 0  #: the same, of the turn that we used last
        self.due_at = 0  #: instant to which an act of theirs is awaited
        self.about: str | None = None  #: message id of what our act of this turn answers
        self.newest: str | None = None  #: message id of our request, or act of this turn
        self.said: set[str] = set()  #: message ids of ours
        self.answers: dict[str, str] = {}  #: `reply_with` heard -> message id that answered it
        self.decided: tuple[View, Decision] | None = None  #: what the strategy saw last, and what it came to
        self.faults = 0  #: not-understood answers said to what has no place here

    @property
    def manager(self) -> str | None:
        """Who may speak here."""
        return self.peer

    def move(self, scribe: Scribe, event: str, **guards: bool) -> Row:
        """Take a row of the table."""
        row = self.machine.fire(event, **guards)
        scribe.move(self.conversation, self.machine.table.name, self.agent, row.name, self.machine.state)
        return row

    def keep(self, offer: Offer, name: str) -> None:
        """An offer was let through."""
        self.offers = (*self.offers, offer)
        self.ids[offer.turn] = name
        self.known_ids.add(name)

    def await_act(self, at: int, window_ms: int) -> None:
        """An act of theirs is due."""
        self.due_at = at + window_ms + self.timers.grace_ms

    def our_turn(self, at: int, window_ms: int) -> None:
        """An act of ours is due."""
        self.window_at = at + window_ms - self.timers.margin(window_ms)
