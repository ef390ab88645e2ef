"""`log`: entries in words, filters, JSON, and the diagram."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from contractnet.cli.entry_words import RECORDS, tell
from contractnet.cli.log import Instant, belongs
from contractnet.cli.main import run
from contractnet.ledger.chain import canonical
from tests.support.bargaining_bench import BargainingBench
from tests.support.bench import NOW, Bench
from tests.support.ledgers import LEDGERS

Captured = pytest.CaptureFixture[str]


def lines(capsys: Captured, *arguments: str) -> list[str]:
    assert run(["log", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def entries(capsys: Captured, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(capsys, *arguments, "--json")]


def test_an_entry_is_a_line_with_place_time_conversation_and_words(settled: str, capsys: Captured) -> None:
    found = lines(capsys, settled)
    assert found[0] == "     1  2027-01-15 08:00:00.000Z  ledger                    mgr: ledger of mgr begun"
    assert (
        "    14  2027-01-15 08:00:02.100Z  t.1                       "
        "c -> mgr: propose 0.06 USD, eta 5 s, confidence 90 %: mine is best"
    ) in found
    assert "a 0.03 score 0.041985 awarded; b 0.03 score 0.041985 outbid; c 0.06 score 0.011985 over-reserve" in "".join(
        found
    )
    assert not [line for line in found if "rows" in line]


def test_without_a_ledger_it_says_what_is_missing(capsys: Captured) -> None:
    assert run(["log"]) == 2
    assert "Missing argument 'LEDGER...'" in capsys.readouterr().err


def test_a_mandate_is_in_no_words_and_is_like_the_reserve_in_the_record(tmp_path: Path, capsys: Captured) -> None:
    """What every number is derived from again is in the ledger, and so in `--json`; no message and no words tell it."""
    bench = BargainingBench()
    bench.haggle({"a": 90_001}, reserve=50_003)
    bench.bargain(a=70_000)
    for entry in bench.entries:
        if entry.conversation == "t.1.b1":
            assert "0.050003" not in tell(entry).words
        if entry.message_id is not None:
            assert "50003" not in entry.body
    file = tmp_path / "bargained.jsonl"
    file.write_bytes(b"".join(canonical(entry) + b"\n" for entry in bench.entries))
    written = {one["type"]: one["body"] for one in entries(capsys, str(file))}
    assert written["Opened"]["terms"]["reserve"] == 50_003
    assert written["BargainOpened"]["plan"]["mandate"]["preferences"]["limit"] == 50_003


def test_every_kind_of_entry_has_words_of_its_own() -> None:
    seen: set[str] = set()
    for make in LEDGERS.values():
        for entry in make().entries:
            told = tell(entry)
            seen.add(entry.type)
            assert told.words
            assert "{" not in told.words or told.performative == "inform"
            assert "not readable" not in told.words
    assert seen - set(RECORDS) == {"Founded"}
    assert len(seen) > 20


def test_the_private_part_is_not_shown(settled: str, capsys: Captured) -> None:
    assert '"private":{"k":"v"}' in Path(settled).read_text().replace("\\", "")
    assert not [line for line in lines(capsys, settled) if '"k"' in line]


def test_json_has_whole_entries(settled: str, capsys: Captured) -> None:
    found = entries(capsys, settled, "--type", "Decided")
    assert len(found) == 1
    assert found[0]["position"] == 16
    assert found[0]["body"]["ties"] == ["a", "b"]
    assert len(found[0]["hash"]) == 64


def test_filters(troubled: str, capsys: Captured) -> None:
    assert {one["type"] for one in entries(capsys, troubled, "--type", "Moved")} == {"Moved"}
    proposals = entries(capsys, troubled, "--performative", "propose")
    assert {one["body"].get("message", one["body"])["performative"] for one in proposals} == {"propose"}
    assert len(proposals) == 7  # the one that is no act among them
    mine = entries(capsys, troubled, "--agent", "e")
    assert {one["type"] for one in mine} == {"Invited", "Said", "Fired", "Closed"}
    assert {one["conversation"] for one in entries(capsys, troubled, "--conversation", "t.2")} == {"t.2"}
    assert {one["conversation"] for one in entries(capsys, troubled, "--conversation", "t")} == {
        "t",
        "t.1",
        "t.2",
        "t.3",
    }
    late = entries(capsys, troubled, "--since", str(NOW + 96_500), "--until", str(NOW + 97_000))
    assert {one["at"] - NOW for one in late} == {96_500}
    both = entries(capsys, troubled, "--performative", "propose", "--performative", "cancel", "--agent", "b")
    assert [one["type"] for one in both] == ["Misheard", "Heard", "Said"]
    assert lines(capsys, troubled, "--agent", "nobody") == []


DIAGRAM = """\
t, begun 2027-01-15 08:00:00.000Z
                mgr        a         b         c
  +0.000 s       *         |         |         |      tender opened: text.summarise
  +0.000 s       *         |         |         |      call 1: a, b, c expected to answer [conversation COLLECTING]
  +0.000 s       |-------->|-------->|-------->|      cfp text.summarise
  +0.700 s       |<--------|         |         |      propose 0.03 USD
  +1.400 s       |<------------------|         |      propose 0.03 USD
  +2.100 s       |<----------------------------|      propose 0.06 USD
  +2.100 s       *         |         |         |      decided by best-value: a 0.03 score 0.041985 awarded; b 0.03 score
  +2.100 s       *         |         |         |      slot 1 epoch 1 awarded to a at 0.03
  +2.100 s       |-------->|         |         |      accept-proposal at 0.03
  +2.100 s       |---------------------------->|      reject-proposal over-reserve [REJECTED]
  +4.100 s       |<--------|         |         |      inform result {"ok":1} [DONE]
  +4.100 s       |------------------>|         |      reject-proposal outbid [REJECTED]
  +4.100 s       *         |         |         |      call closed: ok [conversation CLOSED_OK]
  +4.100 s       *         |         |         |      tender ended: settled
  +4.100 s       *         |         |         |      judged bad: too short
"""


def test_the_diagram_of_a_tender(settled: str, capsys: Captured) -> None:
    found = lines(capsys, settled, "--diagram")
    wanted = DIAGRAM.splitlines()
    assert len(found) == len(wanted)
    assert [line for line, begin in zip(found, wanted, strict=True) if not line.startswith(begin)] == []


def test_a_diagram_is_of_one_tender(several: str, settled: str, capsys: Captured) -> None:
    assert run(["log", several, "--diagram"]) == 2
    assert "2 conversations match: name one with --conversation, such as the last one, w" in capsys.readouterr().err
    whole = lines(capsys, several, "--diagram", "--conversation", "v")
    assert whole[0].startswith("v, begun ")
    second = lines(capsys, several, "--diagram", "--conversation", "v.2")
    assert second[0].startswith("v.2, begun ")
    assert len([line for line in whole if "cfp" in line]) == 2
    assert len([line for line in second if "cfp" in line]) == 1
    assert run(["log", settled, "--diagram", "--conversation", "zzz"]) == 2
    assert "there is no conversation zzz here" in capsys.readouterr().err


def test_a_diagram_in_mermaid(settled: str, capsys: Captured) -> None:
    found = lines(capsys, settled, "--diagram", "mermaid")
    assert found[0] == "sequenceDiagram"
    assert found[1] == "    accTitle: t, begun 2027-01-15 08#58;00#58;00.000Z"
    assert lines(capsys, settled, "--diagram=mermaid") == found


def test_text_is_drawn_where_no_other_way_is_named(
    settled: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = lines(capsys, settled, "--diagram")
    assert text[0].startswith("t, begun")
    assert lines(capsys, settled, "--diagram", "text") == text
    assert lines(capsys, "--diagram", settled) == text
    assert lines(capsys, "--diagram", "--conversation", "t", settled) == text
    assert lines(capsys, "--diagram", "mermaid", settled)[0] == "sequenceDiagram"
    assert run(["log", settled, "--diagram=png"]) == 2
    assert "'png' is not one of 'text', 'mermaid'" in capsys.readouterr().err
    assert run(["log", settled, "--diagram", "--json"]) == 2
    assert "leave --follow and --json out" in capsys.readouterr().err
    monkeypatch.setenv("CONTRACTNET_DIAGRAM", "mermaid")
    assert lines(capsys, settled)[0] == "sequenceDiagram"


def test_a_call_is_drawn_with_its_mediation(save: Any, capsys: Captured) -> None:
    ledger = save("disputed", LEDGERS["disputed"]().entries)
    found = "\n".join(lines(capsys, ledger, "--diagram", "--conversation", "t.1"))
    assert "request choice among 2 offers" in found
    assert "mediator arbiter chose round" in found


def test_what_an_agent_wrote_gives_no_orders_to_the_terminal(save: Any, capsys: Captured) -> None:
    bench = Bench()
    bench.start("a")
    bench.propose("a", rationale="\x1b[31mred \u202egnp.exe \x9b2J")
    ledger = save("hostile", bench.entries)
    for arguments in ([], ["--diagram"], ["--diagram", "mermaid"]):
        found = lines(capsys, ledger, *arguments)
        assert [line for line in found if "[31mred" in line]
        assert not [line for line in found if not line.isprintable()]


def test_instants() -> None:
    read = Instant().convert
    assert read("1800000000000", None, None) == 1_800_000_000_000
    assert read("2027-01-15T08:00:00Z", None, None) == 1_800_000_000_000
    assert read("2027-01-15 08:00", None, None) == 1_800_000_000_000
    assert read("2027-01-15T09:00:00+01:00", None, None) == 1_800_000_000_000
    assert abs(read("2h", None, None) - (time.time_ns() // 1_000_000 - 7_200_000)) < 60_000


def test_which_conversations_an_id_means() -> None:
    assert belongs("29ca.1", "29ca")
    assert belongs("29ca.1", "29")
    assert belongs("29ca.1", "29ca.1")
    assert not belongs("29ca.10", "29ca.1")
    assert not belongs("29ca", "29ca.1")
