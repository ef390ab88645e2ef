"""Trials over several processes: the same as with one, whatever is played."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from contractnet.arena.bargaining.jobs import case_trials, price_trials
from contractnet.arena.bargaining.scenarios import drawn
from contractnet.arena.bargaining.several.cases import drawn_cases
from contractnet.arena.bargaining.trials import Table
from contractnet.errors import DefinitionError, StrategyFailed
from contractnet.mechanisms.bargaining.shape import ENTRY_POINTS
from tests.support.commands import gone, started, until

SCENARIOS = list(drawn("uniform", 1, 23))
CASES = list(drawn_cases("issues", 1, 9))
PAIRS = [("boulware:beta=0.3", "absolute"), ("absolute", "boulware:beta=0.3")]


def test_two_processes_play_the_same_and_tell_of_every_trial() -> None:
    """`absolute` and `micro` draw from the seed of the trial, which is that of its number in the whole run."""
    told: list[int] = []
    for jobs in (1, 2):
        told.append(0)

        def count(steps: int) -> None:
            told[-1] += steps

        prices = price_trials(PAIRS, SCENARIOS, Table(), 5, jobs=jobs, progress=count)
        issues = case_trials([("micro", "linear")], CASES, Table(turns=30), 5, jobs=jobs, progress=count)
        if jobs == 1:
            one = prices, issues
    assert (prices, issues) == one
    assert [len(pairing.trials) for pairing in prices] == [23, 23]
    assert any(trial.terms is not None for trial in issues[0])
    assert told == [2 * 23 + 9] * 2


def test_nobody_plays_on_for_one_who_was_killed(tmp_path: Path) -> None:
    with started(tmp_path, "bargain", "linear", "linear", "--trials", "100000", "--jobs", "2") as running:
        pid = running.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children")

        def players() -> list[int]:
            found = [int(one) for one in listed.read_text().split()]
            return [one for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]

        theirs = until("two players", lambda: found if len(found := players()) == 2 else [])
        running.send(signal.SIGKILL)
        until("the players to end", lambda: all(map(gone, theirs)))


def test_what_cannot_be_played_is_told_as_with_one_process() -> None:
    said: list[str] = []
    for jobs in (1, 2):
        with pytest.raises(DefinitionError) as told:
            price_trials([("linear", "logrolling-bayesian")], SCENARIOS, Table(), 1, jobs=jobs, progress=lambda _: None)
        said.append(str(told.value))
    assert said == ["uniform-1: logrolling-bayesian: there is nothing to trade in a single price"] * 2


FICKLE = """
class Fickle:
    name = "fickle"
    def check(self, rules, mandate): pass
    def propose(self, view): raise SystemExit("gone")
FICKLE = Fickle()
"""


def test_what_a_generator_of_another_distribution_raises_is_told_with_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fickle.py").write_text(FICKLE)
    (tmp_path / "fickle-1.dist-info").mkdir()
    (tmp_path / "fickle-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: fickle\nVersion: 1\n")
    (tmp_path / "fickle-1.dist-info" / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\nfickle = fickle:FICKLE\n")
    monkeypatch.syspath_prepend(tmp_path)
    pair, seen = [("fickle", "linear")], SCENARIOS[:2]
    with pytest.raises(StrategyFailed) as told:
        price_trials(pair, seen, Table(first="buyer"), 3, jobs=2, progress=lambda _: None)
    text = "strategy fickle: it raised SystemExit: gone; trial 1 of seed 3: mend it, or leave it out"
    assert str(told.value) == text
