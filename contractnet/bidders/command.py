"""A program does the work: the award goes in as JSON on its stdin, the result comes out as a JSON object on its stdout.

Rules:

1. No shell: the first word is the program, the rest are its arguments. It runs in the folder of the agent's file.
2. It runs in a process group of its own. At its end, at a cancel, at the time limit and at too much output the whole
   group is ended: SIGTERM, and SIGKILL for what is left after `stop_s`.
3. Anything but exit status 0 and one JSON object on stdout is a failure. What it writes to stderr stays in the
   daemon's own log: it may be private, and is never sent.
4. It inherits the environment without `CONTRACTNET_*` (a broker's URL holds a password) and without names that end in
   `_KEY`, `_TOKEN`, `_SECRET` or `_PASSWORD`.
5. Where a daemon is killed outright (SIGKILL), Linux kills the program with it (`parent`), but nothing that the program
   itself started. The work begins again when the daemon is back: pass `fence` to what the program writes to, so that
   the later attempt outbids the earlier one.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from contractnet.bidders.parent import dies_with
from contractnet.contractor.ports import Award
from contractnet.errors import WorkFailed
from contractnet.messages.codec import MAX_LARGE_BYTES, canonical
from contractnet.messages.values import show_amount

#: how long a program has between SIGTERM and SIGKILL, seconds; well under the 10 s in which cancelled work must stop
STOP_S: Final = 3.0
#: how long output may still come after the program has ended, from processes that it left behind, seconds
LINGER_S: Final = 1.0
#: of stderr, bytes kept for the log
TAIL_BYTES: Final = 4_096
MAX_OUTPUT_BYTES: Final = MAX_LARGE_BYTES

_SECRET: Final = re.compile(r"^CONTRACTNET_|_(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)

Log = Callable[[str], None]


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What of it a program gets to see."""
    return {name: value for name, value in environment.items() if not _SECRET.search(name)}


def award_json(award: Award) -> bytes:
    """What a program reads: task, skill, input (the private part merged in), price (a decimal string), deadline
    (milliseconds since the Unix epoch), fence, attempt, parts (of a divisible task; 1: it is of one piece).
    """
    return canonical(
        {
            "task": award.task,
            "skill": award.skill,
            "input": dict(award.input),
            "price": show_amount(award.price),
            "deadline": award.deadline,
            "fence": award.fence,
            "attempt": award.attempt,
            "parts": award.parts,
        }
    )


class CommandPerformer:
    """The performer.

    Args:
        command: program and arguments.
        folder: where it runs.
        log: takes one line for the daemon's own log.
        timeout_s: the longest it may run; None: to the award's deadline.
        stop_s: see STOP_S.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        log: Log,
        timeout_s: float | None = None,
        stop_s: float = STOP_S,
    ) -> None:
        self._command = tuple(command)
        self._folder = folder
        self._log = log
        self._timeout_s = timeout_s
        self._stop_s = stop_s

    async def __call__(self, award: Award) -> dict[str, Any]:
        """Do the work of an award.

        Raises:
            WorkFailed: the program could not be started, failed, ran too long, or gave no JSON object.
        """
        transport, talk = await self._start()
        talk.feed(transport, award_json(award))
        try:
            async with asyncio.timeout(self._timeout_s):
                await talk.done
        except TimeoutError:
            raise WorkFailed(f"the command ran longer than {self._timeout_s:g} s") from None
        finally:
            await _end(transport, talk, self._stop_s)
            self._report(award, transport.get_returncode(), talk)
        if talk.too_large:
            raise WorkFailed(f"the command wrote more than {MAX_OUTPUT_BYTES} bytes")
        status = transport.get_returncode()
        if status:
            raise WorkFailed(f"the command ended with {_status(status)}")
        return _result(bytes(talk.out))

    async def _start(self) -> tuple[asyncio.SubprocessTransport, _Talk]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.subprocess_exec(
                lambda: _Talk(loop),
                *self._command,
                cwd=self._folder,
                env=clean_environment(os.environ),
                start_new_session=True,
                preexec_fn=dies_with(os.getpid()),
            )
        except OSError as error:
            self._log(f"{self._command[0]} in {self._folder} cannot be started: {error.strerror}")
            raise WorkFailed("the command could not be started") from None

    def _report(self, award: Award, status: int | None, talk: _Talk) -> None:
        """What went wrong or was said on stderr, for the operator alone."""
        tail = b"".join(talk.tail)[-TAIL_BYTES:].decode(errors="replace").strip()
        if status or tail:
            said = "".join(f"\n  | {line}" for line in tail.splitlines())
            self._log(f"{self._command[0]} for {award.fence} ended with {_status(status)}{said}")


class _Talk(asyncio.SubprocessProtocol):
    """What goes to one program and comes from it. `done` when it has ended, or has written too much."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.done: asyncio.Future[None] = loop.create_future()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.out = bytearray()
        self.tail: deque[bytes] = deque()
        self.too_large = False
        self._loop = loop
        self._kept = 0
        self._open = True

    def feed(self, transport: asyncio.SubprocessTransport, given: bytes) -> None:
        """Write the award and close stdin; a program that does not read it is none the worse."""
        stdin = transport.get_pipe_transport(0)
        if stdin is not None:
            pipe = cast(asyncio.WriteTransport, stdin)  # descriptor 0 is the one that is written
            pipe.write(given)
            pipe.write_eof()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            if len(self.out) + len(data) > MAX_OUTPUT_BYTES:
                self.too_large = True
                self._finish()
            else:
                self.out += data
            return
        self.tail.append(data)
        self._kept += len(data)
        while self._kept - len(self.tail[0]) >= TAIL_BYTES:
            self._kept -= len(self.tail.popleft())

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._open = False
            if self.exited.done():
                self._finish()

    def process_exited(self) -> None:
        self.exited.set_result(None)
        if self._open:
            self._loop.call_later(LINGER_S, self._finish)
        else:
            self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _end(transport: asyncio.SubprocessTransport, talk: _Talk, stop_s: float) -> None:
    """End the whole group, and return when its leader is gone."""
    group = transport.get_pid()
    try:
        if not talk.exited.done():
            _signal(group, signal.SIGTERM)
            await asyncio.wait([talk.exited], timeout=stop_s)
    finally:  # the leader may be gone while others of its group are not
        _signal(group, signal.SIGKILL)
        if not talk.exited.done():
            await asyncio.wait([talk.exited])
        transport.close()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left, or only what is another user's


def _status(status: int | None) -> str:
    if status is not None and status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"


def _result(output: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(output, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        shown = "nothing" if not output.strip() else f"{len(output)} bytes that are no JSON object"
        raise WorkFailed(f"the command wrote {shown} on its standard output") from None
