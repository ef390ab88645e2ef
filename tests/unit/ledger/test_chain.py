"""Sealing, and what a check finds."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import LedgerDamaged
from contractnet.ledger.chain import ZERO, canonical, checked, seal, verify
from contractnet.ledger.places import Places
from contractnet.ledger.port import Draft, Entry
from tests.suites.ledger import NOW, draft


def ledger(length: int = 10) -> list[Entry]:
    places = Places()
    for i in range(length):
        places.place([draft(i // 2 + 1, f"c{i % 2}", at=NOW + i, message=("in", "ada", f"id-{i}"))])
    return _entries(places, length)


def _entries(places: Places, length: int) -> list[Entry]:
    assert places.head is not None
    assert places.head.position == length
    entries: list[Entry] = []
    previous = ZERO
    for i in range(length):
        entries.append(
            seal(draft(i // 2 + 1, f"c{i % 2}", at=NOW + i, message=("in", "ada", f"id-{i}")), i + 1, previous)
        )
        previous = entries[-1].hash
    assert entries[-1] == places.head
    return entries


def changed(entry: Entry, **fields: Any) -> Entry:
    return msgspec.structs.replace(entry, **fields)


def resealed(entries: list[Entry], start: int) -> list[Entry]:
    """The entries with all hashes made anew from an index on, as one who knows the rules would do."""
    result = entries[:start]
    for entry in entries[start:]:
        previous = result[-1].hash if result else ZERO
        fields = {name: getattr(entry, name) for name in Draft.__struct_fields__}
        result.append(seal(Draft(**fields), entry.position, previous))
    return result


def test_the_hash_is_that_of_any_language() -> None:
    entry = seal(draft(1, body='{"text":"ü\\u0000\\n\\"🂡"}'), 1, ZERO)
    fields = {name: getattr(entry, name) for name in Entry.__struct_fields__ if name != "hash"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert entry.hash == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(canonical(entry)) == {**fields, "hash": entry.hash}


@given(st.text(st.characters(codec="utf-8")))
def test_every_text_has_a_hash_and_comes_back(text: str) -> None:
    entry = seal(draft(1, conversation=text, body=text), 1, ZERO)
    assert msgspec.json.decode(canonical(entry), type=Entry) == entry
    verify([entry])


def test_a_whole_ledger_holds() -> None:
    verify(ledger())
    verify([])
    assert list(checked(ledger())) == ledger()


@pytest.mark.parametrize("at", [0, 4, 9])
@pytest.mark.parametrize("field", Entry.__struct_fields__)
def test_every_field_of_every_entry_counts(field: str, at: int) -> None:
    entries = ledger()
    value = getattr(entries[at], field)
    for other in (
        value + 1 if isinstance(value, int) else value[:-1] + chr(ord(value[-1]) ^ 1),
        None,
        str(value) + " ",
        b"x",
    ):
        entries[at] = changed(entries[at], **{field: other})
        with pytest.raises(LedgerDamaged) as found:
            verify(entries)
        assert found.value.position == at + 1
        assert f"position {at + 1}:" in str(found.value)


@pytest.mark.parametrize("at", range(9))
def test_a_missing_entry_is_named(at: int) -> None:
    entries = ledger()
    del entries[at]
    with pytest.raises(LedgerDamaged, match="is missing") as found:
        verify(entries)
    assert found.value.position == at + 1


def test_two_entries_in_each_others_place_are_found() -> None:
    entries = ledger()
    entries[3], entries[4] = changed(entries[4], position=4), changed(entries[3], position=5)
    with pytest.raises(LedgerDamaged, match="previous hash") as found:
        verify(entries)
    assert found.value.position == 4


def test_time_that_goes_back_is_found_under_good_hashes() -> None:
    entries = ledger()
    entries[5] = changed(entries[5], at=NOW)
    with pytest.raises(LedgerDamaged, match=f"its time {NOW} lies before {NOW + 4}") as found:
        verify(resealed(entries, 5))
    assert found.value.position == 6


def test_a_version_out_of_order_is_found_under_good_hashes() -> None:
    entries = ledger()
    entries[5] = changed(entries[5], version=4)
    with pytest.raises(LedgerDamaged, match=r"it has version 4 of .* in c1, where 3 follows") as found:
        verify(resealed(entries, 5))
    assert found.value.position == 6


def test_a_message_recorded_twice_is_found_by_a_writer() -> None:
    entries = ledger()
    entries[5] = changed(entries[5], message_id="id-2")
    entries = resealed(entries, 5)
    places = Places()
    for entry in entries[:5]:
        places.admit(entry)
    with pytest.raises(LedgerDamaged, match=r"id-2 of ada .* is recorded twice") as found:
        places.admit(entries[5])
    assert found.value.position == 6


def test_what_is_not_the_next_one_is_not_taken() -> None:
    places = Places()
    entries = ledger()
    places.admit(entries[0])
    with pytest.raises(LedgerDamaged):
        places.admit(entries[2])
    assert places.head == entries[0]
    for entry in entries[1:]:
        places.admit(entry)
