"""Ledgers as files, made on the bench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from contractnet.ledger.chain import canonical
from contractnet.ledger.port import Entry
from tests.support.ledgers import LEDGERS

Save = Callable[[str, Sequence[Entry]], str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes entries as an exported ledger and returns its path."""

    def write(name: str, entries: Sequence[Entry]) -> str:
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(b"".join(canonical(entry) + b"\n" for entry in entries))
        return str(path)

    return write


@pytest.fixture
def settled(save: Save) -> str:
    """One tender: three bids of which two tie, and a result."""
    return save("settled", LEDGERS["settled"]().entries)


@pytest.fixture
def troubled(save: Save) -> str:
    """One tender of three calls in which everything goes wrong."""
    return save("troubled", LEDGERS["troubled"]().entries)


@pytest.fixture
def several(save: Save) -> str:
    """Three tenders of which two were called."""
    bench = LEDGERS["lost"]()
    bench.invite("a", tender_id="w")
    return save("several", bench.entries)
