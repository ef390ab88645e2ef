"""The recorder: first durable, then acked and sent. Both sides commit through it.

Rules: a delivery is acked when what it caused is durable (D3); what was said goes to the outbox when it is durable
(promise 1); a commit that fails is the end of the process, and nothing pending is acked. So is a failure of what
follows a commit: the core would go on ahead of its ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from contractnet.ledger.port import Ledger
from contractnet.ledger.scribe import Writing
from contractnet.telemetry.failpoints import declare, failpoint
from contractnet.transport.port import Delivery

BEFORE_COMMIT = declare("recorder.before-commit")
AFTER_COMMIT = declare("recorder.after-commit")

Recorded = Callable[[Sequence[Writing]], None]


class Recorder:
    """Appends what steps have written, in the order of the calls.

    Args:
        ledger: open for writing.
        recorded: called on the loop with what has become durable.
    """

    def __init__(self, ledger: Ledger, recorded: Recorded) -> None:
        self._ledger = ledger
        self._recorded = recorded
        #: fails when the ledger does, or what follows
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def commit(
        self, written: Sequence[Writing], mail: Sequence[Delivery] = (), then: Callable[[], None] | None = None
    ) -> None:
        """Record; once it is durable ack the mail, hand on what was written, then call `then`."""
        if not written:
            self._done((), mail, then)
            return
        failpoint(BEFORE_COMMIT)
        future = self._ledger.append([writing.draft for writing in written])

        def committed(done: asyncio.Future[Any]) -> None:
            if done.cancelled():
                return
            error = done.exception()
            if error is None:
                failpoint(AFTER_COMMIT)
                try:
                    self._done(written, mail, then)
                except Exception as failed:  # in a callback: else only the loop's handler hears of it
                    error = failed
            if error is not None and not self.broken.done():
                self.broken.set_exception(error)

        future.add_done_callback(committed)

    def _done(self, written: Sequence[Writing], mail: Sequence[Delivery], then: Callable[[], None] | None) -> None:
        for delivery in mail:
            if delivery.undecodable is None:
                delivery.ack()
            else:
                delivery.reject()
        if written:
            self._recorded(written)
        if then is not None:
            then()
