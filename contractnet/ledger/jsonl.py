"""The portable form: one entry a line, in canonical JSON, from position 1.

A line holds every field of the entry, hashes included, so any program that has JSON and SHA-256 can check the chain
(`chain` has the rule). Writing out, reading back and writing out again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from contractnet.errors import LedgerDamaged
from contractnet.ledger import files
from contractnet.ledger.chain import canonical, checked, verify
from contractnet.ledger.port import Entry, LedgerReader

_decode = msgspec.json.Decoder(Entry).decode


def export(reader: LedgerReader, file: BinaryIO) -> int:
    """Write every entry as a line, checking the chain on the way.

    Returns:
        how many were written.
    Raises:
        LedgerDamaged: at the first entry that does not hold; those before it were written.
    """
    count = 0
    for entry in checked(reader.entries()):
        file.write(canonical(entry) + b"\n")
        count += 1
    return count


def begins_as_jsonl(path: Path) -> bool:
    """Whether the first line of the file is the beginning of an entry's."""
    with path.open("rb") as file:
        return file.read(10) == b'{"agent":"'


class JsonlReader:
    """Read access to an exported file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, after: int = 0, conversation: str | None = None) -> Iterator[Entry]:
        with files.naming(self._path):
            for entry in self._lines():
                if entry.position > after and conversation in (None, entry.conversation):
                    yield entry

    def _lines(self) -> Iterator[Entry]:
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    entry = _decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    raise LedgerDamaged(f"line {number} is not an entry ({error})", number) from None
                if canonical(entry) + b"\n" != line:
                    raise LedgerDamaged(f"line {number} is not written as it was exported", number)
                yield entry

    def check(self) -> None:
        with files.naming(self._path):
            verify(self._lines())

    def close(self) -> None:
        pass
