"""What every ledger must do that outlives its process. A subclass names a place for one."""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from contractnet.errors import LedgerLocked, LedgerUnusable, VersionConflict
from contractnet.ledger.chain import verify
from contractnet.ledger.port import Entry, Ledger
from contractnet.ledger.urls import open_ledger, open_reader
from contractnet.telemetry import failpoints
from tests.suites.ledger import NOW, OWNER, LedgerSuite, draft

ROOT = Path(__file__).parents[2]
CHILD = (sys.executable, "-m", "tests.suites.ledger_child")
KILLS = 40


class DurableLedgerSuite(LedgerSuite):
    """Run for every implementation of the port that writes to something that stays."""

    url: str

    async def open(self) -> Ledger:
        return open_ledger(self.url, kind="ledger", owner=OWNER, now=NOW)

    async def test_an_owner_is_made_once_and_kept(self) -> None:
        first = open_ledger(self.url, kind="ledger", owner=None, now=NOW)
        owner = first.owner
        first.close()
        assert len(owner) == 13
        assert owner[0] == "m"
        assert int(owner[1:], 16) >= 0
        again = open_ledger(self.url, kind="ledger", owner=None, now=NOW + 1)
        assert again.owner == owner
        assert len(list(again.entries())) == 1
        again.close()
        open_ledger(self.url, kind="ledger", owner=owner, now=NOW).close()

    async def test_anothers_is_refused_by_both_names(self) -> None:
        (await self.open()).close()
        with pytest.raises(LedgerUnusable, match=f"belongs to {OWNER}, not to somebody"):
            open_ledger(self.url, kind="ledger", owner="somebody", now=NOW)
        with pytest.raises(LedgerUnusable, match=rf"is a ledger \(of {OWNER}\), and a journal is wanted"):
            open_ledger(self.url, kind="journal", owner=OWNER, now=NOW)
        (await self.open()).close()  # the refusals let go of it

    async def test_opened_again_it_goes_on(self) -> None:
        async with self.ledger() as ledger:
            await ledger.append([draft(1, message=("in", "ada", "id-1")), draft(1, "c2")])
            before = list(ledger.entries())
        async with self.ledger() as ledger:
            assert ledger.head == before[-1]
            assert list(ledger.entries()) == before
            for known in (draft(1), draft(1, "c3", message=("in", "ada", "id-1"))):
                with pytest.raises(VersionConflict):
                    await ledger.append([known])
            with pytest.raises(ValueError, match="lies before"):
                ledger.append([draft(2, at=NOW - 1)])
            (entry,) = await ledger.append([draft(2, message=("in", "ada", "id-2"))])
            assert (entry.position, entry.previous) == (4, before[-1].hash)
            ledger.check()

    async def test_a_reader_sees_what_is_durable_and_hinders_nobody(self) -> None:
        async with self.ledger() as ledger:
            reader = open_reader(self.url)
            await ledger.append([draft(version) for version in range(1, 3001)])
            slow = reader.entries()
            seen = [next(slow)]  # a read that has begun
            for version in range(3001, 3051):
                await ledger.append([draft(version)])
                assert next(reader.entries(after=version)).version == version  # durable when append returned
            seen += slow
            assert [entry.position for entry in seen] == list(range(1, 3052))
            assert seen == list(ledger.entries())
            reader.check()
            reader.close()
        reader = open_reader(self.url)
        assert list(reader.entries()) == seen
        reader.close()

    async def test_there_is_one_writer(self) -> None:
        async with self.ledger():
            with pytest.raises(LedgerLocked, match="is being written by this process itself"):
                await self.open()
        (await self.open()).close()

    async def test_the_second_process_is_told_who_the_first_is(self) -> None:
        async with self.ledger():
            code = (
                "from contractnet.ledger.urls import open_ledger;"
                f"open_ledger({self.url!r}, kind='ledger', owner=None, now=0)"
            )
            ended = await asyncio.to_thread(
                subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
            )
            assert ended.returncode == 1
            assert f"is being written by process {os.getpid()}: stop it first" in ended.stderr

    def test_killed_at_any_moment_it_keeps_what_it_said_was_kept(self) -> None:
        """kill -9 at random moments: each acked entry is there, no append is half there, the lock is free at once."""
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}")
        chance = random.Random(seed)
        acked: dict[int, str] = {}
        with children(self.url) as zygote:
            for _ in range(KILLS):
                pid = zygote.start()
                # After some acks, not after some time alone: each kill then meets a writer at work.
                zygote.read_acks(acked, until=len(acked) + chance.randrange(0, 40))
                time.sleep(chance.random() * 0.004)  # a moment of its own, not a wait for something
                os.kill(pid, signal.SIGKILL)
                zygote.reap()
                zygote.read_acks(acked)
                ledger = open_ledger(self.url, kind="ledger", owner=OWNER, now=NOW)  # would be LedgerLocked
                entries = list(ledger.entries())
                ledger.close()
                verify(entries)
                assert_whole(entries)
                assert acked.items() <= {entry.position: entry.hash for entry in entries}.items()
        assert len(acked) > KILLS

    @pytest.mark.parametrize(("point", "kept"), [("ledger.before-commit", 0), ("ledger.after-commit", 1)])
    async def test_killed_at_a_commit_it_is_whole_or_absent(self, point: str, kept: int) -> None:
        (await self.open()).close()
        ended = await asyncio.to_thread(
            subprocess.run,
            [*CHILD, self.url, "once"],
            cwd=ROOT,
            env={**os.environ, failpoints.VARIABLE: point},
            capture_output=True,
            timeout=60,
        )
        assert ended.returncode == -signal.SIGKILL
        assert ended.stdout == b""  # nothing was acked
        async with self.ledger() as ledger:
            entries = list(ledger.entries())
            assert_whole(entries)
            assert len(entries) == 1 + 3 * kept
            ledger.check()


class Part(msgspec.Struct, frozen=True):
    """The body that the child writes."""

    append: str
    part: int
    of: int


def assert_whole(entries: list[Entry]) -> None:
    """Every append of the child is there with all its parts, side by side, or not at all."""
    parts = [msgspec.json.decode(entry.body, type=Part) for entry in entries[1:]]
    while parts:
        size = parts[0].of
        assert [(part.append, part.part) for part in parts[:size]] == [(parts[0].append, n) for n in range(size)]
        del parts[:size]


class Zygote:
    """A process that forks writers: imports are paid once."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders = process.stdin
        self._answers = process.stdout
        self._rest = b""

    def start(self) -> int:
        """Fork a writer, return its pid."""
        self._orders.write(b"start\n")
        self._orders.flush()
        return int(self._line("pid"))

    def reap(self) -> None:
        """Wait until the killed writer is gone."""
        self._orders.write(b"reap\n")
        self._orders.flush()

    def read_acks(self, acked: dict[int, str], until: int | None = None) -> None:
        """Note (position, hash) of what the writer says is durable: until there are so many, or to the reaping."""
        while until is None or len(acked) < until:
            line = self._line()
            if line == "reaped":
                return
            position, _, hash = line.partition(" ")
            acked[int(position)] = hash

    def _line(self, word: str | None = None) -> str:
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], 60)
            assert ready, "the writer says nothing"
            chunk = os.read(self._answers.fileno(), 65536)
            assert chunk, "the writer's parent ended"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        text = line.decode()
        if word is not None:
            found, _, text = text.partition(" ")
            assert found == word
        return text


@contextmanager
def children(url: str) -> Iterator[Zygote]:
    with subprocess.Popen(
        [*CHILD, url, "fork"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        try:
            yield Zygote(process)
        finally:
            process.kill()
