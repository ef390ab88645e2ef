"""What one initiator, one participant and the network between them can be, and the messages they exchange."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contractnet.interaction.machine import Row, Table

NO_OFFER = 0


class Message(NamedTuple):
    """A message on its way. Sortable, so that a set of them has one form."""

    act: str  #: performative, with its kind where it has one
    offer: int = NO_OFFER  #: offer it names
    round: int = 0
    reason: str = ""
    one_offer: bool = False  #: reject: that offer only
    good: bool = True  #: propose, inform:result: valid
    answers: str = ""  #: not-understood: cfp or accept


class Pair(NamedTuple):
    """Everything that matters of one initiator, one participant and the network between them."""

    phase: str  #: of table C: collecting, evaluating, awaiting or cancelled
    round: int
    i: str  #: state of table I
    on_file: int  #: offer the initiator has on file
    awarded: bool  #: an accept was ever sent
    p: str  #: state of table P
    p_round: int  #: newest round the participant saw
    live: frozenset[int]  #: own offers the participant stands by
    bids: int  #: made so far; they number the offers
    accepted: int  #: offer the participant was told is accepted
    parsed: bool  #: the present cfp was understood
    beaten: bool  #: a heartbeat was sent
    to_p: tuple[Message, ...]  #: sorted
    to_i: tuple[Message, ...]  #: sorted


START = Pair(
    phase="collecting", round=1, i="INVITED", on_file=NO_OFFER, awarded=False, p="IDLE", p_round=0, live=frozenset(),
    bids=0, accepted=NO_OFFER, parsed=True, beaten=False, to_p=(Message("cfp", round=1),), to_i=(),
)  # fmt: skip


def from_initiator(act: str, row: Row, named: int, round: int, on_file: int) -> Message:
    performative, _, reason = act.partition(":")
    if performative == "cfp":
        return Message("cfp", on_file, round)
    if performative in ("reject-proposal", "accept-proposal"):
        return Message(performative, named, reason=reason, one_offer=row.one_offer)
    return Message(performative, named if performative == "not-understood" else NO_OFFER)


def from_participant(act: str, pair: Pair, table: Table, detail: Message | None) -> Message:
    if detail is not None and detail.act == act:
        return detail
    performative = act.split(":")[0]
    if performative in ("inform", "failure"):
        return Message(act)
    if performative == "not-understood":
        return Message(performative, answers="accept" if pair.p in table.properties["committed"] else "cfp")
    return Message(performative)


def each(messages: tuple[Message, ...]) -> Iterator[tuple[Message, tuple[Message, ...]]]:
    """Each different message, and the others."""
    for at, message in enumerate(messages):
        if at == 0 or messages[at - 1] != message:
            yield message, messages[:at] + messages[at + 1 :]


def in_order(messages: tuple[Message, ...], *more: Message) -> tuple[Message, ...]:
    return tuple(sorted((*messages, *more)))
