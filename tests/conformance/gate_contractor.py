"""Every state that an agent's side can be in, by a shortest path, and everything that anybody may say there.

Found by walking breadth first over what a manager, the agent itself and the clock may do. The key has what the gate
looks at beside the state of table P or MP: the newest round, which own offers bind, and what was accepted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from contractnet.contractor.mediating import Mediating
from contractnet.contractor.records import Chose, Declined, Failed, Finished, LeaseLost, Stopped, Took, Withdrew
from contractnet.errors import ContractNetError
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages import values as v
from tests.support.frozen import Freezer
from tests.support.side import SALT, SKILL, Side

Play = Callable[[Side], object]
Key = tuple[Any, ...]


def _next_timer(side: Side) -> None:
    deadline = side.side.deadline()
    if deadline is not None:
        side.wait(max(0, deadline - side.now))


def _if_allowed(fact: Any) -> Play:
    def play(side: Side) -> None:
        assert side.side.allows(fact)
        side.step(fact)

    return play


def _standing(side: Side) -> str | None:
    return next((one.id for one in side.engagement.offers.values() if one.live), None)


#: of a bidder
BIDDER: dict[str, Play] = {
    "cfp": lambda side: side.cfp(),
    "second cfp": lambda side: side.cfp(2),
    "second cfp, with the offer on file": lambda side: side.cfp(2, offer=_standing(side)),
    "third cfp, with the offer on file": lambda side: side.cfp(3, offer=_standing(side)),
    "bid": lambda side: side.bid(),
    "decline": lambda side: side.decline(),
    "accept": lambda side: side.accept(),
    "accept of the first": lambda side: side.accept(next(iter(side.engagement.offers))),
    "accept of nothing": lambda side: side.accept("foreign"),
    "reject": lambda side: side.reject(),
    "reject of one": lambda side: side.reject(side.offer, "late"),
    "not-understood": lambda side: side.misunderstand(next(iter(side.engagement.offers.values())).message_id),
    "cancel": lambda side: side.cancel(),
    "withdraw": _if_allowed(Withdrew()),
    "finish": _if_allowed(Finished(result={"ok": 1})),
    "fail": _if_allowed(Failed(reason=v.TaskFailure.ERROR)),
    "lease lost": _if_allowed(LeaseLost()),
    "stopped": _if_allowed(Stopped()),
    "time": _next_timer,
}
#: of a mediator
MEDIATOR: dict[str, Play] = {
    "request": lambda side: side.request(60_000, 70_000),
    "take": _if_allowed(Took()),
    "choose": _if_allowed(Chose(choice="offer", offer="o1")),
    "decline": _if_allowed(Declined(reason=v.RefuseReason.POLICY)),
    "not-understood": lambda side: _not_this(side),
    "cancel": lambda side: side.hear(
        a.Cancel(**side.header(protocol=a.MEDIATION), content=c.CancelContent(reason=v.CancelReason.USER))
    ),
    "time": _next_timer,
}


def _not_this(side: Side) -> None:
    assert isinstance(side.side, Mediating)
    content = c.NotUnderstoodContent(reason=v.NotUnderstoodReason.SCHEMA, about="inform")
    side.hear(a.NotUnderstood(**side.header(side.side.chosen, protocol=a.MEDIATION), content=content))


def key_of(side: Side) -> Key:
    """The state, as table and gate see it."""
    one = side.diary.known(side.agent, side.conversation)
    if one is None:
        return ("P", "IDLE", 0, (), None)
    if isinstance(one, Mediating):
        return ("MP", one.machine.state, one.repair is not None, (), None)
    engagement = side.engagement
    live = tuple(offer.live for offer in engagement.offers.values())[-2:]
    round_ = engagement.cfp.content.round if engagement.cfp is not None else 0
    accepted = engagement.accept.content.offer == side.offer if engagement.accept is not None else None
    return ("P", one.machine.state, round_, live, accepted)


@dataclass(frozen=True)
class Place:
    """A state, and how to get there."""

    key: Key
    frozen: bytes
    path: tuple[str, ...]


def places(freezer: Freezer, plays: dict[str, Play]) -> list[Place]:
    """Every state that is reached, each by a shortest path."""
    start = Place(key_of(Side()), freezer.freeze(Side()), ())
    found, todo = {start.key: start}, deque([start])
    while todo:
        place = todo.popleft()
        for name, play in plays.items():
            side = freezer.thaw(place.frozen)
            try:
                play(side)
            except (ContractNetError, LookupError, AssertionError, StopIteration):
                continue  # not possible here
            if side.diary.known(side.agent, side.conversation) is None:
                continue
            key = key_of(side)
            if key not in found:
                found[key] = Place(key, freezer.freeze(side), (*place.path, name))
                todo.append(found[key])
    return list(found.values())


# ---- what may be said there


def said_there(side: Side, sender: str, protocol: a.ProtocolName) -> Iterator[tuple[str, a.AnyAct]]:
    """One act of every kind, with what it would carry if it were in order; (what `EVENTS` calls it, act)."""
    known = side.diary.engagements.get((side.agent, side.conversation))
    offers = list(known.offers.values()) if known is not None else []
    own = offers[-1] if offers else None
    about = own.message_id if own is not None else None
    terms = c.Terms(unit="USD", rule="x", work_within_ms=1, lease_ms=1, valid_for_ms=120_000)

    def act(kind: type[Any], answers: str | None, content: Any) -> Any:
        return kind(**side.header(answers, sender=sender, daemon=sender, protocol=protocol), content=content)

    for round_ in (1, 2, 9):
        for named in {None, own.id if own is not None else None}:
            call = c.CfpContent(
                task="t", skill=SKILL, round=round_, max_rounds=9, reply_within_ms=20_000, terms=terms, offer=named
            )  # fmt: skip
            yield "cfp", act(a.Cfp, None, call)
    for offer, price, answers in [
        *((one.id, one.price, one.message_id) for one in offers),
        ("foreign", 10_000, about),
        *([(own.id, own.price - 1, about), (own.id, own.price, "nothing")] if own is not None else []),
    ]:
        accept = c.AcceptContent(
            offer=offer, round=1, slot=1, epoch=1, price=price, work_within_ms=600_000, lease_ms=60_000,
            pickup_ms=10_000, private={"key": "s3cret"}, salt=SALT,
        )  # fmt: skip
        yield "accept-proposal", act(a.AcceptProposal, answers, accept)
    for named in (None, "foreign", *(one.id for one in offers)):
        yield "reject-proposal", act(a.RejectProposal, None, c.RejectContent(reason=v.RejectReason.LATE, offer=named))
    yield "cancel", act(a.Cancel, None, c.CancelContent(reason=v.CancelReason.USER))
    for answers in (None, about, side.said(a.Inform)[-1].message_id if side.said(a.Inform) else "nothing"):
        for reason in (v.NotUnderstoodReason.SCHEMA, v.NotUnderstoodReason.OUT_OF_SEQUENCE):
            yield (
                "not-understood",
                act(a.NotUnderstood, answers, c.NotUnderstoodContent(reason=reason, about="propose")),
            )
    listed = (c.LiveOffer(offer="o1", price=60_000, eta=5, confidence=900_000),)
    request = c.RequestContent(offers=listed, choices=("none",), reply_within_ms=10_000, terms=terms)
    yield "request", act(a.Request, None, request)
    yield from _answers(act, about)


def _answers(act: Callable[[type[Any], str | None, Any], Any], about: str | None) -> Iterator[tuple[str, Any]]:
    """What only a participant or a mediator says."""
    bid = c.ProposeContent(offer="o", round=1, unit="USD", price=1, eta=1, confidence=1, valid_for_ms=1)
    yield "propose", act(a.Propose, about, bid)
    yield "refuse", act(a.Refuse, about, c.RefuseContent(reason=v.RefuseReason.BUSY, round=1))
    yield "inform", act(a.Inform, about, c.ResultContent(slot=1, epoch=1, result={}))
    yield "inform", act(a.Inform, about, c.ProgressContent(slot=1, epoch=1))
    yield "inform", act(a.Inform, about, c.ChoiceContent(choice="none"))
    yield "failure", act(a.Failure, about, c.TaskFailureContent(reason=v.TaskFailure.ERROR))
    yield "agree", act(a.Agree, about, c.Content())
