"""Answers beside a ledger: complete or not there, in order, gone when they are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from contractnet.errors import LedgerUnusable
from contractnet.ledger import answers


def test_what_is_left_is_found_in_order_and_taken(tmp_path: Path) -> None:
    ledger = tmp_path / "m.db"
    assert answers.left(ledger) == []
    files = [answers.leave(ledger, f"{number}".encode()) for number in range(3)]
    assert answers.left(ledger) == files
    assert [answers.read(file) for file in files] == [b"0", b"1", b"2"]
    for file in files:
        assert answers.folder_of(ledger).is_dir()
        answers.taken(file)
        answers.taken(file)  # a second time is no error
    assert not answers.folder_of(ledger).exists()
    assert answers.read(files[0]) == b""


def test_half_an_answer_is_none(tmp_path: Path) -> None:
    ledger = tmp_path / "m.db"
    kept = answers.leave(ledger, b"{}")
    (answers.folder_of(ledger) / ".0001-half").write_bytes(b"{")
    assert answers.left(ledger) == [kept]


def test_a_link_to_a_ledger_has_its_answers(tmp_path: Path) -> None:
    (tmp_path / "m.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "m.db")
    answers.leave(tmp_path / "link.db", b"{}")
    assert len(answers.left(tmp_path / "m.db")) == 1


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="nowhere"):
        answers.leave(tmp_path / "nowhere" / "m.db", b"{}")
