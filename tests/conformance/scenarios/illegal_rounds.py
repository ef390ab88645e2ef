"""Iterated contract net and mediation, broken in one place."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.messages.acts import MEDIATION
from tests.conformance.scenarios.mediation import ANN, BEN, asked, mediator
from tests.conformance.scenarios.rounds import iterated
from tests.conformance.transcript_lines import CONVERSATION
from tests.conformance.transcript_writer import REPLY_WITHIN_MS, Transcript


def illegal_rounds() -> Iterator[Transcript]:
    yield from _whom_and_when()
    yield from _standing_offers()
    yield from _escalated()
    yield from _asking()
    yield from _mediating()


def _two_bids(t: Transcript) -> None:
    t.open()
    t.bids(ann=80_000, ben=95_000)
    t.own("=all-answered")


def _whom_and_when() -> Iterator[Transcript]:
    t = iterated("award-and-iterate", "One is called again, the other awarded: never both.", "ok", "ann", "ben")
    _two_bids(t)
    t.own("#iterate")
    t.own("#reinvite", "ann")
    t.now_breaks("R13", "unasked")
    t.own("#award", "ben")
    yield t

    t = iterated("revised-cfp-to-an-outsider", "One that has refused is called again.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=80_000)
    t.refuse("ben", "busy")
    t.own("=all-answered")
    t.own("#iterate")
    t.own("#reinvite", "ann")
    t.now_breaks("R13", "no-row")
    t.own("#reinvite", "ben")
    yield t

    t = iterated(
        "proposer-forgotten", "One is called again, the other one neither called nor rejected.", "ok", "ann", "ben"
    )
    _two_bids(t)
    t.reinvite("ann")
    t.wait(1_000)
    t.now_breaks("R13", "owed")
    t.propose("ann", 60_000)
    yield t

    t = iterated("too-many-rounds", "One round more than the cfp told.", "ok", "ann", max_rounds=2)
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.reinvite("ann")
    t.bids(ann=70_000)
    t.own("=all-answered")
    t.now_breaks("R16", "no-row")
    t.own("#iterate")
    yield t

    t = iterated(
        "bound-of-rounds-moves", "The second cfp tells of more rounds than the first.", "ok", "ann", max_rounds=2
    )
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.own("#iterate")
    t.own("#reinvite", "ann")
    t.now_breaks("R16", "envelope")
    t.cfp("ann", round=2, offer=t.offer_of("ann"), max_rounds=5)
    yield t

    t = iterated("round-skipped", "The cfp of the third round follows that of the first.", "ok", "ann")
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.own("#iterate")
    t.own("#reinvite", "ann")
    t.now_breaks("I22", "envelope")
    t.cfp("ann", round=3, offer=t.offer_of("ann"))
    yield t

    t = iterated("second-round-cut-short", "The second round closes at the deadline of the first.", "ok", "ann")
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.reinvite("ann")
    t.wait(REPLY_WITHIN_MS - 1_000)
    t.now_breaks("R14", "early")
    t.own("@deadline")
    yield t

    t = iterated("deadline-of-the-round-before", "The revised cfp carries a deadline that is over.", "ok", "ann")
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.own("#iterate")
    t.own("#reinvite", "ann")
    t.now_breaks("R14", "envelope")
    t.cfp("ann", round=2, offer=t.offer_of("ann"), reply_by=t.at)
    yield t

    t = Transcript(
        "iterates-in-the-basic-protocol", "A second round in a protocol that has one.", "ok", "ann", max_rounds=3
    )
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.now_breaks("tables", "no-row")
    t.own("#iterate")
    yield t


def _standing_offers() -> Iterator[Transcript]:
    t = iterated(
        "revised-cfp-names-another-offer", "The revised cfp names an offer of somebody else.", "ok", "ann", "ben"
    )
    _two_bids(t)
    t.own("#iterate")
    t.own("#reinvite", "ann", "ben")
    t.now_breaks("R17", "envelope")
    t.cfp("ann", round=2, offer=t.offer_of("ben"))
    yield t

    t = iterated(
        "replaced-offer-accepted", "The offer of the first round is accepted, and a newer one stands.", "ok", "ann"
    )
    t.open()
    t.bids(ann=60_000)
    t.own("=all-answered")
    t.reinvite("ann")
    t.bids(ann=70_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("G14", "envelope")
    t.accept("ann", bid=t.first_of("ann"))
    yield t

    t = iterated("late-bid-ends-the-standing-offer", "The reject of a late bid names the standing offer.", "ok", "ann")
    t.open()
    t.bids(ann=60_000)
    t.own("=all-answered")
    t.reinvite("ann")
    t.deadline("ann")
    t.award("ann")
    t.wait(100)
    t.propose("ann", 50_000, "?propose:late", in_reply_to=t.last_cfp("ann"))
    t.now_breaks("G14", "envelope")
    t.reject_one("late", "ann", late_by_ms=100, bid=t.first_of("ann"))
    yield t

    t = iterated(
        "lapse-ends-the-conversation", "An offer lapses in a revised round: its bidder is sent away.", "ok", "ann"
    )
    t.open()
    t.wait(500)
    t.propose("ann", 60_000, valid_for_ms=5_000)
    t.own("=all-answered")
    t.reinvite("ann")
    t.wait(4_000)
    t.own("@offer-lapse", "ann")
    t.now_breaks("I15", "unowed")
    t.reject("offer-lapsed", "ann")
    yield t


def _escalated() -> Iterator[Transcript]:
    t = iterated(
        "two-mediations", "A mediator has granted a round; then one is asked again.", "no-award", "ann", max_rounds=1
    )
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.own("#escalate")
    t.wait(5_000)
    t.reinvite("ann", event="=choice-round")
    t.bids(ann=75_000)
    t.own("=all-answered")
    t.now_breaks("G15", "no-row")
    t.own("#escalate")
    yield t

    t = iterated("round-after-the-extra-round", "Two rounds more than the cfp told.", "no-award", "ann", max_rounds=1)
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.own("#escalate")
    t.wait(5_000)
    t.reinvite("ann", event="=choice-round")
    t.bids(ann=75_000)
    t.own("=all-answered")
    t.now_breaks("C8", "no-row")
    t.own("#iterate")
    yield t

    t = iterated(
        "mediator-chose-a-dead-offer",
        "The offer that the mediator chose has lapsed, and is awarded.",
        "ok",
        "ann",
        "ben",
    )
    t.open()
    t.wait(500)
    t.propose("ann", 80_000, valid_for_ms=10_000)
    t.propose("ben", 90_000)
    t.own("=all-answered")
    t.own("#escalate")
    t.wait(8_500)
    t.own("@offer-lapse", "ann")
    t.reject("offer-lapsed", "ann")
    t.wait(500)
    t.own("=choice-award")
    t.now_breaks("I19", "no-row")
    t.own("#award", "ann")
    yield t

    t = iterated("choice-of-nobody", "A mediator's choice is carried out, and none was asked.", "ok", "ann")
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.now_breaks("C10", "no-row")
    t.own("=choice-award")
    yield t

    t = iterated("mediation-forgets-one", "No award, and one of two proposers hears nothing.", "no-award", "ann", "ben")
    _two_bids(t)
    t.own("#escalate")
    t.wait(5_000)
    t.own("=mediation-failed")
    t.own("#reject", "ann")
    t.reject("no-award", "ann")
    t.ends_broken("C12", "owed")
    yield t


def _asking() -> Iterator[Transcript]:
    t = Transcript(
        "mediation-without-a-parent", "The request names no conversation.", "none", "judge", protocol=MEDIATION
    )
    t.own("#escalate")
    t.now_breaks("R12", "envelope")
    t.request("judge", ANN, parent=None)
    yield t

    t = Transcript(
        "mediation-in-its-parent",
        "The mediation has no conversation of its own.",
        "none",
        "judge",
        protocol=MEDIATION,
        parent=CONVERSATION,
    )
    t.conversation = CONVERSATION
    t.own("#escalate")
    t.now_breaks("MI1", "envelope")
    t.request("judge", ANN)
    yield t

    t = asked("mediation-dead-offer-taken", "A choice that is not on the list is taken for a possible one.", "chosen")
    t.own("#escalate")
    t.request("judge", ANN, BEN)
    t.wait(1_000)
    t.now_breaks("MI5", "misread")
    t.choice("judge", "offer", "cem-offer-1")
    yield t

    t = asked(
        "mediation-over-the-limit", "An offer over the limit of the request is taken for a possible choice.", "chosen"
    )
    t.own("#escalate")
    t.request("judge", ANN, BEN, limit=90_000)
    t.wait(1_000)
    t.now_breaks("MI5", "misread")
    t.choice("judge", "offer", BEN.offer)
    yield t

    t = asked("mediation-asked-a-third-time", "A second choice that is not possible is sent back once more.", "none")
    t.own("#escalate")
    t.request("judge", ANN, BEN)
    for last in (False, True):
        t.wait(1_000)
        bad = t.choice("judge", "offer", "cem-offer-1", event="?inform:badchoice")
        if last:
            t.now_breaks("MI5", "unowed")
        t.not_understood("judge", "inform", bad, ("$.content.offer", "not a live offer of the call"), offers=(ANN,))
    yield t

    t = asked("mediation-cut-short", "The time for a choice is not over.", "none")
    t.own("#escalate")
    t.request("judge", ANN)
    t.wait(REPLY_WITHIN_MS - 1)
    t.now_breaks("MI8", "early")
    t.own("@med-due")
    yield t

    t = asked("mediator-not-told", "The time is over, and the mediator is left to think.", "none")
    t.own("#escalate")
    t.request("judge", ANN)
    t.wait(REPLY_WITHIN_MS)
    t.own("@med-due")
    t.ends_broken("MI8", "owed")
    yield t

    t = asked("mediation-withdrawn-after-the-choice", "The choice is in, and the request is taken back.", "withdrawn")
    t.own("#escalate")
    t.request("judge", ANN)
    t.choice("judge", "none")
    t.now_breaks("MI9", "no-row")
    t.own("#cancel")
    yield t

    t = asked("mediator-chooses-twice", "The mediator has chosen, and chooses again.", "chosen")
    t.own("#escalate")
    t.request("judge", ANN)
    t.wait(1_000)
    t.choice("judge", "none")
    t.wait(1_000)
    t.now_breaks("MP3", "unexplained")
    t.choice("judge", "offer", ANN.offer)
    yield t

    t = asked("mediator-chooses-after-refusing", "The mediator has refused, and chooses.", "none")
    t.own("#escalate")
    t.request("judge", ANN)
    t.wait(1_000)
    t.refuse("judge", "busy")
    t.wait(1_000)
    t.now_breaks("MP3", "unexplained")
    t.choice("judge", "none")
    yield t


def _mediating() -> Iterator[Transcript]:
    t = mediator("mediator-chooses-too-late", "The time for a choice is over.", "answered")
    t.request("judge", ANN)
    t.wait(REPLY_WITHIN_MS)
    t.now_breaks("MP7", "late")
    t.own("#choose")
    yield t

    t = mediator("mediator-chooses-freely", "The mediator names an offer that is not on the list.", "answered")
    t.request("judge", ANN)
    t.wait(1_000)
    t.own("#choose")
    t.now_breaks("MP3", "envelope")
    t.choice("judge", "offer", "cem-offer-1")
    yield t

    t = mediator("mediator-unasked", "Chooses, and nobody has asked.", "answered")
    t.now_breaks("MP3", "no-row")
    t.own("#choose")
    yield t

    t = mediator("mediator-ignores-a-cancel", "Every cancel is answered, in every state.", "withdrawn")
    t.request("judge", ANN)
    t.wait(1_000)
    t.cancel("user", "judge")
    t.ends_broken("MP8", "owed")
    yield t

    t = mediator(
        "mediator-answers-what-it-cannot", "Could not interpret the request, and chooses all the same.", "answered"
    )
    t.request("judge", ANN)
    t.own("#cannot-parse")
    t.misunderstood("judge", "", "request")
    t.now_breaks("MP3", "no-row")
    t.own("#choose")
    yield t

    t = mediator("asked-twice", "The side that asks sends a second request.", "answered")
    t.request("judge", ANN)
    t.wait(1_000)
    t.now_breaks("MI1", "unexplained")
    t.request("judge", ANN, BEN)
    yield t
