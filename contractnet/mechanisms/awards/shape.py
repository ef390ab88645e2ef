"""The shape of an award rule: what it is given, what it gives back, and the promises that it makes.

Rules that every award rule keeps, built in or brought by another distribution (tests/suites/award_rules.py):

1. Pure: the terms of the call, the closed set of bids and the recorded seed in, a ranking out. Integers only, floor
   division (D14).
2. Order does not decide (promise 5): permuting the bids changes nothing. Equal keys are a named set, resolved by
   `ties.draw` over participant ids.
3. Rivals do not decide (promise 6): the key of a bid depends on the bid and the terms alone. What a winner is *paid*
   may depend on rivals; such a rule says so by its exposure.
4. Nothing over the reserve is awarded or paid (G12, D12), and no winner is paid less than it asked.
5. A better bid never loses what a worse one of the same participant had.
6. No prose is an argument; offer ids, which contractors make, decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final, Protocol, runtime_checkable

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.mechanisms.ties import draw
from contractnet.messages.values import RejectReason

#: the group of entry points under which a distribution offers award rules; each names an `AwardRule` object
ENTRY_POINTS: Final = "contractnet.award_rules"

#: what bids are compared by: the larger tuple is better, the first entry is the score
Key = tuple[int, ...]


class Exposure(StrEnum):
    """What the payment of a winner depends on, and so who can move it."""

    #: its own price: nobody else can move it, but shading is its best reply
    OWN_PRICE = "own-price"
    #: bids of rivals too: truth is a best reply, but a shill bid of the manager lowers what the winner is paid, losers
    #: who agree to bid high (a cartel) raise it, and whoever reads bids early can do either
    RIVALS = "rivals"


class LossReason(StrEnum):
    """Why a bid is not awarded, as the decision records it."""

    OUTBID = "outbid"  #: others are better
    LOST_DRAW = "lost-draw"  #: as good as the last winner, and the draw was for the other
    OVER_RESERVE = "over-reserve"
    UNDER_SCORE = "under-score"  #: its score is under the least that is taken
    RULE_FAILED = "rule-failed"  # the rule broke the promises above: nothing is awarded
    EXPLORED = "explored"  #: the best, and the award went to another to learn of it
    TOO_FEW_BIDS = "too-few-bids"  #: good enough, but there are fewer bids than the call demands

    @property
    def told(self) -> RejectReason:
        """What the loser hears: a reason of the wire's closed list, no rival's name or price (D8)."""
        return _TOLD[self]


_TOLD: Final = {
    LossReason.OUTBID: RejectReason.OUTBID,
    LossReason.LOST_DRAW: RejectReason.OUTBID,
    LossReason.EXPLORED: RejectReason.OUTBID,
    LossReason.OVER_RESERVE: RejectReason.OVER_RESERVE,
    LossReason.UNDER_SCORE: RejectReason.NOT_SHORTLISTED,
    LossReason.TOO_FEW_BIDS: RejectReason.NO_AWARD,
    LossReason.RULE_FAILED: RejectReason.NO_AWARD,
}


class Standing(Struct, frozen=True, kw_only=True):
    """A bid in its place."""

    participant: str
    offer: str
    price: int  #: micros, as asked
    key: Key  #: what it was compared by; higher is better
    margin: int  #: its key less the best eligible key, in the first entry that differs; 0 for the best
    criterion: int  #: which entry of the key that was, from 0
    rank: int  #: 1 is the best; eligible bids come first
    tied: bool  #: shares its key with another eligible bid
    barred: LossReason | None  #: why it is not eligible; None: it is

    @property
    def score(self) -> int:
        """The first entry of the key: micros for the rules that score, else what the rule compares first."""
        return self.key[0]

    @property
    def eligible(self) -> bool:
        return self.barred is None


class Loss(Struct, frozen=True, kw_only=True):
    """Why one bid was not awarded."""

    participant: str
    offer: str
    reason: LossReason
    score: int  #: its own
    margin: int  #: its key less that of the last winner (of the best where none), in the first entry that differs
    criterion: int  #: which entry of the key that was, from 0


class Payment(Struct, frozen=True, kw_only=True):
    """What one winner gets for a good result."""

    participant: str
    offer: str
    price: int  #: micros, as asked
    amount: int  #: micros, as paid; at least the price, at most the reserve


class Ranking(Struct, frozen=True, kw_only=True):
    """The closed set of bids in order, and the terms that ordered it."""

    rule: str
    conditions: Conditions
    standings: tuple[Standing, ...]  #: the best first; eligible ones before the others

    @property
    def eligible(self) -> tuple[Standing, ...]:
        return tuple(one for one in self.standings if one.eligible)

    @property
    def short(self) -> bool:
        """Fewer eligible bids than the call demands: nothing is awarded."""
        return len(self.eligible) < self.conditions.min_bids

    def winners(self, slots: int = 1) -> tuple[Standing, ...]:
        """The best eligible bids, at most one a slot; none where the bids are too few."""
        return () if self.short else self.eligible[: _counted(slots)]

    def ties(self, slots: int = 1) -> tuple[str, ...]:
        """The named set among which the draw decided who is the last winner: sorted ids; empty where it did not."""
        winners = self.winners(slots)
        if not winners:
            return ()
        key = winners[-1].key
        tied = sorted(one.participant for one in self.standings if one.eligible and one.key == key)
        return tuple(tied) if len(tied) > 1 else ()

    def losses(self, slots: int = 1) -> tuple[Loss, ...]:
        """Each bid that is not awarded, in the order of the ranking."""
        winners, short = self.winners(slots), self.short
        last = (winners or self.standings)[-1 if winners else 0].key if self.standings else ()
        return tuple(_loss(one, last, short=short) for one in self.standings[len(winners) :])


@runtime_checkable
class AwardRule(Protocol):
    """How the winners of a single task are chosen and what they are paid.

    `awards.scored.ScoredRule` makes one of a key function; another distribution registers the object under the entry
    point group `contractnet.award_rules`, by the rule's name.
    """

    @property
    def name(self) -> str:
        """As terms, tasks files and the command line write it: lower-case words joined by hyphens."""
        ...

    @property
    def exposure(self) -> Exposure:
        """What payments depend on; told to whoever chooses the rule."""
        ...

    def check(self, conditions: Conditions) -> None:
        """Refuse terms under which the rule has no meaning, before anything is opened.

        Raises:
            MechanismError: a term that the rule needs is missing; says which.
        """
        ...

    def rank(self, bids: Sequence[Bid], conditions: Conditions, seed: str, where: str) -> Ranking:
        """Order the closed set of bids.

        Args:
            bids: at most one per participant, any order, refusals already removed.
            conditions: the recorded terms of the call.
            seed, where: of the draw among equal keys, see `ties.draw`.
        Raises:
            MechanismError: one participant appears twice, or a term is missing.
        """
        ...

    def payments(self, ranking: Ranking, slots: int = 1) -> tuple[Payment, ...]:
        """What each of `ranking.winners(slots)` is paid, in that order, micros."""
        ...


def margin_of(key: Key, other: Key) -> tuple[int, int]:
    """`key` less `other` in the first entry that differs, and which entry that is; (0, 0) where they are equal."""
    for place, (mine, theirs) in enumerate(zip(key, other, strict=True)):
        if mine != theirs:
            return mine - theirs, place
    return 0, 0


def arrange(
    rule: str, judged: Iterable[tuple[Bid, Key, LossReason | None]], conditions: Conditions, seed: str, where: str
) -> Ranking:
    """The ranking of bids that a rule has judged: each with its key and why it is barred, if it is.

    Raises:
        MechanismError: one participant appears twice.
    """
    closed = sorted(judged, key=lambda one: one[0].participant)
    names = [bid.participant for bid, _, _ in closed]
    twice = sorted({name for name, other in pairwise(names) if name == other})
    if twice:
        raise MechanismError(f"a participant appears twice among the bids: {', '.join(twice)}")
    groups: dict[tuple[bool, Key], list[tuple[Bid, Key, LossReason | None]]] = {}
    for one in closed:
        groups.setdefault((one[2] is None, one[1]), []).append(one)
    best = max((key for fits, key in groups if fits), default=max((key for _, key in groups), default=()))
    standings: list[Standing] = []
    for fits, key in sorted(groups, reverse=True):
        same = groups[fits, key]
        if len(same) > 1:
            same.sort(key=lambda one: draw(seed, where, one[0].participant))
        margin, criterion = margin_of(key, best)
        standings.extend(
            Standing(
                participant=bid.participant,
                offer=bid.offer,
                price=bid.price,
                key=key,
                margin=margin,
                criterion=criterion,
                rank=place,
                tied=fits and len(same) > 1,
                barred=barred,
            )
            for place, (bid, _, barred) in enumerate(same, len(standings) + 1)
        )
    return Ranking(rule=rule, conditions=conditions, standings=tuple(standings))


def _loss(one: Standing, last: Key, *, short: bool) -> Loss:
    margin, criterion = margin_of(one.key, last)
    reason = one.barred or LossReason.OUTBID
    if one.barred is None and (short or one.key == last):
        reason = LossReason.TOO_FEW_BIDS if short else LossReason.LOST_DRAW
    return Loss(
        participant=one.participant,
        offer=one.offer,
        reason=reason,
        score=one.score,
        margin=margin,
        criterion=criterion,
    )


def _counted(slots: int) -> int:
    if slots < 1:
        raise MechanismError(f"slots: {slots} is no number of winners; at least 1")
    return slots
