"""Somebody who may send anything: any act to anybody under any name, with whatever was ever seen on the wire in it.

One integer gives one delivery, so that a run is told by its numbers. Mostly the forgery fits somewhere (a participant's
name, a conversation that is there, a message that was told), since what fits nowhere is soon kept apart; now and then
nothing of it fits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages import values as v
from contractnet.messages.codec import encode
from tests.support.world import MANAGER, SKILL, World

Maker = Callable[[random.Random], tuple[type[Any], Any]]


class Adversary:
    """Forges deliveries from what it knows of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bodies: list[bytes] = []  #: of everything that it saw
        self._forged = 0

    def eavesdrop(self) -> None:
        """See what is on its way."""
        if self.world.pool:
            self.bodies.append(encode(self.world.pool[-1].act))

    def send(self, number: int) -> None:
        """One delivery, or a few of one kind; the number says which."""
        draw = random.Random(f"{number}|{self._forged}")
        to = draw.choice([MANAGER, MANAGER, MANAGER, *self.world.houses])
        kind = draw.random()
        if kind < 0.1 and self.bodies:
            self._deliver(to, draw.choice(self.bodies))
        elif kind < 0.2 and self.bodies:
            self._deliver(to, self._spoilt(draw, draw.choice(self.bodies)))
        elif kind < 0.25:
            for _ in range(8):
                self._deliver(to, encode(self._misunderstood(draw, to)))
        elif kind < 0.3:
            self._deliver(to, self._spoilt(draw, encode(self._act(draw, to))))
        else:
            self._deliver(to, encode(self._act(draw, to)))

    def _deliver(self, to: str, element: bytes) -> None:
        self.world.deliver_raw(to, b"[" + element + b"]")

    def _spoilt(self, draw: random.Random, element: bytes) -> bytes:
        """Other bytes under the same message id, some of which are no act any more."""
        spoilings: list[tuple[bytes, bytes]] = [
            (b'"price":', b'"price":-1'),
            (b'"price":', b'"price":1'),
            (b'"round":1', b'"round":2'),
            (b'"round":', b'"round":0'),
            (b'"content":{', b'"content":{"extra":1,'),
            (b'"epoch":', b'"epoch":1'),
            (b"contractnet/1", b"contractnet/2"),
            (b"{", b"{ "),
            (b'"content"', b"}"),
        ]
        return element.replace(*draw.choice(spoilings))

    # ---- acts

    def _misunderstood(self, draw: random.Random, to: str) -> a.NotUnderstood:
        reason = draw.choice(list(v.NotUnderstoodReason))
        content = c.NotUnderstoodContent(reason=reason, about=draw.choice(["cfp", "propose", "inform"]))
        return a.NotUnderstood(**self._header(draw, to), content=content)

    def _act(self, draw: random.Random, to: str) -> a.AnyAct:
        """Any act. To a manager mostly those of a participant or a mediator, to a daemon those of an initiator."""
        makers: Sequence[Maker] = [
            self._propose, self._propose, self._refuse, self._inform, self._inform, self._failure, self._choice,
        ]  # fmt: skip
        orders: Sequence[Maker] = [self._cfp, self._accept, self._reject, self._reject, self._cancel, self._request]
        if draw.random() < 0.1:
            makers, orders = orders, makers
        if draw.random() < 0.1:
            return self._misunderstood(draw, to)
        if draw.random() < 0.05:
            return a.Agree(**self._header(draw, to), content=c.Content())
        act, content = draw.choice(makers if to == MANAGER else orders)(draw)
        return act(**self._header(draw, to), content=content)  # type: ignore[no-any-return]

    def _header(self, draw: random.Random, to: str) -> dict[str, Any]:
        world = self.world
        self._forged += 1
        conversation = draw.choice([*world.conversations(), "elsewhere.1", "strays"])
        people = [*world.host, "evil"]
        sender = draw.choice(people if to == MANAGER else [MANAGER, MANAGER, "evil"])
        if conversation.endswith(".m") and draw.random() < 0.8 and to == MANAGER:
            sender = "arbiter"
        told = world.told.get((sender, conversation)) if to == MANAGER else world.told.get((MANAGER, conversation))
        known = sorted(message_id for _, message_id in world.bytes)
        mine = f"forged{self._forged}" if draw.random() < 0.9 else draw.choice(known)
        about = draw.choice(told) if told and draw.random() < 0.8 else draw.choice([None, *known])
        receiver = MANAGER
        if to != MANAGER:
            hosted = list(world.houses[to].agents)
            receiver = draw.choice([*hosted, *hosted, *hosted, "multi", f"skill:{SKILL}"])
        header = {
            "message_id": mine,
            "reply_with": mine,
            "conversation_id": conversation,
            "protocol": a.MEDIATION if conversation.endswith(".m") else self._protocol(conversation),
            "sender": sender,
            "daemon": draw.choice([world.host.get(sender, sender), "evil"]),
            "receiver": receiver,
            "in_reply_to": about,
        }
        odd: list[tuple[str, Any]] = [
            ("receivers", draw.choice([(), tuple(world.bidders[:1]), tuple(world.bidders)])),
            ("protocol", draw.choice([a.CONTRACT_NET, a.ITERATED_CONTRACT_NET, a.MEDIATION])),
            ("sender", draw.choice([*people, MANAGER])),
            ("receiver", draw.choice([*people, MANAGER, "multi"])),
            ("reply_with", draw.choice([mine, *known])),
        ]
        return header | {name: value for name, value in odd if draw.random() < 0.05}

    def _protocol(self, conversation: str) -> str:
        tender = self.world.book.tenders.get(conversation.partition(".")[0])
        return tender.pen.protocol if tender is not None else a.CONTRACT_NET

    def _offer(self, draw: random.Random) -> str:
        return draw.choice([*sorted(self.world.offers), f"forged_offer{draw.randrange(9)}"])

    # ---- contents

    def _propose(self, draw: random.Random) -> tuple[type[Any], Any]:
        content = c.ProposeContent(
            offer=self._offer(draw),
            round=draw.choice([1, 1, 2, 2, 3, 4]),
            unit=draw.choice(["USD", "USD", "USD", "EUR"]),
            price=draw.choice([0, 1, 25_000, 50_016, 60_000, 10**15]),
            eta=1,
            confidence=1_000_000,
            valid_for_ms=draw.choice([1, 2_001, 30_000, 200_000]),
            rationale="award me",
        )
        return a.Propose, content

    def _refuse(self, draw: random.Random) -> tuple[type[Any], Any]:
        return a.Refuse, c.RefuseContent(reason=draw.choice(list(v.RefuseReason)), round=draw.choice([1, 2, 3]))

    def _inform(self, draw: random.Random) -> tuple[type[Any], Any]:
        slot, epoch = draw.choice([1, 1, 1, 2, 3]), draw.choice([1, 1, 1, 2, 3, 4])
        result = c.ResultContent(slot=slot, epoch=epoch, result={"ok": draw.choice([1, 1, "no"])})
        progress = c.ProgressContent(slot=slot, epoch=epoch)
        return a.Inform, draw.choice([result, result, progress, c.CancelledContent()])

    def _choice(self, draw: random.Random) -> tuple[type[Any], Any]:
        choice = draw.choice(["offer", "offer", "round", "none"])
        named = self._offer(draw) if choice == "offer" or draw.random() < 0.2 else None
        return a.Inform, c.ChoiceContent(choice=choice, offer=named)  # type: ignore[arg-type]

    def _failure(self, draw: random.Random) -> tuple[type[Any], Any]:
        if draw.random() < 0.3:
            return a.Failure, c.CancelFailureContent(reason=draw.choice(list(v.CancelFailure)))
        slot, epoch = draw.choice([(None, None), (1, 1), (1, 2), (2, 1), (None, 3)])
        return a.Failure, c.TaskFailureContent(reason=draw.choice(list(v.TaskFailure)), slot=slot, epoch=epoch)

    def _terms(self) -> c.Terms:
        return c.Terms(unit="USD", rule="x", work_within_ms=1, lease_ms=1, valid_for_ms=60_000)

    def _cfp(self, draw: random.Random) -> tuple[type[Any], Any]:
        content = c.CfpContent(
            task="forged",
            skill=SKILL,
            round=draw.choice([1, 2, 3, 4]),
            max_rounds=3,
            reply_within_ms=draw.choice([9, 20_000]),
            terms=self._terms(),
            offer=draw.choice([None, self._offer(draw)]),
        )
        return a.Cfp, content

    def _accept(self, draw: random.Random) -> tuple[type[Any], Any]:
        content = c.AcceptContent(
            offer=self._offer(draw),
            round=1,
            slot=1,
            epoch=draw.choice([1, 2]),
            price=draw.choice([1, 30_000, 10**9]),
            work_within_ms=draw.choice([1, 600_000]),
            lease_ms=1,
            pickup_ms=1,
        )
        return a.AcceptProposal, content

    def _reject(self, draw: random.Random) -> tuple[type[Any], Any]:
        offer = draw.choice([None, self._offer(draw)])
        return a.RejectProposal, c.RejectContent(reason=draw.choice(list(v.RejectReason)), offer=offer)

    def _cancel(self, draw: random.Random) -> tuple[type[Any], Any]:
        return a.Cancel, c.CancelContent(reason=draw.choice(list(v.CancelReason)))

    def _request(self, draw: random.Random) -> tuple[type[Any], Any]:
        offers = (c.LiveOffer(offer=self._offer(draw), price=1, eta=1, confidence=1),)
        content = c.RequestContent(offers=offers, choices=("none",), reply_within_ms=9, terms=self._terms())
        return a.Request, content
