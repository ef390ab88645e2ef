"""The transport inside one process: the contract, plain and with faults, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from contractnet.errors import TransportBroken
from contractnet.transport.faults import Faults
from contractnet.transport.memory import MemoryTransport
from contractnet.transport.memory_queue import PREFETCH
from contractnet.transport.port import (
    DaemonParty,
    Delivery,
    Lane,
    ManagerParty,
    Outcome,
    Parcel,
    ToAgents,
    ToEveryManager,
    ToManager,
    ToSkill,
    Transport,
    Up,
)
from contractnet.transport.topology import MAX_CFPS, PRESENCE_TTL_MS
from tests.suites.transport import ANN, ONE, Post, TransportSuite

pytestmark = pytest.mark.looptime


class TestMemory(TransportSuite):
    @pytest.fixture
    def transport(self) -> Transport:
        return MemoryTransport()

    async def take_broker_away(self, transport: Transport) -> None:
        assert isinstance(transport, MemoryTransport)
        transport.down()

    async def bring_broker_back(self, transport: Transport) -> None:
        assert isinstance(transport, MemoryTransport)
        transport.restore()


class TestMemoryWithFaults(TestMemory):
    straggle_s = 1.0  # virtual

    @pytest.fixture(params=range(8))
    def transport(self, request: pytest.FixtureRequest) -> Transport:
        seed: int = request.param
        return MemoryTransport(
            Faults(seed, lose=100_000, unsure=100_000, double=200_000, delay_ms=200, reorder=200_000)
        )

    def same(self, found: Sequence[bytes], wanted: Sequence[bytes]) -> bool:
        return set(found) == set(wanted)


async def posts(transport: MemoryTransport, *parties: DaemonParty | ManagerParty) -> list[Post]:
    found = [Post(await transport.attach(party).__aenter__(), 60) for party in parties]
    for post in found:
        await post.note(Up)
    return found


async def bodies(post: Post) -> list[bytes]:
    """All that comes within a virtual second."""
    try:
        async with asyncio.timeout(1):
            while True:
                await post.read()
    except TimeoutError:
        return [d.body for d in post.held]


async def test_a_queue_keeps_its_order() -> None:
    transport = MemoryTransport()
    one, ann = await posts(transport, ONE, ANN)
    sent = [b"%d" % i for i in range(PREFETCH)]
    for body in sent:
        await one.sure(Parcel(ToAgents(("ann",)), body))
    assert await bodies(ann) == sent


async def test_so_many_are_held_and_no_more() -> None:
    transport = MemoryTransport()
    one, ann = await posts(transport, ONE, ANN)
    for i in range(PREFETCH + 5):
        await one.sure(Parcel(ToAgents(("ann",)), b"%d" % i))
    assert len(await bodies(ann)) == PREFETCH
    assert transport.depth("d.ann.inbox") == 5
    ann.held.pop(0).ack()
    assert len(await bodies(ann)) == PREFETCH
    assert transport.depth("d.ann.inbox") == 4


async def test_what_comes_again_comes_first_and_in_order() -> None:
    transport = MemoryTransport()
    one, ann = await posts(transport, ONE, ANN)
    for body in (b"1", b"2", b"3"):
        await one.sure(Parcel(ToAgents(("ann",)), body))
    await bodies(ann)
    transport.cut("ann")
    ann.held.clear()
    await one.sure(Parcel(ToAgents(("ann",)), b"4"))
    await bodies(ann)
    assert [d.body for d in ann.held] == [b"1", b"2", b"3", b"4"]


async def test_invitations_drop_their_oldest() -> None:
    transport = MemoryTransport()
    one, ann = await posts(transport, ONE, ANN)
    await ann.link.__aexit__(None, None, None)
    for i in range(MAX_CFPS + 3):
        assert await one.sure(Parcel(ToSkill("text.sum"), b"%d" % i)) is Outcome.TAKEN
    assert transport.depth("d.ann.cfp") == MAX_CFPS
    (ann,) = await posts(transport, ANN)
    assert (await bodies(ann))[0] == b"3"


async def test_presence_lives_thirty_seconds() -> None:
    transport = MemoryTransport()
    one, ann = await posts(transport, ONE, ANN)
    await ann.sure(Parcel(ToEveryManager("ann"), b"old"))
    await asyncio.sleep(PRESENCE_TTL_MS / 1000 + 1)
    await ann.sure(Parcel(ToEveryManager("ann"), b"new"))
    assert await bodies(one) == [b"new"]


async def test_a_flood_of_bids_does_not_hold_results_up() -> None:
    transport = MemoryTransport()
    one, ann = await posts(transport, ONE, ANN)
    for i in range(100):
        await ann.sure(Parcel(ToManager("one"), b"bid %d" % i))
    await ann.sure(Parcel(ToManager("one", Lane.WORK), b"result"))
    first = await one.link.receive(4)
    assert b"result" in {d.body for d in first if not isinstance(d, Up)}  # type: ignore[union-attr]


async def test_rejected_bodies_are_kept_aside_except_invitations() -> None:
    transport = MemoryTransport()
    one, ann = await posts(transport, ONE, ANN)
    await one.sure(Parcel(ToAgents(("ann",)), b"mail"))
    await one.sure(Parcel(ToSkill("text.sum"), b"call"))
    await bodies(ann)
    for delivery in ann.held:
        delivery.reject()
    assert transport.dead == [b"mail"]


async def test_lost_always_and_never() -> None:
    one, ann = await posts(MemoryTransport(Faults(1, lose=1_000_000)), ONE, ANN)
    with pytest.raises(TransportBroken, match="send again"):
        await one.link.send(Parcel(ToAgents(("ann",)), b"x"), 1)
    assert await ann.link.send(Parcel(ToEveryManager("ann"), b"x"), 1) is Outcome.TAKEN
    assert await bodies(ann) == await bodies(one) == []


async def test_an_unsure_send_is_delivered_all_the_same() -> None:
    one, ann = await posts(MemoryTransport(Faults(1, unsure=1_000_000)), ONE, ANN)
    with pytest.raises(TransportBroken, match="send again"):
        await one.link.send(Parcel(ToAgents(("ann",)), b"x"), 1)
    assert await bodies(ann) == [b"x"]


async def test_a_cut_link_comes_up_again_by_itself() -> None:
    one, ann = await posts(MemoryTransport(Faults(1, cut=1_000_000)), ONE, ANN)
    with pytest.raises(TransportBroken, match="cut"):
        await one.link.send(Parcel(ToAgents(("ann",)), b"x"), 1)
    assert await one.note(Up) == Up(2)
    assert await bodies(ann) == []


async def test_a_delayed_copy_is_late_and_may_expire_on_its_way() -> None:
    transport = MemoryTransport(Faults(3, delay_ms=10_000))
    one, ann = await posts(transport, ONE, ANN)
    loop = asyncio.get_running_loop()
    for i in range(50):
        await one.sure(Parcel(ToSkill("text.sum"), b"%d" % i, expires_ms=5_000))
        await one.sure(Parcel(ToAgents(("ann",)), b"%d" % i))
    began = loop.time()
    arrived: list[Delivery] = []
    while loop.time() < began + 20:
        try:
            async with asyncio.timeout(1):
                await ann.read()
        except TimeoutError:
            pass
        arrived, ann.held = arrived + ann.held, []
    lanes = [d.lane for d in arrived]
    assert lanes.count(Lane.INBOX) == 50
    assert 0 < lanes.count(Lane.CFP) < 50


async def test_one_seed_is_one_run() -> None:
    async def run(seed: int) -> list[bytes]:
        transport = MemoryTransport(Faults(seed, lose=200_000, double=200_000, delay_ms=50, reorder=300_000))
        one, ann = await posts(transport, ONE, ANN)
        for i in range(100):
            await one.sure(Parcel(ToAgents(("ann",)), b"%d" % i))
        return await bodies(ann)

    assert await run(5) == await run(5)
    assert await run(5) != await run(6)


@pytest.mark.parametrize("wrong", [{"lose": -1}, {"double": 1_000_001}, {"delay_ms": -1}])
def test_faults_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Faults(1, **wrong)
