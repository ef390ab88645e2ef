"""`contractnet bargain --with AGENT`: one live bargaining, over a broker, from the shell.

Each has a key in the ledger: the caller's, or one made of what was asked, and counted. So the same command goes on
where a killed one was, and begins anew where that has ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from contractnet.bargaining.opening import BargainOptions, opening
from contractnet.bargaining.records import Timers
from contractnet.bargaining.result import BargainResult
from contractnet.bargaining.side import Bargain
from contractnet.cli.bargain_file import read_issues
from contractnet.cli.bargain_live_view import COMMAND, View
from contractnet.cli.call_view import watched
from contractnet.cli.exits import FAILED, OK, WRONG, Interrupted
from contractnet.clock import scaled
from contractnet.errors import DefinitionError
from contractnet.manager.book import Book
from contractnet.manager.settings import Settings
from contractnet.market.market import Market
from contractnet.market.task import require_key
from contractnet.market.terms import DEFAULT_UNIT
from contractnet.messages.given import micros
from contractnet.messages.values import MAX_TASK
from contractnet.transport.urls import open_transport

#: how bargaining over several issues is played where nothing is said
_SEVERAL: Final = "micro"
#: what was said is looked at so often, seconds
_LOOK_S: Final = 0.05
#: after Ctrl-C, how long the end is waited for, seconds
_ENDING_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for. It holds what is private; nothing prints it."""

    agent: str
    subject: str
    options: BargainOptions
    key: str | None
    wait_s: float

    def __repr__(self) -> str:
        return "Asked(private)"


def run_live(
    *,
    agent: str,
    subject: str,
    broker: str,
    ledger: str,
    name: str | None,
    key: str | None,
    wait_for_agents: float,
    require_agreed: bool,
    as_json: bool,
    time_scale: float,
    **terms: Any,
) -> int:
    """Run the command and return its exit code.

    Raises:
        DefinitionError: something of it is wrong; nothing was opened.
        Interrupted: a signal came.
    """
    if len(subject) > MAX_TASK or not subject.strip():
        raise DefinitionError(f"the subject: write what the deal is about, in 1 to {MAX_TASK} characters")
    if name == agent:
        raise DefinitionError("--name, --with: you are called like the agent; who says what could not be told apart")
    options = _options(**terms)
    opening(agent, subject, Timers(), DEFAULT_UNIT, "0" * 32, options)  # what is wrong is said before all
    asked = Asked(agent, subject, options, None if key is None else require_key(key), wait_for_agents)
    market = Market.open(
        open_transport(broker, time_scale=time_scale),
        ledger=ledger,
        name=name,
        settings=scaled(Settings(), time_scale),
    )
    live = LiveBargain(market, asked, View(agent, ledger, as_json=as_json))
    result = asyncio.run(live.run())
    if live.nobody:
        return FAILED
    return WRONG if require_agreed and not result.agreed else OK


def _options(
    *,
    issues: Path | None,
    turns: int | None,
    turn_within: float,
    mediator: str | None,
    mediate_within: float | None,
    **given: Any,
) -> BargainOptions:
    """As `Market.bargain` takes them."""
    found: BargainOptions = {"within": turn_within}
    if turns is not None:
        found["turns"] = turns
    ladder = given.pop("ladder")
    if mediator is not None:
        found |= {"mediator": mediator, "mediate_within": mediate_within}
    if ladder is not None:
        if mediator is None:
            raise DefinitionError("--ladder: it needs a --mediator to climb it")
        found["ladder"] = [rung.strip() for rung in ladder.split(",")]
    strategy = given.pop("strategy")
    if issues is not None:
        found["issues"], found["preferences"] = read_issues(issues)
        found["strategy"] = strategy or _SEVERAL
        return found
    if given["limit"] is None or given["high"] is None:
        raise DefinitionError(
            "a live bargaining needs --limit, the most that you pay or the least that you take, which nobody is told, "
            "and --high, a bound that the agent is told; or --issues FILE"
        )
    _check_limit(given)
    prices: Any = {name: value for name, value in given.items() if value is not None}
    found.update(prices)
    if strategy is not None:
        found["strategy"] = strategy
    return found


def _check_limit(given: dict[str, Any]) -> None:
    """Refuse a limit that no price is within: it would be walked away from at once."""
    limit, high = micros(given["limit"], "limit"), micros(given["high"], "high")
    low = micros(given.get("low") or "0", "low")
    if low < high and (limit > high if given["side"] == "seller" else limit < low):
        raise DefinitionError("limit: no price between low and high is within it; correct one of them")


class LiveBargain:
    """One bargaining while it is shown; a signal calls it off."""

    def __init__(self, market: Market, asked: Asked, view: View) -> None:
        self._market, self._asked, self._view = market, asked, view
        self._book: Book | None = None  #: None: the ledger is not open yet
        self._key = asked.key or ""
        self._stopping = False
        self.nobody = False  #: whether it turned out that nobody is called so

    async def run(self) -> BargainResult:
        """To its end, which is shown.

        Raises:
            Interrupted: a signal came.
            DefinitionError: the key is that of another bargaining.
            LedgerError, TransportRefused: it could not be done.
        """
        loop = asyncio.get_running_loop()
        running = asyncio.ensure_future(self._run())
        numbers = (signal.SIGINT, signal.SIGTERM)

        def signalled() -> None:
            bargain = self._bargain
            if self._stopping or bargain is None or not self._market.is_open:
                running.cancel()
                return
            self._stopping = True
            self._view.note("calling it off; a second signal ends at once")
            self._market.manager.call_off(bargain)
            loop.call_later(_ENDING_S, running.cancel)

        for number in numbers:
            loop.add_signal_handler(number, signalled)
        try:
            result = await running
        except asyncio.CancelledError:
            raise Interrupted(self._view.left(self._bargain)) from None
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
        if self._stopping:
            raise Interrupted("how it ended stands above")
        return result

    @property
    def _bargain(self) -> Bargain | None:
        """None: it has not begun."""
        if self._book is None or self._key not in self._book.bargain_keys:
            return None
        return self._book.bargains[self._book.bargain_keys[self._key]]

    async def _run(self) -> BargainResult:
        async with self._market as market:
            self._book = market.manager.book
            self._key = self._key or _counted(self._book, self._asked)
            with self._view.waiting():
                result = await watched(market, self._hold(market), COMMAND)
            bargain = self._bargain
            assert bargain is not None  # it has ended
            self.nobody = self._view.end(result, bargain, self._book.acts[bargain.conversation])
            return result

    async def _hold(self, market: Market) -> BargainResult:
        """Begin it, or go on with it, and show what is said."""
        asked, before = self._asked, self._bargain
        if before is None:
            await self._hear_of(market)
        elif not before.over:
            self._view.note("this was begun before and has not ended; going on with it")
        elif before.peer == asked.agent:  # else it is told to be another
            self._view.note("this has ended before; nothing new is said")
        options: BargainOptions = {**asked.options, "key": self._key}
        bargaining = asyncio.ensure_future(market.bargain(asked.agent, asked.subject, **options))
        try:
            while not (await asyncio.wait([bargaining], timeout=_LOOK_S))[0]:
                self._show(market)
            result = bargaining.result()
            self._show(market)
            return result
        finally:
            bargaining.cancel()
            await asyncio.gather(bargaining, return_exceptions=True)

    def _show(self, market: Market) -> None:
        if (bargain := self._bargain) is not None:
            self._view.turns(bargain, market.manager.book.acts.get(bargain.conversation, []))

    async def _hear_of(self, market: Market) -> None:
        """Wait until the agent is there; one of which nothing is heard is asked nonetheless."""
        loop, directory = asyncio.get_running_loop(), market.manager.directory
        until_s = loop.time() + self._asked.wait_s
        while not directory.has(self._asked.agent):
            if loop.time() >= until_s:
                if self._asked.wait_s:
                    words = f"{self._asked.agent} was not heard in {self._asked.wait_s:g} s; asking nonetheless"
                    self._view.note(words)
                return
            await asyncio.sleep(_LOOK_S)


def _counted(book: Book, asked: Asked) -> str:
    """The key of what has no name: what is asked, and how often that has ended before."""
    told = msgspec.json.encode((asked.agent, asked.subject, asked.options), order="sorted")
    name, number = f"asked-{hashlib.sha256(told).hexdigest()[:24]}", 1
    while (known := book.bargain_keys.get(f"{name}-{number}")) is not None and book.bargains[known].over:
        number += 1
    return f"{name}-{number}"
