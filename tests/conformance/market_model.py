"""One conversation with two bidders and one slot: table C decides, tables I and P as in the model of a pair.

Left out, because another event has the same effect: a second reason to fail, heartbeats, messages that cannot be
parsed, a refusal (the end of the bid window does the same), the second timer of an award.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from contractnet.interaction.machine import Table
from tests.conformance.exploration import Move
from tests.conformance.pair import START, Pair
from tests.conformance.pair_model import PairModel

#: moves with the same effect as one that is kept
SAME_EFFECT = frozenset({"#heartbeat", "cfp #cannot-parse", "accept #cannot-parse", "@lease-lost", "#decline"}) | {
    "@result-due",
    "participant @result-due",
    "participant: one offer lapsed",
}


class Market(NamedTuple):
    """A conversation. The phase and the round stand here; in the pairs they are blank."""

    c: str  #: state of table C
    round: int
    slot: str  #: free, running, done, freed or given-up
    holder: int | None  #: index of the last winner
    epoch: int  #: of the slot
    mediated: bool
    pairs: tuple[Pair, Pair]


def blank(pair: Pair) -> Pair:
    return pair._replace(phase="", round=0)


OPENED = Market("COLLECTING", 1, "free", None, 0, False, (blank(START), blank(START)))


class MarketModel:
    """What can happen in such a conversation."""

    def __init__(
        self,
        conversation: Table,
        pair: PairModel,
        *,
        mediation: bool = True,
        extra_round: bool = False,
        cancel: bool = True,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self.c = conversation
        self.pair = pair
        self.mediation = mediation
        self.extra_round = extra_round
        self.cancel = cancel
        self.left_out = SAME_EFFECT | left_out
        self.rows_used: set[str] = set()
        self._i = pair.initiator

    def settled(self, market: Market) -> bool:
        return market.c in self.c.properties["closed"] and all(map(self.pair.settled, market.pairs))

    def moves(self, market: Market) -> Iterator[Move[Market]]:
        yield from self._moves_of_pairs(market)
        if self.c.has(market.c, "collecting"):
            yield from self._close_the_round(market)
        if self.c.has(market.c, "evaluating") or self.c.has(market.c, "mediating"):
            yield from self._decide(market)
        if self.c.has(market.c, "awaiting"):
            yield from self._await(market)
        if self.cancel:
            after = [
                self._fire(market, pair, "#cancel") if self._i.step(pair.i, "#cancel") else pair
                for pair in market.pairs
            ]
            yield from self._c_step(market, "#cancel", after)
        if all(pair.i in self._i.properties["final"] for pair in market.pairs):
            yield from self._c_step(market, "=all-settled", market.pairs)
        yield from self._c_step(market, "@cancel-timeout", market.pairs)

    def _phase(self, market: Market) -> str:
        if self.c.has(market.c, "collecting"):
            return "collecting"
        if self.c.has(market.c, "evaluating") or self.c.has(market.c, "mediating"):
            return "evaluating"
        return "cancelled" if market.c in ("CANCELLING", "CLOSED_CANCELLED") else "awaiting"

    def _moves_of_pairs(self, market: Market) -> Iterator[Move[Market]]:
        for at in (0, 1):
            pair = market.pairs[at]._replace(phase=self._phase(market), round=market.round)
            for label, after, forced in self.pair.moves_without_c(pair):
                if label in self.left_out:
                    continue
                slot = market.slot
                if slot == "running" and market.holder == at and after.i != "AWARDED":
                    slot = "done" if self._i.has(after.i, "credited") else "freed"
                pairs = (blank(after), market.pairs[1]) if at == 0 else (market.pairs[0], blank(after))
                yield Move(f"{at}: {label}", market._replace(slot=slot, pairs=pairs), forced)

    def _fire(self, market: Market, pair: Pair, event: str, round: int | None = None) -> Pair:
        now = pair._replace(phase=self._phase(market), round=market.round if round is None else round)
        return blank(self.pair.decide(now, event))

    def _c_step(
        self,
        market: Market,
        event: str,
        pairs: list[Pair] | tuple[Pair, Pair],
        guards: dict[str, bool] | None = None,
        **also: Any,
    ) -> Iterator[Move[Market]]:
        step = self.c.step(market.c, event, guards)
        if step is not None:
            self.rows_used.add(step.row.name)
            first, second = pairs
            yield Move(event, market._replace(c=step.next, pairs=(first, second), **also), event[0] in "@=")

    def _close_the_round(self, market: Market) -> Iterator[Move[Market]]:
        if all(self._i.has(pair.i, "answered") for pair in market.pairs):
            yield from self._c_step(market, "=all-answered", market.pairs)
            return
        after = [
            pair if self._i.has(pair.i, "answered") else self._fire(market, pair, "@deadline") for pair in market.pairs
        ]
        yield from self._c_step(market, "@deadline", after)

    def _decide(self, market: Market) -> Iterator[Move[Market]]:
        live = [at for at in (0, 1) if self._i.has(market.pairs[at].i, "biddable")]
        if not live:
            yield from self._c_step(market, "=no-live-offer", market.pairs)
            return
        mediating = self.c.has(market.c, "mediating")
        for winner in live:
            yield from self._award(market, "=choice-award" if mediating else "#award", live, winner)
        rejected = self._each_gets(market, dict.fromkeys(live, "#reject"))
        if mediating:
            yield from self._c_step(market, "=choice-none", rejected)
            yield from self._c_step(market, "=mediation-failed", rejected)
            if self.extra_round and market.round <= self.pair.rounds:
                yield from self._again(market, "=choice-round", live)
            return
        yield from self._c_step(market, "@eval-timeout", rejected)
        if market.round < self.pair.rounds:
            yield from self._again(market, "#iterate", live)
        if self.mediation and not market.mediated:
            yield from self._c_step(market, "#escalate", market.pairs, {"mediation_unused": True}, mediated=True)

    def _award(self, market: Market, event: str, live: list[int], winner: int) -> Iterator[Move[Market]]:
        for other in ("#hold", "#reject") if len(live) > 1 else ("#hold",):
            pairs = self._each_gets(market, {at: "#award" if at == winner else other for at in live})
            mediated = market.mediated or self.c.has(market.c, "mediating")
            yield from self._c_step(
                market, event, pairs, slot="running", holder=winner, epoch=market.epoch + 1, mediated=mediated
            )

    def _again(self, market: Market, event: str, live: list[int]) -> Iterator[Move[Market]]:
        for invited in itertools.product((False, True), repeat=len(live)):
            if any(invited):
                events = {at: "#reinvite" if chosen else "#reject" for at, chosen in zip(live, invited, strict=True)}
                pairs = self._each_gets(market, events, market.round + 1)
                yield from self._c_step(market, event, pairs, {"more_rounds": True}, round=market.round + 1)

    def _await(self, market: Market) -> Iterator[Move[Market]]:
        held = [at for at in (0, 1) if self._i.has(market.pairs[at].i, "held")]
        if market.slot == "freed" and held:
            pairs = self._each_gets(market, {held[0]: "#award"})
            yield from self._c_step(
                market, "=slot-freed", pairs, {"runner_up_live": True},
                slot="running", holder=held[0], epoch=market.epoch + 1,
            )  # fmt: skip
        elif market.slot == "freed":
            yield from self._c_step(market, "=slot-freed", market.pairs, {"runner_up_live": False}, slot="given-up")
        elif market.slot in ("done", "given-up"):
            event = "=slots-all-done" if market.slot == "done" else "=slots-none-done"
            yield from self._c_step(market, event, self._each_gets(market, dict.fromkeys(held, "#reject")))

    def _each_gets(self, market: Market, events: dict[int, str], round: int | None = None) -> list[Pair]:
        """Both pairs, after the events named for them."""
        return [
            self._fire(market, pair, events[at], round) if at in events else pair
            for at, pair in enumerate(market.pairs)
        ]
