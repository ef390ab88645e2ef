"""Somebody who may send anything: any act to anybody under any name, with whatever was ever seen on the wire in it.

One integer gives one delivery, so that a run is told by its numbers. Mostly the forgery fits somewhere (a participant's
name, a conversation that is there, a message that was told), since what fits nowhere is soon kept apart; now and then
nothing of it fits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from contractnet.manager.call import Call
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
        self._call: Call | None = None  #: that the act being forged is meant to fit

    def eavesdrop(self) -> None:
        """See what is on its way."""
        if self.world.pool:
            self.bodies.append(encode(self.world.pool[-1].act))

    def send(self, number: int) -> None:
        """One delivery, or a few of one kind; the number says which."""
        self._forged += 1
        draw = random.Random(f"{number}|{self._forged}")
        to = draw.choice([*[MANAGER] * 6, *self.world.houses])
        kind = draw.random()
        if kind < 0.5 and to != MANAGER and self._forged_accept(draw, to):
            return
        if kind > 0.9 and self._zombie(draw):
            return
        if kind < 0.1 and self.bodies:
            self._deliver(to, draw.choice(self.bodies))
        elif kind < 0.2 and self.bodies:
            self._deliver(to, self._spoilt(draw, draw.choice(self.bodies)))
        elif kind < 0.25:
            self._storm(draw, to)
        elif kind < 0.3:
            self._deliver(to, self._spoilt(draw, encode(self._act(draw, to))))
        else:
            self._deliver(to, encode(self._act(draw, to)))

    def _forged_accept(self, draw: random.Random, to: str) -> bool:
        """In a manager's name an offer is accepted, perhaps for less than it asks; False: there is none."""
        offers = [
            (side, offer) for side in self.world.houses[to].diary.engagements.values() for offer in side.offers.values()
        ]
        if not offers:
            return False
        side, offer = draw.choice(offers)
        kind, content = self._accept(draw)
        header = self._header(draw, to, kind) | {"conversation_id": side.conversation, "receiver": side.agent}
        header |= {"sender": MANAGER, "protocol": side.protocol, "in_reply_to": offer.message_id, "receivers": None}
        content = structs.replace(content, offer=offer.id, price=offer.price - draw.choice([0, 1, 1]))
        self._deliver(to, encode(kind(**header, content=content)))
        return True

    def _zombie(self, draw: random.Random) -> bool:
        """In the name of somebody at work a result comes under another fence than its own; False: nobody works."""
        work = [
            (call, slot, call.participants[slot.holder])
            for tender in self.world.book.tenders.values()
            for call in tender.calls[-1:]
            for slot in call.slots
            if slot.holder in call.participants and not slot.done
        ]
        if not work:
            return False
        call, slot, participant = draw.choice(work)
        fence = draw.choice([(slot.number, slot.epoch + 1), (slot.number % 2 + 1, slot.epoch), (slot.number, 1)])
        header = self._header(draw, MANAGER, a.Inform) | {"sender": participant.agent, "receiver": MANAGER}
        header |= {
            "conversation_id": call.conversation,
            "protocol": call.protocol,
            "in_reply_to": participant.accept_id,
        }
        content = c.ResultContent(slot=fence[0], epoch=fence[1], result={"ok": 1})
        self._deliver(MANAGER, encode(a.Inform(**header, content=content)))
        return True

    def _storm(self, draw: random.Random, to: str) -> None:
        """The same again and again, each time as another message."""
        act = self._misunderstood(draw, to) if draw.random() < 0.3 else self._act(draw, to)
        for number in range(9):
            again = structs.replace(
                act, message_id=f"storm{self._forged}n{number}", reply_with=f"s{self._forged}n{number}"
            )
            self._deliver(to, encode(again))

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
        return a.NotUnderstood(**self._header(draw, to, a.NotUnderstood), content=content)

    def _act(self, draw: random.Random, to: str) -> a.AnyAct:
        """Any act. To a manager mostly those of a participant or a mediator, to a daemon those of an initiator."""
        calls = [tender.calls[-1] for tender in self.world.book.tenders.values() if tender.calling]
        calls += [call for call in calls if call.machine.has("awaiting") or call.machine.has("mediating")]
        self._call = draw.choice(calls) if calls and draw.random() < 0.8 else None
        working = self._call is not None and self._call.machine.has("awaiting")
        makers: Sequence[Maker] = [
            self._propose,
            self._propose,
            self._refuse,
            self._inform,
            self._failure,
            self._choice,
        ]
        if working and draw.random() < 0.7:
            makers = [self._inform, self._inform, self._inform, self._failure]
        orders: Sequence[Maker] = [self._cfp, self._accept, self._reject, self._reject, self._cancel, self._request]
        if draw.random() < 0.1:
            makers, orders = orders, makers
        if draw.random() < 0.1:
            return self._misunderstood(draw, to)
        if draw.random() < 0.05:
            return a.Agree(**self._header(draw, to, a.Agree), content=c.Content())
        act, content = draw.choice(makers if to == MANAGER else orders)(draw)
        return act(**self._header(draw, to, act), content=content)  # type: ignore[no-any-return]

    def _header(self, draw: random.Random, to: str, act: type[Any]) -> dict[str, Any]:
        world = self.world
        conversation = draw.choice([*world.conversations(), "elsewhere.1", "strays"])
        people = [*world.host, "evil"]
        sender = draw.choice(people if to == MANAGER else [MANAGER, MANAGER, "evil"])
        if self._call is not None and draw.random() < 0.9:
            conversation = self._call.conversation
            sender = self._speaker(draw, act) or sender if to == MANAGER else sender
        if self._call is not None and self._call.machine.has("mediating") and draw.random() < 0.6:
            conversation, sender = f"{conversation}.m", "arbiter" if to == MANAGER else MANAGER
        told = world.told.get((sender, conversation)) if to == MANAGER else world.told.get((MANAGER, conversation))
        known = sorted(message_id for _, message_id in world.bytes)
        mine = f"forged{self._forged}x{draw.randrange(10**6)}" if draw.random() < 0.9 else draw.choice(known)
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

    def _speaker(self, draw: random.Random, act: type[Any]) -> str | None:
        """Who might say such a thing now: somebody at work, or somebody who is waited for."""
        assert self._call is not None
        holders = {slot.holder for slot in self._call.slots if slot.holder is not None and not slot.done}
        likely = sorted(holders if act in (a.Inform, a.Failure) else self._call.awaited)
        return draw.choice(likely) if likely and draw.random() < 0.8 else None

    def _round(self, draw: random.Random) -> int:
        now = self._call.round if self._call is not None else 1
        return draw.choice([now, now, now, now + 1, max(1, now - 1), 3])

    def _fence(self, draw: random.Random) -> tuple[int, int]:
        held = [(slot.number, slot.epoch) for slot in self._call.slots if slot.holder] if self._call is not None else []
        return draw.choice([*held, *held, (1, 1), (2, 1), (draw.randrange(1, 4), draw.randrange(1, 4))])

    def _protocol(self, conversation: str) -> str:
        tender = self.world.book.tenders.get(conversation.partition(".")[0])
        return tender.pen.protocol if tender is not None else a.CONTRACT_NET

    def _offer(self, draw: random.Random) -> str:
        return draw.choice([*sorted(self.world.offers), f"forged_offer{draw.randrange(9)}"])

    # ---- contents

    def _propose(self, draw: random.Random) -> tuple[type[Any], Any]:
        content = c.ProposeContent(
            offer=self._offer(draw),
            round=self._round(draw),
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
        slot, epoch = self._fence(draw)
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
        slot, epoch = draw.choice([(None, None), self._fence(draw), (None, 3)])
        return a.Failure, c.TaskFailureContent(reason=draw.choice(list(v.TaskFailure)), slot=slot, epoch=epoch)

    def _terms(self) -> c.Terms:
        return c.Terms(unit="USD", rule="x", work_within_ms=1, lease_ms=1, valid_for_ms=60_000)

    def _cfp(self, draw: random.Random) -> tuple[type[Any], Any]:
        content = c.CfpContent(
            task="forged",
            skill=SKILL,
            round=self._round(draw),
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
