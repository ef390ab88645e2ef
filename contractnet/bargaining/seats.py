"""The seats: whoever plays is asked when a side owes an act, in a task of its own. Managers and daemons use it alike.

Rules:

1. One task for each act that is owed: the answer to a request, or a turn. When the side moves on, it is stopped.
2. A player has what is left of the window but a tenth of it, at most a second: in that rest who is late, or raises, is
   replaced, as is who returns what no record can hold. A turn is then played by the plan's strategy, without words; a
   request is declined.
3. A strategy that raises, such as one of another distribution, ends the bargaining: nobody runs it again for that turn,
   a replay least of all. One that does not is asked once for what it sees; a replay asks it again, and tells what
   differs.
4. Words are said if they hold no number but what binds, whoever gave them; else the template is.
5. Who has accepted and heard nothing says the same once more when the broker comes back: once in the life of a
   process, and within a day.
6. An agent bargains with MOST_OPEN at once: one more is declined as busy. So is, as unsupported, a request that names
   one of the two as the mediator: that is a third.

Source: protocols/README.md, section 8; D5.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Final, Protocol

from contractnet.bargaining.player import AnyPlayer, Asking, Note, OwnTurn, Player, Task, unnoted
from contractnet.bargaining.records import BargainCalledOff, BargainDeclined, BargainTaken, TurnTaken
from contractnet.bargaining.returned import answered, moved, owed
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.wording import worded
from contractnet.ledger.readable import readable
from contractnet.ledger.records import Asked
from contractnet.mechanisms.bargaining.guard import Decision
from contractnet.messages.values import CancelReason, RefuseReason, plain_text

_LOGGER: Final = logging.getLogger("contractnet.bargaining")
#: of the time left, a player has all but this share, and but so many seconds at most
_SPARE, _MOST_SPARE_S = 0.1, 1.0
#: bargainings of one agent that are open at once; more are declined
MOST_OPEN: Final = 256
#: an acceptance without an answer is not asked about again after so long
SETTLED_MS: Final = 86_400_000
#: all that a player or a strategy may raise without ending the process
RAISED: Final = (Exception, SystemExit, asyncio.CancelledError)

#: what a seat decides
Decided = BargainTaken | BargainDeclined | TurnTaken | BargainCalledOff
_Key = tuple[str, str]


class Take(Protocol):
    """Steps a decision of ours, if it is still possible, and records it."""

    def __call__(self, bargain: Bargain, fact: Decided, /) -> None: ...


class Seats:
    """The players of all bargainings of one process. The driver calls `look` whenever a side has moved.

    Args:
        take: of the driver; leaves out what the side no longer allows.
        spawn: runs a task that ends with the process.
        now: the instant of the next step, milliseconds.
        note: takes (agent, conversation, what a model was asked).
        about: the call that a bargaining belongs to, if it is known.
    """

    def __init__(
        self,
        take: Take,
        spawn: Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]],
        now: Callable[[], int],
        note: Callable[[str, str, Asked], None] | None = None,
        about: Callable[[Bargain], Task | None] | None = None,
    ) -> None:
        self._declines = False  #: the process stops: requests are declined
        self._closed = False  #: and nothing goes on
        self._take = take
        self._spawn = spawn
        self._now = now
        self._note = note
        self._about = about
        self._running: dict[_Key, _Seat] = {}
        self._said_again: set[str] = set()
        self._open: dict[str, set[str]] = {}  #: agent -> conversations that have not ended

    # ---- what a driver calls

    def look(self, bargain: Bargain, player: AnyPlayer | None) -> None:
        """A side has moved: start or stop its player.

        Args:
            player: None: requests are declined as unsupported, turns are the strategy's.
        """
        key = (bargain.agent, bargain.conversation)
        mine = self._open.setdefault(bargain.agent, set())
        begun = bargain.me is not None  # an act that belongs to nothing begins nothing
        (mine.add if begun and not bargain.machine.finished else mine.discard)(bargain.conversation)
        due, seat = _due(bargain), self._running.get(key)
        if seat is not None:
            if seat.due == due:
                return
            self._leave(key)
        if due is None:
            return
        if self._closed or (self._declines and bargain.machine.has("asked")):
            self._end(bargain)
        elif player is None:
            self._stand_in(bargain, RefuseReason.UNSUPPORTED, "this agent does not bargain")
        else:
            self._sit(key, bargain, player, due)

    @property
    def busy(self) -> bool:
        """Whether any bargaining has not ended."""
        return any(self._open.values())

    def decline(self, bargains: Iterable[Bargain]) -> None:
        """An orderly end begins: requests are declined, what goes on may end."""
        self._declines = True
        for bargain in bargains:
            if bargain.machine.has("asked"):
                self._leave((bargain.agent, bargain.conversation))
                self._end(bargain)

    def close(self, bargains: Iterable[Bargain]) -> None:
        """An orderly end: what is open is called off, requests are declined."""
        self._closed = True
        for bargain in bargains:
            if not bargain.machine.finished:
                self._leave((bargain.agent, bargain.conversation))
                self._end(bargain)

    def rest(self) -> None:
        """Replace nobody any more: the process has ended."""
        for seat in self._running.values():
            seat.late.cancel()

    def again(self, bargain: Bargain) -> str | None:
        """The broker is back: message id of an accept that is to be said again, since no answer came; None: none is."""
        machine = bargain.machine
        unsettled = machine.has("accepting") or (
            machine.finished and machine.has("binds") and not machine.has("agreed")
        )
        if not unsettled or bargain.newest is None or bargain.newest in self._said_again:
            return None
        if self._now() - bargain.due_at > SETTLED_MS:
            return None
        self._said_again.add(bargain.newest)
        return bargain.newest

    # ---- parts

    def _sit(self, key: _Key, bargain: Bargain, player: AnyPlayer, due: tuple[str, int]) -> None:
        left_s = max(0.0, (bargain.window_at - self._now()) / 1000)
        given_s = left_s - min(_SPARE * left_s, _MOST_SPARE_S)
        late = asyncio.get_running_loop().call_later(given_s, self._late, key, bargain)
        seat = self._running[key] = _Seat(due, late)
        seat.task = self._spawn(f"bargain {key[1]}", self._play(key, seat, bargain, player, given_s))

    def _leave(self, key: _Key) -> None:
        seat = self._running.pop(key, None)
        if seat is not None:
            seat.late.cancel()
            if seat.task is not None and seat.task is not asyncio.current_task():
                seat.task.cancel()

    def _late(self, key: _Key, bargain: Bargain) -> None:
        self._leave(key)
        self._stand_in(bargain, RefuseReason.BUSY, "no answer was found in time")

    async def _play(self, key: _Key, seat: _Seat, bargain: Bargain, player: AnyPlayer, given_s: float) -> None:
        """The player's own code: whatever it raises, somebody stands in."""
        fact: Decided | None
        try:
            if bargain.machine.has("asked"):
                fact = await self._considered(bargain, player, given_s)
            else:
                fact = await self._played(bargain, player, given_s)
        except RAISED as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            _LOGGER.error("the player of %s raised, in %s", *key, exc_info=error)
            fact = None
        if self._running.get(key) is not seat:
            return
        self._leave(key)
        if isinstance(fact, TurnTaken):
            self._take(bargain, self._safe(bargain, fact))
        elif fact is not None:
            self._take(bargain, fact)
        else:
            self._stand_in(bargain, RefuseReason.POLICY, "no answer was found")

    async def _considered(self, bargain: Bargain, player: AnyPlayer, given_s: float) -> BargainTaken | BargainDeclined:
        request, rules, peer = bargain.request, bargain.rules, bargain.peer
        assert request is not None  # ASKED is entered by a request
        assert rules is not None
        assert peer is not None
        if request.mediator in (bargain.agent, peer):
            return BargainDeclined(reason=RefuseReason.UNSUPPORTED, text="a mediator is none of the two")
        if len(self._open.get(bargain.agent, ())) > MOST_OPEN:
            return BargainDeclined(reason=RefuseReason.BUSY, text="it bargains with as many as it can")
        asking = Asking(
            agent=bargain.agent,
            peer=peer,
            conversation=bargain.conversation,
            parent=bargain.parent,
            request=request,
            rules=rules,
            time_left_s=given_s,
            task=None if self._about is None else self._about(bargain),
            note=self._noting(bargain),
        )
        return answered(bargain, await player.consider(asking))

    async def _played(self, bargain: Bargain, player: AnyPlayer, given_s: float) -> TurnTaken:
        peer, request = bargain.peer, bargain.request
        assert peer is not None  # known since the request
        assert request is not None
        if not isinstance(player, Player):
            view = bargain.view(self._now())
            own = OwnTurn(
                agent=bargain.agent,
                peer=peer,
                conversation=bargain.conversation,
                subject=request.subject,
                view=view,
                time_left_s=given_s,
                note=self._noting(bargain),
            )
            return moved(bargain.turn, await player.propose(own))
        decision = self._decided(bargain, TurnTaken(turn=bargain.turn))
        if decision is None:
            return TurnTaken(turn=bargain.turn, act="quit")
        about = owed(bargain, decision, self._now(), given_s, self._noting(bargain))
        words = plain_text(await player.word(about))
        return readable(TurnTaken(turn=bargain.turn, words=words, words_for=about.terms))

    def _stand_in(self, bargain: Bargain, reason: RefuseReason, text: str) -> None:
        """Nobody has answered for this side."""
        if bargain.machine.has("asked"):
            self._take(bargain, BargainDeclined(reason=reason, text=text))
        elif bargain.machine.has("ours"):
            self._take(bargain, self._safe(bargain, TurnTaken(turn=bargain.turn)))

    def _end(self, bargain: Bargain) -> None:
        off = BargainCalledOff(reason=CancelReason.SHUTDOWN)
        if bargain.allows(off):
            self._take(bargain, off)
        elif bargain.machine.has("asked"):
            self._take(bargain, BargainDeclined(reason=RefuseReason.BUSY, text="the process is stopping"))

    def _safe(self, bargain: Bargain, taken: TurnTaken) -> TurnTaken:
        """The same, with words that may be said; where the strategy raises, walking away."""
        if not bargain.allows(taken):
            return taken
        decision = self._decided(bargain, taken)
        if decision is None:
            return TurnTaken(turn=taken.turn, act="quit")
        return worded(taken, owed(bargain, decision, self._now(), 0, unnoted))

    def _decided(self, bargain: Bargain, taken: TurnTaken) -> Decision | None:
        try:
            return bargain.decision(taken, self._now())
        except RAISED as error:  # a generator of another distribution raises what it likes
            _LOGGER.error("the strategy of %s raised, in %s", bargain.agent, bargain.conversation, exc_info=error)
            return None

    def _noting(self, bargain: Bargain) -> Note:
        return unnoted if self._note is None else partial(self._note, bargain.agent, bargain.conversation)


class _Seat:
    """An act that is owed, and who makes it."""

    def __init__(self, due: tuple[str, int], late: asyncio.TimerHandle) -> None:
        self.due = due
        self.late = late
        self.task: asyncio.Task[None] | None = None


def _due(bargain: Bargain) -> tuple[str, int] | None:
    """The act that this side owes: state, and turn; a repair is another one."""
    owed = bargain.machine.has("asked") or bargain.machine.has("ours")
    return (bargain.machine.state, bargain.turn) if owed else None
