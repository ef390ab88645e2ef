"""`contractnet agents --record`: what ledgers and journals say of stated confidence, in figures and as a picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from contractnet.cli.main import run
from contractnet.contractor.records import Finished
from contractnet.ledger.port import Entry
from tests.support.bench import Bench
from tests.support.side import Side

Save = Callable[[str, Sequence[Entry]], str]


@pytest.fixture
def ledger(save: Save) -> str:
    """Six awards of `a`, which states 99 % and fails in half of them, two of `b`."""
    bench = Bench()
    for number in range(8):
        agent = "a" if number < 6 else "b"
        bench.open(f"t{number}")
        bench.invite(agent, tender_id=f"t{number}")
        bench.propose(agent, confidence=990_000 if agent == "a" else 640_000)
        bench.fail(agent) if number % 2 and agent == "a" else bench.result(agent)
    return save("market", bench.entries)


def test_the_figures(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "--record", ledger]) == 0
    head, *rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert head[0] == "AGENT"
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    # Brier of a: (.01^2 + .99^2) / 2; b: .36^2, all of it reliability. The pool: a tells 36/11 outcomes, b 12/7,
    # so (1 + 18/11 + 12/7) / (2 + 36/11 + 12/7) = .6227; a (5 * .6227 + 3) / 11, b (5 * .6227 + 2) / 7
    assert cells == [
        ["a", "text.summarise", "3", "6", "99.0 %", "55.6 %", "0.4901", "0.2401", "0.0000"],
        ["b", "text.summarise", "2", "2", "64.0 %", "73.0 %", "0.1296", "0.1296", "0.0000"],
    ]


def test_one_agent_and_its_tenths(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "--record", ledger, "--agent", "b"]) == 0
    out = capsys.readouterr().out
    assert "b, text.summarise: what was stated, and what came of it" in out
    assert out.splitlines()[-1].split("  ")[0] == "60 to 70 %"
    assert "34.2 % to 100.0 %" in out  # Wilson, 2 of 2
    assert "\na " not in out


def test_as_json(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "--record", ledger, "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["agent"], first["bases"], first["method"]) == ("a", {"inform": 3, "lost": 3}, "beta-binomial")
    assert first["score"]["score"] == 490_100
    assert (second["score"]["n"], second["curve"], second["drifts"], second["ledger"]) == (2, [], [], ledger)


def test_the_picture(ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "market.svg"
    assert run(["agents", "--record", ledger, "--plot", str(picture)]) == 0
    text = picture.read_text()
    ElementTree.fromstring(text)
    assert all(words in text for words in ("text.summarise", "a, n = 6", "b, n = 2", "as stated"))
    assert run(["agents", "--record", ledger, "--plot", "market.pdf"]) == 2
    assert run(["agents", "--plot", str(picture)]) == 2
    assert "--record LEDGER" in capsys.readouterr().err


def test_a_journal(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    side = Side()
    side.cfp()
    side.bid(confidence=800_000)
    side.accept(private={"key": "s3cret"})
    side.step(Finished(result={"ok": 1}))
    assert run(["agents", "--record", save("journal", side.entries)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:6] == ["x", "text.summarise", "1", "1", "80.0", "%"]


def test_nothing_to_say(save: Save, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "--record", save("empty", Bench().entries)]) == 0
    assert "no award has come to anything" in capsys.readouterr().err
    assert run(["agents", "--record", str(tmp_path / "absent.db")]) == 3
