"""Which kinds of entries a manager's ledger holds: facts, loose facts, conclusions.

The manager steps facts, and derives conclusions again where it replays (D14).
"""

from __future__ import annotations

from typing import Final, get_args

from contractnet.bargaining.records import (
    BargainCalledOff,
    BargainEnded,
    BargainMediated,
    BargainOpened,
    TurnDecided,
    TurnTaken,
)
from contractnet.ledger.questions import Answered, Pending
from contractnet.ledger.records import (
    Asked,
    Fired,
    Heard,
    HeardTurn,
    Misheard,
    Moved,
    Quarantined,
    Record,
    Returned,
    Said,
    SaidTurn,
    Sent,
)
from contractnet.manager.paid import ExplorationGranted
from contractnet.manager.plans import Approved, Drafted
from contractnet.manager.records import (
    AccountClosed,
    Awarded,
    Bargained,
    BargainsEnded,
    CancelAsked,
    Checked,
    Closed,
    Decided,
    Directed,
    Ended,
    Freed,
    Gone,
    Grace,
    Granted,
    Held,
    Invited,
    Judged,
    LeaseLapsed,
    Mediated,
    Opened,
    Started,
)

TenderFact = (
    Opened
    | Invited
    | Heard
    | Misheard
    | Gone
    | Returned
    | Fired
    | LeaseLapsed
    | Grace
    | Checked
    | BargainsEnded
    | CancelAsked
)
#: of a bargaining; `Misheard`, `Returned` and `Fired` are of both
TurnFact = HeardTurn | Returned | BargainOpened | TurnTaken | BargainCalledOff
Fact = TenderFact | TurnFact
#: facts that belong to no tender, or change nothing in one
LooseFact = (
    Sent
    | Granted
    | AccountClosed
    | ExplorationGranted
    | Pending
    | Answered
    | Started
    | Quarantined
    | Judged
    | Drafted
    | Approved
    | Asked
)
Conclusion = (
    Moved
    | Said
    | SaidTurn
    | TurnDecided
    | BargainEnded
    | BargainMediated
    | Held
    | Directed
    | Decided
    | Mediated
    | Bargained
    | Awarded
    | Freed
    | Closed
    | Ended
)

FACTS: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in get_args(Fact)}
LOOSE: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in get_args(LooseFact)}
CONCLUSIONS: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in get_args(Conclusion)}
