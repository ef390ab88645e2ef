"""The client's errors, translated in one place into what people can act on.

A `Trouble` ends a generation of a link. It is *refused* when trying again cannot help before an operator has mended
something (login, virtual host, permission, a queue with other arguments); else the broker is away or busy, and trying
again will do.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

import aiormq.exceptions as amqp

from contractnet.transport.amqp.settings import Broker
from contractnet.transport.topology import Arguments

#: what a call on a connection or a channel may raise when the wire or the broker fails
WIRE_ERRORS = (amqp.AMQPError, amqp.ChannelInvalidStateError, OSError, TimeoutError, RuntimeError)


class Trouble(Exception):
    """Why there is no link now.

    Attributes:
        reason: for people, without secrets.
        refused: an operator must mend something first.
    """

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        self.reason = reason
        self.refused = refused
        super().__init__(reason)


def at_connect(error: BaseException, broker: Broker, timeout_s: float) -> Trouble:
    """Why no connection could be opened."""
    cause = error.__cause__ if isinstance(error, amqp.AMQPConnectionError) and error.__cause__ else error
    at = f"the broker at {broker.place}"
    match error, cause:
        case amqp.ProbableAuthenticationError(), _:
            return Trouble(
                f"{at} refused the login of user {broker.user!r}: check the user name and the password in the "
                "broker URL",
                refused=True,
            )
        case amqp.AuthenticationError(), _:
            return Trouble(f"{at} offers no way to log in that we know: {said(error)}", refused=True)
        case amqp.ConnectionNotAllowed(), _:
            return Trouble(
                f"{at} refused the virtual host {broker.vhost!r} to user {broker.user!r}: {said(error)}. Check the end "
                f"of the broker URL, or create it: rabbitmqctl add_vhost {broker.vhost}",
                refused=True,
            )
        case _, TimeoutError():
            return Trouble(f"{at} did not answer within {timeout_s:g} s")
        case _, ConnectionRefusedError():
            return Trouble(f"no broker answers at {broker.place} (connection refused): start it, or name another one")
        case _, socket.gaierror():
            return Trouble(f"the host of the broker {broker.place} is not known: check the broker URL")
        case _, ssl.SSLError():
            return Trouble(f"no TLS with {at}: {said(cause)}")
        case ((amqp.ProtocolSyntaxError() | amqp.IncompatibleProtocolError()), _):
            return Trouble(f"what answers at {broker.place} does not speak AMQP 0-9-1: {said(error)}")
        case _:
            return Trouble(f"no connection to {at}: {said(error)}")


def at_call(error: BaseException, broker: Broker, doing: str, timeout_s: float, if_silent: str = "") -> Trouble:
    """Why a call on a channel failed; `doing` says which, such as "declare the queue d.ann.inbox"."""
    at = f"the broker at {broker.place}"
    match error:
        case amqp.ChannelAccessRefused():
            return Trouble(
                f"user {broker.user!r} may not {doing} at {at}: {said(error)}. It needs all rights in the virtual "
                f"host: rabbitmqctl set_permissions -p {broker.vhost} {broker.user} '.*' '.*' '.*'",
                refused=True,
            )
        case amqp.ChannelPreconditionFailed():
            return Trouble(f"{at} refused to {doing}: {said(error)}", refused=True)
        case TimeoutError():
            return Trouble(f"{at} did not {doing} within {timeout_s:g} s" + (if_silent and f". {if_silent}"))
        case _:
            return Trouble(f"{at} could not {doing}: {said(error)}")


def other_arguments(error: BaseException, broker: Broker, queue: str, wanted: Arguments) -> Trouble:
    """A queue of ours exists with other arguments (406)."""
    listed = ", ".join(f"{name}={value}" for name, value in sorted(wanted.items()))
    return Trouble(
        f"the queue {queue} in the virtual host {broker.vhost!r} of the broker at {broker.place} has other arguments: "
        f"{said(error)}. Wanted: durable, {listed}. Delete the queue when it is empty, or use another virtual host",
        refused=True,
    )


def at_loss(error: BaseException | None, broker: Broker, what: str, silence_s: float) -> Trouble:
    """Why a connection or a channel that worked is gone."""
    where = f"with the broker at {broker.place}"
    match error:
        case None:
            return Trouble(f"{what} {where} was closed")
        case asyncio.CancelledError():
            return Trouble(f"{what} {where} is dead: nothing heard for {silence_s:g} s")
        case amqp.ChannelAccessRefused():
            return Trouble(f"{what} {where} was closed: {said(error)}", refused=True)
        case _:
            return Trouble(f"{what} {where} was lost: {said(error)}")


def said(error: BaseException) -> str:
    """The text of an error, or its kind where it has none."""
    parts = [str(part) for part in error.args if part not in (None, "")]
    return " ".join(parts) or type(error).__name__
