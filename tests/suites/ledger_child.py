"""A program that writes a ledger and is killed while it does.

With `URL once` it appends once and says so. With `URL fork` it reads orders: at `start` it forks a writer that
appends without end and says `position hash` for each entry whose append has returned; at `reap` it waits for the
writer's death.
"""

from __future__ import annotations

import asyncio
import os
import sys

from contractnet.ledger.port import Draft, Ledger
from contractnet.ledger.sql import SqlLedger  # imported before the fork, so that a writer starts at once
from contractnet.ledger.urls import open_ledger

NOW = 1_800_000_000_000
APPENDERS = 8


def drafts(owner: str, conversation: str, version: int, size: int) -> list[Draft]:
    """One append of `size` entries that name each other."""
    return [
        Draft(
            agent=owner,
            conversation=conversation,
            version=version + part,
            type="Part",
            at=NOW,
            body=f'{{"append":"{conversation}/{version}","of":{size},"part":{part}}}',
            direction="out",
            sender=owner,
            message_id=f"{conversation}/{version + part}",
        )
        for part in range(size)
    ]


async def appender(ledger: Ledger, conversation: str) -> None:
    version = 1
    while True:
        size = version % 3 + 1
        entries = await ledger.append(drafts(ledger.owner, conversation, version, size))
        version += size
        os.write(1, b"".join(f"{entry.position} {entry.hash}\n".encode() for entry in entries))


async def write(url: str) -> None:
    ledger = open_ledger(url, kind="ledger", owner="m0123456789ab", now=NOW)
    assert isinstance(ledger, SqlLedger)
    async with asyncio.TaskGroup() as group:
        for number in range(APPENDERS):
            group.create_task(appender(ledger, f"{os.getpid()}-{number}-{os.urandom(4).hex()}"))


async def once(url: str) -> None:
    ledger = open_ledger(url, kind="ledger", owner=None, now=NOW)
    await ledger.append(drafts(ledger.owner, "only", 1, 3))
    os.write(1, b"appended\n")
    await ledger.aclose()


def fork(url: str) -> None:
    writer = 0
    for order in sys.stdin:
        if order == "start\n":
            writer = os.fork()
            if writer == 0:
                os.close(0)
                os.write(1, f"pid {os.getpid()}\n".encode())
                asyncio.run(write(url))
        else:
            os.waitpid(writer, 0)
            os.write(1, b"reaped\n")


if __name__ == "__main__":
    if sys.argv[2] == "once":
        asyncio.run(once(sys.argv[1]))
    else:
        fork(sys.argv[1])
