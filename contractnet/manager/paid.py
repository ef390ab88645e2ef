"""What the end of a tender says of money, slot by slot: prices, and bonds on what was stated (D12, D15)."""

from __future__ import annotations

from contractnet.ledger.records import Record


class Filled(Record, frozen=True):
    """A slot with its credited result."""

    slot: int
    winner: str
    price: int
    result_of: str  #: message id of the inform
    bond: int = 0  #: micros that are paid beside the price; under 0 they are taken off, at most the price


class Forfeit(Record, frozen=True):
    """What a contractor owes of its bond for an award that it lost; nothing of it is money that may be spent."""

    slot: int
    participant: str
    amount: int  #: micros
