"""`replay`: its last line, its code, and where it finds the difference."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from contractnet.bargaining.records import BargainEnded, BargainMediated
from contractnet.cli.main import run
from contractnet.cli.replay_bargains import Bargainings
from contractnet.ledger.port import Entry
from contractnet.ledger.urls import open_ledger
from contractnet.messages.codec import canonical
from tests.support.ledgers import LEDGERS, bargained, changed
from tests.support.side import Side
from tests.unit.cli.conftest import Save
from tests.unit.contractor.test_agreements import bargain


def last(captured: str) -> str:
    return captured.splitlines()[-1]


@pytest.mark.parametrize(("name", "awards"), [("settled", 1), ("troubled", 2)])
def test_a_good_ledger(name: str, awards: int, save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(name, LEDGERS[name]().entries)
    assert run(["replay", path]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{awards} of {awards} awards re-derived, 0 differences, 0 model calls\n"
    assert captured.err == ""


def test_bargainings_are_counted_in_a_line_of_their_own_before_the_last(
    save: Save, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = bargained().entries
    assert run(["replay", save("bargained", entries)]) == 0
    lines = capsys.readouterr().out.splitlines()
    awards = "1 of 1 awards re-derived, 0 differences, 0 model calls"
    assert lines == ["2 bargainings re-derived (2 agreed)", awards]
    ends = [entry.position for entry in entries if entry.type == "BargainEnded"]
    for at, found in ((ends[0] - 1, 0), (ends[0] + 1, 1), (len(entries), 2)):
        bad = [*entries[: at - 1], _with(entries[at - 1], "{}"), *entries[at:]]
        assert run(["replay", save("bad", bad)]) == 1
        assert capsys.readouterr().out.splitlines()[0] == f"{found} of 2 bargainings re-derived ({found} agreed)"


def test_in_a_journal_a_bargaining_is_one_whoever_of_the_daemon_is_in_it() -> None:
    side = Side()
    side.hear(side.cfp_act())
    bargain(side, "mgr", "t.1.b1", 60_000_000)
    seen = Bargainings()
    last = list(seen.counted(side.entries))[-1]
    assert seen.line(None) == "1 bargaining re-derived (1 agreed)"
    ended = BargainEnded(state="ENDED")
    taken = BargainMediated(taken=True, rung="single-text", terms=(25,))
    more = [("y", "t.1.b1", ended), ("x", "u", ended), ("x", "u.m0", taken), ("x", "v", ended)]
    for agent, conversation, record in more:
        body = canonical(record).decode()
        kind = type(record).__name__
        entry = msgspec.structs.replace(last, agent=agent, conversation=conversation, type=kind, body=body)
        assert list(seen.counted([entry])) == [entry]
    assert seen.line(None) == "3 bargainings re-derived (2 agreed)"
    assert Bargainings().line(None) is None


def test_every_changed_byte_of_a_price_is_found_at_its_place(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    entries = LEDGERS["troubled"]().entries
    awards = [entry.position for entry in entries if entry.type == "Awarded"]
    assert len(awards) == 2
    for entry in entries:
        if '"price":' not in entry.body:
            continue
        body = entry.body.replace('"price":', '"price":1', 1)
        bad = [*entries[: entry.position - 1], _with(entry, body), *entries[entry.position :]]
        assert run(["replay", save("bad", bad)]) == 1
        captured = capsys.readouterr()
        assert f"position {entry.position}: its content does not have its hash" in captured.err
        before = sum(position < entry.position for position in awards)
        assert last(captured.out) == f"{before} of 2 awards re-derived, 1 difference, 0 model calls"


def test_a_change_that_was_chained_anew_is_found_too(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    entries = LEDGERS["troubled"]().entries
    second = [entry for entry in entries if entry.type == "Awarded"][1]
    bad = changed(entries, second.position, body=second.body.replace('"price":', '"price":1'))
    assert run(["replay", save("bad", bad)]) == 1
    captured = capsys.readouterr()
    assert f"position {second.position}: the recorded body of this `Awarded` entry is" in captured.err
    assert last(captured.out) == "1 of 2 awards re-derived, 1 difference, 0 model calls"


def test_an_entry_that_is_missing(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    entries = LEDGERS["settled"]().entries
    assert run(["replay", save("bad", [*entries[:9], *entries[10:]])]) == 1
    captured = capsys.readouterr()
    assert "position 10: the entry is missing" in captured.err
    assert last(captured.out) == "0 of 1 awards re-derived, 1 difference, 0 model calls"


def test_a_step_that_was_cut_off_at_the_end(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    entries = LEDGERS["settled"]().entries
    ended = next(entry.position for entry in entries if entry.type == "Ended")
    assert run(["replay", save("cut", entries[: ended - 1])]) == 1
    captured = capsys.readouterr()
    assert f"ends after position {ended - 1}, where a `Ended` entry must follow" in captured.err


def test_what_is_no_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n" + b"\x00" * 5000)
    for path, said in ((tmp_path, "is a folder"), (picture, "is not a ledger"), (tmp_path / "x", "does not exist")):
        assert run(["replay", str(path)]) == 3
        captured = capsys.readouterr()
        assert captured.out == ""
        assert said in captured.err
        assert captured.err.count("\n") == 1


def _with(entry: Entry, body: str) -> Entry:
    return msgspec.structs.replace(entry, body=body)


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_damaged_file_is_named_once(form: str, settled: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Path(settled).read_bytes().splitlines(keepends=True)
    Path(settled).write_bytes(b"".join([*lines[:3], b"{}\n", *lines[4:]]))
    assert run(["replay", form.format(settled)]) == 1
    err = capsys.readouterr().err
    assert f"contractnet replay: {settled} is damaged: line 4 is not an entry" in err
    assert err.count(settled) == 1


@pytest.mark.parametrize("command", ["replay", "export", "log"])
def test_a_ledger_whose_entries_were_deleted_is_an_error(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.db"
    open_ledger(str(path), kind="ledger", owner="m1", now=1).close()
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DELETE FROM entry")
    assert run([command, str(path)]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"contractnet {command}: {path} has no entries, not even its first: they were deleted: restore a copy\n"
    )
