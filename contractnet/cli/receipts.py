"""Receipts of accounts in words: one line for the sums, one for each limit, one for what was cut."""

from __future__ import annotations

from contractnet.manager.receipts import Receipt, Ruled
from contractnet.messages.values import show_amount


def receipt_lines(one: Receipt) -> list[str]:
    """A receipt, for people."""
    who, unit = f"account {one.account}" if one.account else "the market", one.unit or ""
    sums = f"held {show_amount(one.held)} + spent {show_amount(one.spent)}"
    if one.granted is None or one.released is None:
        lines = [f"{who}: no budget; {sums}"]
    else:
        closed = " (closed)" if one.closed else ""
        released = f"released {show_amount(one.released)}"
        lines = [f"{who}{closed}: granted {show_amount(one.granted)} {unit} = {sums} + {released}"]
    lines += [f"{who}: {_limit(ruled)}" for ruled in one.limits]
    stopped = [cut for cut in one.cut if cut.what == "stopped"]
    if stopped:
        worst = show_amount(sum(cut.worst for cut in stopped))
        lines.append(f"{who}: {len(stopped)} stopped, which might have cost {worst} {unit}".rstrip())
    back = [cut for cut in one.cut if cut.what == "handed-back"]
    if back:
        slots = sum(cut.sought - cut.slots for cut in back)
        lines.append(f"{who}: {slots} slots of {len(back)} tenders handed back")
    return lines


def _limit(ruled: Ruled) -> str:
    when = f"{ruled.id}: limit reached with {show_amount(ruled.released)} of {show_amount(ruled.granted)} left"
    if ruled.choice is None:
        return f"{when}; nobody has decided yet"
    amount = f" {show_amount(ruled.amount)}" if ruled.amount is not None else ""
    why = f" ({ruled.why})" if ruled.why else ""
    return f"{when}; {ruled.choice}{amount}, decided by {ruled.by}{why}"
