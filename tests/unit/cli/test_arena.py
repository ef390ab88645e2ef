"""`contractnet arena`: what it prints and writes, and how it ends."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from contractnet.arena.catalogue import EXPERIMENTS
from contractnet.cli.arena import command
from contractnet.cli.main import run
from tests.support.fonts import needs_font

NAME = "price-rise"
SHORT = ["arena", "run", NAME, "--trials", "20"]


@pytest.mark.parametrize("name", ["run", "list", "report"])
def test_each_part_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["arena", name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: contractnet arena {name}")
    assert f" contractnet arena {name}" in out.partition("Example:")[2]


@pytest.mark.parametrize("name", ["run", "list", "report"])
def test_every_option_is_an_environment_variable_too(name: str) -> None:
    assert isinstance(command, click.Group)
    for parameter in command.commands[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.envvar == "CONTRACTNET_" + parameter.opts[0].removeprefix("--").upper()


def test_the_list_is_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["arena", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == list(EXPERIMENTS)
    assert run(["arena", "list", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["name"] for one in found] == list(EXPERIMENTS)
    assert all(one["asks"].endswith("?") for one in found)


def test_a_run_prints_question_table_and_paragraph(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SHORT, "--seed", "3"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith("All prices rise alike")
    assert lines[1] == "20 rounds, the same for every change and rule; seed 3"
    assert lines[3].split()[:2] == ["prices", "rule"]
    assert len([line for line in lines if line.startswith(("none", "×", "fee"))]) == 18
    assert "When every price doubles" in captured.out
    assert captured.err == ""
    assert run([*SHORT, "--seed", "3"]) == 0
    assert capsys.readouterr().out == captured.out


def test_json_and_csv_hold_the_same_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SHORT, "--json", "--csv", str(tmp_path / "rows.csv")]) == 0
    *rows, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert last.keys() == {"experiment", "seed", "trials", "says"}
    with (tmp_path / "rows.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert len(rows) == len(written) == 18
    for one, other in zip(rows, written, strict=True):
        assert (one.pop("experiment"), one.pop("seed"), one.pop("trials")) == (NAME, 1, 20)
        assert {key: value or "" for key, value in one.items()} == other
        assert float(other["other_low"]) <= float(other["other"]) <= float(other["other_high"])


def test_a_picture_says_what_made_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SHORT, "--plot", str(tmp_path / "p.svg")]) == 0
    text = (tmp_path / "p.svg").read_text()
    ElementTree.fromstring(text)
    assert "Made by: contractnet arena run price-rise --seed 1 --trials 20</desc>" in text


@needs_font
def test_a_picture_may_be_a_png(tmp_path: Path) -> None:
    assert run([*SHORT, "--plot", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_one_file_is_not_the_picture_and_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor by a link to it."""
    (tmp_path / "p.svg").write_text("as it was")
    (tmp_path / "link.csv").hardlink_to(tmp_path / "p.svg")
    assert run([*SHORT, "--plot", str(tmp_path / "p.svg"), "--csv", str(tmp_path / "link.csv")]) == 2
    assert "cannot be both" in capsys.readouterr().err
    assert (tmp_path / "p.svg").read_text() == "as it was"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "luck"], 2, "experiment 'luck' is not known; there are: reserve, "),
        (["run"], 2, "Missing argument 'NAME'"),
        (["run", NAME, "--trials", "1"], 2, "1 is not in the range x>=2"),
        (["run", NAME, "--plot", "p.pdf"], 2, "'p.pdf': pictures are SVG or PNG: name a file .svg or .png"),
        (["run", NAME, "--csv", "./p.svg", "--plot", "p.svg"], 2, "p.svg cannot be both: name two files"),
        (["run", NAME, "--plot", "/no/such/p.svg"], 3, "/no/such/p.svg: No such file or directory"),
        (["run", NAME, "--csv", "/no/such/p.csv"], 3, "/no/such/p.csv: No such file or directory"),
        (["report", "luck"], 2, "experiment 'luck' is not known"),
        (["rnu"], 2, "No such command 'rnu'"),
    ],
)
def test_what_goes_wrong_is_a_line_and_a_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["arena", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("contractnet arena: ")
    assert said in captured.err
    assert captured.err.count("\n") == 1


def test_a_report_is_written_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "pages")
    assert run(["arena", "report", NAME, "--folder", folder]) == 0
    assert {path.name for path in Path(folder).iterdir()} == {"README.md", f"{NAME}.md", f"{NAME}.svg"}
    capsys.readouterr()
    page = Path(folder) / f"{NAME}.md"
    page.write_text(page.read_text().replace("1.00", "2.00"))
    (Path(folder) / "luck.md").write_text("")
    assert run(["arena", "report", NAME, "--folder", folder, "--check"]) == 1
    assert capsys.readouterr().out == (
        f"{page} is not current; run `contractnet arena report`\n{folder}/luck.md is of no experiment; remove it\n"
    )
