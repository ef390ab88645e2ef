"""`[cost]` of an agent's file: what its offers are computed from (bidders.cost). A wrong amount is not repeated."""

from __future__ import annotations

from typing import Final

from contractnet.agent.model_table import Table
from contractnet.bidders.cost import CostModel
from contractnet.errors import DefinitionError
from contractnet.messages.values import MAX_ETA_S, parse_amount, require

MAX_MARGIN_PCT: Final = 100_000


class CostTable(Table, frozen=True):
    """`[cost]`: see `bidders.cost.CostModel`."""

    per_1k_tokens: str | None = None
    margin_pct: int | None = None
    pressure_pct: int = 0
    floor: str | None = None
    price: str | None = None
    unit: str = "USD"
    eta_s: int = 60
    confidence: float = 0.9


def check_cost(cost: CostTable, where: str) -> CostModel:
    """What offers are computed from.

    Raises:
        DefinitionError: an amount, a share or a time is missing, wrong, or said twice.
    """
    parts = {"per_1k_tokens": cost.per_1k_tokens, "margin_pct": cost.margin_pct, "floor": cost.floor}
    given = [name for name, value in parts.items() if value is not None]
    if cost.price is not None and given:
        raise DefinitionError(f"{where}: cost.price is the whole price; leave {', '.join(given)} out, or it")
    if cost.price is None and cost.per_1k_tokens is None and cost.floor is None:
        raise DefinitionError(f'{where}: [cost] names no amount; write price = "0.01", or per_1k_tokens and floor')
    if not 0 <= cost.confidence <= 1:
        raise DefinitionError(f"{where}: cost.confidence: {cost.confidence!r} is not between 0 and 1")
    return CostModel(
        per_1k_tokens=_amount(cost.per_1k_tokens or "0", f"{where}: cost.per_1k_tokens"),
        margin_pct=between(cost.margin_pct or 0, 0, MAX_MARGIN_PCT, f"{where}: cost.margin_pct", shown=False),
        pressure_pct=between(cost.pressure_pct, 0, MAX_MARGIN_PCT, f"{where}: cost.pressure_pct", shown=False),
        floor=_amount(cost.floor or "0", f"{where}: cost.floor"),
        price=None if cost.price is None else _amount(cost.price, f"{where}: cost.price"),
        unit=require("unit", cost.unit, f"{where}: cost.unit"),
        eta_s=between(cost.eta_s, 1, MAX_ETA_S, f"{where}: cost.eta_s"),
        confidence=cost.confidence,
    )


def between(value: int, least: int, most: int, what: str, shown: bool = True) -> int:
    """The same value.

    Args:
        shown: whether a wrong one is repeated.
    Raises:
        DefinitionError: it is out of its bounds.
    """
    if not least <= value <= most:
        raise DefinitionError(f"{what}{f': {value}' if shown else ''} is not a whole number from {least} to {most}")
    return value


def _amount(text: str, what: str) -> int:
    try:
        return parse_amount(text, what)
    except DefinitionError:
        raise DefinitionError(f"{what} is no amount; write 0 to 1000000000 with at most six places") from None
