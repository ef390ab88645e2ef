"""What an operator must mend: each with its own clear answer, at once as Down, and as an error in the end."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

import pika
import pytest

from contractnet.errors import TransportBroken, TransportRefused
from contractnet.testing.loopback import free_ports
from contractnet.testing.node import PrivateNode
from contractnet.transport.amqp.link import AmqpTransport
from contractnet.transport.amqp.settings import AmqpSettings
from contractnet.transport.port import Down, Parcel, ToSkill, Up
from tests.suites.transport import ANN, ONE, Post

SOON = AmqpSettings(first_wait_s=0.1, longest_wait_s=0.2, refused_after_s=0.5)
PATIENCE_S = 60.0
SECRET = "pa55-word"


async def ends_in(url: str, settings: AmqpSettings = SOON) -> tuple[str, str]:
    """The first reason that is shown, and the error that ends it."""
    async with AmqpTransport(url, settings).attach(ANN) as link:
        ann = Post(link, PATIENCE_S)
        note = await ann.note(Down)
        assert isinstance(note, Down)
        with pytest.raises(TransportBroken) as unsent:
            await link.send(Parcel(ToSkill("a.b"), b"x"), 1)
        assert note.reason in str(unsent.value)
        with pytest.raises(TransportRefused) as ended:
            await ann.note(Up)
        with pytest.raises(TransportRefused):
            await link.receive()  # for good
    return note.reason, str(ended.value)


def changed(url: str, *, password: str = SECRET, port: int | None = None, path: str | None = None) -> str:
    parts = urlsplit(url)
    place = f"{parts.hostname}:{port or parts.port}"
    return parts._replace(netloc=f"guest:{password}@{place}", path=path or parts.path).geturl()


async def test_wrong_password(amqp_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown, error = await ends_in(changed(amqp_url))
    assert shown == error
    assert "refused the login of user 'guest'" in error
    assert "check the user name and the password" in error
    assert SECRET not in shown + caplog.text
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_wrong_vhost(amqp_url: str) -> None:
    shown, error = await ends_in(changed(amqp_url, password="guest", path="/nowhere"))
    assert shown == error
    assert "refused the virtual host 'nowhere'" in error
    assert "rabbitmqctl add_vhost nowhere" in error


async def test_a_queue_with_other_arguments(amqp_url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.queue_declare("d.ann.inbox", durable=True, arguments={"x-queue-type": "quorum", "x-max-length": 5})
    shown, error = await ends_in(amqp_url)
    assert shown == error
    for text in ("d.ann.inbox", "x-max-length=1000", "x-delivery-limit=20", "Delete the queue when it is empty"):
        assert text in error
    assert connection.is_open
    settings = AmqpSettings(first_wait_s=0.1, longest_wait_s=0.2)
    async with AmqpTransport(amqp_url, settings).attach(ANN) as link:
        ann = Post(link, PATIENCE_S)
        await ann.note(Down)
        channel.queue_delete("d.ann.inbox")
        assert await ann.note(Up) == Up(1)  # mended in time: nobody had to start it again
    await asyncio.to_thread(connection.close)


async def test_a_user_without_rights(amqp_url: str, broker_node: PrivateNode) -> None:
    vhost = urlsplit(amqp_url).path[1:]
    name = f"user_{vhost.replace('-', '_')}"
    backend = "rabbit_auth_backend_internal"
    given = ", ".join(f'<<"{one}">>' for one in (name, vhost, "^$", ".*", ".*", "test"))
    await asyncio.to_thread(broker_node.eval, f'{backend}:add_user(<<"{name}">>, <<"{SECRET}">>, <<"test">>)')
    try:
        await asyncio.to_thread(broker_node.eval, f"{backend}:set_permissions({given})")
        _, error = await ends_in(changed(amqp_url).replace("guest:", name + ":"))
    finally:
        await asyncio.to_thread(broker_node.eval, f'{backend}:delete_user(<<"{name}">>, <<"test">>)')
    assert f"user '{name}' may not" in error
    assert f"rabbitmqctl set_permissions -p {vhost} {name} '.*' '.*' '.*'" in error
    assert SECRET not in error


async def test_an_exchange_of_another_type(amqp_url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    connection.channel().exchange_declare("cn.cfp", "fanout", durable=True)
    _, error = await ends_in(amqp_url)
    assert "declare the exchange cn.cfp" in error
    connection.close()


async def test_no_broker_is_waited_for_unless_told_otherwise(amqp_url: str) -> None:
    (port,) = free_ports(1)
    url = changed(amqp_url, port=port)
    settings = AmqpSettings(first_wait_s=0.1, longest_wait_s=0.2, refused_after_s=0.1)
    async with AmqpTransport(url, settings).attach(ONE) as link:
        one = Post(link, PATIENCE_S)
        assert await one.note(Down) == Down(
            f"no broker answers at 127.0.0.1:{port} (connection refused): start it, or name another one"
        )
        await one.read_for(1)
        assert one.notes == []  # said once, not at every attempt
    shown, error = await ends_in(url, AmqpSettings(first_wait_s=0.1, longest_wait_s=0.2, give_up_after_s=0.3))
    assert error == f"gave up after 0 s: {shown}"


async def test_what_answers_is_no_broker() -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(page, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with AmqpTransport(f"amqp://u:{SECRET}@127.0.0.1:{port}/", SOON).attach(ONE) as link:
            note = await Post(link, PATIENCE_S).note(Down)
    assert isinstance(note, Down)
    assert f"127.0.0.1:{port}" in note.reason
    assert SECRET not in note.reason


async def test_what_never_answers() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silence, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = AmqpSettings(connect_timeout_s=0.2)
        async with AmqpTransport(f"amqp://127.0.0.1:{port}/", settings).attach(ONE) as link:
            note = await Post(link, PATIENCE_S).note(Down)
    assert note == Down(f"the broker at 127.0.0.1:{port} did not answer within 0.2 s")


async def test_a_host_that_is_not_known() -> None:
    async with AmqpTransport("amqp://no-such-host.invalid/", SOON).attach(ONE) as link:
        note = await Post(link, PATIENCE_S).note(Down)
    assert note == Down("the host of the broker no-such-host.invalid:5672 is not known: check the broker URL")
