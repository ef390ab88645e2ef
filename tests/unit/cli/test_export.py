"""`contractnet export`: what it writes, and what it never writes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from contractnet.cli.main import run


def test_the_ledger_itself_is_refused_under_every_name(
    settled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(settled).read_bytes()
    (tmp_path / "link").symlink_to(settled)
    for ledger in (settled, f"sqlite:///{settled}"):
        for out in (settled, str(tmp_path / "link"), f"{settled}-wal", f"{settled}.lock"):
            assert run(["export", ledger, "--out", out]) == 2
            assert f"contractnet export: --out {out} is " in capsys.readouterr().err
    assert Path(settled).read_bytes() == before
    assert not Path(f"{settled}-wal").exists()


def test_a_link_is_followed_and_a_full_device_is_an_error(
    settled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "real.jsonl").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real.jsonl")
    assert run(["export", settled, "--out", str(tmp_path / "link")]) == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real.jsonl").read_bytes() == Path(settled).read_bytes()
    assert run(["export", settled, "--out", "/dev/full"]) == 2
    assert "/dev/full cannot be written (No space left on device)" in capsys.readouterr().err
    assert Path("/dev/full").is_char_device()
