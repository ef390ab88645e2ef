"""Two agents bargain: what both log of it, and all that crosses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from contractnet.messages.bargaining import IssueContent
from tests.conformance.bargain_writer import BUYER, REPLY_WITHIN_MS, SELLER, TURN_WITHIN_MS, Bargain
from tests.conformance.transcript_lines import CONVERSATION

SIDES = {"initiator": BUYER, "participant": SELLER}
GRACE_MS = 2_000
Script = Callable[[Bargain], None]


def bargainings() -> Iterator[Bargain]:
    yield from _whole()
    yield from _openings()
    yield from _repairs()
    yield from _ends()
    yield from _crossings()


def both(name: str, about: str, outcomes: tuple[str, str] | str, script: Script, **also: Any) -> Iterator[Bargain]:
    """The logs of both sides."""
    ends = (outcomes, outcomes) if isinstance(outcomes, str) else outcomes
    for (side, _), end in zip(SIDES.items(), ends, strict=True):
        t = Bargain(f"bargain-{name}-{side}", about, end, side, **also)
        script(t)
        yield t


def one(side: str, name: str, about: str, outcome: str, script: Script, **also: Any) -> Iterator[Bargain]:
    """The log of one side."""
    t = Bargain(f"bargain-{name}-{side}", about, outcome, side, **also)
    script(t)
    yield t


# ---- whole ones


def _whole() -> Iterator[Bargain]:
    def deal(t: Bargain) -> None:
        t.begin()
        t.offer(BUYER, 4_000)
        t.offer(SELLER, 6_000)
        t.offer(BUYER, 5_000)
        t.accept(SELLER)
        t.agreed(BUYER)

    about = "Three offers, an acceptance in the last turn, and the word that makes the agreement."
    yield from both("deal", about, "agreed", deal)

    def of_two(t: Bargain) -> None:
        t.issues, t.unit = (IssueContent(name="days", low=1, high=9), _COLOUR), None
        t.begin()
        t.offer(BUYER, 2, 1)
        t.accept(SELLER)
        t.agreed(BUYER)

    about = "Two issues, one of them a choice, after a round of a contract net."
    yield from both("issues", about, "agreed", of_two, parent=CONVERSATION)

    def standing(t: Bargain) -> None:
        t.rules = {"standing": True, "monotone": True}
        t.begin()
        t.offer(BUYER, 4_000)
        t.offer(SELLER, 6_000)
        first = t.offer_of(SELLER)
        t.offer(BUYER, 4_500)
        t.offer(SELLER, 6_000, event="?propose:last")
        t.header["about"] += f" The first offer was {first.offer}."

    yield from both("turn-limit", "Nobody gives in: the last offer can only be recorded.", "ended", standing)

    def earlier(t: Bargain) -> None:
        t.rules = {"standing": True, "monotone": True}
        t.turns = 5
        t.begin()
        t.offer(BUYER, 4_000)
        t.offer(SELLER, 6_000)
        first = t.offer_of(SELLER)
        t.offer(BUYER, 4_500)
        t.offer(SELLER, 6_000)
        t.accept(BUYER, offer=first)
        t.agreed(SELLER)

    yield from both("earlier-offer", "Offers stand by agreement: an earlier one is taken.", "agreed", earlier)

    def twice(t: Bargain) -> None:
        t.begin()
        t.offer(BUYER, 4_000)
        t.again()
        t.accept(SELLER)
        t.agreed(BUYER)
        t.again()

    yield from both("repeated", "An offer and the last word come twice: nothing moves.", "agreed", twice)


_COLOUR = IssueContent(name="colour", low=0, high=2, options=("black", "blue", "red"))


def _openings() -> Iterator[Bargain]:
    def refused(t: Bargain) -> None:
        t.request()
        t.refuse("policy")

    yield from both("refused", "The other side does not want to bargain.", "declined", refused)

    def strange(t: Bargain) -> None:
        t.request()
        t.not_understood(SELLER, "unit: not known", about="request", decision="#cannot-parse")

    yield from both("not-understood", "The request cannot be interpreted.", "declined", strange)

    def misshapen(t: Bargain) -> None:
        t.request(event="?invalid", wrong={"turns": 0})
        t.not_understood(SELLER, "must be 1 at least", about="request", path="$.content.turns")
        t.request()
        t.refuse("policy")

    about = "A request does not keep the schema: nothing moves, and the next one is as the first."
    yield from one("participant", "invalid-request", about, "declined", misshapen, faulty=(BUYER,))

    def returned(t: Bargain) -> None:
        t.request()
        t.fires(BUYER, "#returned")

    yield from one("initiator", "undeliverable", "The request reaches nobody.", "declined", returned)

    def window(t: Bargain) -> None:
        t.request()
        t.fires(SELLER, "@turn-window", REPLY_WITHIN_MS)

    yield from one("participant", "unanswered", "The request is not answered in time.", "expired", window)

    about = "An offer out of turn is answered, and moves nothing."
    yield from one("initiator", "out-of-turn", about, "ended", _out_of_turn, faulty=(SELLER,))


def _out_of_turn(t: Bargain) -> None:
    t.begin()
    t.offer(SELLER, 6_000)
    t.not_understood(BUYER, reason="out-of-sequence")
    t.walk_away(BUYER)


# ---- repairs


def _bad(t: Bargain, by: str) -> None:
    """An offer between two ticks; the other side says so."""
    t.offer(by, 4_000, event="?propose:bad", wrong={"terms": [40_000_001]})
    t.not_understood(BUYER if by == SELLER else SELLER)


def _wrong_acceptance(t: Bargain, by: str) -> None:
    """An acceptance of an offer that has lapsed."""
    t.accept(by, event="?accept:dead")
    t.not_understood(BUYER if by == SELLER else SELLER, "expired: that offer is over", about="accept-proposal")


def _repairs() -> Iterator[Bargain]:
    """Their act is wrong, and may be repaired once; seen by who waits and by who repairs."""
    endings: dict[str, tuple[str, Script]] = {
        "an-offer": ("ended", _mended_by_an_offer),
        "an-acceptance": ("agreed", _mended_by_an_acceptance),
        "walking-away": ("ended", lambda t: t.walk_away(SELLER)),
        "an-acceptance-again": ("ended", _wrong_twice),
    }
    for how, (end, script) in endings.items():
        yield from both(f"repaired-by-{how}", "An acceptance comes after its offer has lapsed.", end, _lapsed(script))

    def last(t: Bargain) -> None:
        t.turns = 2
        _lapsed(lambda t: _say(t.offer(SELLER, 6_000, event="?propose:last")))(t)

    yield from both("repaired-in-the-last-turn", "An acceptance was too late; an offer is recorded.", "ended", last)

    for kind, wrong in _FAULTS.items():
        about = "An offer with a fault is named once, and repaired by who made it."
        yield from one("initiator", f"fault-{kind}", about, "ended", _fault(wrong), faulty=(SELLER,))

    def bad_twice(t: Bargain) -> None:
        t.begin()
        t.offer(BUYER, 4_000)
        _bad(t, SELLER)
        t.offer(SELLER, 6_000, event="?propose:bad", wrong={"terms": [200_000_000]})
        t.walk_away(BUYER, "wrong-twice", decision=None)

    about = "Two offers with a fault in one turn: that is the end."
    yield from one("initiator", "wrong-twice", about, "ended", bad_twice, faulty=(SELLER,))

    def told(t: Bargain) -> None:
        t.begin()
        t.offer(BUYER, 4_000)
        t.not_understood(SELLER, "public-bounds: 50000000 to 90000000")
        t.repaired()
        t.offer(BUYER, 4_500)
        t.walk_away(SELLER)

    about = "An offer of ours is called wrong, rightly or not: another one is made in the time left."
    yield from one("initiator", "told-of-a-fault", about, "ended", told, faulty=(SELLER,))


def _say(_: str) -> None:
    """What it returns is not needed."""


_FAULTS: dict[str, dict[str, Any]] = {
    "tick": {"terms": [40_000_001]},
    "bounds": {"terms": [200_000_000]},
    "issues": {"terms": [40_000_000, 1]},
    "schema": {"terms": "cheap"},
    "unit": {"unit": "EUR"},
    "turn": {"turn": 3},
    "duplicate": {"offer": "buyer-offer-2"},
}


def _fault(wrong: dict[str, Any]) -> Script:
    def script(t: Bargain) -> None:
        t.begin()
        t.offer(BUYER, 4_000)
        t.offer(SELLER, 6_000, event="?propose:bad", wrong=wrong)
        t.not_understood(BUYER)
        t.offer(SELLER, 6_000)
        t.walk_away(BUYER)

    return script


def _lapsed(script: Script) -> Script:
    def whole(t: Bargain) -> None:
        t.begin()
        t.offer(BUYER, 4_000, life=100)
        t.wait(1_000)
        _wrong_acceptance(t, SELLER)
        script(t)

    return whole


def _mended_by_an_offer(t: Bargain) -> None:
    t.offer(SELLER, 6_000)
    t.walk_away(BUYER)


def _mended_by_an_acceptance(t: Bargain) -> None:
    """The offer stands a little longer than was said: the grace is its side's own."""
    t.accept(SELLER)
    t.agreed(BUYER)


def _wrong_twice(t: Bargain) -> None:
    t.accept(SELLER, event="?accept:dead")
    t.walk_away(BUYER, "wrong-twice", decision=None)


# ---- every state, every end


def reach(t: Bargain, state: str) -> None:
    """Who logs it is in this state."""
    me, other = t.me, t.other
    if state == "IDLE":
        return
    t.request()
    if state in ("ASKING", "ASKED"):
        return
    if state == "DECLINED":
        t.refuse()
        return
    t.agree()
    if me == SELLER:
        t.offer(BUYER, 4_000, life=100 if state == "REPAIRING" else None)
    if state == "MINE":
        return
    if state == "ENDED":
        t.walk_away(me)
    elif me == SELLER and state == "REPAIRING":
        _wrong_acceptance(t, me)
    elif state in ("ACCEPTING", "UNKNOWN"):
        if me == BUYER:
            t.offer(me, 4_000)
            t.offer(other, 6_000)
        t.accept(me)
        if state == "UNKNOWN":
            t.fires(me, "@turn-due", TURN_WITHIN_MS + GRACE_MS)
    else:
        _reach_theirs(t, state, me, other)


def _reach_theirs(t: Bargain, state: str, me: str, other: str) -> None:
    t.offer(me, 5_000, life=100 if state == "MENDING" else None)
    if state == "REPAIRING":
        t.not_understood(other)
        t.repaired()
    elif state == "MENDING":
        _wrong_acceptance(t, other)
    elif state == "EXPIRED":
        t.fires(me, "@turn-due", TURN_WITHIN_MS + GRACE_MS)
    elif state == "CANCELLED":
        t.cancel(me)
    elif state == "AGREED":
        t.accept(other)
        t.agreed(me)


def _from(state: str, script: Script, side: str, name: str, about: str, outcome: str, **also: Any) -> Iterator[Bargain]:
    def whole(t: Bargain) -> None:
        t.turns = 2 if script is _offers_last else 4
        reach(t, state)
        script(t)

    also = ({"faulty": (SELLER if side == "initiator" else BUYER,)} if state == "REPAIRING" else {}) | also
    yield from one(side, f"{name}-{state.lower()}", about, outcome, whole, **also)


def _ends() -> Iterator[Bargain]:
    for state in ("IDLE", "ASKING", "ASKED", "MINE", "REPAIRING", "THEIRS", "MENDING", "ACCEPTING", "UNKNOWN"):
        side = "participant" if state in ("IDLE", "ASKED") else "initiator"
        about = "The other side calls it off."
        yield from _from(state, _is_cancelled, side, "called-off", about, "cancelled", faulty=_faulty(side))
    for state in ("ASKING", "MINE", "REPAIRING", "THEIRS", "MENDING"):
        about = "We call it off, and do not wait for the answer."
        yield from _from(state, _cancels, "initiator", "calls-off", about, "cancelled")
    for state in ("MINE", "REPAIRING"):
        for side in SIDES:
            yield from _from(state, lambda t: t.walk_away(t.me), side, "walks-away", "We walk away.", "ended")
            yield from _from(state, _no_act, side, "finds-nothing", "No act is found in time.", "expired")
        yield from _from(state, _accepts, "participant", "accepts", "An offer is taken.", "agreed")
        yield from _from(state, _offers, "initiator", "offers", "An offer is made, and refused.", "ended")
        yield from _from(state, _offers_last, "participant", "offers-last", "The last turn: recorded.", "ended")
    for state in ("THEIRS", "MENDING"):
        yield from _from(state, _silence, "initiator", "waits-in-vain", "The other side is silent.", "expired")
    for state in ("ACCEPTING", "UNKNOWN"):
        for how, (end, script) in _WORDS.items():
            about = "What the other side says of our acceptance."
            yield from _from(state, script, "initiator", f"word-{how}", about, end, faulty=_faulty("initiator"))
    yield from _from("ACCEPTING", _no_word, "participant", "no-word", "Accepted, and never answered.", "unknown")
    yield from _strays()


def _faulty(side: str) -> tuple[str, ...]:
    return (SELLER if side == "initiator" else BUYER,)


def _is_cancelled(t: Bargain) -> None:
    t.cancel(t.other)
    t.cancelled(t.me)


def _cancels(t: Bargain) -> None:
    t.cancel(t.me)
    t.cancelled(t.other)


def _no_act(t: Bargain) -> None:
    t.fires(t.me, "@turn-window", TURN_WITHIN_MS)


def _accepts(t: Bargain) -> None:
    t.accept(t.me)
    t.agreed(t.other)


def _offers(t: Bargain) -> None:
    t.offer(t.me, 4_500)
    t.walk_away(t.other)


def _offers_last(t: Bargain) -> None:
    t.offer(t.me, 4_500, event="?propose:last")


def _silence(t: Bargain) -> None:
    t.fires(t.me, "@turn-due", TURN_WITHIN_MS + GRACE_MS)


def _no_word(t: Bargain) -> None:
    t.fires(t.me, "@turn-due", TURN_WITHIN_MS + GRACE_MS)


_WORDS: dict[str, tuple[str, Script]] = {
    "agreed": ("agreed", lambda t: t.agreed(t.other)),
    "failure": ("ended", lambda t: t.failure(t.other, in_reply_to=t.sent(t.me, "accept-proposal"))),
    "reject": ("ended", lambda t: t.walk_away(t.other, "wrong-twice", decision=None)),
}


def _strays() -> Iterator[Bargain]:
    """After the end the other side says everything that may be said."""
    about = "After the end: what is to be recorded is recorded, what is to be answered is answered."
    for state in ("DECLINED", "ENDED", "EXPIRED", "CANCELLED", "AGREED"):
        yield from _from(state, _stray(state), "initiator", "strays", about, state.lower(), faulty=(SELLER,))

    def told_late(t: Bargain) -> None:
        t.not_understood(t.other, "expired: that offer is over", about="accept-proposal")

    about = "A late word: the acceptance was of no live offer."
    yield from _from("UNKNOWN", told_late, "initiator", "word-late", about, "ended", faulty=(SELLER,))


def _stray(state: str) -> Script:
    def script(t: Bargain) -> None:
        ours = t.sent(BUYER, "request")
        if state in ("DECLINED", "EXPIRED", "CANCELLED"):
            if state != "DECLINED":
                t.not_understood(SELLER, in_reply_to=t.sent(BUYER, "propose"))
            t.agree(in_reply_to=ours)
            t.refuse(in_reply_to=ours)
        if state in ("ENDED", "EXPIRED", "CANCELLED"):
            t.walk_away(SELLER)
        if state in ("EXPIRED", "CANCELLED"):
            t.offer(SELLER, 6_000, event="?propose:late")
            t.reject_offer(BUYER, *(("late", 2_000) if state == "EXPIRED" else ("closed",)))
            t.accept(SELLER, event="?accept:dead", in_reply_to=t.sent(BUYER, "propose"))
            t.failure(BUYER, "offer-expired" if state == "EXPIRED" else "withdrawn")
            t.cancelled(SELLER, in_reply_to=ours)
            t.cancel_failure(SELLER, in_reply_to=ours)
        t.cancel(SELLER)
        if state == "AGREED":
            t.cancel_failure(BUYER)
        else:
            t.cancelled(BUYER)

    return script


# ---- crossings


def _crossings() -> Iterator[Bargain]:
    for crossing, (name, outcomes, scripts) in _CROSSINGS.items():
        for (side, _), outcome, script in zip(SIDES.items(), outcomes, scripts, strict=True):
            if script is not None:
                about = f"What crosses here: {crossing}."
                yield from one(side, f"crossing-{name}", about, outcome, script, crossing=crossing)


def _cancel_meets_acceptance(t: Bargain) -> None:
    """The buyer has an offer out and calls it off; the seller accepts."""
    t.begin()
    t.offer(BUYER, 4_000)
    offered = t.sent(BUYER, "propose")
    if t.me == BUYER:
        t.cancel(BUYER)
        t.accept(SELLER, event="?accept:dead", in_reply_to=offered)
        t.failure(BUYER, "withdrawn")
        t.cancelled(SELLER, in_reply_to=t.sent(BUYER, "cancel"))
    else:
        t.accept(SELLER)
        t.cancel(BUYER)
        t.cancelled(SELLER)
        t.failure(BUYER, "withdrawn", in_reply_to=t.sent(SELLER, "accept-proposal"))


def _turn_ends_before_acceptance(t: Bargain) -> None:
    t.begin()
    t.offer(BUYER, 4_000)
    if t.me == BUYER:
        t.fires(BUYER, "@turn-due", TURN_WITHIN_MS + GRACE_MS)
        t.accept(SELLER, event="?accept:dead")
    else:
        t.wait(TURN_WITHIN_MS - 2_000)
        t.accept(SELLER)
    t.failure(BUYER, "offer-expired")


def _word_comes_late(t: Bargain) -> None:
    t.begin()
    t.offer(BUYER, 4_000)
    t.accept(SELLER)
    if t.me == SELLER:
        t.fires(SELLER, "@turn-due", TURN_WITHIN_MS + GRACE_MS)
    t.agreed(BUYER)


def _cancel_meets_offer(t: Bargain) -> None:
    t.begin()
    t.offer(BUYER, 4_000)
    offered = t.sent(BUYER, "propose")
    if t.me == BUYER:
        t.cancel(BUYER)
        t.offer(SELLER, 6_000, event="?propose:late", in_reply_to=offered)
        t.reject_offer(BUYER, "closed")
        t.cancelled(SELLER, in_reply_to=t.sent(BUYER, "cancel"))
    else:
        t.offer(SELLER, 6_000)
        t.cancel(BUYER)
        t.cancelled(SELLER)
        t.reject_offer(BUYER, "closed", in_reply_to=t.sent(SELLER, "propose"))


def _offer_comes_late(t: Bargain) -> None:
    t.begin()
    t.offer(BUYER, 4_000)
    if t.me == BUYER:
        t.fires(BUYER, "@turn-due", TURN_WITHIN_MS + GRACE_MS)
        t.offer(SELLER, 6_000, event="?propose:late")
    else:
        t.wait(TURN_WITHIN_MS - 2_000)
        t.offer(SELLER, 6_000)
    t.reject_offer(BUYER, "late", 1_200)


def _walks_away_late(t: Bargain) -> None:
    t.begin()
    t.offer(BUYER, 4_000)
    if t.me == BUYER:
        t.fires(BUYER, "@turn-due", TURN_WITHIN_MS + GRACE_MS)
    t.walk_away(SELLER)


def _cancel_overtakes(t: Bargain) -> None:
    t.cancel(BUYER)
    t.cancelled(SELLER)
    t.request()


def _agrees_late(t: Bargain) -> None:
    t.request()
    if t.me == BUYER:
        t.fires(BUYER, "@turn-due", REPLY_WITHIN_MS + GRACE_MS)
        t.cancel(BUYER, decision=None, reason="result-overdue")
        t.agree(in_reply_to=t.sent(BUYER, "request"))
    else:
        t.agree()
        t.cancel(BUYER, decision=None, reason="result-overdue")
    t.cancelled(SELLER, in_reply_to=t.sent(BUYER, "cancel"))


#: crossing -> name, ends of initiator and participant, logs
_CROSSINGS: dict[str, tuple[str, tuple[str, str], tuple[Script | None, Script | None]]] = {
    "acceptance in a bargaining and cancel": (
        "acceptance-and-cancel",
        ("cancelled", "cancelled"),
        (_cancel_meets_acceptance, _cancel_meets_acceptance),
    ),
    "acceptance in a bargaining and the end of its turn": (
        "acceptance-and-time",
        ("expired", "ended"),
        (_turn_ends_before_acceptance, _turn_ends_before_acceptance),
    ),
    "the word on an acceptance and the end of the wait for it": (
        "word-and-time",
        ("agreed", "agreed"),
        (_word_comes_late, _word_comes_late),
    ),
    "offer in a bargaining and cancel": (
        "offer-and-cancel",
        ("cancelled", "cancelled"),
        (_cancel_meets_offer, _cancel_meets_offer),
    ),
    "offer in a bargaining and the end of its turn": (
        "offer-and-time",
        ("expired", "ended"),
        (_offer_comes_late, _offer_comes_late),
    ),
    "walking away and the end of the turn": (
        "walking-away-and-time",
        ("expired", "ended"),
        (_walks_away_late, _walks_away_late),
    ),
    "cancel overtakes the request to bargain": (
        "cancel-and-request",
        ("cancelled", "cancelled"),
        (None, _cancel_overtakes),
    ),
    "agreement to bargain and the end of the wait for it": (
        "agreement-and-time",
        ("expired", "cancelled"),
        (_agrees_late, _agrees_late),
    ),
}
