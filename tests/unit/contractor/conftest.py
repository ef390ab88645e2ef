"""What the tests of the contractor share: an agent's side whose journal is replayed after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.side import Side


@pytest.fixture
def side() -> Iterator[Side]:
    """An agent's journal; whatever the test did to it must replay to the same state."""
    made = Side()
    yield made
    made.check()
