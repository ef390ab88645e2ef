"""Table P through the engagement's step: every state meets every message and decision; the table says the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contractnet.contractor.records import (
    Bade,
    CannotStop,
    Declined,
    Fact,
    Failed,
    Finished,
    LeaseLost,
    Stopped,
    Withdrew,
)
from contractnet.contractor.stepping import step as step_core
from contractnet.errors import IllegalSend
from contractnet.interaction.definition import load
from contractnet.ledger.records import Fired, Moved, Record, Said
from contractnet.messages import acts as a
from contractnet.messages.values import RefuseReason, TaskFailure
from tests.support.side import Side

TABLE = load("participant")
Play = Callable[[Side], object]


def _idle(side: Side) -> None:
    """Nothing was heard."""


def _deliberating(side: Side) -> None:
    side.cfp()


def _offered(side: Side) -> None:
    side.cfp()
    side.bid()


def _lapsed(side: Side) -> None:
    _offered(side)
    side.wait(130_000)


def _closed(side: Side) -> None:
    side.cfp()
    side.decline()


def _committed(side: Side) -> None:
    _offered(side)
    side.accept()


def _cancelling(side: Side) -> None:
    _committed(side)
    side.cancel()


def _done(side: Side) -> None:
    _committed(side)
    side.step(Finished(result={"ok": 1}))


def _failed(side: Side) -> None:
    _committed(side)
    side.step(Failed(reason=TaskFailure.ERROR))


def _cancelled(side: Side) -> None:
    _offered(side)
    side.cancel()


def _cancel_failed(side: Side) -> None:
    _cancelling(side)
    side.wait(10_000)


REACH: dict[str, Play] = {
    "IDLE": _idle,
    "DELIBERATING": _deliberating,
    "OFFERED": _offered,
    "LAPSED": _lapsed,
    "CLOSED": _closed,
    "COMMITTED": _committed,
    "CANCELLING": _cancelling,
    "DONE": _done,
    "FAILED": _failed,
    "CANCELLED": _cancelled,
    "CANCEL_FAILED": _cancel_failed,
}


def words(written: list[Record]) -> list[str]:
    """What we said, as a row writes it."""
    found: list[str] = []
    for one in written:
        if isinstance(one, Said):
            content = getattr(one.message, "content", None)
            kind = getattr(type(content), "__struct_config__", None)
            tag = kind.tag if kind is not None and isinstance(kind.tag, str) else None
            name = str(one.message.__struct_config__.tag)
            found.append(f"{name}:{tag}" if tag else name)
    return found


def _live(side: Side) -> bool:
    return any(offer.live for offer in side.engagement.offers.values())


def _reject_event(side: Side) -> str:
    last = side.state == "OFFERED" and _live(side)
    return "?reject:end" if last else "?reject:one"


def _own_offer(side: Side) -> str | None:
    offers = list(side.engagement.offers.values())
    return offers[-1].message_id if offers else None


#: what the manager may say -> how, and which event that is here; None: recorded and nothing else
SAY: dict[str, tuple[Play, Callable[[Side], str | None]]] = {
    "cfp": (lambda side: side.cfp(), lambda side: "?cfp" if side.engagement.cfp is None else None),
    "cfp:next": (
        lambda side: side.cfp(round_=2),
        lambda side: "?cfp" if side.engagement.cfp is None else "?cfp:next",
    ),
    "accept:own": (
        lambda side: side.accept(side.offer if side.engagement.offers else "none"),
        lambda side: "?accept:live" if _live(side) or side.engagement.accept is not None else "?accept:dead",
    ),
    "accept:other": (lambda side: side.accept("foreign"), lambda _: "?accept:dead"),
    "reject:whole": (lambda side: side.reject(), lambda _: "?reject:end"),
    "reject:own": (
        lambda side: side.reject(side.offer if side.engagement.offers else "none", "late"),
        _reject_event,
    ),
    "reject:other": (lambda side: side.reject("foreign", "late"), lambda _: "?reject:one"),
    "not-understood:own": (
        lambda side: side.misunderstand(_own_offer(side)),
        lambda side: "?not-understood" if side.engagement.offers else None,
    ),
    "not-understood:other": (lambda side: side.misunderstand("nothing"), lambda _: None),
    "not-understood:sequence": (lambda side: side.misunderstand(_own_offer(side), "out-of-sequence"), lambda _: None),
    "cancel": (lambda side: side.cancel(), lambda _: "?cancel"),
}


def test_every_state_is_reached() -> None:
    assert set(REACH) == set(TABLE.states)


@pytest.mark.parametrize("said", sorted(SAY))
@pytest.mark.parametrize("state", sorted(REACH))
def test_every_message_in_every_state(side: Side, state: str, said: str) -> None:
    REACH[state](side)
    assert side.state == state
    say, classify = SAY[said]
    event = classify(side)
    before = len(side.written)
    step = None if event is None else TABLE.step(state, event, {"live_offer": _live(side)})
    say(side)
    written = side.written[before:]
    taken = [move for one in written if isinstance(one, Moved) for move in one.moves]
    if step is not None:
        assert [(move.row, move.state) for move in taken] == [(step.row.name, step.next)]
        assert words(written) == [one.removesuffix(":closed") for one in step.row.sends]
    else:
        assert taken == []
        assert side.state == state
        complaint = [] if said.startswith("not-understood") or event is None else ["not-understood"]
        assert words(written) == complaint


# ---- what we decide

DECIDE: dict[str, Fact] = {
    "#bid": Bade(price=1, eta=1, confidence=1),
    "#decline": Declined(reason=RefuseReason.UNFIT),
    "#withdraw": Withdrew(),
    "#finish": Finished(result={}),
    "#fail": Failed(reason=TaskFailure.ERROR),
    "#stopped": Stopped(),
    "#cannot-stop": CannotStop(result={}),
    "@lease-lost": LeaseLost(),
    "@bid-window": Fired(timer="bid-window"),
    "@offer-lapse": Fired(timer="offer"),
    "@result-due": Fired(timer="result"),
    "@stop-timeout": Fired(timer="stop"),
}
#: beats are not recorded, and a bidder that cannot read a call refuses it
NOT_DECIDED = {"#heartbeat", "#cannot-parse"}


def test_every_decision_of_the_table_is_made() -> None:
    own = {event for event in TABLE.events if not event.startswith("?")}
    assert set(DECIDE) | NOT_DECIDED == own


@pytest.mark.parametrize("event", sorted(DECIDE))
@pytest.mark.parametrize("state", sorted(REACH))
def test_every_decision_in_every_state(side: Side, state: str, event: str) -> None:
    REACH[state](side)
    step = TABLE.step(state, event, {"live_offer": _live(side)})
    fact = DECIDE[event]
    if not isinstance(fact, Fired):
        assert side.engagement.allows(fact) is (step is not None)
    if step is None:
        spoilt = side.check().engagement(side.agent, side.conversation)
        with pytest.raises((IllegalSend, AssertionError)):
            step_core(spoilt, fact, side.now)
        return
    before = len(side.written)
    if isinstance(fact, Fired):
        side.now = side.engagement.deadline() or 0
        assert side.engagement.due(side.now - 1) is None
        side.expire()
        assert fact in side.written[before:]
    else:
        side.step(fact)
    written = side.written[before:]
    taken = [move for one in written if isinstance(one, Moved) for move in one.moves]
    assert [(move.row, move.state) for move in taken] == [(step.row.name, step.next)]
    wanted = [one.partition(":")[0] for one in step.row.sends]
    assert [one.partition(":")[0] for one in words(written)] == wanted
    if step.row.reasons:
        (said,) = [one.message for one in written if isinstance(one, Said)]
        content = getattr(said, "content", None)
        assert content is not None
        assert content.reason.value in step.row.reasons


def test_what_is_said_answers_the_message_that_asked(side: Side) -> None:
    call = side.cfp()
    side.bid()
    accept = side.accept()
    side.step(Finished(result={"ok": 1}))
    (offer,), (result,) = side.said(a.Propose), side.said(a.Inform)
    assert (offer.in_reply_to, result.in_reply_to) == (call.message_id, accept.message_id)
    assert (offer.receiver, offer.sender, offer.daemon) == ("mgr", "x", "d")
