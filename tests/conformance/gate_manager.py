"""Every state that a manager's side of a call can be in, by a shortest path, and everything that anybody may say there.

The states are those of tables C, I and MI together: of the conversation, of the participant x, of its mediation, and
whether x's result is being checked or its offer ends soon. They are found by walking breadth first over what x, its
rival z, a mediator, the user and the clock may do; each is kept as a frozen bench.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from contractnet.errors import ContractNetError
from contractnet.manager.call import Call
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages import values as v
from tests.support.bench import SKILL, Bench
from tests.support.frozen import Freezer

Play = Callable[[Bench], object]
Key = tuple[Any, ...]
SCHEMA = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "integer"}}}
TERMS: dict[str, Any] = {"mediator": "arbiter", "mediation_limit": 70_000, "result_schema": SCHEMA}
#: what the walk may begin with: rounds and a mediator; two slots; results that are checked
STARTS: dict[str, dict[str, Any]] = {
    "two rounds": {"max_rounds": 2, **TERMS},
    "two slots": {"slots": 2, "max_rounds": 1, **TERMS},
    "checked": {"checked": True, "max_rounds": 1, **TERMS},
}


def _next_timer(bench: Bench) -> None:
    deadline = bench.tender.deadline()
    bench.wait(0 if deadline is None else max(0, deadline - bench.now))


def _choose(what: str) -> Play:
    def play(bench: Bench) -> None:
        offers = [one.offer for one in bench.said(a.Request)[-1].content.offers]
        bench.choose(what, offers[0] if what == "offer" else None)

    return play


def _fence(bench: Bench, agent: str) -> dict[str, Any]:
    slot = bench.call.slot_of(agent)
    return {"slot": 1, "epoch": 1} if slot is None else {"slot": slot.number, "epoch": slot.epoch}


#: what may happen on the way to a state
PLAYS: dict[str, Play] = {
    "x bids": lambda bench: bench.propose("x", 30_000),
    "x bids little": lambda bench: bench.propose("x", 10_000),
    "x bids dear": lambda bench: bench.propose("x", 60_000),
    "x bids badly": lambda bench: bench.propose("x", unit="EUR"),
    "x bids late": lambda bench: bench.propose("x", round=1),
    "x bids for a while": lambda bench: bench.propose("x", 60_000, valid_for_ms=15_000),
    "x refuses": lambda bench: bench.refuse("x"),
    "x delivers": lambda bench: bench.result("x", **_fence(bench, "x")),
    "x fails": lambda bench: bench.fail("x"),
    "x has stopped": lambda bench: bench.cancelled("x"),
    "x cannot stop": lambda bench: bench.cancel_failed("x"),
    "z bids": lambda bench: bench.propose("z", 20_000),
    "z bids dear": lambda bench: bench.propose("z", 65_000),
    "z refuses": lambda bench: bench.refuse("z"),
    "z delivers": lambda bench: bench.result("z", **_fence(bench, "z")),
    "z fails": lambda bench: bench.fail("z"),
    "an offer is chosen": _choose("offer"),
    "a round is chosen": _choose("round"),
    "a bogus offer is chosen": lambda bench: bench.choose("offer", "bogus"),
    "the mediator takes it": lambda bench: bench.hear(a.Agree(**bench.mediator_header(), content=c.Content())),
    "no": lambda bench: bench.checked(ok=False, **_fence(bench, "x")),
    "cancel": lambda bench: bench.cancel(),
    "time": _next_timer,
}


def key_of(bench: Bench) -> Key:
    """The state, as the tables see it."""
    call = bench.call
    slot = call.slot_of("x")
    asked = call.mediation.machine.state if call.mediation is not None else None
    offer = bench.participant("x").offer
    soon = bench.state() == "COLLECTING" and offer is not None and offer.usable_until <= bench.now + 20_000
    again = call.round > 1 and not call.machine.finished
    return (bench.state(), again, bench.state("x"), asked, slot is not None and slot.checking, soon)


@dataclass(frozen=True)
class Place:
    """A state, and how to get there."""

    key: Key
    frozen: bytes
    path: tuple[str, ...]


def all_places(freezer: Freezer) -> dict[str, list[Place]]:
    """Every state, where it is reached first."""
    known: set[Key] = set()
    found: dict[str, list[Place]] = {}
    for name, given in STARTS.items():
        found[name] = [place for place in places(freezer, **given) if place.key not in known]
        known |= {place.key for place in found[name]}
    return found


def places(freezer: Freezer, **given: Any) -> list[Place]:
    """Every state that is reached from one beginning, each by a shortest path."""
    bench = Bench()
    bench.start("x", "z", **given)
    start = Place(key_of(bench), freezer.freeze(bench), ())
    found, todo = {start.key: start}, deque([start])
    while todo:
        place = todo.popleft()
        for name, play in PLAYS.items():
            bench = freezer.thaw(place.frozen)
            try:
                play(bench)
            except (ContractNetError, LookupError, AssertionError):
                continue  # of our own making: not possible here
            if bench.tender.calls[-1].number > 1:
                continue  # another conversation
            key = key_of(bench)
            if key not in found:
                found[key] = Place(key, freezer.freeze(bench), (*place.path, name))
                todo.append(found[key])
    return list(found.values())


# ---- what may be said there


def _header(bench: Bench, sender: str, about: str | None, where: str) -> dict[str, Any]:
    mediates = where != bench.call.conversation
    return bench.header(sender, about, conversation_id=where, protocol=a.MEDIATION if mediates else bench.call.protocol)


def _told(bench: Bench, sender: str, where: str, kind: type[Any]) -> str | None:
    """The newest message of a kind that the sender was told in the conversation, else the newest of any."""
    mine = [
        act
        for act in bench.said(a.Act)
        if act.conversation_id == where and (act.receiver == sender or act.receiver.startswith(("skill:", "multi")))
    ]
    fitting = [act for act in mine if isinstance(act, kind)] or mine
    return fitting[-1].reply_with if fitting else None


def said_there(bench: Bench, sender: str, where: str) -> Iterator[tuple[str, a.AnyAct]]:
    """One act of every kind, with what it would carry if it were in order; (what `EVENTS` calls it, act)."""
    call, mediates = bench.call, where != bench.call.conversation
    cfp = _told(bench, sender, where, a.Request if mediates else a.Cfp)
    accept = _told(bench, sender, where, a.AcceptProposal)
    number = bench.fresh()
    offer = {"round": call.round, "unit": "USD", "price": 30_000, "eta": 5, "confidence": 1, "valid_for_ms": 120_000}
    fence = _fence(bench, sender)

    def act(kind: type[Any], about: str | None, content: Any) -> Any:
        return kind(**_header(bench, sender, about, where), content=content)

    for name, changes in (
        ("ok", {}),
        ("other unit", {"unit": "EUR"}),
        ("older", {"round": 1}),
        ("newer", {"round": 9}),
    ):
        content = c.ProposeContent(**{"offer": f"o{number}{name[0]}{name[-1]}", **offer, **changes})  # type: ignore[arg-type]
        yield "propose", act(a.Propose, cfp, content)
    for reason in (v.RefuseReason.UNFIT, v.RefuseReason.WITHDRAWN):
        yield "refuse", act(a.Refuse, cfp, c.RefuseContent(reason=reason, round=1))
    yield "inform:result", act(a.Inform, accept, c.ResultContent(**fence, result={"ok": 1}))
    yield "inform:result", act(a.Inform, accept, c.ResultContent(**fence, result={"ok": "no"}))
    other = {"slot": fence["slot"] % 2 + 1, "epoch": fence["epoch"] + 1}
    yield "inform:result", act(a.Inform, accept, c.ResultContent(**other, result={"ok": 1}))
    yield "inform:progress", act(a.Inform, accept, c.ProgressContent(**fence))
    yield "inform:cancelled", act(a.Inform, accept, c.CancelledContent())
    listed = [one.offer for request in bench.said(a.Request) for one in request.content.offers] or ["none"]
    yield "inform:choice", act(a.Inform, cfp, c.ChoiceContent(choice="offer", offer=listed[0]))
    yield "inform:choice", act(a.Inform, cfp, c.ChoiceContent(choice="round"))
    yield "inform:choice", act(a.Inform, cfp, c.ChoiceContent(choice="none", offer="bogus"))
    yield "failure:task", act(a.Failure, accept, c.TaskFailureContent(reason=v.TaskFailure.ERROR))
    yield "failure:task", act(a.Failure, accept, c.TaskFailureContent(reason=v.TaskFailure.ERROR, slot=9, epoch=9))
    yield "failure:cancel", act(a.Failure, accept, c.CancelFailureContent(reason=v.CancelFailure.CANNOT_STOP))
    for about in (cfp, accept, None):
        for why in (v.NotUnderstoodReason.SCHEMA, v.NotUnderstoodReason.OUT_OF_SEQUENCE):
            yield "not-understood", act(a.NotUnderstood, about, c.NotUnderstoodContent(reason=why, about="cfp"))
    yield "agree", act(a.Agree, cfp, c.Content())
    yield from _orders(act, cfp, call)


def _orders(
    act: Callable[[type[Any], str | None, Any], Any], about: str | None, call: Call
) -> Iterator[tuple[str, Any]]:
    """What only an initiator says."""
    terms = c.Terms(unit="USD", rule="x", work_within_ms=1, lease_ms=1, valid_for_ms=1)
    cfp = c.CfpContent(task="t", skill=SKILL, round=call.round, max_rounds=9, reply_within_ms=9, terms=terms)
    accept = c.AcceptContent(
        offer="o", round=1, slot=1, epoch=1, price=1, work_within_ms=1, lease_ms=1, pickup_ms=1
    )  # fmt: skip
    request = c.RequestContent(offers=(), choices=("none",), reply_within_ms=9, terms=terms)
    yield "cfp", act(a.Cfp, about, cfp)
    yield "accept-proposal", act(a.AcceptProposal, about, accept)
    yield "reject-proposal", act(a.RejectProposal, about, c.RejectContent(reason=v.RejectReason.OUTBID))
    yield "cancel", act(a.Cancel, about, c.CancelContent(reason=v.CancelReason.USER))
    yield "request", act(a.Request, about, request)
