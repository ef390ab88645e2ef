"""What every ledger must do, whatever it is written to. A subclass says how one is opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from contractnet.errors import LedgerBroken, VersionConflict
from contractnet.ledger.chain import ZERO, seal, verify
from contractnet.ledger.port import Draft, Entry, Ledger

NOW = 1_800_000_000_000
OWNER = "m0123456789ab"


def draft(
    version: int,
    conversation: str = "c1",
    *,
    agent: str = OWNER,
    at: int = NOW,
    body: str = "{}",
    message: tuple[str, str, str] | None = None,
) -> Draft:
    """A draft; `message` is (direction, sender, message id)."""
    direction, sender, message_id = message or (None, None, None)
    return Draft(
        agent=agent,
        conversation=conversation,
        version=version,
        type="Decided" if message is None else "Heard",
        at=at,
        body=body,
        direction=direction,
        sender=sender,
        message_id=message_id,
    )


class LedgerSuite:
    """Run for every implementation of the port."""

    async def open(self) -> Ledger:
        """A new ledger of OWNER, founded at NOW."""
        raise NotImplementedError

    @asynccontextmanager
    async def ledger(self) -> AsyncIterator[Ledger]:
        ledger = await self.open()
        try:
            yield ledger
        finally:
            await ledger.aclose()

    async def test_a_new_ledger_says_whose_it_is(self) -> None:
        async with self.ledger() as ledger:
            (first,) = ledger.entries()
            assert ledger.owner == OWNER
            assert ledger.head == first
            assert (first.position, first.version, first.previous) == (1, 1, ZERO)
            assert (first.agent, first.conversation, first.type, first.at) == (OWNER, "ledger", "Founded", NOW)
            assert first.body == f'{{"format":1,"kind":"ledger","owner":"{OWNER}"}}'

    async def test_an_entry_is_its_draft_with_a_place(self) -> None:
        async with self.ledger() as ledger:
            said = draft(1, body='{"text":"\\u0000 ü 🂡"}', message=("in", "ada", "id-1"))
            (entry,) = await ledger.append([said])
            head = next(iter(ledger.entries()))
            assert entry == seal(said, 2, head.hash)
            assert list(ledger.entries(after=1)) == [entry]
            assert ledger.head == entry

    async def test_order_is_decided_by_the_call(self) -> None:
        async with self.ledger() as ledger:
            futures = [ledger.append([draft(1, f"c{i}"), draft(2, f"c{i}")]) for i in range(300)]
            placed = ledger.head
            last_first = [await future for future in reversed(futures)]
            entries = [entry for batch in reversed(last_first) for entry in batch]
            assert [entry.position for entry in entries] == list(range(2, 602))
            assert [(entry.conversation, entry.version) for entry in entries] == [
                (f"c{i}", version) for i in range(300) for version in (1, 2)
            ]
            assert placed == entries[-1]
            assert list(ledger.entries(after=1)) == entries

    async def test_many_appenders_leave_a_chain_without_gaps(self) -> None:
        async with self.ledger() as ledger:

            async def appender(name: int) -> list[Entry]:
                mine: list[Entry] = []
                for version in range(1, 21):
                    said = draft(version, f"c{name}", message=("out", OWNER, f"{name}-{version}"))
                    mine += await ledger.append([said])
                return mine

            kept = await asyncio.gather(*(appender(name) for name in range(40)))
            recorded = list(ledger.entries())
            verify(recorded)
            assert len(recorded) == 801
            assert sorted((entry for mine in kept for entry in mine), key=lambda entry: entry.position) == recorded[1:]

    async def test_entries_of_one_conversation(self) -> None:
        async with self.ledger() as ledger:
            for version in range(1, 6):
                await ledger.append([draft(version, "c1"), draft(version, "c2")])
            assert [entry.position for entry in ledger.entries(conversation="c2")] == [3, 5, 7, 9, 11]
            assert [entry.position for entry in ledger.entries(after=7, conversation="c2")] == [9, 11]
            assert list(ledger.entries(conversation="nobody")) == []
            assert list(ledger.entries(after=11)) == []
            assert len(list(ledger.entries(after=-5))) == 11

    @pytest.mark.parametrize(
        "second",
        [
            pytest.param([draft(1)], id="the version exists"),
            pytest.param([draft(3)], id="a version is left out"),
            pytest.param([draft(0)], id="no version"),
            pytest.param([draft(2), draft(2)], id="twice in one call"),
            pytest.param([draft(1, "c2", message=("in", "ada", "id-1"))], id="the message exists"),
            pytest.param(
                [draft(1, "c2", message=("in", "ada", "id-2")), draft(1, "c3", message=("in", "ada", "id-2"))],
                id="one message twice in one call",
            ),
            pytest.param([draft(1, "c2"), draft(1)], id="the second of two"),
        ],
    )
    async def test_a_conflict_writes_nothing_and_costs_no_place(self, second: Sequence[Draft]) -> None:
        async with self.ledger() as ledger:
            first = ledger.append([draft(1, message=("in", "ada", "id-1"))])
            conflict = ledger.append(second)
            third = ledger.append([draft(2), draft(1, "c2", message=("in", "ada", "id-2"))])
            with pytest.raises(VersionConflict):
                await conflict
            assert [entry.position for entry in [*await first, *await third]] == [2, 3, 4]
            assert [entry.position for entry in ledger.entries()] == [1, 2, 3, 4]
            ledger.check()

    async def test_a_message_is_unique_by_agent_direction_and_sender(self) -> None:
        async with self.ledger() as ledger:
            await ledger.append([draft(1, message=("in", "ada", "id-1"))])
            await ledger.append([draft(2, message=("out", "ada", "id-1"))])
            await ledger.append([draft(3, message=("in", "bob", "id-1"))])
            await ledger.append([draft(1, agent="cid", message=("in", "ada", "id-1"))])
            await ledger.append([draft(4), draft(5)])  # no message: nothing to be unique
            assert len(list(ledger.entries())) == 7

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param(draft(2, at=NOW - 1), id="time goes back"),
            pytest.param(draft(2, message=("to", "ada", "id-2")), id="another direction"),
            pytest.param(replace(draft(2), message_id="id-2"), id="half a message"),
        ],
    )
    async def test_a_mistake_of_the_caller_writes_nothing(self, wrong: Draft) -> None:
        async with self.ledger() as ledger:
            await ledger.append([draft(1)])
            with pytest.raises(ValueError, match="c"):
                ledger.append([draft(2), wrong])
            (entry,) = await ledger.append([draft(2)])
            assert entry.position == 3

    async def test_without_drafts_it_waits_for_what_was_appended(self) -> None:
        async with self.ledger() as ledger:
            before = ledger.append([draft(1)])
            assert list(await ledger.append([])) == []
            assert before.done()

    async def test_a_caller_that_is_cancelled_changes_nothing(self) -> None:
        async with self.ledger() as ledger:
            ledger.append([draft(1)]).cancel()
            await ledger.append([draft(2)])
            assert [entry.version for entry in ledger.entries(after=1)] == [1, 2]

    async def test_an_iteration_lets_others_append(self) -> None:
        async with self.ledger() as ledger:
            for version in range(1, 51):
                ledger.append([draft(version)])
            await ledger.append([])
            seen = 0
            for entry in ledger.entries(after=1):
                seen += 1
                assert entry.position == seen + 1
                if seen <= 50:
                    await ledger.append([draft(1, f"beside-{seen}")])
            assert seen >= 50

    async def test_after_the_end_nothing_is_appended(self) -> None:
        ledger = await self.open()
        last = ledger.append([draft(1)])
        await ledger.aclose()
        assert last.done()
        assert len(await last) == 1
        with pytest.raises(LedgerBroken, match="closed"):
            await ledger.append([draft(2)])
        await ledger.aclose()  # once more does no harm
