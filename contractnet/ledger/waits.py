"""Who waits for what of a tender or a bargaining: that it is on disk, awarded, over. What comes is durable already."""

from __future__ import annotations

import asyncio
from typing import Final

#: the things a caller may wait for
BEGIN: Final = "begin"
AWARD: Final = "award"
END: Final = "end"


class Waits:
    """Futures by (tender or conversation id, what)."""

    def __init__(self) -> None:
        self._futures: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._failed: Exception | None = None

    async def wait(self, name: str, what: str, broken: asyncio.Future[None]) -> None:
        """Until it has come, or until `broken` fails, or these waits have; then the error is raised."""
        if self._failed is not None:
            raise self._failed
        key = (name, what)
        future = self._futures.setdefault(key, asyncio.get_running_loop().create_future())
        ends: list[asyncio.Future[None]] = [future, broken]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        (future if future.done() else broken).result()

    def came(self, name: str, *whats: str) -> None:
        """It has come: whoever waits goes on."""
        for what in whats:
            future = self._futures.pop((name, what), None)
            if future is not None and not future.done():
                future.set_result(None)

    def fail(self, error: Exception) -> None:
        """Nothing comes any more: whoever waits, or will, is told."""
        self._failed = error
        for future in self._futures.values():
            if not future.done():
                future.set_exception(error)
                future.exception()  # whoever waited may be gone
