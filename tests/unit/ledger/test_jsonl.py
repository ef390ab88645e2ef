"""The portable form: out, back, and out again."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import LedgerDamaged, LedgerUnusable
from contractnet.ledger.jsonl import JsonlReader, export
from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.port import LedgerReader
from contractnet.ledger.urls import open_ledger, open_reader
from tests.suites.ledger import NOW, OWNER, draft
from tests.support.examples import often


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported ledger of 60 entries."""

    async def fill() -> LedgerReader:
        ledger = MemoryLedger(OWNER, "ledger", NOW)
        for i in range(59):
            message = ("in", "ada", f"id-{i}") if i % 2 else None
            await ledger.append([draft(i // 3 + 1, f"c{i % 3}", at=NOW + i, body=f'{{"n":{i}}}', message=message)])
        return ledger

    path = tmp_path_factory.mktemp("sound") / "x.jsonl"
    with path.open("wb") as file:
        assert export(asyncio.run(fill()), file) == 60
    return path


@pytest.fixture
def exported(sound: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copy(sound, tmp_path))


def out(reader: LedgerReader) -> bytes:
    file = io.BytesIO()
    export(reader, file)
    return file.getvalue()


def test_out_back_and_out_again_is_the_same(exported: Path) -> None:
    reader = open_reader(str(exported))
    assert isinstance(reader, JsonlReader)
    reader.check()
    assert out(reader) == exported.read_bytes()
    assert out(open_reader(f"sqlite:///{exported}")) == exported.read_bytes()
    reader.close()


@settings(deadline=None, max_examples=30)
@given(texts=st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_every_text_survives_file_and_database(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("texts")

    async def fill() -> bytes:
        ledger = open_ledger(str(folder / "x.db"), kind="ledger", owner=OWNER, now=NOW)
        for n, text in enumerate(texts):
            message = ("in", f"{n}{text}", f"{n}{text}")
            await ledger.append([draft(1, f"{n}{text}", agent=text, body=text, message=message)])
        lines = out(ledger)
        await ledger.aclose()
        return lines

    lines = asyncio.run(fill())
    (folder / "x.jsonl").write_bytes(lines)
    assert out(open_reader(str(folder / "x.jsonl"))) == lines
    assert out(open_reader(str(folder / "x.db"))) == lines
    assert [json.loads(line)["body"] for line in lines.splitlines()][1:] == texts


def test_another_program_can_check_the_chain(exported: Path) -> None:
    previous = "0" * 64
    for line in exported.read_text().splitlines():
        fields = json.loads(line)
        hash = fields.pop("hash")
        assert fields["previous"] == previous
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == hash
        previous = hash


def test_it_is_read_from_a_position_and_by_conversation(exported: Path) -> None:
    reader = open_reader(str(exported))
    assert [entry.position for entry in reader.entries(after=57)] == [58, 59, 60]
    assert [entry.version for entry in reader.entries(after=30, conversation="c0")] == list(range(11, 21))


@settings(deadline=None, max_examples=often(300))
@given(place=st.integers(0, 10**9), flip=st.integers(1, 255))
def test_a_changed_byte_is_found_by_the_line(place: int, flip: int, sound: Path) -> None:
    before = sound.read_bytes()
    data = bytearray(before)
    data[place % len(data)] ^= flip
    path = sound.with_name("changed.jsonl")
    path.write_bytes(data)
    line = before[: place % len(data)].count(b"\n") + 1
    with pytest.raises((LedgerDamaged, LedgerUnusable)) as found:
        open_reader(str(path)).check()
    if isinstance(found.value, LedgerDamaged):
        assert found.value.position == line
        assert str(found.value).startswith(f"{path} is damaged")
    else:
        assert place % len(data) < 10  # it does not even begin as one


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.9])
def test_a_cut_file_is_found(keep: float, exported: Path) -> None:
    data = exported.read_bytes()
    data = data[: int(len(data) * keep)]
    exported.write_bytes(data)
    with pytest.raises(LedgerDamaged) as found:
        open_reader(str(exported)).check()
    assert found.value.position == data.count(b"\n") + 1


def test_a_damaged_ledger_is_exported_up_to_the_damage(exported: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    exported.write_bytes(b"".join(lines[:20] + lines[21:]))
    file = io.BytesIO()
    with pytest.raises(LedgerDamaged, match="position 21: the entry is missing"):
        export(open_reader(str(exported)), file)
    assert file.getvalue() == b"".join(lines[:20])


def test_it_is_not_opened_to_write(exported: Path) -> None:
    with pytest.raises(LedgerUnusable, match="is not a ledger"):
        open_ledger(str(exported), kind="ledger", owner=None, now=NOW)
