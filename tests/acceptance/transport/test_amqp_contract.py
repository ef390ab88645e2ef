"""The contract of the port over a real RabbitMQ, through a proxy that can take the broker away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from contractnet.testing.proxy import TcpProxy
from contractnet.transport.amqp.link import AmqpLink, AmqpTransport
from contractnet.transport.amqp.settings import AmqpSettings
from contractnet.transport.port import Party, Transport
from tests.suites.transport import TransportSuite

QUICK = AmqpSettings(first_wait_s=0.1, longest_wait_s=0.3, standby_wait_s=0.2)


class Proxied:
    """A transport whose broker can be taken away."""

    def __init__(self, url: str, proxy: TcpProxy) -> None:
        self.proxy = proxy
        self._inner = AmqpTransport(proxy.url(url), QUICK)

    def attach(self, party: Party) -> AmqpLink:
        return self._inner.attach(party)


class TestAmqp(TransportSuite):
    @pytest.fixture
    async def transport(self, amqp_url: str) -> AsyncIterator[Transport]:
        parts = urlsplit(amqp_url)
        async with TcpProxy(parts.hostname or "127.0.0.1", parts.port or 5672) as proxy:
            yield Proxied(amqp_url, proxy)

    async def take_broker_away(self, transport: Transport) -> None:
        assert isinstance(transport, Proxied)
        transport.proxy.refuse = True
        transport.proxy.cut()

    async def bring_broker_back(self, transport: Transport) -> None:
        assert isinstance(transport, Proxied)
        transport.proxy.refuse = False
