"""An offer generator that a separate distribution brings: built, installed beside the package, and bargained with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.distribution import installed, python

BARGAIN = ("-m", "contractnet", "bargain")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("split", tmp_path_factory.mktemp("brought"))


def test_it_bargains_where_it_is_installed_and_is_named_where_it_is_not(site: Path, tmp_path: Path) -> None:
    players = ("split-the-difference:percent=40", "linear")
    played = python(tmp_path, site, *BARGAIN, *players, "--trials", "20", "--json", "--swap", "--jobs", "2")
    assert played.returncode == 0, played.stderr
    bought, sold = (json.loads(line) for line in played.stdout.splitlines())
    assert (bought["buyer"], sold["seller"]) == ("split-the-difference:percent=40",) * 2
    assert float(bought["deals_feasible"]) > 0
    assert (bought["buyer_violations"], bought["seller_violations"]) == ("0", "0")
    assert "split-the-difference" in python(tmp_path, site, *BARGAIN, "--list").stdout

    without = python(tmp_path, None, *BARGAIN, "split-the-difference", "linear")
    assert without.returncode == 2
    assert "strategy 'split-the-difference' is not known; there are: og-linear, " in without.stderr
    assert "is it installed here?" in without.stderr
