"""The scribe: what cannot be written leaves no trace in the versions."""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.ledger.records import Fired
from contractnet.ledger.scribe import Pen, Scribe


def test_a_record_that_cannot_be_written_counts_no_version() -> None:
    pen = Pen("mgr", "mgr", "5eed")
    with pytest.raises(DefinitionError):
        Scribe(pen, 1).fact("t.1", Fired(timer="\udc80"))
    assert pen.versions == {}
    scribe = Scribe(pen, 1)
    scribe.fact("t.1", Fired(timer="x"))
    assert [one.draft.version for one in scribe.finish()] == [1]
