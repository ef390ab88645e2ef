"""The one loop of replay: facts are stepped; what they conclude must be what was recorded, byte for byte (promise 4).

Managers and daemons bring their own cores; the reading, the comparing and the naming of a difference are here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

import msgspec

from contractnet.errors import ContractNetError, ReplayDifference
from contractnet.ledger.compare import compare
from contractnet.ledger.founding import FOUNDED
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Record
from contractnet.ledger.scribe import Writing

#: steps a decoded fact at its entry's place: returns the fact's own writing and those of its conclusions
Conclude = Callable[[Entry, Record], list[Writing]]


def rederive(entries: Iterable[Entry], facts: Mapping[str, type[Record]], conclude: Conclude) -> None:
    """Step every fact and compare everything.

    Args:
        entries: all of them, in order; the founding entry may be among them.
        facts: entry type -> record, of all facts, loose ones included.
        conclude: see there; what it raises of ours means that the fact is not possible where it stands.
    Raises:
        ReplayDifference: an entry is not what the facts before it give; names its position.
    """
    expected: deque[Writing] = deque()
    last = 0
    for entry in entries:
        if entry.type == FOUNDED and entry.position == 1:
            continue
        last = entry.position
        if not expected:
            expected = deque(_concluded(entry, facts, conclude))
        compare(entry, expected.popleft().draft)
    if expected:
        kind = expected[0].draft.type
        raise ReplayDifference(f"the ledger ends after position {last}, where a `{kind}` entry must follow", last)


def _concluded(entry: Entry, facts: Mapping[str, type[Record]], conclude: Conclude) -> list[Writing]:
    where = f"position {entry.position}"
    kind = facts.get(entry.type)
    if kind is None:
        raise ReplayDifference(f"{where}: a `{entry.type}` entry follows from no fact", entry.position)
    try:
        return conclude(entry, msgspec.json.decode(entry.body, type=kind))
    except ReplayDifference:
        raise
    except (msgspec.MsgspecError, ContractNetError, LookupError, StopIteration, AssertionError, ValueError) as error:
        text = f"{where}: the fact `{entry.type}` is not possible here: {error}"
        raise ReplayDifference(text, entry.position) from error
