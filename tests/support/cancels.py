"""What the tests of real cancels share: workers that take a cancel in different ways, and an auditor who holds what a
user is told of each against the ledger and the contractors' journals. It knows their format and nothing of the package.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.audit import Row
from tests.support.fleet import ROOT, Fleet, Process

AGENTS = ROOT / "tests" / "acceptance" / "cancel_agents.py"


def prepare(folder: Path) -> None:
    """Put the agents where workers find them."""
    shutil.copy(AGENTS, folder / "cancel_agents.py")


def host(fleet: Fleet, daemon: str, agents: Sequence[str], *, connected: bool = True) -> Process:
    """A worker process of that name, with agents of `tests/acceptance/cancel_agents.py`."""
    references = [f"cancel_agents:{agent}" for agent in agents]
    process = fleet.run(daemon, "worker", *references, "--broker", fleet.broker, "--name", daemon)
    fleet.workers[daemon] = process
    if connected:
        process.says("connected")
    return process


# ---- what is known, counted from the files alone

#: of what was asked of a mediator no work follows
MEDIATION = "contractnet-mediation"


class Cancelled(NamedTuple):
    """Somebody who was told to stop."""

    conversation: str
    agent: str


def told(ledger: Sequence[Row]) -> dict[Cancelled, int]:
    """Who was told by the manager of this ledger, mediators aside, and the position at which."""
    found: dict[Cancelled, int] = {}
    for row in ledger:
        if row.type == "Said" and row.says("cancel") and row.message["protocol"] != MEDIATION:
            for agent in row.body["receivers"]:
                found.setdefault(Cancelled(row.conversation, agent), row.position)
    return found


def word(row: Row) -> str | None:
    """What a message says of work that was cancelled; None: nothing."""
    performative, kind = row.message.get("performative"), row.content.get("kind")
    if performative == "inform" and kind in ("result", "cancelled"):
        return str(kind)
    if performative == "failure":
        return str(row.content["reason"]) if kind == "cancel" else "failed"
    return "refused" if performative == "refuse" else None


def heard(ledger: Sequence[Row]) -> dict[Cancelled, list[tuple[int, str]]]:
    """What participants said, as the manager took it: (position, word)."""
    found: dict[Cancelled, list[tuple[int, str]]] = defaultdict(list)
    for row in ledger:
        if row.type == "Heard" and row.sender is not None and (one := word(row)) is not None:
            found[Cancelled(row.conversation, row.sender)].append((row.position, one))
    return found


def said(journals: Iterable[Sequence[Row]]) -> dict[Cancelled, list[str]]:
    """What participants said, as their journals have it."""
    found: dict[Cancelled, list[str]] = defaultdict(list)
    for row in chain.from_iterable(journals):
        if row.type == "Said":
            found[Cancelled(row.conversation, row.agent)] += filter(None, [word(row)])
    return found


def truth(words: Sequence[str]) -> str:
    """What is known of somebody who has said this, in this order."""
    if "result" in words or "already-done" in words:
        return "already-done"
    for one in reversed(words):
        if one in ("cancelled", "cannot-stop"):
            return "undone" if one == "cancelled" else "could-not-stop"
    return "undone" if words else "unanswered"


def lies(ledger: Sequence[Row], journals: Iterable[Sequence[Row]], lines: Iterable[dict[str, Any]]) -> list[str]:
    """Where what a user was told of a cancel is not what the contractors' journals say; empty where it all is.

    Args:
        ledger: all answers are in it.
        lines: the result lines that the user was given, one a tender.
    """
    cancels, took, spoke = told(ledger), heard(ledger), said(journals)
    found = [
        f"{one}: the manager heard {took[one]}, the journal says {spoke[one]}"
        for one in cancels
        if sorted(word for _, word in took[one]) != sorted(spoke[one])
    ]
    for row in ledger:
        if row.type != "Closed":
            continue
        known = {
            one.agent: truth([word for at, word in took[one] if at < row.position])
            for one, at in cancels.items()
            if one.conversation == row.conversation and at < row.position
        }
        if row.body.get("truth", {}) != known:
            found.append(f"{row.conversation} closed with {row.body.get('truth')}, and known was {known}")
    ended = {row.conversation: row.position for row in ledger if row.type == "Ended"}
    for line in lines:
        tender = str(line["conversation_id"] or "").partition(".")[0]
        calls = [one for one in cancels if one.conversation.partition(".")[0] == tender]
        agents = {one.agent for one in calls}
        if line.get("truth", {}).keys() != agents:
            found.append(f"{line}: {sorted(agents)} were cancelled")
        for agent, known in line.get("truth", {}).items():
            mine = [one for one in calls if one.agent == agent]
            if known not in _since(ended[tender], mine, took):
                found.append(f"{line}: of {agent} was never known that, {[took[one] for one in mine]}")
            says = {truth(spoke[one]) for one in mine}
            if known not in says | {"unanswered"} or (known == "undone" and says != {"undone"}):
                found.append(f"{line}: {agent}'s journal says {[spoke[one] for one in mine]}")
    return found


#: of two cancels of one agent the worse is told
ORDER = ("undone", "unanswered", "could-not-stop", "already-done")


def _since(position: int, calls: Sequence[Cancelled], took: dict[Cancelled, list[tuple[int, str]]]) -> set[str]:
    """What was known of an agent at some time from that position on."""
    times = [position, *(at + 1 for one in calls for at, _ in took[one] if at >= position)]
    return {
        max((truth([word for at, word in took[one] if at < end]) for one in calls), key=ORDER.index) for end in times
    }


def credited_late(ledger: Sequence[Row]) -> list[str]:
    """Results that counted though the tender was cancelled before they came."""
    asked: dict[str, int] = {}
    found: list[str] = []
    results = {row.message_id: row.position for row in ledger if row.type == "Heard"}
    for row in ledger:
        if row.type == "CancelAsked":
            asked.setdefault(row.tender, row.position)
        elif row.type == "Moved" and row.tender in asked:
            found += [f"{row.conversation}: {move}" for move in row.body["moves"] if move[2].startswith("I25")]
        elif row.type == "Ended" and row.tender in asked:
            late = [one for one in row.body.get("filled", []) if results[one["result_of"]] > asked[row.tender]]
            found += [f"{row.conversation} is paid for {one}" for one in late]
    return found


def twice_answered(journals: Iterable[Sequence[Row]]) -> list[str]:
    """Cancels that were taken, and not answered exactly once."""
    asked: Counter[Cancelled] = Counter()
    answered: Counter[Cancelled] = Counter()
    mediations: set[Cancelled] = set()
    for journal in journals:
        for row in journal:
            one = Cancelled(row.conversation, row.agent)
            if row.type == "Heard" and row.says("request"):
                mediations.add(one)
            elif row.type == "Heard" and row.says("cancel"):
                asked[one] += 1
            elif row.type == "Said" and (row.says("inform", "cancelled") or row.says("failure", "cancel")):
                answered[one] += 1
    wrong = {one for one in asked | answered if asked[one] != answered[one]} - mediations
    return [f"{one}: {asked[one]} cancels, {answered[one]} answers" for one in sorted(wrong)]
