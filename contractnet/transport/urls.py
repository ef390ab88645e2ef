"""From a broker URL to a transport."""

from __future__ import annotations

from dataclasses import replace

from contractnet.errors import DefinitionError
from contractnet.transport.masking import masked_broker
from contractnet.transport.memory import MemoryTransport
from contractnet.transport.port import Transport

ALLOWED = "memory://, amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://…"


def open_transport(url: str, *, time_scale: float = 1.0) -> Transport:
    """The transport a URL names. Nothing is connected yet.

    `memory://` is a new hub each time: those who are to meet in it share the transport.

    Args:
        time_scale: of the waits between attempts to connect, and of the patience with what an operator must mend at a
            broker (30 s), for tests and campaigns.
    Raises:
        DefinitionError: no such scheme, or the rest of the URL cannot be used; shown without its password.
    """
    scheme, colon, rest = url.partition("://")
    if scheme in ("amqp", "amqps"):
        # Its client takes a tenth of a second to import, which commands without a broker need not pay.
        from contractnet.transport.amqp.link import AmqpTransport
        from contractnet.transport.amqp.settings import AmqpSettings

        usual = AmqpSettings()
        waits = ("first_wait_s", "longest_wait_s", "standby_wait_s", "refused_after_s")
        return AmqpTransport(url, replace(usual, **{name: getattr(usual, name) * time_scale for name in waits}))
    if scheme == "memory" and colon:
        if rest:
            raise DefinitionError(
                f"broker URL {masked_broker(url)!r}: nothing follows memory:// (it is private to its maker)"
            )
        return MemoryTransport()
    raise DefinitionError(f"broker URL {masked_broker(url)!r} has no scheme that we know; allowed are {ALLOWED}")
