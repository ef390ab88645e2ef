"""What can be set about a link over RabbitMQ, and the broker's address in parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from yarl import URL

from contractnet.errors import DefinitionError
from contractnet.transport.masking import masked_broker

SCHEMES = ("amqp", "amqps")


@dataclass(frozen=True, slots=True)
class AmqpSettings:
    """Times in seconds."""

    connect_timeout_s: float = 5.0  #: longest wait for one connection, login included
    call_timeout_s: float = 10.0  #: longest wait for the answer to one declare, bind, consume ...
    close_timeout_s: float = 3.0  #: longest orderly closing; then the socket is cut
    heartbeat_s: int = 10  #: a half-open link is noticed after 3 x (heartbeat + 1) s; a `heartbeat=` in the URL wins
    first_wait_s: float = 1.0  #: before the second attempt, half to once that; doubled each time
    longest_wait_s: float = 4.0  #: where the doubling ends; all are back well within a manager's grace of 10 s (D5)
    standby_wait_s: float = 2.0  #: how often a standby tries, half to once that
    refused_after_s: float = 30.0  #: how long what an operator must mend is tried again before `receive` raises
    give_up_after_s: float | None = None  #: the same for a broker that does not answer; None: for ever
    watch_s: float = 30.0  #: how often the queues are looked into for mail that is not delivered
    prefetch: int = 256  #: deliveries of one queue held unacked, most
    in_flight: int = 256  #: publishes that wait for their confirm, most


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there.

    Raises:
        DefinitionError: the URL cannot be used; it is shown without its password.
    """

    url: URL = field(repr=False)  #: with the password: never shown
    place: str  #: host:port
    user: str
    vhost: str

    @classmethod
    def of(cls, text: str) -> Broker:
        form = "amqp://USER:PASSWORD@HOST:PORT/VHOST"
        try:
            url = URL(text)
            port = url.explicit_port or (5671 if url.scheme == "amqps" else 5672)
        except ValueError:  # its text may quote the password
            raise DefinitionError(
                f"broker URL {masked_broker(text)!r} cannot be read: write {form}, in USER and PASSWORD "
                "every character but letters and digits as %XX, and PORT a number up to 65535"
            ) from None
        if url.scheme not in SCHEMES or not url.host:
            raise DefinitionError(f"broker URL {masked_broker(text)!r} is not of the form {form} (or amqps://)")
        vhost = url.path[1:].replace("%2F", "/") or "/"
        return cls(url=url, place=f"{url.host}:{port}", user=url.user or "guest", vhost=vhost)

    @property
    def proves_user(self) -> bool:
        """Whether `user` is the name the broker knows us by, so that it may be set on what we publish."""
        return self.url.query.get("auth", "plain").lower() == "plain"
