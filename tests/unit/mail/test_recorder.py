"""The recorder: what fails after a commit is the end of the process too."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.records import Fired
from contractnet.ledger.scribe import Pen, Scribe, Writing
from contractnet.mail.recorder import Recorder


def written(timer: str = "x") -> list[Writing]:
    scribe = Scribe(Pen("mgr", "mgr", "5eed"), 1)
    scribe.fact("t.1", Fired(timer=timer))
    return scribe.finish()


async def test_a_failure_of_what_follows_a_commit_breaks_the_recorder() -> None:
    def recorded(_: Sequence[Writing]) -> None:
        raise ValueError("a queue that cannot be written")

    recorder = Recorder(MemoryLedger("mgr"), recorded)
    recorder.commit(written())
    with pytest.raises(ValueError, match="cannot be written"):
        await recorder.broken


async def test_what_was_recorded_is_handed_on_before_what_follows() -> None:
    seen: list[str] = []
    recorder = Recorder(MemoryLedger("mgr"), lambda entries: seen.append(entries[0].draft.type))

    def then() -> None:
        seen.append("then")
        recorder.broken.set_result(None)

    recorder.commit(written(), then=then)
    await recorder.broken
    assert seen == ["Fired", "then"]
