"""Broker URLs: what opens, what does not, and that no password is shown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contractnet.errors import DefinitionError
from contractnet.transport.amqp.link import AmqpTransport
from contractnet.transport.amqp.settings import Broker
from contractnet.transport.memory import MemoryTransport
from contractnet.transport.urls import open_transport


def test_memory_is_a_new_hub_each_time() -> None:
    first, second = open_transport("memory://"), open_transport("memory://")
    assert isinstance(first, MemoryTransport)
    assert first is not second


@pytest.mark.parametrize("url", ["amqp://guest:guest@127.0.0.1/", "amqps://u:p@broker.example:5671/market"])
def test_amqp(url: str) -> None:
    assert isinstance(open_transport(url), AmqpTransport)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://u:pa55@h/", "allowed are memory://, amqp://"),
        ("localhost:5672", "allowed are memory://"),
        ("", "allowed are memory://"),
        ("memory", "allowed are memory://"),
        ("memory://shared", "nothing follows memory://"),
        ("amqp://", "not of the form amqp://USER"),
        ("amqp:///market", "not of the form amqp://USER"),
        ("amqp://u:pa55@h:port/", "cannot be read"),
        ("amqp://u:pa55@h:99999/", "cannot be read"),
        ("amqp://u:pa55/word@h/", "cannot be read"),
        ("amqp://u:pa55\u2100@h/", "cannot be read"),
        ("amqp://u:[pa55@h/", "cannot be read"),
        ("u:pa55word@h", "allowed are memory://"),
        ("amqp:u:pa55word@h", "allowed are memory://"),
        ("amqp:/u:pa55word@h", "allowed are memory://"),
        ("redis://h/?password=pa55", "allowed are memory://"),
        ("h?login=pa55", "allowed are memory://"),
        ("amqp://h:port/?password=pa55", "cannot be read"),
        ("memory://?x=pa55", "nothing follows memory://"),
    ],
)
def test_what_cannot_be_used_says_so_without_its_password(url: str, says: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        open_transport(url)
    assert says in str(caught.value)
    assert "pa55" not in str(caught.value)
    assert "word" not in str(caught.value).replace("PASSWORD", "")


@pytest.mark.parametrize(
    ("url", "place", "user", "vhost"),
    [
        ("amqp://h", "h:5672", "guest", "/"),
        ("amqp://h/", "h:5672", "guest", "/"),
        ("amqp://h/%2F", "h:5672", "guest", "/"),
        ("amqps://ann:x@h/market", "h:5671", "ann", "market"),
        ("amqp://a%40b:x@10.0.0.1:25672/a%2Fb", "10.0.0.1:25672", "a@b", "a/b"),
    ],
)
def test_the_parts_of_a_broker_url(url: str, place: str, user: str, vhost: str) -> None:
    broker = Broker.of(url)
    assert (broker.place, broker.user, broker.vhost) == (place, user, vhost)


def test_a_broker_does_not_print_its_password() -> None:
    assert "pa55" not in repr(Broker.of("amqp://ann:pa55@h/"))


def test_only_amqp_imports_the_client() -> None:
    code = (
        "import sys; from contractnet.transport.urls import open_transport; open_transport('memory://');"
        "assert not {'aiormq', 'aio_pika', 'pamqp', 'yarl'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
