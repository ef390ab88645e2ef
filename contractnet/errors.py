"""Every error of the package, in one tree.

ContractNetError
    DefinitionError        a file in agents/ or protocols/, or a value a user gave, is wrong
    DecodeError            bytes are not a message; carries field paths
    ProtocolViolation      never raised itself; carries state, sender, performative
        IllegalSend        we tried to say what the protocol forbids now: our bug
        OutOfSequence      the peer said it: answered not-understood, the state is unchanged
    TransportError         never raised itself
        TransportClosed    we closed it
        TransportBroken    it broke; the fate of the last message is unknown
        TransportRefused   the broker refused for a reason an operator must mend
    LedgerError            never raised itself
        LedgerUnusable     it cannot be opened: missing folder, wrong kind of file, wrong version
        LedgerLocked       another process writes it
        LedgerDamaged      the hash chain or the file does not hold; names the position
        LedgerBroken       disk or server error at a commit: the process ends, the commit is not tried again
        VersionConflict    an entry with that version or message id exists
    MechanismError         bids a rule cannot order, such as two from one participant
        TooLarge           beyond the size up to which it is solved exactly
    StrategyFailed         an offer generator of another distribution raised what it likes, in an experiment
    WorkFailed             the work of an award could not be done; its text is told to the manager
    ModelError             never raised itself; a language model gave no usable answer: a refusal at the edge
        ModelTimeout       the time was over first
        ModelLimited       a limit of the endpoint leaves no room in time: requests, tokens, places, money
        ModelUnavailable   not reached, out of order, or known to be and left alone for a while
        ModelRefused       it refused for a reason an operator must mend: key, model, address
        ModelUnusable      what came is garbage, cut short, too large, or not what was asked for
    ContractError          never raised itself; what `result()` ends in
        NoAward            nobody was awarded; carries the reason
        ContractFailed     awarded, and it did not happen
        BudgetExceeded     not opened, since its worst case is over what is left
    PlanRefused            how a job was split cannot be used, or was not approved
    NodeError              the test kit could not fetch, start or reach what it needs
    ReplayDifference       a recorded entry is not what the facts before it give
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast


class ContractNetError(Exception):
    """Base of every error the package raises on purpose."""


class DefinitionError(ContractNetError):
    """A file in agents/ or protocols/, or a value a user gave, is wrong.
    To do: mend what the text names; it says what is allowed.
    """


class DecodeError(ContractNetError):
    """Bytes are not a message.
    To do: a peer sent it: it is answered, and recorded. In code of yours: mend the fields that are named.

    Attributes:
        code: which step refused: `size`, `utf8`, `json`, `schema`, `duplicate-key`.
        fields: (path, what is wrong) pairs; a path looks like `$.content.price`.
    """

    def __init__(self, code: str, fields: Sequence[tuple[str, str]]) -> None:
        self.code = code
        self.fields = tuple(fields)
        super().__init__("; ".join(f"{path}: {text}" for path, text in self.fields) + f" ({code})")


class ProtocolViolation(ContractNetError):
    """A move the tables do not have. Never raised itself: see its two children."""

    def __init__(self, text: str, *, state: str, sender: str, performative: str) -> None:
        self.state = state
        self.sender = sender
        self.performative = performative
        super().__init__(text)


class IllegalSend(ProtocolViolation):
    """We tried to say what the protocol forbids now: a bug of ours.
    To do: report it, with the ledger.
    """


class OutOfSequence(ProtocolViolation):
    """The peer said what the protocol forbids now: answer not-understood, the state is unchanged.
    To do: nothing, here; the peer is told which message it was.
    """


class TransportError(ContractNetError):
    """Never raised itself: see its children."""


class TransportClosed(TransportError):
    """We closed this transport.
    To do: do not use a market after it was left.
    """


class TransportBroken(TransportError):
    """The connection broke; the fate of the last message is unknown. Send it again, receivers know duplicates.
    To do: nothing, in a market or a worker: both connect again by themselves and send again.
    """


class TransportRefused(TransportError):
    """The broker refused for a reason an operator must mend: login, vhost, permission, another queue argument.
    To do: mend the broker's URL, user, permissions, or the queue that the text names; then start again.
    """


class LedgerError(ContractNetError):
    """Never raised itself: see its children."""


class LedgerUnusable(LedgerError):
    """The ledger cannot be opened: missing folder, another kind of file, another version, read-only.
    To do: name another file, or make what is missing, as the text says.
    """


class LedgerLocked(LedgerError):
    """Another process writes this ledger.
    To do: end the other process, which the text names, or give this one a ledger of its own.
    """


class LedgerDamaged(LedgerError):
    """The hash chain or the file does not hold.
    To do: keep the file as it is, and go on with a copy from before the position.

    Attributes:
        position: the first bad position, or None where the file itself cannot be read.
    """

    def __init__(self, text: str, position: int | None = None) -> None:
        self.position = position
        super().__init__(text)


class LedgerBroken(LedgerError):
    """A disk or server error at a commit. The process ends; the commit is not tried again.
    To do: make room on the disk or mend it, then start again: what was recorded is whole.
    """


class VersionConflict(LedgerError):
    """An entry with that position, version or message id exists already.
    To do: report it, with the ledger.
    """


class MechanismError(ContractNetError):
    """Bids a rule cannot order, such as two from one participant.
    To do: mend the terms that the text names.
    """


class TooLarge(MechanismError):
    """Beyond the size up to which it is solved exactly. Nothing is decided: an approximate award is not truthful.
    To do: bundle fewer tasks or ask for fewer offers; the text says how many are solved.
    """


class StrategyFailed(ContractNetError):
    """An offer generator that another distribution brought raised an error in an experiment: nothing was measured.
    To do: mend it, or leave it out; the text names it, what it raised, and the trial.
    """


class WorkFailed(ContractNetError):
    """The work of an award could not be done. Its text is told to the manager: it holds nothing private.
    To do: nothing: the runner-up works, or the tender ends as failed.
    """


class ModelError(ContractNetError):
    """A language model gave no usable answer. Never raised itself: see its children.

    Attributes:
        outcome: one word for the record, such as `timeout`, `budget`, `garbage`.
    """

    def __init__(self, text: str, outcome: str) -> None:
        self.outcome = outcome
        super().__init__(text)


class ModelTimeout(ModelError):
    """The time was over before an answer came.
    To do: nothing for once; often: a faster model, or more time to reply.
    """


class ModelLimited(ModelError):
    """A limit of the endpoint leaves no room in time: requests, tokens, places at once, money.
    To do: raise the limit in `[model]` that the text names, or lower the agent's capacity.
    """


class ModelUnavailable(ModelError):
    """The endpoint is not reached or out of order, or was so a moment ago and is left alone for a while.
    To do: look at the endpoint; it is tried again by itself.
    """


class ModelRefused(ModelError):
    """The endpoint refused for a reason an operator must mend: the key, the model's name, the address.
    To do: mend `[model]` or the variable that holds the key, and start the daemon again.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, text: str, outcome: str, status: int) -> None:
        self.status = status
        super().__init__(text, outcome)


class ModelUnusable(ModelError):
    """What came is garbage, cut short, too large, or not what was asked for.
    To do: nothing for once; often: another model, another `structured`, or more `max_tokens`.
    """


class ContractError(ContractNetError):
    """What `contract.result()` ends in when there is no result. Never raised itself."""

    def __init__(self, text: str, reason: str) -> None:
        self.reason = reason
        super().__init__(text)


class NoAward(ContractError):
    """Nobody was awarded; `reason` is one of the closed list.
    To do: look at `reason`: raise the reserve, wait for agents, or ask for another skill; `contractnet log` shows
    each answer.
    """


class ContractFailed(ContractError):
    """Awarded, and it did not happen; `reason` is one of the closed list.
    To do: look at `reason` and `contractnet log`; put the task out again under another key where it is still wanted.
    """


class BudgetExceeded(ContractError):
    """Not opened: its worst case is over what is left of the budget.
    To do: grant more, or lower the reserve.
    """


class PlanRefused(ContractNetError):
    """How a job was split cannot be used, or nobody agreed to it.
    To do: the text says what speaks against it; draft again under another key, by a better drafter or with more room.
    """


class NodeError(ContractNetError):
    """The test kit could not fetch, start or reach what it needs: packages, the private broker.
    To do: install or name what the text says, or lend the tests a broker.
    """


class ReplayDifference(ContractNetError):
    """A recorded entry is not what the facts before it give.
    To do: do not trust what follows that position; compare it with a copy.

    Attributes:
        position: of the first differing entry.
    """

    def __init__(self, text: str, position: int) -> None:
        self.position = position
        super().__init__(text)


def cause_of(error: BaseException) -> BaseException:
    """The one error behind a group of tasks that failed: the first of ours where there is one."""
    found = list(_leaves(error))
    return next((one for one in found if isinstance(one, ContractNetError)), found[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    group = cast("BaseExceptionGroup[BaseException]", error)  # isinstance tells no parameter
    for child in group.exceptions:
        yield from _leaves(child)
