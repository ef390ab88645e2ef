"""Every experiment keeps the rules of its shape; each with few trials."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from contractnet.arena.awards.boasters import EXPERIMENT as BOASTERS
from contractnet.arena.awards.confidence import EXPERIMENT as CONFIDENCE
from contractnet.arena.catalogue import EXPERIMENTS, experiment
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Experiment, Findings
from contractnet.arena.numbers import cells, comma_separated
from contractnet.arena.svg import svg
from contractnet.errors import DefinitionError

#: markets are long, rounds are short
FEW = {"confidence": 2, "boasters": 2, "bundle-shill-and-cartel": 5}
TRIALS = 25
NAMES = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec("ortools") is None, reason="needs the extra 'bundles'"))
    if name.startswith("bundle")
    else name
    for name in EXPERIMENTS
]


#: with shorter markets
SMALL: dict[str, Experiment] = {
    "confidence": replace(CONFIDENCE, tasks=1_000, learning=500),
    "boasters": replace(BOASTERS, tasks=300, learning=100),
}


def small(name: str) -> Experiment:
    return SMALL[name] if name in SMALL else experiment(name)


@cache
def ran(name: str, seed: int) -> tuple[Findings, int]:
    """What a short run finds, and how many steps it told of."""
    done = [0]

    def progress(steps: int) -> None:
        done[0] += steps

    return small(name).run(seed, FEW.get(name, TRIALS), progress), done[0]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_described(name: str) -> None:
    one = experiment(name)
    assert isinstance(one, Experiment)
    assert one.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert one.asks.endswith("?")
    assert one.setting
    assert one.source
    assert one.trials >= 2
    assert one.parameters


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_whole_and_every_interval_holds_its_value(name: str) -> None:
    found, _ = ran(name, 1)
    keys = [column.key for column in found.table.columns]
    assert len(set(keys)) == len(keys)
    assert found.table.rows
    for row in found.table.rows:
        assert len(row) == len(keys)
        for value in row:
            assert isinstance(value, Estimate | Fraction | int | str | None)
            if isinstance(value, Estimate):
                assert value.low <= value.value <= value.high
    assert len(list(cells(found.table))) == len(comma_separated(found.table).splitlines()) - 1


@pytest.mark.parametrize("name", NAMES)
def test_it_tells_of_all_its_steps(name: str) -> None:
    assert ran(name, 1)[1] == small(name).steps(FEW.get(name, TRIALS))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_shows_with_its_own_numbers(name: str) -> None:
    found, _ = ran(name, 1)
    assert len(re.findall(r"\d", found.says)) > 10
    assert "\n" not in found.says
    assert found.says.endswith(".")
    if name not in FEW:
        assert ran(name, 2)[0].says != found.says


@pytest.mark.parametrize("name", NAMES)
def test_its_picture_can_be_drawn(name: str) -> None:
    found, _ = ran(name, 1)
    assert found.charts
    assert all(series.points for chart in found.charts for series in chart.series)
    ElementTree.fromstring(svg(found.charts, "title", "source"))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_finds_the_same(name: str) -> None:
    assert small(name).run(1, FEW.get(name, TRIALS), lambda steps: None) == ran(name, 1)[0]


def test_an_unknown_experiment_says_which_there_are() -> None:
    with pytest.raises(DefinitionError, match="'luck' is not known; there are: reserve, optimal-reserve"):
        experiment("luck")
