"""The circuit: opens, lets one try, closes, and waits longer each time it was in vain."""

from __future__ import annotations

import pytest

from contractnet.errors import ModelUnavailable
from contractnet.llm.circuit import Circuit


def opened(now: float = 0.0) -> Circuit:
    circuit = Circuit(failures=3, open_s=5, most_s=12)
    for _ in range(3):
        circuit.enter(now)
        circuit.failed(now)
    return circuit


def turned_away(circuit: Circuit, now: float) -> bool:
    try:
        circuit.enter(now)
    except ModelUnavailable:
        return True
    return False


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    circuit = Circuit(failures=3)
    for end in (circuit.failed, circuit.failed):
        circuit.enter(0)
        end(0)
    circuit.enter(0)
    circuit.succeeded()  # the row is broken
    for _ in range(2):
        circuit.enter(0)
        circuit.failed(0)
    assert circuit.closed
    circuit.enter(0)
    circuit.failed(0)
    assert not circuit.closed
    with pytest.raises(ModelUnavailable, match=r"failed 3 times in a row; it is left alone for 3\.0 s") as caught:
        circuit.enter(2)
    assert caught.value.outcome == "circuit"


def test_one_tries_after_a_while_and_a_success_closes_it() -> None:
    circuit = opened()
    assert turned_away(circuit, 4.99)
    assert not turned_away(circuit, 5)
    assert turned_away(circuit, 5)  # one, not two
    circuit.succeeded()
    assert not turned_away(circuit, 5)
    assert circuit.closed


def test_a_try_in_vain_doubles_the_time_up_to_a_limit() -> None:
    circuit = opened()
    now = 5.0
    for pause in (10, 12, 12):
        assert not turned_away(circuit, now)
        circuit.failed(now)
        assert turned_away(circuit, now + pause - 0.01)
        now += pause
    circuit.enter(now)
    circuit.succeeded()
    for _ in range(3):
        circuit.enter(now)
        circuit.failed(now)
    assert not turned_away(circuit, now + 5)  # it began anew


def test_a_try_that_tells_nothing_leaves_the_next_one_to_try() -> None:
    circuit = opened()
    circuit.enter(5)
    circuit.left()
    assert not circuit.closed
    assert not turned_away(circuit, 5)
