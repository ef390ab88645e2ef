"""`python -m contractnet.conformance`: one line a file, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contractnet.conformance.__main__ import main
from tests.conformance.write_transcripts import FOLDER, PROTOCOLS


def test_all_our_transcripts_are_what_their_headers_say(capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(map(str, FOLDER.glob("*.jsonl")))
    assert main([str(PROTOCOLS), *files]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(files)
    assert "NOT AS ITS HEADER SAYS" not in "\n".join(told)
    assert f"{FOLDER / 'legal-settle.jsonl'}: keeps the protocol" in told
    broken = f"{FOLDER / 'illegal-closed-too-early.jsonl'}: line 5: early: the round has 19000 ms left"
    assert broken in told


@pytest.mark.parametrize("change", [{"line": 4}, {"fault": "late"}, {"breaks": "P1"}, {"legal": True}])
def test_another_fault_than_the_header_says_is_told(
    change: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, rest = (FOLDER / "illegal-closed-too-early.jsonl").read_text(encoding="utf-8").split("\n", 1)
    file = tmp_path / "changed.jsonl"
    file.write_text(json.dumps(json.loads(header) | change) + "\n" + rest, encoding="utf-8")
    assert main([str(PROTOCOLS), str(file)]) == 1
    assert "NOT AS ITS HEADER SAYS" in capsys.readouterr().out


def test_a_log_without_a_verdict_of_its_own_is_meant_to_be_legal(tmp_path: Path) -> None:
    header, rest = (FOLDER / "legal-settle.jsonl").read_text(encoding="utf-8").split("\n", 1)
    facts = json.loads(header)
    del facts["legal"]
    file = tmp_path / "log.jsonl"
    file.write_text(json.dumps(facts) + "\n" + rest, encoding="utf-8")
    assert main([str(PROTOCOLS), str(file)]) == 0
    file.write_text("nonsense\n", encoding="utf-8")
    assert main([str(PROTOCOLS), str(file)]) == 1


def test_without_files_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(PROTOCOLS)]) == 2
    assert "python -m contractnet.conformance" in capsys.readouterr().err
