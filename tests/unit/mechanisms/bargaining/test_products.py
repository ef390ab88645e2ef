"""Products: the published counts, and a small table of our own by the same path."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.bargaining.products import Product, read_products
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import money

OURS = """index,codename,category,list_price,price,cost
0,lamp_1,home,20.0,25.00,10.5
1,lamp_2,home,20.0,9.99,9.98
2,pen_1,office,3.0,4.2,1
"""


def counts(products: tuple[Product, ...], share: int) -> tuple[int, int]:
    """Feasible and infeasible: the cost is not over the budget, or it is."""
    feasible = sum(one.cost <= one.budget(share) for one in products)
    return feasible, len(products) - feasible


def test_a_table_of_our_own() -> None:
    products = read_products(OURS.splitlines())
    assert products[0] == Product(name="lamp_1", category="home", listed=money(25), cost=money(10.5))
    assert [one.budget() for one in products] == [money(20), money(7.992), money(3.36)]
    assert [counts(products, share) for share in (PPM // 5, 800_000, PPM)] == [(0, 3), (2, 1), (3, 0)]
    grid = products[1].agenda().issues[0]
    assert (grid.low, grid.high, grid.tick) == (0, money(9.99), 10_000)


def test_the_published_table(test_data: Path) -> None:
    with (test_data / "amazon_history_price" / "products_numeric.csv").open(encoding="utf-8", newline="") as lines:
        products = read_products(lines)
    kinds = Counter(one.category for one in products)
    assert (len(products), len(kinds)) == (930, 18)
    assert {kind: kinds[kind] for kind in ("electronics", "other", "tools-home-improvement", "movies-tv")} == {
        "electronics": 284,
        "other": 288,
        "tools-home-improvement": 144,
        "movies-tv": 75,
    }
    assert {share: counts(products, share * PPM // 10) for share in (6, 7, 8, 9, 10)} == {
        6: (641, 289),
        7: (782, 148),
        8: (886, 44),
        9: (920, 10),
        10: (930, 0),
    }
    ratios = [one.cost / one.listed for one in products]
    assert [sum(ratios) / 930, min(ratios), max(ratios)] == pytest.approx(
        [0.5107978912, 0.0855836548, 0.9980199604], abs=1e-9
    )
    listed = [one.listed / 1e6 for one in products]
    assert [min(listed), max(listed), median(listed)] == [4.99, 4299.98, 179.99]
    rooms = [one.budget() - one.cost for one in products]
    assert sum(0 <= room < money(1) for room in rooms) == 15
    assert sum(-money(1) < room < 0 for room in rooms) == 0


def test_what_is_no_table() -> None:
    with pytest.raises(DefinitionError, match="the heading lacks category, cost"):
        read_products(["codename,price", "a,1"])
    with pytest.raises(DefinitionError, match="products, line 3, cost"):
        read_products(["codename,category,price,cost", "a,x,1,1", "b,x,1,1e3"])
    with pytest.raises(DefinitionError, match="products, line 2, cost"):
        read_products(["codename,category,price,cost", "a,x,1"])
    with pytest.raises(MechanismError, match="budget: -1"):
        Product(name="a", category="x", listed=1, cost=1).budget(-1)
