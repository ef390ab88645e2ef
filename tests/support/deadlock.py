"""The two requests of a bargaining whose turns are over, as its sides send them to a mediator."""

from __future__ import annotations

from typing import Any, Literal

from contractnet.mechanisms.bargaining.mediation.sealed import Sealed
from contractnet.messages import acts as a
from contractnet.messages import joint as j
from contractnet.messages.contents import Content, NotUnderstoodContent
from contractnet.messages.values import NotUnderstoodReason
from tests.support.side import Side

#: prices in cents of a unit of a million, so that they are told apart from all other numbers
CENT = 10_000
PRICE = j.IssueContent(name="price", low=0, high=100_000_000, tick=CENT, unit="USD")
COLOUR = j.IssueContent(name="colour", low=0, high=2, options=("red", "green", "blue"))
SPEED = j.IssueContent(name="speed", low=0, high=30, tick=10)
PARENT = "t.7.b1"
SIDES: tuple[Literal["initiator"], Literal["participant"]] = ("initiator", "participant")
NAMES = {"initiator": "ada", "participant": "bob"}
ALL = ("standing-offers", "extra-round", "sealed-reservations", "single-text")


def offers(*terms: tuple[int, ...]) -> tuple[j.OnRecord, ...]:
    """Turn by turn, the initiator's first."""
    return tuple(j.OnRecord(offer=f"o{turn}", turn=turn, terms=one) for turn, one in enumerate(terms))


def sealed(price: int, nonce: str = "nonce-of-16-chars") -> j.SealedContent:
    """A reservation price for the mediator alone."""
    return j.SealedContent(price=price, nonce=nonce, commitment=Sealed(price=price, nonce=nonce).commitment)


def preferences(*rows: tuple[int, ...], reservation: int = 0) -> j.PreferencesContent:
    """What each value of each issue is worth, ppm."""
    return j.PreferencesContent(scores=rows, reservation=reservation)


class Deadlock:
    """What both say alike; `told` is what each says in confidence."""

    def __init__(self, *made: tuple[int, ...], told: tuple[Any, Any] = (None, None), **rules: Any) -> None:
        self.told = dict(zip(SIDES, told, strict=True))
        several = rules.get("issues", (PRICE,)) != (PRICE,)
        self.public: dict[str, Any] = {
            "initiator": "ada",
            "participant": "bob",
            "subject": "the lamp",
            "issues": (PRICE,),
            "turns": 6,
            "buyer": None if several else "initiator",
            "offers": offers(*made),
            "ladder": ALL,
            "reply_within_ms": 10_000,
        } | rules

    def content(self, side: Literal["initiator", "participant"], **other: Any) -> j.JointRequestContent:
        """What one side asks."""
        own = {"side": side, "confidence": self.told[side], "answer_to": "manager" if side == "initiator" else "agent"}
        return j.JointRequestContent(**(self.public | own | other))

    def request(self, at: Side, side: Literal["initiator", "participant"], **other: Any) -> a.Request:
        """As the mediator hears it."""
        content = self.content(side, **other.pop("content", {}))
        return a.Request(**header(at, side) | {"parent": PARENT} | other, content=content)


def header(at: Side, side: Literal["initiator", "participant"], about: str | None = None) -> dict[str, Any]:
    """The envelope of a side's next message."""
    given = at.header(about, protocol=a.MEDIATION)
    conversation = f"{PARENT}.m{SIDES.index(side)}"
    return given | {"conversation_id": conversation, "sender": NAMES[side], "daemon": NAMES[side]}


def hear(at: Side, act: a.AnyAct) -> None:
    """One of its mediations hears it."""
    at.conversation = act.conversation_id
    at.hear(act)


def ask(at: Side, deadlock: Deadlock, *sides: Literal["initiator", "participant"], **other: Any) -> None:
    """These sides ask, one after the other; both where none is named."""
    for side in sides or SIDES:
        hear(at, deadlock.request(at, side, **other))
    at.conversation = f"{PARENT}.m0"


def told(at: Side) -> dict[str, list[Content]]:
    """What each side was told, acknowledgements left out."""
    acts: list[a.Inform | a.Failure | a.Refuse | a.NotUnderstood] = [
        *at.said(a.Inform),
        *at.said(a.Failure),
        *at.said(a.Refuse),
        *at.said(a.NotUnderstood),
    ]
    return {side: [act.content for act in acts if act.receiver == name] for side, name in NAMES.items()}


def state(at: Side, side: Literal["initiator", "participant"]) -> str:
    """Where a mediation stands."""
    return at.diary.mediations[at.agent, f"{PARENT}.m{SIDES.index(side)}"].machine.state


def misunderstood(at: Side, side: Literal["initiator", "participant"], about: str) -> a.NotUnderstood:
    """A side cannot use the answer."""
    content = NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about="inform")
    return a.NotUnderstood(**header(at, side, about), content=content)
