"""Where output goes: a ledger is never overwritten, and only regular files are replaced."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from contractnet.errors import DefinitionError
from contractnet.ledger.targets import is_replaced, target, writing


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "x.db"
    path.write_bytes(b"ledger")
    return path


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", ".lock"])
@pytest.mark.parametrize("there", [True, False])
def test_a_ledger_and_what_belongs_to_it_are_refused(ledger: Path, ending: str, there: bool) -> None:
    path = ledger.with_name(ledger.name + ending)
    if there:
        path.write_bytes(b"its")
    with pytest.raises(DefinitionError, match="would be destroyed"):
        target(path, never=[ledger])


def test_it_is_known_under_other_names(ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "soft").symlink_to(ledger)
    os.link(ledger, tmp_path / "hard")
    (tmp_path / "folder").mkdir()
    for name in ("x.db", "./folder/../x.db", "soft", "hard"):
        with pytest.raises(DefinitionError, match="is the ledger itself"):
            target(Path(name), never=[ledger])
    with pytest.raises(DefinitionError, match="would be destroyed"):
        target(tmp_path / "x.db-wal", never=[tmp_path / "soft"])  # named by its link


def test_what_is_read_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_bytes(b"tasks")
    (tmp_path / "link").symlink_to("tasks.jsonl")
    for name in ("tasks.jsonl", "link"):
        with pytest.raises(DefinitionError, match="is what is to be read, and would be destroyed"):
            target(tmp_path / name, never=[], read=tmp_path / "tasks.jsonl")


def test_a_folder_and_a_link_to_itself_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="is a folder"):
        target(tmp_path, never=[])
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(DefinitionError, match="leads nowhere, or to itself"):
        target(tmp_path / "round", never=[])
    assert (tmp_path / "round").is_symlink()


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    with writing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640


def test_a_pipe_is_written_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert not is_replaced(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with writing(pipe) as file:
        file.write(b"new")
    reader.join(20)
    assert got == [b"new"]
    assert pipe.is_fifo()


def test_a_device_is_written_and_stays() -> None:
    with pytest.raises(OSError, match="No space left"), writing(Path("/dev/full")) as file:
        file.write(b"new")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_what_stdout_leads_to_is_written() -> None:
    code = "from contractnet.ledger.targets import writing; import pathlib\n"
    code += "with writing(pathlib.Path('/dev/stdout')) as file: file.write(b'new')"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout == b"new"


def test_an_error_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), writing(path) as file:
        file.writelines([b"new", 5])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["old"]
