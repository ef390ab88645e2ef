"""Messages that the AMQP client cannot decode: none of them costs a connection."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from contractnet.testing.proxy import TcpProxy
from contractnet.transport.amqp.link import AmqpTransport
from contractnet.transport.port import Delivery, Lane, Parcel, ToAgents, Up
from tests.suites.transport import ANN, ONE, Post
from tests.support.checker import until_depth
from tests.support.raw_amqp import HEADERS, UNDECODABLE, bcc, publish, table

PATIENCE_S = 20.0


@pytest.fixture
def port(amqp_url: str) -> int:
    return urlsplit(amqp_url).port or 5672


async def test_five_undecodable_messages_and_no_reconnect(amqp_url: str, port: int) -> None:
    async with TcpProxy("127.0.0.1", port) as proxy:
        async with AmqpTransport(proxy.url(amqp_url)).attach(ANN) as link:
            ann = Post(link, PATIENCE_S)
            await ann.note(Up)
            for exchange, key in (("cn.to_agent", b"ann"), ("cn.cfp", b"agent.ann")):
                for name, (flags, properties) in UNDECODABLE.items():
                    said = await asyncio.to_thread(publish, amqp_url, exchange, key, flags, properties, name.encode())
                    assert said == "Basic.Ack"
            async with AmqpTransport(amqp_url).attach(ONE) as sender:
                one = Post(sender, PATIENCE_S)
                await one.note(Up)
                await one.sure(Parcel(ToAgents(("ann",)), b"honest"))
                await one.sure(Parcel(ToAgents(("ann",), Lane.CFP), b"honest"))
            while len(ann.held) < 2 * len(UNDECODABLE) + 2:
                await ann.read()
            for lane in (Lane.INBOX, Lane.CFP):
                came = [d for d in ann.held if d.lane is lane]
                assert [d.body.decode() for d in came] == [*UNDECODABLE, "honest"]
                assert [d.undecodable is None for d in came] == [False] * len(UNDECODABLE) + [True]
            for delivery in ann.held:
                (delivery.ack if delivery.undecodable is None else delivery.reject)()
            assert ann.notes == []
        assert proxy.accepted == 2  # its two connections
    await until_depth(amqp_url, "dead", len(UNDECODABLE))  # those of the inbox: invitations are dropped


async def test_a_routing_key_that_is_no_text(amqp_url: str, port: int) -> None:
    async with TcpProxy("127.0.0.1", port) as proxy:
        async with AmqpTransport(proxy.url(amqp_url)).attach(ONE) as link:
            one = Post(link, PATIENCE_S)
            await one.note(Up)
            headers = table((b"BCC", bcc(b"one.bid")))
            for exchange, flags, properties in (("cn.to_mgr", HEADERS, headers), ("cn.presence", 0, b"")):
                said = await asyncio.to_thread(publish, amqp_url, exchange, b"\xff\xfe", flags, properties, b"x")
                assert said == "Basic.Ack"
            while len(one.held) < 2:
                await one.read()
            came: list[Delivery] = one.held
            assert {(d.lane, d.body) for d in came} == {(Lane.BID, b"x"), (Lane.PRESENCE, b"x")}
            assert one.notes == []
        assert proxy.accepted == 2
