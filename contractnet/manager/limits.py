"""What happens where the money of an account is not enough: a decision, recorded with who took it (D12, promise 9).

Rules:

1. What waits for other holds only, waits: no limit is reached.
2. At a limit one decision is asked for, for the account and all that wait for its money: `Pending`. Where the policy
   has settled it before, its answer follows in the same transaction.
3. `grant` adds money, and what fits now opens. `stop` cancels what can never fit. `hand-back` calls for as many slots
   as there is money for, and gives the others back; with money for none it is a `stop`. `wait` waits for the next
   grant. A stop, a hand-back and a wait stand until more is granted.
4. No answer is an answer only where the policy says how long one is waited for: then it is a `stop`, by `time`.

Source: D12.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Answered, Pending, Questions
from contractnet.manager.accounts import Account, Room
from contractnet.manager.tender import Tender

#: what is done at a limit
AtLimit = Literal["stop", "wait", "ask", "hand-back"]
Choice = Literal["grant", "hand-back", "stop", "wait"]
#: the kind of a pending decision about money
LIMIT: Final = "limit"
CHOICES: Final = ("grant", "hand-back", "stop", "wait")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is decided at a limit."""

    choice: Choice
    amount: int | None = None  #: of a grant: how much more, micros
    by: str = ""
    why: str = ""


#: asked at a limit
Asked = Callable[[Pending], Awaitable[Ruling]]


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """What an account does at its limit."""

    at_limit: AtLimit = "stop"
    ask: Asked | None = None  #: with `ask`: who is asked; None: nobody here, `contractnet decide` answers
    within_ms: int | None = None  #: with `ask`: an answer is waited for no longer than this; None: for ever


class Standing:
    """Which decision stands for each account, derived from the ledger."""

    def __init__(self, accounts: Account, questions: Questions) -> None:
        self._accounts, self._questions = accounts, questions
        self._choices: dict[str, Answered] = {}

    def of(self, account: str, at_limit: str | None = None) -> str | None:
        """`stop`, `hand-back` or `wait`; None: nothing was decided since the last grant.

        Args:
            at_limit: the policy of the account now: what another policy has settled does not stand.
        """
        found = self._choices.get(account)
        if found is None or (found.by == "policy" and at_limit not in (None, found.choice)):
            return None
        return found.choice

    def granted(self, account: str) -> None:
        """There is more money: nothing stands."""
        self._choices.pop(account, None)

    def allow(self, answered: Answered) -> None:
        """Whether an answer may be recorded.

        Raises:
            DefinitionError: it answers nothing, or the parent of the account has not so much left.
        """
        pending = self._questions.require(answered)
        if pending.kind == LIMIT and answered.choice == "grant":
            if answered.amount is None or answered.amount <= 0:
                raise DefinitionError(f"decision {answered.id}: a grant needs an amount over 0")
            self._accounts.allow_more(answered.amount, pending.about)

    def answer(self, answered: Answered, at: int) -> None:
        """An answer is recorded. Raises as `allow`."""
        self.allow(answered)
        pending = self._questions.answer(answered, at)
        if pending.kind != LIMIT:
            return
        if answered.choice == "grant":
            self._accounts.add(answered.amount or 0, pending.about)
            self.granted(pending.about)
        else:
            self._choices[pending.about] = answered


def told(account: Account) -> dict[str, Any]:
    """What a pending decision says of its account; replay compares it."""
    names = ("unit", "granted", "held", "spent", "released")
    return {name: getattr(account, name) for name in names}


def check_told(pending: Pending, accounts: Account) -> None:
    """Whether a question about money says what the ledger says.

    Raises:
        DefinitionError: it does not, or there is no such account.
    """
    if pending.kind != LIMIT:
        return
    account = accounts.find(pending.about)
    if account is None or account.granted is None or {**pending.told, **told(account)} != pending.told:
        raise DefinitionError(f"decision {pending.id} does not say what is granted, held, spent and released")
    if pending.choices != CHOICES:
        raise DefinitionError(f"decision {pending.id}: at a limit the choices are {', '.join(CHOICES)}")


def slots_to_open(tender: Tender, account: Account, standing: str | None) -> int | None:
    """For how many slots a waiting tender may open its next call now; 0: for none, ever; None: it waits.

    Args:
        standing: the decision that stands for its account.
    """
    wanted, each = len(tender.slots), tender.opened.terms.worst
    if tender.first_opened is not None or each is None:
        return wanted  # later calls go on under the hold
    room = account.room(each * wanted)
    if room is Room.FITS:
        return wanted
    if room is Room.NEVER and account.closed:
        return 0
    if room is Room.WAITS or standing in (None, "wait"):
        return None
    if standing == "stop":
        return 0
    fewer = ((account.released or 0) + account.returning) // each  # each > 0, else it would fit
    return fewer if not fewer or account.room(each * fewer) is Room.FITS else None


def at_limit(tender: Tender, account: Account) -> bool:
    """Whether a waiting tender does not fit and, as things are, never will."""
    each = tender.opened.terms.worst
    if tender.first_opened is not None or each is None or account.closed:
        return False
    return account.room(each * len(tender.slots)) is Room.NEVER


def question(number: str, account: Account, waiting: Iterable[Tender]) -> Pending:
    """The question that a limit raises.

    Args:
        number: its id.
        waiting: the tenders of the account that have not opened.
    """
    holds = [tender.opened.terms.hold or 0 for tender in waiting]
    facts = told(account) | {"waiting": len(holds), "needs": max(0, sum(holds) - (account.released or 0))}
    return Pending(id=number, kind=LIMIT, about=account.name, choices=CHOICES, told=facts)
