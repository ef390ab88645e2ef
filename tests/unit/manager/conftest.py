"""What the tests of the manager share: a bench whose ledger is replayed after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A manager's book; whatever the test did to it must replay to the same state."""
    made = Bench()
    yield made
    made.check()
