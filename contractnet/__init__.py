"""contractnet: a task market for LLM agents, after FIPA Contract Net.

    from contractnet import Market, Task, Proposal, Refusal, bidder

The names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contractnet.bargaining.result import BargainResult as BargainResult
    from contractnet.bidders.decorator import bidder as bidder
    from contractnet.contractor.ports import Award as Award
    from contractnet.contractor.ports import Call as Call
    from contractnet.contractor.ports import Choice as Choice
    from contractnet.contractor.ports import Dispute as Dispute
    from contractnet.contractor.ports import Proposal as Proposal
    from contractnet.contractor.ports import Refusal as Refusal
    from contractnet.errors import BudgetExceeded as BudgetExceeded
    from contractnet.errors import ContractFailed as ContractFailed
    from contractnet.errors import ContractNetError as ContractNetError
    from contractnet.errors import NoAward as NoAward
    from contractnet.market.bargaining import Bargaining as Bargaining
    from contractnet.market.contract import Contract as Contract
    from contractnet.market.limits import Decision as Decision
    from contractnet.market.limits import LimitReached as LimitReached
    from contractnet.market.market import Market as Market
    from contractnet.market.sync import SyncMarket as SyncMarket
    from contractnet.market.task import Task as Task
    from contractnet.mediators.decorator import mediator as mediator

__version__ = "0.1.0"

_HOMES = {
    "Award": "contractnet.contractor.ports",
    "BargainResult": "contractnet.bargaining.result",
    "Bargaining": "contractnet.market.bargaining",
    "BudgetExceeded": "contractnet.errors",
    "Call": "contractnet.contractor.ports",
    "Choice": "contractnet.contractor.ports",
    "Contract": "contractnet.market.contract",
    "ContractFailed": "contractnet.errors",
    "ContractNetError": "contractnet.errors",
    "Decision": "contractnet.market.limits",
    "Dispute": "contractnet.contractor.ports",
    "LimitReached": "contractnet.market.limits",
    "Market": "contractnet.market.market",
    "NoAward": "contractnet.errors",
    "Proposal": "contractnet.contractor.ports",
    "Refusal": "contractnet.contractor.ports",
    "SyncMarket": "contractnet.market.sync",
    "Task": "contractnet.market.task",
    "bidder": "contractnet.bidders.decorator",
    "mediator": "contractnet.mediators.decorator",
}
__all__ = [  # noqa: RUF022 - as a reader wants them: the market first, errors last
    "Market",
    "SyncMarket",
    "Task",
    "Contract",
    "bidder",
    "Call",
    "Proposal",
    "Refusal",
    "Award",
    "Bargaining",
    "BargainResult",
    "mediator",
    "Dispute",
    "Choice",
    "LimitReached",
    "Decision",
    "ContractNetError",
    "NoAward",
    "ContractFailed",
    "BudgetExceeded",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'contractnet' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
