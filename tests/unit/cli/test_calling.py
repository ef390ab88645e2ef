"""What `call` makes of its options and of a task's own words."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.cli.calling import _of
from contractnet.market.task import Task
from contractnet.market.terms import terms

OPTIONS: dict[str, Any] = {"reserve": "0.05", "reserve_prior": None, "value": "1"}


@pytest.mark.parametrize(
    ("task", "reserve"),
    [
        (Task("x", "a.b"), 50_000),
        (Task("x", "a.b", reserve="0.01"), 10_000),
        (Task("x", "a.b", terms={"reserve": "0.02"}), 20_000),
    ],
)
def test_the_reserve_of_a_line_stands_above_the_command_line(task: Task, reserve: int) -> None:
    assert terms(task, **_of(task, OPTIONS)).reserve == reserve
    prior = {"reserve": None, "reserve_prior": ("0.02", "0.9"), "value": "1"}
    if task.reserve is not None:
        assert terms(task, **_of(task, prior)).reserve == reserve
