"""Money beside the grants of budgets: what a slot came to, bonds on what was stated, what exploration may give up (D12,
D15).
"""

from __future__ import annotations

from contractnet.ledger.records import Record


class ExplorationGranted(Record, frozen=True):
    """All that awards to others than the best may give up in score, in one unit. A later grant replaces it."""

    amount: int  #: micros
    unit: str


class Filled(Record, frozen=True):
    """A slot with its credited result."""

    slot: int
    winner: str
    price: int
    result_of: str  #: message id of the inform
    bond: int = 0  #: micros that are paid beside the price; under 0 they are taken off, at most the price
    parts: int | None = None  #: of a divisible task: how many the price is for
    items: tuple[str, ...] = ()  #: of a bundle: what the price is for


class Forfeit(Record, frozen=True):
    """What a contractor owes of its bond for an award that it lost; nothing of it is money that may be spent."""

    slot: int
    participant: str
    amount: int  #: micros
