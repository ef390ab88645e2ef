"""What doctor makes of a broker's greeting, its address and its clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.telemetry.findings import Level
from contractnet.transport.amqp.checkup import apart_s, version_of, way_of
from contractnet.transport.amqp.settings import Broker

BROKER = Broker.of("amqp://bob:secret@rabbit.example/v")


@pytest.mark.parametrize(
    ("product", "version", "level"),
    [
        ("RabbitMQ", "3.7.28", Level.PROBLEM),
        ("RabbitMQ", "3.9.0", Level.WARNING),
        ("RabbitMQ", "3.10.8", Level.OK),
        ("RabbitMQ", "4.2.7", Level.OK),
        ("RabbitMQ", "4.3.0-rc.1", Level.OK),
        ("LavinMQ", "2.4.0", Level.WARNING),
        ("RabbitMQ", "unknown", Level.WARNING),
        (b"RabbitMQ", b"3.12.1", Level.OK),
    ],
)
def test_versions(product: str, version: str, level: Level) -> None:
    found = version_of({"product": product, "version": version}, BROKER, 0.01)
    assert found.level is level
    assert "secret" not in found.found


def test_a_broker_that_says_nothing_of_itself() -> None:
    assert version_of({}, BROKER, 0.01).level is Level.WARNING


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("amqp://127.0.0.1/", Level.OK),
        ("amqp://localhost/", Level.OK),
        ("amqp://[::1]/", Level.OK),
        ("amqps://rabbit.example/", Level.OK),
        ("amqp://rabbit.example/", Level.WARNING),
        ("amqp://192.0.2.7/", Level.WARNING),
    ],
)
def test_who_can_read_along(url: str, level: Level) -> None:
    assert way_of(Broker.of(url)).level is level


@given(
    st.floats(1e9, 2e9),
    st.floats(0, 5),
    st.one_of(st.floats(-100_000, -10), st.floats(10, 100_000)),
)
def test_a_clock_that_is_off_is_off_by_about_that_much(now: float, took: float, off: float) -> None:
    read = float(int(now + took / 2 + off))  # whole seconds, read half-way
    found = apart_s(read, now, now + took)
    assert abs(found) <= abs(off) + 1e-3
    assert abs(found - off) <= 1 + took
    assert (found > 0) is (off > 0)


@given(st.floats(1e9, 2e9), st.floats(0, 5))
def test_a_clock_that_is_right_may_be_the_same(now: float, took: float) -> None:
    assert apart_s(float(int(now + took / 2)), now, now + took) == 0
