"""`contractnet bargain`: what it prints and writes, and how it ends."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest
from msgspec import Struct

from contractnet.cli.bargain import command
from contractnet.cli.main import run
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View
from contractnet.testing.loopback import free_ports
from tests.support.chat import Body, completion, endpoint, middle, schema_of
from tests.support.fonts import needs_font

SHORT = ["bargain", "linear", "boulware", "--trials", "40"]
LAMP = ["--product", "lamp:cost=40,budget=60,high=80"]


def test_it_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bargain", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Usage: contractnet bargain [OPTIONS]")
    assert " contractnet bargain linear boulware" in out.partition("Example:")[2]


def test_every_option_is_an_environment_variable_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.envvar == "CONTRACTNET_" + parameter.opts[0].removeprefix("--").upper().replace("-", "_")
    monkeypatch.setenv("CONTRACTNET_TRIALS", "7")
    assert run(["bargain", "linear", "linear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trials"] == "7"


def test_the_pairings_stand_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SHORT, "--swap", "--seed", "3"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith("40 bargainings of each pairing; 12 turns of both together; who moves first is drawn")
    assert lines[1:3] == ["A: linear", "B: boulware"]
    assert re.split(" {2,}", lines[4])[-2:] == ["A buys, B sells", "B buys, A sells"]
    assert max(map(len, lines[4:-3])) <= 80  # no row is made a list on a usual terminal
    for words in ("deals, feasible cases, %", "deals, infeasible cases, %", "variance of buyer's share"):
        assert any(line.startswith(words) for line in lines)
    assert captured.err == ""
    assert run([*SHORT, "--swap", "--seed", "3"]) == 0
    assert capsys.readouterr().out == captured.out


def test_json_has_an_object_a_pairing_and_csv_a_line_a_bargaining(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SHORT, "--swap", "--json", "--csv", str(tmp_path / "rows.csv")]) == 0
    one, other = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (one["buyer"], one["seller"], other["buyer"], other["seller"]) == (
        "linear",
        "boulware",
        "boulware",
        "linear",
    )
    assert float(one["deals_feasible_low"]) <= float(one["deals_feasible"]) <= float(one["deals_feasible_high"])
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 80


def test_a_picture_says_what_made_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SHORT, "--swap", "--plot", str(tmp_path / "p.svg")]) == 0
    text = (tmp_path / "p.svg").read_text()
    ElementTree.fromstring(text)
    made = "contractnet bargain linear boulware --trials 40 --seed 1 --turns 12 --first draw --swap"
    assert f"Made by: {made}</desc>" in text


@needs_font
def test_a_picture_may_be_a_png(tmp_path: Path) -> None:
    assert run([*SHORT, "--plot", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_one_product_is_one_bargaining_with_its_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    """The published schedule: 6 rounds from half the budget; a seller that takes the first offer over its cost."""
    assert run(["bargain", "og-linear:margin=0", "takes-any-gain", *LAMP, "--first", "buyer"]) == 0
    assert "lamp: 42 USD in round 3 (agreed)" in capsys.readouterr().out.splitlines()


def test_a_mediator_ends_what_the_sides_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    stubborn = ["bargain", "boulware:margin=0.6", "boulware:margin=0.6", *LAMP]
    assert run(stubborn) == 0
    assert "lamp: no deal (exhausted)" in capsys.readouterr().out
    assert run([*stubborn, "--ladder", "standing-offers,sealed-reservations"]) == 0
    assert "lamp: 50 USD in round 6 (mediated)" in capsys.readouterr().out


def test_a_file_of_scenarios_is_played_once_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('{"cost": "40", "budget": "60"}\n{"cost": "60", "budget": "40"}\n')
    assert run(["bargain", "conceder", "conceder", "--file", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["trials"], found["feasible"], found["deals_feasible"], found["deals_infeasible"]) == (
        "2",
        "1",
        "100.0",
        "0.0",
    )


ISSUES = {
    "issues": {"speed": ["slow", "fast"], "report": ["none", "long"]},
    "buyer": {"weights": {"speed": "0.7", "report": "0.3"}, "worth": {"speed": [0, 1], "report": [0, 1]}},
    "seller": {"weights": {"speed": "0.2", "report": "0.8"}, "worth": {"speed": [1, 0], "report": [1, 0]}},
}


def test_several_issues_stand_beside_the_solutions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = ["bargain", "micro", "logrolling-frequency", "--prior", "issues", "--trials", "30", "--swap"]
    files = ["--csv", str(tmp_path / "rows.csv"), "--plot", str(tmp_path / "p.svg")]
    assert run([*drawn, *files]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("30 bargainings of each pairing; 40 turns of both together; ")
    for words in ("deals, feasible cases, %", "agreed: B buys, A sells", "Nash", "Kalai-Smorodinsky", "utilitarian"):
        assert any(line.startswith(words) for line in captured.out.splitlines())
    assert captured.err == ""
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 60
    assert "--prior issues --trials 30 --seed 1 --turns 40" in (tmp_path / "p.svg").read_text()
    assert run([*drawn, "--json"]) == 0
    one, other, nash, _, most = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (one["buyer"], other["buyer"], nash["yardstick"], most["yardstick"]) == (
        "micro",
        "logrolling-frequency",
        "Nash",
        "utilitarian",
    )
    assert float(one["joint"]) <= float(nash["joint"])


def test_a_file_with_weights_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(ISSUES))
    assert run(["bargain", "micro", "micro", "--file", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "line-1: speed=fast;report=none in round 2 (agreed)"
    path.write_text(json.dumps(ISSUES) + '\n{"cost": "40", "budget": "60"}\n')
    assert run(["bargain", "micro", "micro", "--file", str(path)]) == 2
    assert "line 2: 'cost' is not known there" in capsys.readouterr().err


def test_processes_change_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found: list[tuple[str, bytes, bytes]] = []
    for jobs in ("1", "2"):
        files = [tmp_path / f"{jobs}.csv", tmp_path / f"{jobs}.svg"]
        written = ["--csv", str(files[0]), "--plot", str(files[1])]
        assert run([*SHORT, "--swap", "--jobs", jobs, *written]) == 0
        found.append((capsys.readouterr().out, files[0].read_bytes(), files[1].read_bytes()))
    assert found[0] == found[1]


def test_the_list_names_strategies_and_priors(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bargain", "--list"]) == 0
    out = capsys.readouterr().out
    assert "og-linear, og-exp" in out
    assert "uniform: cost and budget independent" in out
    assert run(["bargain", "--list", "--json"]) == 0
    assert {"strategy": "micro"} in [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def answered(body: Body) -> Body:
    """A third of the way up of every number, the first of every choice; words where no form is asked for."""
    schema = schema_of(body)
    return completion("Let us agree." if schema is None else json.dumps(middle(schema)))


def test_a_model_is_either_player_and_what_it_took_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with endpoint(answered) as server:
        asked = ["--model", server.url, "--trials", "3", "--turns", "4", "--json"]
        for players in (["model", "linear"], ["linear", "model"]):
            assert run(["bargain", *players, *asked]) == 0
            found, counted = (json.loads(line) for line in capsys.readouterr().out.splitlines())
            assert (found["trials"], found["buyer_violations"], found["seller_violations"]) == ("3", "0", "0")
            assert counted["tokens_in"] == 100 * counted["requests"] > 0
            assert counted["unanswered"] == 0
        assert run(["bargain", "model", "linear", "--mode", "og", "--model", server.url, *LAMP]) == 0
    out = capsys.readouterr().out
    assert "said        Let us agree." in out
    assert "sentences not sent 0" in out


@pytest.mark.parametrize("mode", ["og", "bounded", "free"])
def test_a_model_that_is_nowhere_ends_the_run_and_is_no_result(
    mode: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contractnet.llm.model.FIRST_PAUSE_S", 0.0)
    (port,) = free_ports(1)
    asked = ["--model", f"http://127.0.0.1:{port}/v1", "--mode", mode, "--trials", "9", "--turns", "2", "--json"]
    assert run(["bargain", "model", "linear", *asked]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"contractnet bargain: player model at 127.0.0.1:{port}")
    assert "no request was answered: the model's endpoint was not reached" in said.err
    assert "contractnet doctor --model URL" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_model_that_answers_nonsense_has_answered(capsys: pytest.CaptureFixture[str]) -> None:
    with endpoint(lambda body: completion("I would rather not.")) as server:
        asked = ["--model", server.url, "--trials", "1", "--turns", "2", "--json"]
        assert run(["bargain", "model", "linear", *asked]) == 0
    *_, counted = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert counted["unanswered"] > 0


class Fickle(Struct, frozen=True):
    """A generator that plays as `linear`, and raises in the third turn of a bargaining."""

    name: str = "fickle"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        """It takes any."""

    def propose(self, view: View) -> Any:
        if view.turn >= 2:
            raise LookupError("no entry\nin its book")
        return STRATEGIES["linear"].generator.propose(view)


@pytest.mark.parametrize("of", [["--product", "lamp:cost=40,budget=60,high=80"], ["--prior", "issues"]])
def test_a_brought_generator_that_raises_is_named_with_the_trial(
    of: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several processes: tests/acceptance/test_brought_generators.py."""
    monkeypatch.setattr(
        "contractnet.mechanisms.bargaining.brought._brought", lambda _: Strategy(Fickle(), AcceptNext())
    )
    options = ["--turns", "8", "--first", "buyer", "--seed", "7", "--trials", "3"]
    assert run(["bargain", "linear", "fickle:margin=0", *of, *options]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    text = "strategy fickle:margin=0: it raised LookupError: no entry in its book; trial 1 of seed 7: mend it"
    assert said.err == f"contractnet bargain: {text}, or leave it out\n"


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_it_fits_terminals(columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("contractnet.cli.screen.is_terminal", lambda: True)
    assert run([*SHORT, "--swap"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= int(columns)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["linear"], 2, "name two players, the buyer and the seller; --list shows which there are"),
        (["luck", "linear"], 2, "strategy 'luck' is not known; there are: og-linear"),
        (["linear", "micro:beta=1"], 2, "has no parameter 'beta'"),
        (["micro", "micro", "--prior", "issues:size=2"], 2, "prior 'issues' has no parameter 'size'"),
        (["model", "micro", "--prior", "issues", "--model", "http://127.0.0.1:9/v1"], 2, "it bargains over a price"),
        (["model", "linear", "--model", "http://127.0.0.1:9/v1", "--jobs", "2"], 2, "a model is asked by one process"),
        (["linear", "logrolling-bayesian"], 2, "there is nothing to trade in a single price"),
        (["linear", "linear", "--prior", "shop", *LAMP], 2, "--prior and --product: name one source of scenarios"),
        (["linear", "linear", "--prior", "luck"], 2, "prior 'luck' is not known"),
        (["linear", "linear", "--ladder", "human"], 2, "ladder: human asks somebody outside"),
        (["linear", "linear", "--ladder", "luck"], 2, "'luck' is no rung"),
        (["model", "linear"], 2, "player model: say where it is, with --model URL"),
        (["linear", "linear", "--model", "http://127.0.0.1:9/v1"], 2, "call the buyer or the seller `model`"),
        (["model", "linear", "--model", "ftp://x"], 2, "is no URL of an endpoint"),
        (["model", "linear", "--model", "http://127.0.0.1:9/v1", "--persona", "grim"], 2, "grim.toml is not there"),
        (["linear", "linear", "--turns", "0"], 2, "0 is not in the range"),
        (["linear", "linear", "--plot", "p.gif"], 2, "pictures are SVG or PNG: name a file .svg or .png"),
        (["linear", "linear", "--csv", "./p.svg", "--plot", "p.svg"], 2, "p.svg cannot be both: name two files"),
        (["linear", "linear", "--file", "/no/such"], 2, "does not exist"),
        (["linear", "linear", "--csv", "/no/such/p.csv"], 3, "/no/such/p.csv: No such file or directory"),
    ],
)
def test_what_goes_wrong_is_a_line_and_a_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bargain", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("contractnet bargain: ")
    assert said in captured.err
    assert captured.err.count("\n") == 1
