"""Products with a list price and a cost, as the published price benchmark gives them: one bargaining each.

Source: AmazonHistoryPrice (2402.15813; TianXiaSJTU/AmazonPriceHistory): L the highest or list price, C the lowest of
the past, budget a share of L, 0.8 in the paper. The budget is made exactly; the published column of it is a float's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable

from msgspec import Struct

from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda, agenda, price_issue
from contractnet.messages.values import PPM, parse_amount

COLUMNS = ("codename", "category", "price", "cost")
#: share of the list price that the buyer may pay, ppm
BUDGET = 800_000


class Product(Struct, frozen=True, kw_only=True):
    """One thing for sale."""

    name: str
    category: str
    listed: int  #: L, public, micros
    cost: int  #: C, the seller's reservation price, micros

    def budget(self, share: int = BUDGET) -> int:
        """B, the buyer's reservation price, micros, rounded down."""
        if not 0 <= share <= PPM:
            raise MechanismError(f"budget: {share} is not within 0 and {PPM} ppm")
        return self.listed * share // PPM

    def agenda(self, tick: int = 10_000, unit: str = "USD") -> Agenda:
        """A price from 0 to the list price."""
        return agenda(price_issue(0, self.listed, tick, unit))


def read_products(lines: Iterable[str]) -> tuple[Product, ...]:
    """The products of a table with a heading: `codename`, `category`, `price`, `cost` are read, others ignored.

    Raises:
        DefinitionError: a column is missing, or a number is no amount; names the line.
    """
    table = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        raise DefinitionError(f"products: the heading lacks {', '.join(missing)}")
    return tuple(
        Product(
            name=row["codename"],
            category=row["category"],
            listed=parse_amount(row["price"] or "", f"products, line {number}, price"),
            cost=parse_amount(row["cost"] or "", f"products, line {number}, cost"),
        )
        for number, row in enumerate(table, 2)
    )
