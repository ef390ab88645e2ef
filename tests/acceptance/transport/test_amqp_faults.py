"""The broker or the wire breaks: nothing that was confirmed is lost, and the link is up again by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pika
import pytest

from contractnet.errors import TransportBroken, TransportClosed
from contractnet.testing.node import PrivateNode
from contractnet.testing.proxy import TcpProxy
from contractnet.transport.amqp.link import AmqpLink, AmqpTransport
from contractnet.transport.amqp.settings import AmqpSettings
from contractnet.transport.port import (
    Down,
    Lane,
    ManagerParty,
    Outcome,
    Parcel,
    Standby,
    ToAgents,
    ToManager,
    Up,
)
from tests.suites.transport import ANN, BOB, ONE, Post
from tests.support.checker import messages_in
from tests.support.settled import settle

QUICK = AmqpSettings(first_wait_s=0.1, longest_wait_s=0.3, standby_wait_s=0.2)
PATIENCE_S = 30.0
INBOX = ToAgents(("ann",))


@pytest.fixture
async def proxy(amqp_url: str) -> AsyncIterator[TcpProxy]:
    async with TcpProxy("127.0.0.1", urlsplit(amqp_url).port or 5672) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
async def no_task_is_left(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """After each test, with its links closed: the tasks that were there before, and nothing logged."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - {asyncio.current_task()} <= before
    assert [r for r in caplog.records if r.levelno >= logging.WARNING and "pika" not in r.name] == []


async def note_of(link: AmqpLink, kind: type[Up | Down | Standby]) -> Up | Down | Standby:
    return await Post(link, PATIENCE_S).note(kind)


async def numbers(post: Post, until: int) -> set[bytes]:
    """Read until so many different bodies came, and ack them."""
    while len(post.done) < until:
        await post.read()
        post.take()
    return post.done


@pytest.mark.parametrize("end", [PrivateNode.kill9, PrivateNode.stop], ids=["killed", "stopped"])
async def test_a_broker_that_is_restarted_loses_nothing(
    own_node: PrivateNode, end: Callable[[PrivateNode], None]
) -> None:
    transport = AmqpTransport(own_node.vhost(), QUICK)
    async with transport.attach(ONE) as first, transport.attach(ANN) as second:
        one, ann = Post(first, PATIENCE_S), Post(second, PATIENCE_S)
        await one.note(Up)
        await ann.note(Up)
        await asyncio.to_thread(settle, own_node)
        sends = [asyncio.ensure_future(ann.sure(Parcel(ToManager("one"), b"%d" % i))) for i in range(400)]
        await asyncio.wait(sends, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(end, own_node)
        assert isinstance(await one.note(Down), Down)
        assert isinstance(await ann.note(Down), Down)
        with pytest.raises(TransportBroken, match="not up"):
            await ann.link.send(Parcel(ToManager("one"), b"x"), 1)
        await asyncio.to_thread(own_node.start)
        assert await ann.note(Up) == Up(2)
        assert set(await asyncio.gather(*sends)) == {Outcome.TAKEN}
        assert await one.note(Up) == Up(2)
        assert await numbers(one, 400) == {b"%d" % i for i in range(400)}


async def test_sends_in_flight_when_the_wire_is_cut(amqp_url: str, proxy: TcpProxy) -> None:
    direct, proxied = AmqpTransport(amqp_url, QUICK), AmqpTransport(proxy.url(amqp_url), QUICK)
    async with direct.attach(ONE) as first, proxied.attach(ANN) as second:
        one, ann = Post(first, PATIENCE_S), Post(second, PATIENCE_S)
        await one.note(Up)
        await ann.note(Up)
        proxy.hold_down = True  # no confirm comes back
        parcels = [Parcel(ToManager("one"), b"%d" % i) for i in range(300)]
        sends = [asyncio.ensure_future(second.send(parcel, 30)) for parcel in parcels]
        await numbers(one, QUICK.in_flight)  # they were taken all the same
        assert not any(send.done() for send in sends)
        proxy.cut()
        proxy.hold_down = False
        fates = await asyncio.gather(*sends, return_exceptions=True)
        assert {type(fate) for fate in fates} == {TransportBroken}
        assert await ann.note(Up) == Up(2)
        assert {await ann.sure(parcel) for parcel in parcels} == {Outcome.TAKEN}
        assert await numbers(one, 300) == {parcel.body for parcel in parcels}


async def test_a_withheld_confirm_breaks_the_send_and_not_the_link(amqp_url: str, proxy: TcpProxy) -> None:
    async with AmqpTransport(proxy.url(amqp_url), QUICK).attach(ONE) as link:
        one = Post(link, PATIENCE_S)
        await one.note(Up)
        proxy.hold_down = True
        with pytest.raises(TransportBroken, match=r"no confirm within 0.2 s"):
            await link.send(Parcel(ToManager("one"), b"x"), 0.2)
        proxy.hold_down = False
        assert link.up
        assert await link.send(Parcel(ToManager("one"), b"y"), 10) is Outcome.TAKEN
        assert await one.bodies(2) == {b"x", b"y"}
        assert one.notes == []


async def test_a_half_open_link_is_noticed_by_its_silence(amqp_url: str, proxy: TcpProxy) -> None:
    settings = AmqpSettings(heartbeat_s=1, first_wait_s=0.1, longest_wait_s=0.3, close_timeout_s=0.5)
    async with AmqpTransport(proxy.url(amqp_url), settings).attach(ONE) as link:
        one = Post(link, PATIENCE_S)
        await one.note(Up)
        began = asyncio.get_running_loop().time()
        proxy.black_hole = True
        note = await one.note(Down)
        assert isinstance(note, Down)
        assert "nothing heard for 6 s" in note.reason
        assert asyncio.get_running_loop().time() - began < 15
        proxy.black_hole = False
        proxy.cut()
        assert await one.note(Up) == Up(2)


async def test_a_queue_deleted_under_its_consumer(amqp_url: str) -> None:
    async with AmqpTransport(amqp_url, QUICK).attach(ANN) as link, AmqpTransport(amqp_url).attach(ONE) as other:
        ann, one = Post(link, PATIENCE_S), Post(other, PATIENCE_S)
        await ann.note(Up)
        await one.note(Up)
        await asyncio.to_thread(delete_queue, amqp_url, "d.ann.inbox")
        note = await ann.note(Down)
        assert isinstance(note, Down)
        assert "d.ann.inbox" in note.reason
        assert await ann.note(Up) == Up(2)
        assert await one.sure(Parcel(INBOX, b"x")) is Outcome.TAKEN
        assert await ann.bodies(1) == {b"x"}


async def test_a_host_that_is_killed_is_taken_over(amqp_url: str, proxy: TcpProxy) -> None:
    async with AmqpTransport(proxy.url(amqp_url), QUICK).attach(ANN) as first:
        assert await note_of(first, Up) == Up(1)
        async with AmqpTransport(amqp_url, QUICK).attach(ANN) as second:
            assert isinstance(await note_of(second, Standby), Standby)
            proxy.refuse = True
            proxy.cut()
            assert await note_of(second, Up) == Up(1)
            proxy.refuse = False
            assert isinstance(await note_of(first, Standby), Standby)


async def test_closing_while_it_connects_waits_or_tries(amqp_url: str, proxy: TcpProxy) -> None:
    """Leaving is quick and leaves nothing, whatever the link was about."""
    transport = AmqpTransport(proxy.url(amqp_url), replace(QUICK, close_timeout_s=0.2))
    patient = AmqpTransport(proxy.url(amqp_url), replace(QUICK, first_wait_s=600, longest_wait_s=600))
    async with asyncio.timeout(PATIENCE_S):
        async with transport.attach(ONE):
            pass  # before the first step
        async with transport.attach(ONE):
            await asyncio.sleep(0.01)  # somewhere in the login
        proxy.hold_down, accepted = True, proxy.accepted
        async with transport.attach(ONE):
            while proxy.accepted == accepted:
                await asyncio.sleep(0.01)
        proxy.hold_down, proxy.refuse = False, True
        proxy.cut()
        async with patient.attach(ONE) as link:
            await note_of(link, Down)  # and waits before the next attempt
        proxy.refuse = False
        async with transport.attach(ONE) as link:
            await note_of(link, Up)
            async with transport.attach(ONE) as second:
                await note_of(second, Standby)
        async with transport.attach(ONE) as link:
            await note_of(link, Up)
            proxy.black_hole = True
        proxy.black_hole = False
        proxy.cut()


async def test_closing_ends_what_is_in_flight(amqp_url: str, proxy: TcpProxy) -> None:
    async with AmqpTransport(proxy.url(amqp_url), QUICK).attach(ONE) as link:
        await note_of(link, Up)
        proxy.hold_down = True
        sends = [asyncio.ensure_future(link.send(Parcel(ToManager("one"), b"x"), 30)) for _ in range(300)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(link.__aexit__(None, None, None))
        await asyncio.sleep(0.05)
        proxy.hold_down = False
        await closing
        fates = await asyncio.gather(*sends, return_exceptions=True)
        assert {type(fate) for fate in fates} <= {TransportClosed, Outcome}
        assert TransportClosed in {type(fate) for fate in fates}


async def test_what_other_clients_see(amqp_url: str) -> None:
    """No receiver learns of another; awards are persistent; every wire id is fresh; the broker checked the sender."""
    transport = AmqpTransport(amqp_url, QUICK)
    for party in (ANN, BOB):
        async with transport.attach(party) as link:
            await note_of(link, Up)
    async with transport.attach(ONE) as link:
        one = Post(link, PATIENCE_S)
        await one.note(Up)
        await one.sure(Parcel(ToAgents(("ann", "bob")), b"no"))
        await one.sure(Parcel(ToAgents(("ann",)), b"accept"))
        await one.sure(Parcel(ToAgents(("ann", "bob"), Lane.CFP), b"call", expires_ms=60_000))
        await one.sure(Parcel(ToManager("one"), b"self"))
        while not one.held:
            await one.read()
        assert one.held[0].user_id == "guest"
    ann = await asyncio.to_thread(messages_in, amqp_url, "d.ann.inbox", 2)
    bob = await asyncio.to_thread(messages_in, amqp_url, "d.bob.inbox", 1)
    call = await asyncio.to_thread(messages_in, amqp_url, "d.bob.cfp", 1)
    assert [(m.body, m.routing_key) for m in ann + bob] == [(b"no", "multi"), (b"accept", "ann"), (b"no", "multi")]
    assert [(m.body, m.routing_key) for m in call] == [(b"call", "multi")]
    for message in ann + bob + call:
        assert not {"BCC", "CC"} & set(message.properties.headers or {})
        assert message.properties.delivery_mode == 2
        assert message.properties.user_id == "guest"
    assert len({m.properties.message_id for m in ann}) == 2
    assert call[0].properties.expiration == "60000"


async def test_many_managers_and_daemons_of_one_process(amqp_url: str) -> None:
    transport = AmqpTransport(amqp_url, QUICK)
    async with (
        transport.attach(ManagerParty("one")) as one,
        transport.attach(ManagerParty("two")) as two,
        transport.attach(ANN) as ann,
        transport.attach(BOB) as bob,
    ):
        for link in (one, two, ann, bob):
            assert await note_of(link, Up) == Up(1)


async def test_a_queue_that_another_program_consumes_is_noticed(amqp_url: str) -> None:
    async with AmqpTransport(amqp_url, QUICK).attach(ANN) as link:
        await note_of(link, Up)
    stranger = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = stranger.channel()
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume("d.ann.inbox", lambda *_: None)
    settings = AmqpSettings(first_wait_s=0.1, longest_wait_s=0.3, watch_s=0.1)
    async with AmqpTransport(amqp_url, settings).attach(ANN) as link, AmqpTransport(amqp_url).attach(ONE) as other:
        ann, one = Post(link, PATIENCE_S), Post(other, PATIENCE_S)
        await ann.note(Up)
        await one.note(Up)
        for body in (b"1", b"2", b"3"):
            await one.sure(Parcel(INBOX, body))
        note = await ann.note(Down)
        assert isinstance(note, Down)
        assert "d.ann.inbox" in note.reason
        assert "has mail and delivers none" in note.reason
        stranger.close()
        assert await ann.bodies(3) == {b"1", b"2", b"3"}


async def test_a_delivery_held_too_long_comes_again(own_node: PrivateNode) -> None:
    own_node.eval("application:set_env(rabbit, consumer_timeout, 1000)")
    async with AmqpTransport(own_node.vhost(), QUICK).attach(ONE) as link:
        one = Post(link, PATIENCE_S)
        await one.note(Up)
        await one.sure(Parcel(ToManager("one"), b"held"))
        note = await one.note(Down)
        assert isinstance(note, Down)
        assert "m.one.bids" in note.reason
        assert "timed out" in note.reason
        one.held.clear()
        assert await one.note(Up) == Up(2)
        assert await one.bodies(1) == {b"held"}


async def test_a_broker_short_of_disk_blocks_sends_alone(own_node: PrivateNode) -> None:
    transport = AmqpTransport(own_node.vhost(), QUICK)
    async with transport.attach(ONE) as link, transport.attach(ANN) as other:
        one, ann = Post(link, PATIENCE_S), Post(other, PATIENCE_S)
        await one.note(Up)
        await ann.note(Up)
        await asyncio.to_thread(own_node.eval, f"rabbit_disk_monitor:set_disk_free_limit({10**16})")
        with pytest.raises(TransportBroken, match="no confirm"):
            await ann.link.send(Parcel(ToManager("one"), b"1"), 0.5)
        assert ann.link.up
        await asyncio.to_thread(own_node.eval, 'rabbit_disk_monitor:set_disk_free_limit("50MB")')
        assert await ann.sure(Parcel(ToManager("one"), b"2")) is Outcome.TAKEN
        assert await one.bodies(2) == {b"1", b"2"}
        assert one.notes == ann.notes == []


async def test_receivers_that_do_not_fit_one_frame(own_node: PrivateNode) -> None:
    own_node.eval("application:set_env(rabbit, frame_max, 8192)")
    transport = AmqpTransport(own_node.vhost(), QUICK)
    async with transport.attach(ONE) as link, transport.attach(ANN) as first, transport.attach(BOB) as second:
        one, ann, bob = (Post(each, PATIENCE_S) for each in (link, first, second))
        for post in (one, ann, bob):
            await post.note(Up)
        strangers = tuple(f"{i:048d}" for i in range(498))
        assert await one.sure(Parcel(ToAgents(("ann", *strangers, "bob")), b"no")) is Outcome.TAKEN
        assert await one.sure(Parcel(ToAgents(strangers), b"no")) is Outcome.UNROUTABLE
        assert await ann.bodies(1) == await bob.bodies(1) == {b"no"}
        assert one.notes == []


def delete_queue(url: str, name: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    connection.channel().queue_delete(name)
    connection.close()
