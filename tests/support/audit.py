"""The auditor: reads a manager's ledger and daemons' journals, and says which promises they break. It knows the format
of the files and nothing of the package: no import of it, no state machine, only counting.

    python tests/support/audit.py manager.db ada.journal.db bob.journal.db

| rule | what it says |
|------|--------------|
| I1   | every tender that was opened has exactly one end, and nothing is decided in it afterwards |
| I2   | one award a slot and epoch, one live award a slot, one accept an award, one credited result a slot |
| I5   | no effect twice for one message id: heard once, said once, one end of work for one accept |
| I11  | after quiet nothing said is without its confirm |
| A    | an accept in a journal has its award in the ledger; a credited result was said by its winner |
| M    | held = spent + released for each tender |

A file is a SQLite database with the table `entry`, or JSON Lines with one entry a line.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

COLUMNS = "position, agent, conversation, version, type, at, direction, sender, message_id, body, previous, hash"


class Row(NamedTuple):
    """One entry, its body decoded."""

    position: int
    agent: str
    conversation: str
    version: int
    type: str
    at: int
    direction: str | None
    sender: str | None
    message_id: str | None
    body: dict[str, Any]
    previous: str
    hash: str

    @property
    def message(self) -> dict[str, Any]:
        """Of an entry that was heard or said."""
        found: dict[str, Any] = self.body.get("message", {})
        return found

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = self.message.get("content", {})
        return found

    @property
    def tender(self) -> str:
        return self.conversation.partition(".")[0]

    def says(self, performative: str, kind: str | None = None) -> bool:
        """Whether the message is such an act."""
        return self.message.get("performative") == performative and kind in (None, self.content.get("kind"))


def read(path: Path) -> list[Row]:
    """All entries of a file, in order."""
    with path.open("rb") as file:
        database = file.read(16).startswith(b"SQLite format 3") or path.suffix == ".db"
    if not database:
        entries = [json.loads(line) for line in path.read_text().splitlines()]
        columns = COLUMNS.split(", ")
        return [_row([entry.get(name) for name in columns]) for entry in entries]
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry'").fetchone()
        query = f"SELECT {COLUMNS} FROM entry ORDER BY position"
        return [_row(list(values)) for values in connection.execute(query)] if found else []
    finally:
        connection.close()


def _row(values: list[Any]) -> Row:
    values[9] = json.loads(values[9])
    return Row(*values)


def violations(
    ledger: Sequence[Row], journals: Mapping[str, Sequence[Row]], *, over: bool = True, quiet: bool = True
) -> list[str]:
    """What is broken, worst first; empty where nothing is.

    Args:
        ledger: a manager's entries.
        journals: daemon -> its entries; conversations of other managers are left alone.
        over: every tender must have ended.
        quiet: everything said must be confirmed.
    """
    found = [*_ends(ledger, over), *_awards(ledger), *_credits(ledger), *_money(ledger), *_twice("ledger", ledger)]
    for name, journal in sorted(journals.items()):
        found += _twice(name, journal)
        found += _work(name, journal)
        found += _accepts(name, journal, ledger)
    found += _results(ledger, journals)
    found += _ids({"ledger": ledger, **journals})
    if quiet:
        for name, rows in {"ledger": ledger, **journals}.items():
            found += _unsent(name, rows)
    return found


def history(rows: Iterable[Row], conversation: str) -> str:
    """Everything of one tender, a line an entry."""
    tender = conversation.partition(".")[0]
    return "\n".join(f"{row.position} {row.at} {row.type} {row.body}" for row in rows if row.tender == tender)


# ---- I1


def _ends(ledger: Sequence[Row], over: bool) -> Iterator[str]:
    opened = Counter(row.conversation for row in ledger if row.type == "Opened")
    ended = Counter(row.conversation for row in ledger if row.type == "Ended")
    for tender, times in opened.items():
        if times > 1:
            yield f"I1: tender {tender} was opened {times} times"
        if ended[tender] > 1:
            yield f"I1: tender {tender} has {ended[tender]} ends"
        if over and not ended[tender]:
            yield f"I1: tender {tender} has no end"
    for tender in ended.keys() - opened.keys():
        yield f"I1: tender {tender} ended and was never opened"
    over_at: set[str] = set()
    for row in ledger:
        if row.type in ("Awarded", "Invited", "Decided", "Held") and row.tender in over_at:
            yield f"I1: position {row.position}: {row.type} after the end of tender {row.tender}"
        if row.type == "Ended":
            over_at.add(row.conversation)


# ---- I2


def _awards(ledger: Sequence[Row]) -> Iterator[str]:
    seen: set[tuple[str, int, int]] = set()
    live: dict[tuple[str, int], int] = {}
    for row in ledger:
        if row.type == "Awarded":
            slot, epoch = row.body["slot"], row.body["epoch"]
            if (row.tender, slot, epoch) in seen:
                yield f"I2: position {row.position}: a second award of slot {slot}, epoch {epoch} of {row.tender}"
            if (row.tender, slot) in live:
                yield f"I2: position {row.position}: slot {slot} of {row.tender} has a live award already"
            seen.add((row.tender, slot, epoch))
            live[row.tender, slot] = epoch
        elif row.type == "Freed":
            epoch = live.pop((row.tender, row.body["slot"]), -1)
            if row.body["epoch"] <= epoch:
                yield f"I2: position {row.position}: the epoch of a freed slot did not go up"
    awards = Counter(
        (row.conversation, row.body["slot"], row.body["epoch"], row.body["participant"], row.body["offer"])
        for row in ledger
        if row.type == "Awarded"
    )
    accepts = Counter(_accept(row) for row in ledger if row.type == "Said" and row.says("accept-proposal"))
    for key in awards.keys() | accepts.keys():
        if (awards[key], accepts[key]) != (1, 1):
            yield f"I2: {accepts[key]} accepts were said for {awards[key]} awards of {key}"


def _accept(row: Row) -> tuple[str, int, int, str, str]:
    content = row.content
    return (row.conversation, content["slot"], content["epoch"], row.message["receiver"], content["offer"])


def _credits(ledger: Sequence[Row]) -> Iterator[str]:
    """One credited result at most, by the holder of the present epoch."""
    credited = Counter(
        row.tender for row in ledger if row.type == "Moved" for move in row.body["moves"] if move[2].startswith("I25")
    )
    slots = {row.tender: row.body["terms"].get("slots", 1) for row in ledger if row.type == "Opened"}
    for tender, times in credited.items():
        if times > slots.get(tender, 1):
            yield f"I2: tender {tender} credited {times} results"
    heard = {(row.tender, row.message_id): row for row in ledger if row.type == "Heard"}
    last = {(row.tender, row.body["slot"]): row for row in ledger if row.type == "Awarded"}
    for row in ledger:
        if row.type != "Ended":
            continue
        filled = row.body.get("filled", [])
        wanted = slots.get(row.tender, 1)
        if (row.body["status"] == "settled") is not (len(filled) == wanted) and row.body["status"] != "cancelled":
            yield f"I2: tender {row.tender} ended as {row.body['status']} with {len(filled)} of {wanted} slots filled"
        if len(filled) > credited[row.tender] or len({one["slot"] for one in filled}) != len(filled):
            yield f"I2: tender {row.tender} ended with {filled}, and {credited[row.tender]} results were credited"
        if sum(one["price"] for one in filled) != row.body["spent"]:
            yield f"I2: tender {row.tender} spent {row.body['spent']}, and its slots cost {filled}"
        for one in filled:
            result = heard.get((row.tender, one["result_of"]))
            award = last.get((row.tender, one["slot"]))
            if result is None or award is None or not result.says("inform", "result"):
                yield f"I2: tender {row.tender} settled without an award, or without a result that was heard"
                continue
            fence = (result.sender, result.content["slot"], result.content["epoch"])
            present = (award.body["participant"], award.body["slot"], award.body["epoch"])
            if fence != present or one["winner"] != award.body["participant"]:
                yield f"I2: tender {row.tender} credited {fence}, and the award was {present}"
            if one["price"] != award.body["price"]:
                yield f"I2: tender {row.tender} pays {one['price']}, the award said {award.body['price']}"


def _money(ledger: Sequence[Row]) -> Iterator[str]:
    held: dict[str, int] = {}
    for row in ledger:
        if row.type == "Held":
            held[row.tender] = held.get(row.tender, 0) + row.body["amount"]
        elif row.type == "Ended":
            holds = held.get(row.tender, row.body["spent"])  # without a reserve nothing is held
            if holds != row.body["spent"] + row.body["released"]:
                yield f"M: tender {row.tender} held {holds}: {row.body}"


# ---- I5


def _twice(name: str, rows: Sequence[Row]) -> Iterator[str]:
    for direction in ("in", "out"):
        messages = Counter(
            (row.agent, row.sender, row.message_id)
            for row in rows
            if row.direction == direction and row.message_id is not None and row.type in ("Heard", "Misheard", "Said")
        )
        for key, times in messages.items():
            if times > 1:
                yield f"I5: {name}: the message {key} has {times} entries as {direction}"


def _work(name: str, journal: Sequence[Row]) -> Iterator[str]:
    """One end of work for one accept; attempts count from 1; at most one word about the work is a result."""
    ends: Counter[tuple[str, str]] = Counter()
    attempts: dict[tuple[str, str], int] = {}
    accepts: Counter[tuple[str, str]] = Counter()
    results: Counter[tuple[str, str]] = Counter()
    mediations = {(row.agent, row.conversation) for row in journal if row.type == "Heard" and row.says("request")}
    for row in journal:
        key = (row.agent, row.conversation)
        if key in mediations:
            continue
        if row.type in ("Finished", "Failed", "Stopped", "CannotStop", "LeaseLost"):
            ends[key] += 1
        elif row.type == "Began":
            if row.body["attempt"] != attempts.get(key, 0) + 1:
                yield f"I5: {name}: position {row.position}: attempt {row.body['attempt']} of {key} is not the next"
            attempts[key] = row.body["attempt"]
        elif row.type == "Heard" and row.says("accept-proposal"):
            accepts[key] += 1
        elif row.type == "Said" and row.says("inform", "result"):
            results[key] += 1
    for what, counted in (("ends of work", ends), ("results said", results)):
        for key, times in counted.items():
            if times > accepts[key] or times > 1:
                yield f"I5: {name}: {times} {what} for {accepts[key]} accepts of {key}"


# ---- A


def _accepts(name: str, journal: Sequence[Row], ledger: Sequence[Row]) -> Iterator[str]:
    manager = ledger[0].agent if ledger else ""
    said = {_accept(row): row for row in ledger if row.type == "Said" and row.says("accept-proposal")}
    for row in journal:
        if row.type != "Heard" or not row.says("accept-proposal") or row.sender != manager:
            continue
        content = row.content
        key = (row.conversation, content["slot"], content["epoch"], row.agent, content["offer"])
        if key not in said:
            yield f"A: {name}: position {row.position}: an accept of {key} that the ledger does not have"
        elif said[key].message != row.message:
            yield f"A: {name}: position {row.position}: the accept is not the one in the ledger"


def _results(ledger: Sequence[Row], journals: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    if not journals:
        return
    said = {
        (row.agent, row.message_id): row.message
        for journal in journals.values()
        for row in journal
        if row.type == "Said" and row.says("inform", "result")
    }
    agents = {row.agent for journal in journals.values() for row in journal}
    heard = {row.message_id: row for row in ledger if row.type == "Heard" and row.says("inform", "result")}
    for row in ledger:
        for one in row.body.get("filled", []) if row.type == "Ended" else []:
            result = heard.get(one["result_of"])
            known = result is None or one["winner"] not in agents
            if not known and result is not None and said.get((one["winner"], result.message_id)) != result.message:
                yield f"A: tender {row.tender} credited a result that {one['winner']}'s journal does not have"


def _ids(files: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """An id that is said in one file is said in no other: ids come from seeds of their own."""
    seen: dict[tuple[str, str], str] = {}
    for name, rows in files.items():
        for row in rows:
            if row.type == "Said" and row.message_id is not None:
                key = (row.agent, row.message_id)
                if seen.setdefault(key, name) != name:
                    yield f"I5: the message {key} was said in {seen[key]} and in {name}"


# ---- I11


def _unsent(name: str, rows: Sequence[Row]) -> Iterator[str]:
    owed: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.type == "Said":
            assert row.message_id is not None  # a message has one
            owed[row.agent, row.message_id] |= set(row.body["receivers"] or [""])
        elif row.type == "Sent":
            owed[row.agent, row.body["message_id"]] -= set(row.body["receivers"] or [""])
    for (agent, message_id), left in owed.items():
        if left:
            yield f"I11: {name}: {agent} said {message_id}, and no confirm for {sorted(left)} is recorded"


def main(arguments: Sequence[str], say: Callable[[str], None] = print) -> int:
    """Audit a ledger and journals; prints the first violation with the tender's history."""
    ledger, *journals = [Path(name) for name in arguments]
    rows = read(ledger)
    found = violations(rows, {path.name: read(path) for path in journals})
    for line in found:
        say(line)
    for row in rows:
        if found and row.type == "Opened" and row.conversation in found[0]:
            say(history(rows, row.conversation))
    say(f"{len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
