"""What every transport owes its users. An implementation adds only how it is made, broken and mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from contractnet.errors import TransportBroken, TransportClosed
from contractnet.transport.port import (
    MAX_BODY_BYTES,
    MAX_RECEIVERS,
    DaemonParty,
    Delivery,
    Down,
    Lane,
    Link,
    LinkEvent,
    ManagerParty,
    Outcome,
    Parcel,
    Party,
    Standby,
    ToAgents,
    ToEveryManager,
    ToManager,
    ToSkill,
    Transport,
    Up,
)

ONE = ManagerParty("one")
ANN = DaemonParty("ann", {"ann": ["text.sum"]})
BOB = DaemonParty("bob", {"bob": ["text.sum", "text.tr"]})
DUO = DaemonParty("duo", {"dora": ["text.sum"], "drew": ["text.sum"]})

Note = Up | Down | Standby


class Post:
    """A link under test, with what it heard. Sends until it is sure, knows duplicates, as every user must."""

    def __init__(self, link: Link, patience_s: float) -> None:
        self.link = link
        self.patience_s = patience_s
        self.notes: list[Note] = []
        self.held: list[Delivery] = []
        self.done: set[bytes] = set()

    async def read(self) -> None:
        """One `receive`, sorted into notes and deliveries."""
        async with asyncio.timeout(self.patience_s):
            for event in await self.link.receive():
                if isinstance(event, Up | Down | Standby):
                    self.notes.append(event)
                elif event.body in self.done:
                    event.ack()
                else:
                    self.held.append(event)

    async def read_for(self, seconds: float) -> None:
        """Read whatever comes within so many seconds of the loop's clock."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.read()
        except TimeoutError:
            pass

    async def note(self, kind: type[Note]) -> Note:
        """Wait for a note of this kind; those before it are dropped."""
        while True:
            while self.notes:
                found = self.notes.pop(0)
                if isinstance(found, kind):
                    return found
            await self.read()

    async def sure(self, parcel: Parcel) -> Outcome:
        """Send, and send again while the fate is unknown."""
        async with asyncio.timeout(self.patience_s):
            while True:
                try:
                    return await self.link.send(parcel, timeout_s=self.patience_s)
                except TransportBroken:
                    await asyncio.sleep(0.01)

    async def bodies(self, number: int, *, ack: bool = True) -> set[bytes]:
        """Wait for so many different bodies; then take all that came."""
        while len({d.body for d in self.held}) < number:
            await self.read()
        return self.take(ack=ack)

    def take(self, *, ack: bool = True) -> set[bytes]:
        found, self.held = self.held, []
        if ack:
            for delivery in found:
                delivery.ack()
            self.done |= {d.body for d in found}
        return {d.body for d in found}


class TransportSuite:
    """The contract of the port, test by test. A subclass has a fixture `transport`."""

    #: longest wait of a test for something that must come, seconds
    patience_s = 20.0
    #: how long after a fence something may still arrive, seconds of the loop's clock; 0 where queues keep their order
    straggle_s = 0.0

    async def take_broker_away(self, transport: Transport) -> None:
        raise NotImplementedError

    async def bring_broker_back(self, transport: Transport) -> None:
        raise NotImplementedError

    @pytest.fixture
    async def stack(self) -> AsyncIterator[AsyncExitStack]:
        async with AsyncExitStack() as stack:
            yield stack

    async def up(self, stack: AsyncExitStack, transport: Transport, *parties: Party) -> list[Post]:
        """Links of these parties, all up."""
        posts = [Post(await stack.enter_async_context(transport.attach(party)), self.patience_s) for party in parties]
        for post in posts:
            assert isinstance(await post.note(Up), Up)
        return posts

    async def everything(self, post: Post, sender: Post, to: ToAgents | ToManager | ToSkill) -> list[bytes]:
        """All that comes to a party: what lies before a fence sent to the same place, and stragglers."""
        fence = b"fence %d" % len(post.done)
        assert await sender.sure(Parcel(to, fence)) is Outcome.TAKEN
        while fence not in {d.body for d in post.held}:
            await post.read()
        await post.read_for(self.straggle_s)
        found = [d.body for d in post.held if d.body != fence]
        post.take()
        return found

    def same(self, found: Sequence[bytes], wanted: Sequence[bytes]) -> bool:
        """Whether what came is what was sent; duplicates are for those transports that make them."""
        return list(found) == list(wanted)

    # Where mail goes

    async def test_every_address_comes_through_its_lane(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, ann = await self.up(stack, transport, ONE, ANN)
        for to, receiver, lane in (
            (ToSkill("text.sum"), ann, Lane.CFP),
            (ToAgents(("ann",), Lane.CFP), ann, Lane.CFP),
            (ToAgents(("ann",)), ann, Lane.INBOX),
            (ToManager("one"), one, Lane.BID),
            (ToManager("one", Lane.WORK), one, Lane.WORK),
        ):
            sender = one if receiver is ann else ann
            body = f"{to}".encode()
            assert await sender.sure(Parcel(to, body)) is Outcome.TAKEN
            while body not in {d.body for d in receiver.held}:
                await receiver.read()
            arrived = next(d for d in receiver.held if d.body == body)
            assert (arrived.lane, arrived.undecodable) == (lane, None)
            receiver.take()

    async def test_presence_reaches_every_manager(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, two, ann = await self.up(stack, transport, ONE, ManagerParty("two"), ANN)
        for manager in (one, two):
            while not manager.held:  # presence may be lost: said again, as every beat is
                assert await ann.sure(Parcel(ToEveryManager("ann"), b"here")) is Outcome.TAKEN
                try:
                    async with asyncio.timeout(0.5):
                        await manager.read()
                except TimeoutError:
                    continue
            assert {d.lane for d in manager.held} == {Lane.PRESENCE}
            assert manager.take() == {b"here"}

    async def test_a_call_reaches_only_the_hosts_of_the_skill(
        self, stack: AsyncExitStack, transport: Transport
    ) -> None:
        one, ann, bob = await self.up(stack, transport, ONE, ANN, BOB)
        assert await one.sure(Parcel(ToSkill("text.tr"), b"call")) is Outcome.TAKEN
        assert await bob.bodies(1) == {b"call"}
        assert await self.everything(ann, one, ToAgents(("ann",), Lane.CFP)) == []

    async def test_a_daemon_of_two_agents_gets_one_copy(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, duo = await self.up(stack, transport, ONE, DUO)
        for to in (ToSkill("text.sum"), ToAgents(("dora", "drew"), Lane.CFP)):
            body = f"{to}".encode()
            await one.sure(Parcel(to, body))
            assert self.same(await self.everything(duo, one, ToAgents(("dora",), Lane.CFP)), [body])

    async def test_several_receivers_get_a_copy_each_and_nobody_else(
        self, stack: AsyncExitStack, transport: Transport
    ) -> None:
        one, ann, bob, duo = await self.up(stack, transport, ONE, ANN, BOB, DUO)
        assert await one.sure(Parcel(ToAgents(("ann", "bob")), b"no")) is Outcome.TAKEN
        assert self.same(await self.everything(ann, one, ToAgents(("ann",))), [b"no"])
        assert self.same(await self.everything(bob, one, ToAgents(("bob",))), [b"no"])
        assert await self.everything(duo, one, ToAgents(("drew",))) == []

    async def test_nobody_there(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, ann = await self.up(stack, transport, ONE, ANN)
        for to in (ToSkill("text.none"), ToAgents(("ghost",)), ToAgents(("ghost", "phantom"), Lane.CFP)):
            assert await one.sure(Parcel(to, b"x")) is Outcome.UNROUTABLE
        assert await ann.sure(Parcel(ToManager("nobody"), b"x")) is Outcome.UNROUTABLE
        assert await one.sure(Parcel(ToAgents(("ann", "ghost")), b"x")) is Outcome.TAKEN  # one of them is known

    async def test_what_is_no_longer_hosted_is_unbound(self, stack: AsyncExitStack, transport: Transport) -> None:
        (one,) = await self.up(stack, transport, ONE)
        async with AsyncExitStack() as before:
            await self.up(before, transport, DaemonParty("duo", {"dora": ["a.b"], "drew": ["a.c"]}))
        now = DaemonParty("duo", {"dora": ["a.d"]}, formerly={"dora": ["a.b", "a.d"], "drew": ["a.c"]})
        await self.up(stack, transport, now)
        for to in (ToSkill("a.b"), ToSkill("a.c"), ToAgents(("drew",)), ToAgents(("drew",), Lane.CFP)):
            assert await one.sure(Parcel(to, b"x")) is Outcome.UNROUTABLE
        for to in (ToSkill("a.d"), ToAgents(("dora",))):
            assert await one.sure(Parcel(to, b"x")) is Outcome.TAKEN

    # At least once

    async def test_mail_waits_for_a_daemon_that_is_away(self, stack: AsyncExitStack, transport: Transport) -> None:
        (one,) = await self.up(stack, transport, ONE)
        async with AsyncExitStack() as first:
            await self.up(first, transport, ANN)
        await one.sure(Parcel(ToAgents(("ann",)), b"accept"))
        await one.sure(Parcel(ToSkill("text.sum"), b"call"))
        (ann,) = await self.up(stack, transport, ANN)
        assert await ann.bodies(2) == {b"accept", b"call"}

    async def test_what_was_not_acked_comes_again(self, stack: AsyncExitStack, transport: Transport) -> None:
        (one,) = await self.up(stack, transport, ONE)
        async with AsyncExitStack() as first:
            (ann,) = await self.up(first, transport, ANN)
            for body in (b"1", b"2", b"3", b"4"):
                await one.sure(Parcel(ToAgents(("ann",)), body))
            while len({d.body for d in ann.held}) < 4:
                await ann.read()
            await ann.read_for(self.straggle_s)
            for delivery in ann.held:
                if delivery.body in (b"1", b"3"):
                    delivery.ack()
        (ann,) = await self.up(stack, transport, ANN)
        assert await ann.bodies(2) == {b"2", b"4"}
        assert await self.everything(ann, one, ToAgents(("ann",))) == []

    async def test_a_rejected_delivery_does_not_come_again(self, stack: AsyncExitStack, transport: Transport) -> None:
        (one,) = await self.up(stack, transport, ONE)
        async with AsyncExitStack() as first:
            (ann,) = await self.up(first, transport, ANN)
            await one.sure(Parcel(ToAgents(("ann",)), b"bad"))
            while not ann.held:
                await ann.read()
            await ann.read_for(self.straggle_s)
            for delivery in ann.held:
                delivery.reject()
                delivery.reject()  # a second time does nothing
                delivery.ack()
            ann.held.clear()
            assert await self.everything(ann, one, ToAgents(("ann",))) == []
        (ann,) = await self.up(stack, transport, ANN)
        assert await self.everything(ann, one, ToAgents(("ann",))) == []

    async def test_many_at_once_all_arrive(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, ann = await self.up(stack, transport, ONE, ANN)
        bodies = [b"%d" % i for i in range(600)]  # more than may be in flight, or held unacked, at a time
        async with asyncio.TaskGroup() as group:
            for body in bodies:
                group.create_task(ann.sure(Parcel(ToManager("one", Lane.WORK), body)))
            heard: set[bytes] = set()
            while len(heard) < len(bodies):
                await one.read()
                heard |= one.take()
        assert heard == set(bodies)

    async def test_presence_from_before_the_connect_is_not_shown(
        self, stack: AsyncExitStack, transport: Transport
    ) -> None:
        (ann,) = await self.up(stack, transport, ANN)
        async with AsyncExitStack() as first:
            await self.up(first, transport, ONE)
        await ann.sure(Parcel(ToEveryManager("ann"), b"stale"))
        await ann.sure(Parcel(ToManager("one"), b"bid"))
        await asyncio.sleep(self.straggle_s)
        (one,) = await self.up(stack, transport, ONE)
        assert set(await self.everything(one, ann, ToManager("one"))) == {b"bid"}

    async def test_an_expired_call_is_not_delivered(self, stack: AsyncExitStack, transport: Transport) -> None:
        (one,) = await self.up(stack, transport, ONE)
        async with AsyncExitStack() as first:
            await self.up(first, transport, ANN)
        assert await one.sure(Parcel(ToSkill("text.sum"), b"late", expires_ms=20)) is Outcome.TAKEN
        assert await one.sure(Parcel(ToSkill("text.sum"), b"in time", expires_ms=60_000)) is Outcome.TAKEN
        await asyncio.sleep(0.2)  # no hope: ten times its life
        (ann,) = await self.up(stack, transport, ANN)
        assert set(await self.everything(ann, one, ToSkill("text.sum"))) == {b"in time"}

    # One host

    async def test_a_second_host_stands_by_and_takes_over(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, ann = await self.up(stack, transport, ONE, ANN)
        second = Post(await stack.enter_async_context(transport.attach(ANN)), self.patience_s)
        note = await second.note(Standby)
        assert isinstance(note, Standby)
        assert "ann" in note.reason
        assert not second.link.up
        with pytest.raises(TransportBroken):
            await second.link.send(Parcel(ToManager("one"), b"x"), 1)
        await one.sure(Parcel(ToAgents(("ann",)), b"accept"))
        while not ann.held:
            await ann.read()
        await ann.link.__aexit__(None, None, None)
        assert isinstance(await second.note(Up), Up)
        assert await second.bodies(1) == {b"accept"}

    async def test_one_agent_has_one_host(self, stack: AsyncExitStack, transport: Transport) -> None:
        (duo,) = await self.up(stack, transport, DUO)
        other = DaemonParty("other", {"drew": ["a.b"], "eve": ["a.b"]})
        second = Post(await stack.enter_async_context(transport.attach(other)), self.patience_s)
        note = await second.note(Standby)
        assert isinstance(note, Standby)
        assert "drew" in note.reason
        await duo.link.__aexit__(None, None, None)
        assert isinstance(await second.note(Up), Up)

    async def test_one_manager_has_one_host(self, stack: AsyncExitStack, transport: Transport) -> None:
        await self.up(stack, transport, ONE)
        second = Post(await stack.enter_async_context(transport.attach(ONE)), self.patience_s)
        assert isinstance(await second.note(Standby), Standby)

    # Bounds

    async def test_a_full_inbox_refuses_and_holds_nobody_else_up(
        self, stack: AsyncExitStack, transport: Transport
    ) -> None:
        one, bob = await self.up(stack, transport, ONE, BOB)
        async with AsyncExitStack() as first:
            await self.up(first, transport, ANN)
        outcomes: list[Outcome] = []
        while Outcome.REFUSED not in outcomes and len(outcomes) < 6_000:
            sends = (one.sure(Parcel(ToAgents(("ann",)), b"x")) for _ in range(100))
            outcomes += await asyncio.gather(*sends)
        assert Outcome.REFUSED in outcomes
        assert outcomes.count(Outcome.TAKEN) >= 450  # copies that came twice count, too
        assert await one.sure(Parcel(ToAgents(("ann", "bob")), b"no")) is Outcome.REFUSED
        assert await bob.bodies(1) == {b"no"}

    async def test_sizes_and_addresses_are_checked(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, ann = await self.up(stack, transport, ONE, ANN)
        largest = bytes(MAX_BODY_BYTES)
        assert await one.sure(Parcel(ToAgents(("ann",)), largest)) is Outcome.TAKEN
        assert await ann.bodies(1) == {largest}
        many = tuple(f"{i:048d}" for i in range(MAX_RECEIVERS))
        assert await one.sure(Parcel(ToAgents((*many[1:], "ann")), b"many")) is Outcome.TAKEN
        assert await ann.bodies(1) == {b"many"}
        for wrong in (
            Parcel(ToAgents(("ann",)), largest + b"x"),
            Parcel(ToAgents((*many, "ann")), b"x"),
            Parcel(ToAgents(()), b"x"),
            Parcel(ToAgents(("ann",), Lane.BID), b"x"),
            Parcel(ToManager("one", Lane.CFP), b"x"),
        ):
            with pytest.raises(ValueError, match=r"body|receivers|lane"):
                await one.link.send(wrong, 1)
        assert one.link.up

    # Loss of the broker, and the end

    async def test_the_broker_goes_and_comes_back(self, stack: AsyncExitStack, transport: Transport) -> None:
        one, ann = await self.up(stack, transport, ONE, ANN)
        for body in (b"1", b"2"):
            await one.sure(Parcel(ToAgents(("ann",)), body))
        while len({d.body for d in ann.held}) < 2:
            await ann.read()
        old, ann.held = ann.held, []
        await self.take_broker_away(transport)
        for post in (one, ann):
            note = await post.note(Down)
            assert isinstance(note, Down)
            assert note.reason
            assert not post.link.up
            with pytest.raises(TransportBroken):
                await post.link.send(Parcel(ToManager("one"), b"x"), 1)
        await self.bring_broker_back(transport)
        for post in (one, ann):
            note = await post.note(Up)
            assert isinstance(note, Up)
            assert note.generation > 1
            assert post.link.up
        while len({d.body for d in ann.held}) < 2:
            await ann.read()
        for delivery in old:
            delivery.ack()  # of an older generation: nothing happens
        ann.take(ack=False)
        await ann.link.__aexit__(None, None, None)
        (ann,) = await self.up(stack, transport, ANN)
        assert await ann.bodies(2) == {b"1", b"2"}

    async def test_a_link_that_starts_without_a_broker(self, stack: AsyncExitStack, transport: Transport) -> None:
        await self.take_broker_away(transport)
        one = Post(await stack.enter_async_context(transport.attach(ONE)), self.patience_s)
        assert isinstance(await one.note(Down), Down)
        with pytest.raises(TransportBroken):
            await one.link.send(Parcel(ToSkill("text.sum"), b"x"), 1)
        await self.bring_broker_back(transport)
        assert await one.note(Up) == Up(1)

    async def test_closing_ends_a_waiting_reader(self, stack: AsyncExitStack, transport: Transport) -> None:
        (one,) = await self.up(stack, transport, ONE)
        waiting: asyncio.Task[Sequence[LinkEvent]] = asyncio.ensure_future(one.link.receive())
        await asyncio.sleep(0)
        await one.link.__aexit__(None, None, None)
        with pytest.raises(TransportClosed):
            await waiting
        with pytest.raises(TransportClosed):
            await one.link.receive()
        with pytest.raises(TransportClosed):
            await one.link.send(Parcel(ToSkill("text.sum"), b"x"), 1)
        assert not one.link.up

    async def test_retiring_deletes_what_is_empty(self, stack: AsyncExitStack, transport: Transport) -> None:
        (ann,) = await self.up(stack, transport, ANN)
        async with AsyncExitStack() as first:
            (one,) = await self.up(first, transport, ONE)
            await ann.sure(Parcel(ToManager("one"), b"bid"))
            await ann.sure(Parcel(ToManager("one", Lane.WORK), b"result"))
            while {d.body for d in one.held} < {b"bid", b"result"}:
                await one.read()
            await one.read_for(self.straggle_s)
            one.take()
            await ann.sure(Parcel(ToManager("one"), b"not read"))
            while b"not read" not in {d.body for d in one.held}:
                await one.read()
            await one.link.retire()
            assert not one.link.up
        assert await ann.sure(Parcel(ToManager("one", Lane.WORK), b"x")) is Outcome.UNROUTABLE
        assert await ann.sure(Parcel(ToManager("one"), b"kept")) is Outcome.TAKEN
        (one,) = await self.up(stack, transport, ONE)
        assert await one.bodies(2) == {b"not read", b"kept"}

    async def test_retiring_a_daemon_or_a_link_that_is_down_does_nothing(
        self, stack: AsyncExitStack, transport: Transport
    ) -> None:
        one, ann = await self.up(stack, transport, ONE, ANN)
        await ann.link.retire()
        assert await one.sure(Parcel(ToAgents(("ann",)), b"x")) is Outcome.TAKEN
        await self.take_broker_away(transport)
        await one.note(Down)
        await one.link.retire()
        await self.bring_broker_back(transport)
        assert isinstance(await one.note(Up), Up)
