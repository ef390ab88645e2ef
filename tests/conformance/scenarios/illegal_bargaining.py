"""Bargainings that break the protocol, each in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from contractnet.messages.bargaining import IssueContent
from tests.conformance.bargain_writer import BUYER, PRICE, REPLY_WITHIN_MS, SELLER, TURN_WITHIN_MS, Bargain
from tests.conformance.scenarios.bargaining import GRACE_MS, reach

Script = Callable[[Bargain], None]
GOES_ON = "ended"


def illegal_bargainings() -> Iterator[Bargain]:
    for name, (side, state, about, outcome, script) in {**_ACTS, **_TERMS, **_WORDS, **_TIMES, **_OTHERS}.items():
        t = Bargain(f"bargain-{name}", about, outcome, side)
        if name in _RULES:
            t.rules = dict(_RULES[name])
        if name == "offers-after-the-last-turn":
            t.turns = 2
        reach(t, state)
        script(t)
        assert not t.header["legal"]
        yield t


#: name -> side, state in which it is reached, about, how it pretends to end, what breaks the protocol
_Cases = dict[str, tuple[str, str, str, str, Script]]
#: rules of the request that are not the usual ones
_RULES = {"takes-back": {"monotone": True}, "broken-grid": {}, "asks-who-buys": {}}


def _broken(rule: str, fault: str, script: Script, before: Script | None = None) -> Script:
    """What is said by `script` is where it shows."""

    def whole(t: Bargain) -> None:
        if before is not None:
            before(t)
        t.now_breaks(rule, fault)
        script(t)

    return whole


def _message_breaks(
    rule: str, fault: str, decision: str | None, script: Script, before: Script | None = None
) -> Script:
    """The message is where it shows, and not the decision that comes before it."""

    def whole(t: Bargain) -> None:
        if before is not None:
            before(t)
        t.wait(500)
        if decision is not None:
            t.own(decision)
        t.now_breaks(rule, fault)
        script(t)

    return whole


def _owed(rule: str, script: Script) -> Script:
    """Nothing follows on what `script` says."""

    def whole(t: Bargain) -> None:
        script(t)
        t.ends_broken(rule, "owed")

    return whole


def _answered(t: Bargain) -> None:
    """The first offer was 5,000."""
    t.offer(t.other, 6_000)


#: what is done where it may not be
_ACTS: _Cases = {
    "offers-twice": (
        *("initiator", "THEIRS", "Makes a second offer in the other side's turn.", GOES_ON),
        _broken("B10", "no-row", lambda t: _none(t.offer(BUYER, 4_500))),
    ),
    "accepts-in-their-turn": (
        *("initiator", "MINE", "Accepts in the other side's turn.", GOES_ON),
        _broken("B12", "no-row", lambda t: _none(t.accept(BUYER)), lambda t: _two_offers(t)),
    ),
    "accepts-nothing": (
        *("initiator", "MINE", "Accepts before there is an offer.", GOES_ON),
        _broken("B12", "no-row", lambda t: t.own("#accept")),
    ),
    "walks-away-in-their-turn": (
        *("initiator", "THEIRS", "Walks away in the other side's turn: a cancel is for that.", "ended"),
        _broken("B13", "no-row", lambda t: t.walk_away(BUYER)),
    ),
    "cancels-what-it-accepted": (
        *("participant", "ACCEPTING", "Calls it off when it has accepted: it may be bound.", "cancelled"),
        _broken("B29", "no-row", lambda t: t.cancel(SELLER)),
    ),
    "offers-after-the-last-turn": (
        *("participant", "MINE", "Offers once more when the turns are over.", GOES_ON),
        _broken("B10", "no-row", lambda t: t.own("#offer"), lambda t: _none(t.offer(SELLER, 6_000))),
    ),
    "opens-what-it-is-asked": (
        *("participant", "ASKED", "Asks in the conversation in which it is asked.", GOES_ON),
        _broken("B1", "no-row", lambda t: t.own("#open")),
    ),
    "takes-silence-for-agreement": (
        *("participant", "ACCEPTING", "Nobody said that it is agreed, and it holds it for agreed.", "agreed"),
        lambda t: t.ends_broken("B12", "open-end"),
    ),
}
#: terms that may not be said
_TERMS: _Cases = {
    "between-two-ticks": (
        *("initiator", "MINE", "Offers a number between two ticks.", GOES_ON),
        _message_breaks("B10", "envelope", "#offer", lambda t: _offer(t, terms=[40_000_001])),
    ),
    "out-of-bounds": (
        *("initiator", "MINE", "Offers more than the public bound.", GOES_ON),
        _message_breaks("B10", "envelope", "#offer", lambda t: _offer(t, terms=[200_000_000])),
    ),
    "other-turn": (
        *("initiator", "MINE", "Offers for another turn than its own.", GOES_ON),
        _message_breaks("B10", "envelope", "#offer", lambda t: _offer(t, turn=2)),
    ),
    "other-unit": (
        *("initiator", "MINE", "Offers in another unit.", GOES_ON),
        _message_breaks("B10", "envelope", "#offer", lambda t: _offer(t, unit="EUR")),
    ),
    "same-offer-id": (
        *("participant", "MINE", "Gives its offer the id of the other side's.", GOES_ON),
        _message_breaks("B10", "envelope", "#offer", lambda t: _offer(t, offer="buyer-offer-2")),
    ),
    "takes-back": (
        *("initiator", "THEIRS", "Offers less than before, where that is barred.", GOES_ON),
        _message_breaks("B10", "envelope", "#offer", lambda t: _offer(t, turn=2, terms=[45_000_000]), _answered),
    ),
    "tells-its-limit": (
        *("initiator", "MINE", "Tells what it would pay at most: there is no field for it.", GOES_ON),
        _message_breaks("schema", "schema", "#offer", lambda t: _offer(t, limit=90_000_000)),
    ),
    "fraction": (
        *("initiator", "MINE", "Offers a number that is not whole.", GOES_ON),
        _message_breaks("M6", "schema", "#offer", lambda t: _offer(t, terms=["40.5"])),
    ),
    "retypes-the-terms": (
        *("participant", "MINE", "Accepts an offer with other terms.", GOES_ON),
        _message_breaks(
            "B12",
            "envelope",
            "#accept",
            lambda t: _none(t.accept(SELLER, decision=None, wrong={"terms": [50_000_000]})),
        ),
    ),
    "broken-grid": (
        *("initiator", "IDLE", "The bounds are no whole number of ticks.", GOES_ON),
        lambda t: _asks(t, IssueContent(name="price", low=0, high=100, tick=7, unit="USD")),
    ),
    "rung-twice": (
        *("initiator", "IDLE", "Names a rung of the ladder twice.", GOES_ON),
        lambda t: _asks(t, PRICE, mediator="eve", ladder=("human", "human")),
    ),
    "asks-who-buys": (
        *("initiator", "IDLE", "States who buys, of two issues.", GOES_ON),
        lambda t: _asks(t, PRICE, IssueContent(name="days", low=1, high=9)),
    ),
}
#: what is not said, or said of another
_WORDS: _Cases = {
    "silent-on-an-acceptance": (
        *("initiator", "THEIRS", "Does not say whether the acceptance came in time.", "agreed"),
        _owed("B19", lambda t: _none(t.accept(SELLER))),
    ),
    "silent-on-a-cancel": (
        *("initiator", "THEIRS", "Does not answer a cancel.", "cancelled"),
        _owed("R9", lambda t: t.cancel(SELLER)),
    ),
    "silent-on-a-late-offer": (
        *("initiator", "EXPIRED", "Does not answer a late offer.", "expired"),
        _owed("R6", lambda t: _none(t.offer(SELLER, 6_000, event="?propose:late"))),
    ),
    "silent-on-a-late-acceptance": (
        *("initiator", "EXPIRED", "Does not answer a late acceptance.", "expired"),
        _owed("B35", lambda t: _none(t.accept(SELLER, event="?accept:dead"))),
    ),
    "agrees-to-other-terms": (
        *("initiator", "THEIRS", "Says that other terms are agreed.", "agreed"),
        _broken(
            *("B19", "envelope", lambda t: t.agreed(BUYER, wrong={"terms": [40_000_000]})),
            lambda t: _none(t.accept(SELLER)),
        ),
    ),
    "says-not-how-late": (
        *("initiator", "EXPIRED", "Rejects a late offer, and not by how much it was late.", "expired"),
        _broken(
            *("R6", "envelope", lambda t: t.reject_offer(BUYER, "late")),
            lambda t: _none(t.offer(SELLER, 6_000, event="?propose:late")),
        ),
    ),
    "repaired-a-second-time": (
        *("initiator", "MENDING", "Tells a second time what is wrong: the second one is the end.", GOES_ON),
        _broken(
            *("B17", "unowed", lambda t: t.not_understood(BUYER, about="accept-proposal")),
            lambda t: _none(t.accept(SELLER, event="?accept:dead")),
        ),
    ),
    "answers-a-not-understood": (
        *("participant", "REPAIRING", "Answers a not-understood with another one.", GOES_ON),
        _broken("R8", "unowed", lambda t: t.not_understood(SELLER, about="not-understood")),
    ),
    "dead-offer-accepted": (
        *("initiator", "CANCELLED", "Takes an acceptance for live when it has called everything off.", "agreed"),
        _broken("B19", "misread", lambda t: _none(t.accept(SELLER))),
    ),
    "good-offer-called-bad": (
        *("initiator", "THEIRS", "Takes a good offer for a bad one, because it does not like it.", GOES_ON),
        _broken("B17", "misread", lambda t: _none(t.offer(SELLER, 6_000, event="?propose:bad"))),
    ),
    "bad-offer-taken": (
        *("initiator", "THEIRS", "Takes an offer between two ticks.", GOES_ON),
        _broken("B15", "misread", lambda t: _none(t.offer(SELLER, 6_000, wrong={"terms": [60_000_001]}))),
    ),
}
#: too early, too late
_TIMES: _Cases = {
    "impatient": (
        *("initiator", "THEIRS", "Ends the other side's turn before its time.", "expired"),
        _broken("B21", "early", lambda t: t.own("@turn-due"), lambda t: t.wait(TURN_WITHIN_MS - 1)),
    ),
    "accepts-late": (
        *("participant", "MINE", "Accepts when the time of its turn is over.", GOES_ON),
        _broken("B14", "late", lambda t: t.own("#accept"), lambda t: t.wait(TURN_WITHIN_MS + GRACE_MS)),
    ),
    "agrees-late": (
        *("participant", "ASKED", "Takes the request when the time for it is over.", GOES_ON),
        _broken("B6", "late", lambda t: t.own("#agree"), lambda t: t.wait(REPLY_WITHIN_MS)),
    ),
}
#: what no run of the other side's table says
_OTHERS: _Cases = {
    "agreed-out-of-nothing": (
        *("participant", "THEIRS", "The other side says that it is agreed, and nobody has accepted.", "agreed"),
        _broken("B19", "unexplained", lambda t: _agreed_out_of_nothing(t)),
    ),
    "offers-in-our-turn": (
        *("participant", "MINE", "The other side makes a second offer.", GOES_ON),
        _broken("B10", "unexplained", lambda t: _none(t.offer(BUYER, 4_500))),
    ),
}


def _none(_: str) -> None:
    """What it returns is not needed."""


def _two_offers(t: Bargain) -> None:
    t.offer(BUYER, 4_000)
    t.offer(SELLER, 6_000)
    t.offer(BUYER, 4_500)


def _offer(t: Bargain, **wrong: object) -> None:
    t.offer(t.me, 4_000, decision=None, wrong=wrong)


def _asks(t: Bargain, *issues: IssueContent, **rules: Any) -> None:
    t.issues, t.rules = issues, rules
    t.header |= {"legal": False, "breaks": "B1", "fault": "envelope", "line": 3}
    t.request()


def _agreed_out_of_nothing(t: Bargain) -> None:
    t.take(t.offer_of(SELLER))
    t.agreed(BUYER)
