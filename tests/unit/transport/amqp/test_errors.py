"""The client's errors and what people read instead, pair by pair."""

from __future__ import annotations

import asyncio
import socket
import ssl

import aiormq.exceptions as amqp
import pytest

from contractnet.transport.amqp.errors import at_call, at_connect, at_loss, other_arguments
from contractnet.transport.amqp.settings import Broker

BROKER = Broker.of("amqp://ann:pa55@h:1234/market")


def because(cause: BaseException) -> BaseException:
    """As the client wraps what the system says."""
    error = amqp.AMQPConnectionError(*cause.args)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason", "refused"),
    [
        (
            amqp.ProbableAuthenticationError("ACCESS_REFUSED - Login was refused"),
            "the broker at h:1234 refused the login of user 'ann': check the user name and the password in the broker "
            "URL",
            True,
        ),
        (
            amqp.AuthenticationError("EXTERNAL", ["PLAIN"]),
            "the broker at h:1234 offers no way to log in that we know: EXTERNAL ['PLAIN']",
            True,
        ),
        (
            amqp.ConnectionNotAllowed("NOT_ALLOWED - vhost market not found"),
            "the broker at h:1234 refused the virtual host 'market' to user 'ann': NOT_ALLOWED - vhost market not "
            "found. Check the end of the broker URL, or create it: rabbitmqctl add_vhost market",
            True,
        ),
        (TimeoutError(), "the broker at h:1234 did not answer within 5 s", False),
        (
            because(ConnectionRefusedError(111, "Connect call failed")),
            "no broker answers at h:1234 (connection refused): start it, or name another one",
            False,
        ),
        (
            because(socket.gaierror(-2, "Name or service not known")),
            "the host of the broker h:1234 is not known: check the broker URL",
            False,
        ),
        (
            because(ssl.SSLCertVerificationError(1, "certificate verify failed")),
            "no TLS with the broker at h:1234: 1 certificate verify failed",
            False,
        ),
        (
            amqp.InvalidFrameError("No frame length"),
            "what answers at h:1234 does not speak AMQP 0-9-1: No frame length",
            False,
        ),
        (
            because(ConnectionResetError(104, "Connection reset by peer")),
            "no connection to the broker at h:1234: 104 Connection reset by peer",
            False,
        ),
        (AttributeError(), "no connection to the broker at h:1234: AttributeError", False),
    ],
)
def test_at_connect(error: BaseException, reason: str, refused: bool) -> None:
    trouble = at_connect(error, BROKER, 5.0)
    assert (trouble.reason, trouble.refused) == (reason, refused)


@pytest.mark.parametrize(
    ("error", "reason", "refused"),
    [
        (
            amqp.ChannelAccessRefused("ACCESS_REFUSED - configure access"),
            "user 'ann' may not declare it at the broker at h:1234: ACCESS_REFUSED - configure access. It needs all "
            "rights in the virtual host: rabbitmqctl set_permissions -p market ann '.*' '.*' '.*'",
            True,
        ),
        (
            amqp.ChannelPreconditionFailed("PRECONDITION_FAILED - x"),
            "the broker at h:1234 refused to declare it: PRECONDITION_FAILED - x",
            True,
        ),
        (
            amqp.ChannelNotFoundEntity("NOT_FOUND - x"),
            "the broker at h:1234 could not declare it: NOT_FOUND - x",
            False,
        ),
        (TimeoutError(), "the broker at h:1234 did not declare it within 7 s. Look.", False),
        (
            amqp.ChannelInvalidStateError("closed"),
            "the broker at h:1234 could not declare it: closed",
            False,
        ),
    ],
)
def test_at_call(error: BaseException, reason: str, refused: bool) -> None:
    trouble = at_call(error, BROKER, "declare it", 7.0, "Look.")
    assert (trouble.reason, trouble.refused) == (reason, refused)


def test_other_arguments() -> None:
    trouble = other_arguments(amqp.ChannelPreconditionFailed("inequivalent arg"), BROKER, "q", {"x-b": 2, "x-a": True})
    assert trouble.refused
    assert trouble.reason == (
        "the queue q in the virtual host 'market' of the broker at h:1234 has other arguments: inequivalent arg. "
        "Wanted: durable, x-a=True, x-b=2. Delete the queue when it is empty, or use another virtual host"
    )


@pytest.mark.parametrize(
    ("error", "reason", "refused"),
    [
        (None, "the connection with the broker at h:1234 was closed", False),
        (
            asyncio.CancelledError(),
            "the connection with the broker at h:1234 is dead: nothing heard for 33 s",
            False,
        ),
        (
            amqp.ConnectionClosed(320, "CONNECTION_FORCED - shutdown"),
            "the connection with the broker at h:1234 was lost: 320 CONNECTION_FORCED - shutdown",
            False,
        ),
        (
            amqp.ChannelAccessRefused("ACCESS_REFUSED"),
            "the connection with the broker at h:1234 was closed: ACCESS_REFUSED",
            True,
        ),
    ],
)
def test_at_loss(error: BaseException | None, reason: str, refused: bool) -> None:
    trouble = at_loss(error, BROKER, "the connection", 33.0)
    assert (trouble.reason, trouble.refused) == (reason, refused)
