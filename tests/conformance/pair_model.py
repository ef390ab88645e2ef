"""Initiator and participant joined: tables I and P, the gate's classification, a network that reorders and may lose.

Time has no length here: a timer fires at any moment in a state that has it. Messages are delivered in any order.
Duplicates are not modelled, since the gate stops them. A bidder makes at most two bids a round, good or bad ones, and
beats once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contractnet.interaction.machine import RECEIVED, Step, Table
from tests.conformance.exploration import Move
from tests.conformance.pair import NO_OFFER, Message, Pair, each, from_initiator, from_participant, in_order


class PairModel:
    """What can happen in a pair. `no_row` collects messages that arrive where the table has no row for them."""

    def __init__(
        self, initiator: Table, participant: Table, *, rounds: int, loss: bool = False, bad: bool = True
    ) -> None:
        self.initiator = initiator
        self.participant = participant
        self.rounds = rounds
        self.loss = loss
        self.bad = bad
        self.no_row: set[tuple[str, str, str]] = set()
        self.rows_used: set[str] = set()
        self._waited_for = set(initiator.states) - initiator.properties["answered"]
        self._holds_offer = initiator.properties["offer"] | initiator.properties["awarded"]
        self._deliberating = participant.properties["deliberating"]
        self._may_bid = self._deliberating | participant.properties["offered"]
        self._answers_cfp = self._may_bid | {"LAPSED", "IDLE"}

    def settled(self, pair: Pair) -> bool:
        """Nothing on its way, and nobody waits."""
        i_over = pair.i in self.initiator.properties["final"]
        p_over = pair.p in self.participant.properties["final"] or pair.p == "IDLE"
        return i_over and p_over and not pair.to_p and not pair.to_i

    def moves(self, pair: Pair) -> Iterator[Move[Pair]]:
        yield from self.moves_without_c(pair)
        yield from self._decisions(pair)

    def moves_without_c(self, pair: Pair) -> Iterator[Move[Pair]]:
        """All but what table C decides."""
        yield from self._deliveries_to_i(pair)
        yield from self._deliveries_to_p(pair)
        yield from self._returned(pair)
        yield from self._timers_of_i(pair)
        yield from self._moves_of_p(pair)

    def decide(self, pair: Pair, event: str, **also: Any) -> Pair:
        """The pair after an event that table C raises."""
        (move,) = self._i_step(pair, event, event, named=pair.on_file, **also)
        return move.after

    # ---- the initiator

    def _i_step(
        self, pair: Pair, event: str, label: str, *, named: int = NO_OFFER, forced: bool = False, **also: Any
    ) -> Iterator[Move[Pair]]:
        """Apply an event to table I; `named` is the offer its messages name, `also` what changes besides."""
        step = self._look_up(self.initiator, pair.i, event)
        if step is None:
            if event.startswith(RECEIVED):  # dropped: the default answer of the gate moves no state
                yield Move(f"{label} (no row)", pair._replace(to_i=also["to_i"]), forced)
            return
        on_file = also.pop("on_file", pair.on_file)
        after = pair._replace(
            i=step.next,
            on_file=on_file if step.next in self._holds_offer else NO_OFFER,
            awarded=pair.awarded or step.next in self.initiator.properties["awarded"],
            **also,
        )
        sent = (from_initiator(row_act, step.row, named, after.round, pair.on_file) for row_act in step.row.sends)
        yield Move(label, after._replace(to_p=in_order(pair.to_p, *sent)), forced)

    def _deliveries_to_i(self, pair: Pair) -> Iterator[Move[Pair]]:
        for message, rest in each(pair.to_i):
            label = f"initiator gets {message.act}"
            if self.loss:
                yield Move(f"lost {message.act}", pair._replace(to_i=rest), True)
            on_file = pair.on_file
            if message.act == "propose":
                event = self._classify_proposal(pair, message)
                if event == "?propose:ok" and pair.i != "PROPOSED":
                    on_file = message.offer
            elif message.act == "inform:result":
                event = "?inform:result" if message.good else "?inform:badresult"
            elif message.act == "not-understood":
                event = f"?not-understood:{message.answers}"
            else:
                event = f"?{message.act}"
            yield from self._i_step(pair, event, label, named=message.offer, forced=True, to_i=rest, on_file=on_file)

    def _classify_proposal(self, pair: Pair, message: Message) -> str:
        in_time = pair.phase == "collecting" and message.round == pair.round
        if not in_time or pair.i not in self._waited_for | {"PROPOSED"}:
            return "?propose:late"
        return "?propose:ok" if message.good else "?propose:bad"

    def _decisions(self, pair: Pair) -> Iterator[Move[Pair]]:
        """What table C may do to this pair, whatever becomes of the others."""
        if pair.phase == "collecting":
            if pair.i in self._waited_for:
                yield from self._i_step(pair, "@deadline", "@deadline", forced=True, phase="evaluating")
            else:
                yield Move("=all-answered", pair._replace(phase="evaluating"), True)
        if pair.phase == "evaluating" and pair.i == "PROPOSED":
            for event in ("#award", "#reject", "#hold"):  # the reject stands for the evaluation's own timer as well
                yield from self._i_step(
                    pair, event, event, named=pair.on_file, forced=event == "#reject", phase="awaiting"
                )
            if pair.round < self.rounds:
                again: dict[str, Any] = {"phase": "collecting", "round": pair.round + 1}
                yield from self._i_step(pair, "#reinvite", "#reinvite", **again)
                yield from self._i_step(pair, "#reject", "#reject, others again", named=pair.on_file, **again)
        elif pair.phase == "evaluating":
            yield Move("others awarded", pair._replace(phase="awaiting"), True)
            if pair.round < self.rounds:
                yield Move("others again", pair._replace(phase="collecting", round=pair.round + 1), False)
        if pair.phase == "awaiting" and pair.i == "HELD":
            for event in ("#award", "#reject"):
                yield from self._i_step(pair, event, event, named=pair.on_file)
        if pair.phase != "cancelled":
            if self.initiator.step(pair.i, "#cancel") is not None:
                yield from self._i_step(pair, "#cancel", "#cancel", phase="cancelled")
            else:
                yield Move("others cancelled", pair._replace(phase="cancelled"), False)

    def _returned(self, pair: Pair) -> Iterator[Move[Pair]]:
        """The cfp of the open round is still on its way, and the transport gives it back."""
        if pair.phase != "collecting" or pair.i not in self._waited_for:
            return
        left = tuple(message for message in pair.to_p if (message.act, message.round) != ("cfp", pair.round))
        step = self._look_up(self.initiator, pair.i, "#returned")
        if left != pair.to_p and step is not None:
            on_file = pair.on_file if step.next in self._holds_offer else NO_OFFER
            yield Move("#returned", pair._replace(i=step.next, on_file=on_file, to_p=left), False)

    def _timers_of_i(self, pair: Pair) -> Iterator[Move[Pair]]:
        if pair.i in self.initiator.properties["offer"] and pair.on_file:
            yield from self._i_step(pair, "@offer-lapse", "initiator @offer-lapse", named=pair.on_file, forced=True)
        for event in ("@lease", "@result-due", "@cancel-timeout"):
            yield from self._i_step(pair, event, event, forced=True)

    # ---- the participant

    def _p_step(
        self, pair: Pair, event: str, label: str, *, forced: bool = False, send: Message | None = None, **also: Any
    ) -> Iterator[Move[Pair]]:
        """Apply an event to table P; `send` details the message that the row sends, `also` is what changes besides."""
        step = self._look_up(self.participant, pair.p, event, live_offer=bool(pair.live))
        if step is None:
            if event.startswith(RECEIVED):
                kept = {name: also[name] for name in ("to_p", "live", "p_round") if name in also}
                yield Move(f"{label} (no row)", pair._replace(**kept), forced)
            return
        after = pair._replace(p=step.next, **also)
        if step.next not in self._may_bid:
            after = after._replace(live=frozenset())
        sent = (from_participant(act, pair, self.participant, send) for act in step.row.sends)
        yield Move(label, after._replace(to_i=in_order(pair.to_i, *sent)), forced)

    def _deliveries_to_p(self, pair: Pair) -> Iterator[Move[Pair]]:
        for message, rest in each(pair.to_p):
            label = f"participant gets {message.act}"
            if self.loss:
                yield Move(f"lost {message.act}", pair._replace(to_p=rest), True)
            if message.act == "cfp" and 1 < message.round <= pair.p_round:
                yield Move(f"{label} (old round)", pair._replace(to_p=rest), True)  # gate, step 4
                continue
            event, also = self._classify_for_p(pair, message)
            yield from self._p_step(pair, event, label, forced=True, to_p=rest, **also)

    def _classify_for_p(self, pair: Pair, message: Message) -> tuple[str, dict[str, Any]]:
        """Gate, step 5: the event a message raises, and what it changes besides the state."""
        others = pair.live - {message.offer}
        if message.act == "cfp" and message.round == 1:
            return "?cfp", {"p_round": 1, "parsed": False}
        if message.act == "cfp":
            fresh = {"p_round": message.round, "parsed": False, "live": pair.live & {message.offer}}
            return "?cfp:next", fresh if pair.p in self._answers_cfp else {"p_round": message.round}
        if message.act == "accept-proposal":
            if message.offer in pair.live or message.offer == pair.accepted:
                return "?accept:live", {"accepted": message.offer}
            return "?accept:dead", {}
        if message.act == "reject-proposal":
            if not message.one_offer:
                return "?reject:end", {}
            last = pair.p == "OFFERED" and not others
            return "?reject:end" if last else "?reject:one", {"live": others}
        if message.act == "not-understood":
            return "?not-understood", {"live": others}
        return f"?{message.act}", {}

    def _moves_of_p(self, pair: Pair) -> Iterator[Move[Pair]]:
        if pair.p in self._deliberating:
            yield from self._deliberations(pair)
        if pair.p in self._may_bid:
            for offer in pair.live:
                left = pair.live - {offer}
                if pair.p == "OFFERED" and not left:
                    yield from self._p_step(pair, "@offer-lapse", "participant @offer-lapse", forced=True, live=left)
                else:
                    yield Move("participant: one offer lapsed", pair._replace(live=left), True)
        yield from self._p_step(pair, "#withdraw", "#withdraw")
        if pair.p == "COMMITTED":
            yield from self._work(pair)
        for event in ("#stopped", "#cannot-stop", "@stop-timeout"):
            yield from self._p_step(pair, event, event, forced=event.startswith("@"))

    def _deliberations(self, pair: Pair) -> Iterator[Move[Pair]]:
        if pair.bids < 2 * self.rounds:
            offer = pair.bids + 1
            for good in (True, False) if self.bad else (True,):
                bid = Message("propose", offer, pair.p_round, good=good)
                also: dict[str, Any] = {"bids": offer, "live": pair.live | {offer}, "parsed": True}
                yield from self._p_step(pair, "#bid", f"#bid {'good' if good else 'bad'}", send=bid, **also)
        yield from self._p_step(pair, "#decline", "#decline")
        if not pair.parsed:
            yield from self._p_step(pair, "#cannot-parse", "cfp #cannot-parse", parsed=True)
        yield from self._p_step(pair, "@bid-window", "@bid-window", forced=True)

    def _work(self, pair: Pair) -> Iterator[Move[Pair]]:
        if not pair.beaten:
            yield from self._p_step(pair, "#heartbeat", "#heartbeat", beaten=True)
        for good in (True, False) if self.bad else (True,):
            result = Message("inform:result", good=good)
            yield from self._p_step(pair, "#finish", f"#finish {'good' if good else 'bad'}", send=result)
        yield from self._p_step(pair, "#fail", "#fail")
        yield from self._p_step(pair, "#cannot-parse", "accept #cannot-parse")
        yield from self._p_step(pair, "@result-due", "participant @result-due", forced=True)
        yield from self._p_step(pair, "@lease-lost", "@lease-lost", forced=True)

    def _look_up(self, table: Table, state: str, event: str, **guards: bool) -> Step | None:
        step = table.step(state, event, guards)
        if step is not None:
            self.rows_used.add(step.row.name)
        elif event.startswith(RECEIVED):
            self.no_row.add((table.name, state, event))
        return step
