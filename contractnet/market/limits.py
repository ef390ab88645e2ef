"""What a program is asked at the limit of an account, and what it may answer."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self, get_args

import msgspec

from contractnet.errors import DefinitionError
from contractnet.ledger.questions import RESERVED, Pending
from contractnet.manager.limits import Asked, AtLimit, Choice, LimitPolicy, Ruling
from contractnet.messages.given import Amount, micros
from contractnet.messages.values import show_amount


class LimitReached(msgspec.Struct, frozen=True, kw_only=True):
    """The money of an account is not enough for what waits. Amounts are decimal strings in `unit`."""

    id: str  #: of the pending decision, such as `q1`
    account: str  #: its path; empty: the market's own
    unit: str
    granted: str
    held: str
    spent: str
    released: str  #: what is free
    waiting: int  #: tenders that have not opened
    needs: str  #: with so much more all of them would fit, whatever they cost


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided. Make one by its class methods."""

    choice: Choice
    amount: Amount | None = None
    by: str = ""
    why: str = ""

    @classmethod
    def grant(cls, amount: Amount, *, by: str = "", why: str = "") -> Self:
        """So much more."""
        return cls("grant", amount, by, why)

    @classmethod
    def hand_back(cls, *, by: str = "", why: str = "") -> Self:
        """As many slots as there is money for; the others are given back."""
        return cls("hand-back", None, by, why)

    @classmethod
    def stop(cls, *, by: str = "", why: str = "") -> Self:
        """What does not fit is cancelled (`budget`)."""
        return cls("stop", None, by, why)

    @classmethod
    def wait(cls, *, by: str = "", why: str = "") -> Self:
        """What does not fit waits for the next grant."""
        return cls("wait", None, by, why)


#: decides at a limit; a plain function runs in a thread of its own
OnLimit = Callable[[LimitReached], Decision | Awaitable[Decision]]


def policy(at_limit: AtLimit | None, on_limit: OnLimit | None, decide_within: float | None) -> LimitPolicy:
    """What an account does where its money is not enough for what waits, even with all holds released.

    Args:
        at_limit: `stop` cancels what does not fit (`budget`), `hand-back` puts it out for as many slots as there is
            money for, `wait` waits for more, `ask` asks `on_limit`, or leaves it to `contractnet decide`. What is done,
            and who decided, stands in the receipt. None: `ask` where there is somebody to ask, else `stop`.
        on_limit: is given a `LimitReached` and gives a `Decision`; plain (run in a thread of its own) or async.
        decide_within: seconds after which an unanswered `ask` is a stop; None: never.
    Raises:
        DefinitionError: there is no such policy, or somebody to ask who is not asked.
    """
    chosen = at_limit or ("stop" if on_limit is None else "ask")
    if chosen not in get_args(AtLimit):
        raise DefinitionError(f"at_limit: {str(chosen)[:40]!r} is none of {', '.join(get_args(AtLimit))}")
    if chosen != "ask" and (on_limit is not None or decide_within is not None):
        raise DefinitionError(f"on_limit, decide_within: with at_limit {chosen!r} nobody is asked; say at_limit='ask'")
    if decide_within is not None and not 0 < decide_within <= 31_536_000:
        raise DefinitionError(f"decide_within: {decide_within!r} is not a number of seconds over 0, up to 31536000")
    within_ms = None if decide_within is None else max(1, round(decide_within * 1000))
    return LimitPolicy(chosen, None if on_limit is None else _asking(on_limit), within_ms)


def reached(pending: Pending) -> LimitReached:
    """A pending decision about money, for people."""
    told = pending.told
    amounts = {name: show_amount(told[name]) for name in ("granted", "held", "spent", "released", "needs")}
    return LimitReached(id=pending.id, account=pending.about, unit=told["unit"], waiting=told["waiting"], **amounts)


def _asking(on_limit: OnLimit) -> Asked:
    async def ask(pending: Pending) -> Ruling:
        limit = reached(pending)
        decision: Any = await (on_limit(limit) if inspect.iscoroutinefunction(on_limit) else _threaded(on_limit, limit))
        if inspect.isawaitable(decision):
            decision = await decision
        if not isinstance(decision, Decision):
            raise TypeError(f"on_limit gave a {type(decision).__name__}, and not a Decision")
        if not isinstance(decision.by, str) or not isinstance(decision.why, str):
            raise TypeError("on_limit: `by` and `why` are texts")
        if decision.by in RESERVED:
            raise ValueError(f"on_limit: by {decision.by!r} is a word of the manager's own")
        amount = None if decision.amount is None else micros(decision.amount, "amount")
        return Ruling(decision.choice, amount, decision.by, decision.why)

    return ask


async def _threaded(function: Callable[[LimitReached], Any], limit: LimitReached) -> Any:
    """Call a function that may wait for a person, in a thread that nobody waits for at the end."""
    loop, future = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if not future.done():
            future.set_result(value) if error is None else future.set_exception(error)

    def run() -> None:
        value, failed = None, None
        try:
            value = function(limit)
        except BaseException as error:
            failed = error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")
        with contextlib.suppress(RuntimeError):  # the loop is over
            loop.call_soon_threadsafe(settle, value, failed)

    threading.Thread(target=run, name="contractnet-limit", daemon=True).start()
    return await future
