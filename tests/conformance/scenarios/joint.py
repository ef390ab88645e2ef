"""A bargaining whose turns are over is put before a mediator by both sides: one side's conversation with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contractnet.mechanisms.bargaining.mediation.sealed import Sealed
from contractnet.messages.joint import (
    CertificateContent,
    IssueContent,
    JointRequestContent,
    OnRecord,
    SealedContent,
    SettledContent,
)
from tests.conformance.scenarios.mediation import asked, mediator
from tests.conformance.transcript_lines import CONVERSATION, INITIATOR
from tests.conformance.transcript_writer import REPLY_WITHIN_MS, Transcript

_PRICE = IssueContent(name="price", low=0, high=100_000_000, tick=10_000, unit="USD")
_OFFERS = (
    OnRecord(offer="buyer-offer-1", turn=0, terms=(30_000_000,)),
    OnRecord(offer="ann-offer-1", turn=1, terms=(70_000_000,)),
)
_TOLD = Sealed(price=60_000_000, nonce="for-this-bargain-alone")
_OTHER = Sealed(price=40_000_000, nonce="of-the-other-side-too")
_CERTIFICATE = CertificateContent(buyer=_TOLD.commitment, seller=_OTHER.commitment, k=500_000, price=50_000_000)
_AGREED = SettledContent(rung="sealed-reservations", terms=(50_000_000,), certificate=_CERTIFICATE)


def _content(**other: Any) -> JointRequestContent:
    sealed = SealedContent(price=_TOLD.price, nonce=_TOLD.nonce, commitment=_TOLD.commitment)
    rules: dict[str, Any] = {
        "side": "initiator",
        "answer_to": "manager",
        "initiator": INITIATOR,
        "participant": "ann",
        "subject": "The picnic's lamp",
        "issues": (_PRICE,),
        "turns": 2,
        "buyer": "initiator",
        "offers": _OFFERS,
        "ladder": ("standing-offers", "sealed-reservations", "human"),
        "reply_within_ms": REPLY_WITHIN_MS,
        "confidence": sealed,
    }
    return JointRequestContent(**(rules | other))


def _joint(t: Transcript) -> Transcript:
    t.conversation = f"{CONVERSATION}.m0"
    return t


def _ask(t: Transcript, **other: Any) -> Transcript:
    t.own("#escalate")
    t.joint_request("judge", _content(**other))
    t.wait(100)
    t.agree("judge")
    t.wait(2_000)
    return t


def joint_mediations() -> Iterator[Transcript]:
    """Legal ones, from either side."""
    ends = {
        "at-a-price": ("Reservations were sealed: a price between them, certified.", _AGREED),
        "no-zone": (
            "It is certified that there is no zone of agreement.",
            SettledContent(
                rung="sealed-reservations",
                certificate=CertificateContent(buyer=_TOLD.commitment, seller=_OTHER.commitment, k=500_000),
            ),
        ),
        "by-a-person": (
            "A person chose one of the offers on record: its terms are copied.",
            SettledContent(rung="human", terms=(30_000_000,), offer="buyer-offer-1"),
        ),
        "no-deal": ("No rung has ended it.", SettledContent()),
    }
    for how, (about, settled) in ends.items():
        t = _ask(_joint(asked(f"mediation-of-a-bargaining-{how}", about, "chosen")))
        t.settled("judge", settled)
        yield t

    t = _ask(_joint(asked("mediation-of-a-bargaining-alone", "The other side has not asked in time.", "none")))
    t.task_failure("judge", "overdue", epoch=None, slot=None)
    yield t

    about = "Terms between two ticks are said back; there is no other answer, since the other side has this one."
    t = _ask(_joint(asked("mediation-of-a-bargaining-off-grid", about, "none")))
    t.header["faulty"] = ["judge"]
    off = SettledContent(rung="human", terms=(30_000_001,))
    bad = t.settled("judge", off, event="?inform:badchoice")
    t.not_understood("judge", "inform", bad, ("$.content.terms", "between two ticks"))
    t.wait(100)
    t.task_failure("judge", "error", epoch=None, slot=None)
    yield t

    t = _joint(mediator("mediator-of-a-bargaining", "One of two requests; both get this answer.", "answered"))
    t.joint_request("judge", _content())
    t.own("#take")
    t.agree("judge")
    t.wait(2_000)
    t.own("#choose")
    t.settled("judge", _AGREED)
    yield t

    about = "The sender is not the side that it asks for."
    t = _joint(mediator("mediator-of-a-bargaining-cannot-parse", about, "declined"))
    t.joint_request("judge", _content(initiator="eve"))
    t.own("#cannot-parse")
    t.misunderstood("judge", "", "request")
    yield t


def broken_joint_mediations() -> Iterator[Transcript]:
    """Illegal ones."""
    wrongs = {
        "anothers-number": (
            "The certificate is not of the number that this side told.",
            SettledContent(
                rung="sealed-reservations",
                terms=(50_000_000,),
                certificate=CertificateContent(buyer="0" * 64, seller=_OTHER.commitment, k=500_000, price=50_000_000),
            ),
        ),
        "retypes-an-offer": (
            "The terms are not those of the offer on record.",
            SettledContent(rung="human", terms=(50_000_000,), offer="buyer-offer-1"),
        ),
        "unagreed-rung": (
            "The rung is not of the ladder that both agreed on.",
            SettledContent(rung="closed-choice", terms=(30_000_000,), offer="buyer-offer-1"),
        ),
    }
    for how, (about, settled) in wrongs.items():
        t = _ask(_joint(asked(f"mediation-of-a-bargaining-{how}", about, "chosen")))
        t.now_breaks("MI5", "misread")
        t.settled("judge", settled)
        yield t

    t = _joint(mediator("mediator-of-a-bargaining-makes-terms-up", "Terms that are of no offer on record.", "answered"))
    t.joint_request("judge", _content())
    t.wait(100)
    t.own("#choose")
    t.now_breaks("MP3", "envelope")
    t.settled("judge", SettledContent(rung="human", terms=(40_000_000,), offer="ann-offer-1"))
    yield t

    t = _joint(mediator("mediator-chooses-for-a-bargaining", "A choice is the answer about a call.", "answered"))
    t.joint_request("judge", _content())
    t.wait(100)
    t.own("#choose")
    t.now_breaks("MP3", "envelope")
    t.choice("judge", "none")
    yield t
