"""A deadlock is put before a mediator: in the conversation itself, and in the mediation's own, from either side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from contractnet.messages.acts import MEDIATION
from contractnet.messages.contents import LiveOffer
from tests.conformance.scenarios.rounds import iterated
from tests.conformance.transcript_lines import CONVERSATION
from tests.conformance.transcript_writer import REPLY_WITHIN_MS, Transcript

ANN = LiveOffer(offer="ann-offer-1", price=80_000, eta=40, confidence=900_000)
BEN = LiveOffer(offer="ben-offer-1", price=95_000, eta=40, confidence=900_000)


def mediations() -> Iterator[Transcript]:
    yield from _in_the_conversation()
    yield from _asking()
    yield from _no_answer()
    yield from _strays()
    yield from _mediating()
    yield from _mediating_ended()


# ---- tables C and I


def _deadlocked(t: Transcript) -> None:
    """Two offers, both too dear; a mediator is asked."""
    t.open()
    t.bids(ann=80_000, ben=95_000)
    t.own("=all-answered")
    t.own("#escalate")
    t.wait(5_000)


def _in_the_conversation() -> Iterator[Transcript]:
    about = "The mediator names one of the recorded offers; it has a limit of its own, beside the published reserve."
    t = iterated("mediated-award", about, "ok", "ann", "ben")
    t.reserve = 70_000
    _deadlocked(t)
    t.own("=choice-award")
    t.own("#award", "ben")
    t.own("#reject", "ann")
    t.accept("ben")
    t.reject("over-reserve", "ann")
    t.wait(30_000)
    t.result("ben")
    t.closed_well()
    yield t

    t = iterated(
        "mediated-round",
        "The mediator grants one round beyond the last one; then somebody is awarded.",
        "ok",
        "ann",
        "ben",
        max_rounds=1,
    )
    _deadlocked(t)
    t.reinvite("ann", "ben", event="=choice-round")
    t.bids(ann=60_000, ben=65_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(30_000)
    t.result("ann")
    t.closed_well(held="ben")
    yield t

    for name, event, about in (
        ("mediated-no-award", "=choice-none", "The mediator chooses that nobody is awarded."),
        ("mediation-failed", "=mediation-failed", "The mediator refuses, fails or does not answer: nobody is awarded."),
    ):
        t = iterated(name, about, "no-award", "ann", "ben")
        _deadlocked(t)
        t.own(event)
        t.own("#reject", "ann", "ben")
        t.reject("over-reserve", "ann", "ben")
        yield t

    t = iterated("mediation-pointless", "While the mediator thinks, the last offer ends.", "no-award", "ann", "ben")
    _deadlocked(t)
    t.refuse("ann", "withdrawn")
    t.refuse("ben", "withdrawn")
    t.own("=no-live-offer")
    yield t

    t = iterated("cancel-while-mediating", "The user cancels while the mediator thinks.", "cancelled", "ann", "ben")
    _deadlocked(t)
    t.cancel_all("ann", "ben")
    t.wait(20)
    t.cancelled("ben")
    t.cancelled("ann")
    t.own("=all-settled")
    yield t


# ---- table MI


def asked(name: str, about: str, outcome: str, **also: Any) -> Transcript:
    return Transcript(name, about, outcome, "judge", **({"protocol": MEDIATION, "parent": CONVERSATION} | also))


def _ask(t: Transcript) -> None:
    t.own("#escalate")
    t.request("judge", ANN, BEN)
    t.wait(100)


def _agree(t: Transcript) -> None:
    t.agree("judge")
    t.wait(2_000)


def _bad(t: Transcript) -> None:
    """An offer that is not on the list; the list is sent once more, and has become shorter."""
    bad = t.choice("judge", "offer", "cem-offer-1", event="?inform:badchoice")
    t.not_understood("judge", "inform", bad, ("$.content.offer", "not a live offer of the call"), offers=(ANN,))
    t.wait(1_000)


def _asking() -> Iterator[Transcript]:
    t = asked("mediation", "A mediator takes the request, and chooses one of the offers.", "chosen")
    _ask(t)
    _agree(t)
    t.choice("judge", "offer", ANN.offer)
    yield t

    t = asked("mediation-extra-round", "A mediator answers at once: one extra round.", "chosen")
    _ask(t)
    t.choice("judge", "round")
    yield t

    t = asked("mediation-chosen-again", "The first choice is not possible; the second one is: nobody.", "chosen")
    _ask(t)
    _bad(t)
    t.choice("judge", "none")
    yield t

    t = asked(
        "mediation-offer-has-ended",
        "The offer chosen has ended meanwhile: it was on the list, and is not possible.",
        "chosen",
    )
    _ask(t)
    bad = t.choice("judge", "offer", BEN.offer, event="?inform:badchoice")
    t.not_understood("judge", "inform", bad, ("$.content.offer", "not a live offer of the call"), offers=(ANN,))
    t.wait(1_000)
    t.choice("judge", "offer", ANN.offer)
    yield t

    t = asked(
        "mediation-bad-twice", "Two choices that are not possible, one of them no choice at all: no award.", "none"
    )
    _ask(t)
    _agree(t)
    bad = t.choice("judge", "none", event="?inform:badchoice", wrong={"choice": "everybody"})
    t.not_understood("judge", "inform", bad, ("$.content.choice", "must be offer, round or none"), offers=(ANN, BEN))
    t.wait(1_000)
    t.choice("judge", "offer", "cem-offer-1", event="?inform:badchoice")
    yield t


def _no_answer() -> Iterator[Transcript]:
    t = asked("mediation-refused", "The mediator does not want to.", "none")
    _ask(t)
    t.refuse("judge", "busy")
    yield t

    t = asked("mediation-broken", "The mediator fails.", "none")
    _ask(t)
    _agree(t)
    t.task_failure("judge", "error", epoch=None, slot=None)
    yield t

    t = asked("mediation-not-understood", "The mediator cannot interpret the list that was sent again.", "none")
    _ask(t)
    _bad(t)
    t.misunderstood("judge", "?not-understood", "not-understood")
    t.header["faulty"] = ["judge"]
    yield t

    t = asked("mediation-undeliverable", "The request reaches nobody.", "none")
    _ask(t)
    t.own("#returned")
    yield t

    befores = {"asked": _nothing, "taken": _agree, "asked-again": _bad}
    for how, before in befores.items():
        t = asked(f"mediation-too-late-{how}", "No choice in time: no award, and the mediator is told.", "none")
        _ask(t)
        before(t)
        t.wait(REPLY_WITHIN_MS)
        t.own("@med-due")
        t.cancel("result-overdue", "judge")
        t.wait(20)
        t.cancelled("judge")
        yield t
    for how, before in befores.items():
        t = asked(f"mediation-withdrawn-{how}", "The conversation has no use for a choice any more.", "withdrawn")
        _ask(t)
        before(t)
        t.own("#cancel")
        t.cancel("user", "judge")
        t.wait(20)
        t.choice("judge", "none")
        t.wait(20)
        t.cancel_failure("judge", "already-answered")
        yield t


def _nothing(t: Transcript) -> None:
    pass


def _strays() -> Iterator[Transcript]:
    """A mediator says everything that it may say when nothing is waited for."""
    ends: dict[str, tuple[str, Callable[[Transcript], object]]] = {
        "a-choice": ("chosen", lambda t: t.choice("judge", "none")),
        "a-refusal": ("none", lambda t: t.refuse("judge", "busy")),
        "a-withdrawal": ("withdrawn", _withdraw),
    }
    for how, (outcome, end) in ends.items():
        about = "Agrees twice; then, when all is over, says everything that may be said: all is recorded."
        t = asked(f"mediation-after-{how}", about, outcome, faulty=("judge",))
        _ask(t)
        _agree(t)
        t.agree("judge")
        bad = t.choice("judge", "offer", "cem-offer-1", event="?inform:badchoice")
        t.not_understood("judge", "inform", bad, ("$.content.offer", "not a live offer of the call"), offers=(ANN,))
        t.agree("judge")
        end(t)
        t.wait(1_000)
        t.agree("judge")
        t.choice("judge", "offer", ANN.offer)
        t.choice("judge", "offer", BEN.offer, event="?inform:badchoice")
        t.refuse("judge", "busy")
        t.task_failure("judge", "error", epoch=None, slot=None)
        t.misunderstood("judge", "?not-understood", "request")
        t.cancelled("judge", in_reply_to=t.last_cfp("judge"))
        t.cancel_failure("judge", "already-answered", in_reply_to=t.last_cfp("judge"))
        yield t


def _withdraw(t: Transcript) -> None:
    t.own("#cancel")
    t.cancel("user", "judge")


# ---- table MP


def mediator(name: str, about: str, outcome: str, **also: Any) -> Transcript:
    return asked(name, about, outcome, side="participant", **also)


def _asked(t: Transcript) -> None:
    t.request("judge", ANN, BEN)
    t.wait(100)


def _took(t: Transcript) -> None:
    t.own("#take")
    t.agree("judge")
    t.wait(2_000)


def _chose(t: Transcript, choice: str, offer: str | None = None) -> str:
    t.own("#choose")
    return t.choice("judge", choice, offer)


def _mediating() -> Iterator[Transcript]:
    t = mediator("mediator", "Takes the request, and chooses one of the offers.", "answered")
    _asked(t)
    _took(t)
    _chose(t, "offer", ANN.offer)
    yield t

    t = mediator("mediator-again", "The offer chosen has ended: chooses again from the list as it is now.", "answered")
    _asked(t)
    _took(t)
    about = _chose(t, "offer", BEN.offer)
    t.wait(50)
    t.not_understood("judge", "inform", about, ("$.content.offer", "not a live offer of the call"), offers=(ANN,))
    t.wait(1_000)
    _chose(t, "offer", ANN.offer)
    yield t

    t = mediator("mediator-cancelled-after-the-choice", "The cancel crosses the choice.", "answered")
    _asked(t)
    _chose(t, "none")
    t.wait(10)
    t.cancel("result-overdue", "judge")
    t.cancel_failure("judge", "already-answered")
    yield t

    t = mediator(
        "mediator-cancelled",
        "The request is taken back while the mediator thinks; and once more.",
        "withdrawn",
        faulty=("buyer",),
    )
    _asked(t)
    _took(t)
    t.cancel("user", "judge")
    t.cancelled("judge")
    t.wait(1_000)
    t.cancel("user", "judge")
    t.cancelled("judge")
    yield t

    t = mediator("mediator-cancelled-before-the-request", "The cancel overtakes the request: a tombstone.", "withdrawn")
    t.cancel("user", "judge", parent=CONVERSATION)
    t.cancelled("judge")
    t.wait(20)
    t.request("judge", ANN, BEN)
    yield t


def _mediating_ended() -> Iterator[Transcript]:
    """Ways not to choose again; then a cancel and a not-understood about the first choice come all the same."""

    def declines(t: Transcript) -> None:
        t.own("#decline")
        t.refuse("judge", "policy")

    def fails(t: Transcript) -> None:
        t.own("#fail")
        t.task_failure("judge", "error", epoch=None, slot=None)

    def wonders(t: Transcript) -> None:
        t.own("#cannot-parse")
        t.misunderstood("judge", "", "not-understood")

    def waits(t: Transcript) -> None:
        t.wait(REPLY_WITHIN_MS)
        t.own("@med-due")

    def is_cancelled(t: Transcript) -> None:
        t.cancel("user", "judge")
        t.cancelled("judge")

    ways = {
        "declines": (declines, "declined"),
        "fails": (fails, "declined"),
        "cannot-interpret": (wonders, "declined"),
        "lets-the-time-pass": (waits, "expired"),
        "is-cancelled": (is_cancelled, "withdrawn"),
    }
    told = ("$.content.offer", "not a live offer of the call")
    for how, (way, outcome) in ways.items():
        about = "The first choice was not possible, and there is no second; what comes afterwards changes nothing."
        t = mediator(f"mediator-{how}", about, outcome, faulty=("buyer",))
        _asked(t)
        t.own("#take")
        t.agree("judge")
        choice = _chose(t, "offer", BEN.offer)
        t.wait(50)
        t.not_understood("judge", "inform", choice, told, offers=(ANN,))
        way(t)
        t.wait(50)
        t.not_understood("judge", "inform", choice, told, offers=(ANN,))
        t.cancel("user", "judge")
        t.cancelled("judge")
        yield t
