"""The file of several issues: what is told of it, what it is worth, and what is wrong with it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from contractnet.cli.bargain_file import read_issues
from contractnet.errors import DefinitionError

GOOD = """
least_worth_pct = 30
[issues.delivery]
weight_pct = 60
best = "low"
low = 1
high = 3
unit = "DAYS"
[issues.colour]
weight_pct = 40
evaluations = { red = 10, blue = 5 }
"""


def written(folder: Path, text: str, name: str = "ours.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_it_is_told_in_the_order_of_names_and_worth_what_is_written(tmp_path: Path) -> None:
    (colour, delivery), worth = read_issues(written(tmp_path, GOOD))
    assert (colour.name, colour.options) == ("colour", ("blue", "red"))
    assert (delivery.name, delivery.low, delivery.high, delivery.tick, delivery.unit) == ("delivery", 1, 3, 1, "DAYS")
    assert worth.reservation == 300_000
    assert worth.utility((1, 1)) == 1_000_000
    assert worth.utility((0, 1)) == 800_000
    assert worth.utility((1, 3)) == 400_000
    assert repr(worth) == "Additive(private)"


def test_json_says_the_same(tmp_path: Path) -> None:
    table = {
        "least_worth_pct": 30,
        "issues": {
            "delivery": {"weight_pct": 60, "best": "low", "low": 1, "high": 3, "unit": "DAYS"},
            "colour": {"weight_pct": 40, "evaluations": {"red": 10, "blue": 5}},
        },
    }
    path = written(tmp_path, json.dumps(table), "ours.json")
    assert read_issues(path) == read_issues(written(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("least_worth_pct = 30", "least = 30", "unknown field `least`"),
        ("least_worth_pct = 30", "least_worth_pct = 130", "least_worth_pct is not a whole number from 0 to 100"),
        ("weight_pct = 60", "weight_pct = 160", "issues.delivery.weight_pct is not a whole number from 0 to 100"),
        ('best = "low"', "", 'issues.delivery: write best = "low" or "high" of a number'),
        ("low = 1", "", "issues.delivery: write low and high, the bounds of the number"),
        ("high = 3", "high = 0", "issue 'delivery': 1 to 0 is no whole number of ticks"),
        ("high = 3", "high = 30000", "60000 possible deals are more than 20000; use a larger tick"),
        ('"DAYS"', '"days"', "issues.delivery.unit: 'days' is not a valid unit"),
        ("weight_pct = 40", "weight_pct = 40\nlow = 1", "issues.colour: it is a choice"),
        ("blue = 5", "blue = -5", "issues.colour.evaluations: each is a whole number from 0"),
        ("[issues.colour]", "[issues.colour", "is not TOML"),
    ],
)
def test_a_fault_is_named_by_its_place(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DefinitionError, match=f"^{re.escape(str(path))}") as caught:
        read_issues(path)
    told = str(caught.value).removeprefix(str(path))
    assert said in told
    assert "-5" not in told
