"""`[bid]` of an agent's file: a bidder that another distribution brings (bidders.brought), in the place of `[cost]`.

[bid]
bidder = "by-the-word"               # name of the entry point in the group contractnet.bidders
"""

from __future__ import annotations

from collections.abc import Sequence

from contractnet.agent.model_table import Table
from contractnet.errors import DefinitionError


class BidTable(Table, frozen=True):
    """`[bid]`: who computes the offers."""

    bidder: str


def check_bid(table: BidTable, beside: Sequence[str], where: str) -> str:
    """The bidder's name.

    Args:
        beside: other tables of the file that say how offers are made.
    Raises:
        DefinitionError: there are such, or the name is empty.
    """
    if beside:
        names = " and ".join(f"[{name}]" for name in beside)
        raise DefinitionError(f"{where}: [bid] says who computes the offers; leave {names} out, or it")
    if not table.bidder.strip():
        raise DefinitionError(f"{where}: bid.bidder: name an entry point of the group contractnet.bidders")
    return table.bidder
