"""Two requests that are one: what both sides of a bargaining say to a mediator, checked and put together. Pure.

Rules: a request is of the side that its sender is; both say the same of what is public; what a side tells in confidence
fits what is bargained over, and its price the digest that it committed to.
"""

from __future__ import annotations

from typing import Final, Literal

from contractnet.bargaining.wire import issue_of
from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda, agenda
from contractnet.mechanisms.bargaining.mediation.joint import Case, Recorded
from contractnet.mechanisms.bargaining.mediation.sealed import Sealed
from contractnet.mechanisms.bargaining.preferences import Additive
from contractnet.mechanisms.bargaining.shape import Offer, Rules
from contractnet.mechanisms.ties import draw
from contractnet.messages.acts import Request
from contractnet.messages.contents import FieldError
from contractnet.messages.joint import JointRequestContent, PreferencesContent, SealedContent

#: both requests must say the same of these
_PUBLIC: Final = (
    *("initiator", "participant", "issues", "turns", "buyer", "standing", "lifetime", "offers", "ladder"),
)
#: bargaining, initiator, participant, side that asks
Key = tuple[str, str, str, str]


def joint(request: Request | None) -> JointRequestContent | None:
    """What is asked, where it is about a bargaining."""
    content = None if request is None else request.content
    return content if isinstance(content, JointRequestContent) else None


def key(request: Request, content: JointRequestContent, *, other: bool = False) -> Key:
    """Under which it is found; `other`: under which the other side's is."""
    sides: tuple[Literal["initiator"], Literal["participant"]] = ("initiator", "participant")
    side = sides[(sides.index(content.side) + other) % 2]
    return request.parent or "", content.initiator, content.participant, side


def faults(request: Request, content: JointRequestContent) -> tuple[FieldError, ...]:
    """What is wrong with one request by itself."""
    found: list[tuple[str, str]] = []
    asks = content.initiator if content.side == "initiator" else content.participant
    if request.parent is None:
        found.append(("parent", "the bargaining is not named"))
    if request.sender != asks or content.initiator == content.participant:
        found.append(("content.side", "its sender is not that side of the bargaining"))
    if len(set(content.ladder)) < len(content.ladder):
        found.append(("content.ladder", "a rung is named twice"))
    try:
        rules = rules_of(content)
        rules.check()
    except MechanismError as error:
        found.append(("content.issues", str(error)))
    else:
        found += _of_offers(content, rules)
        found += _of_confidence(content, rules.agenda)
    return tuple(FieldError(path=f"$.{path}", text=text[:500]) for path, text in found)


def _of_offers(content: JointRequestContent, rules: Rules) -> list[tuple[str, str]]:
    turns = [one.turn for one in content.offers]
    if turns != sorted(set(turns)) or any(turn >= rules.turns for turn in turns):
        return [("content.offers", "they are not in the order of their turns, or past the last")]
    if len({one.offer for one in content.offers}) < len(turns):
        return [("content.offers", "two have one id")]
    off = [at for at, one in enumerate(content.offers) if not rules.agenda.holds(one.terms)]
    return [(f"content.offers[{at}].terms", "not on the grid of the issues") for at in off[:8]]


def _of_confidence(content: JointRequestContent, over: Agenda) -> list[tuple[str, str]]:
    match content.confidence:
        case SealedContent() as told:
            if over.single is None:
                return [("content.confidence", "of several issues there is no reservation price")]
            if Sealed(price=told.price, nonce=told.nonce).commitment != told.commitment:
                return [("content.confidence.commitment", "is not the digest of this price and nonce")]
        case PreferencesContent() as told:
            if over.single is not None:
                return [("content.confidence", "of a single price a reservation price is told")]
            if [len(row) for row in told.scores] != [issue.size for issue in over.issues]:
                return [("content.confidence.scores", "one number for each value of each issue is needed")]
        case None:
            pass
    return []


def difference(one: JointRequestContent, other: JointRequestContent) -> str | None:
    """Which public part the two say differently; None: none."""
    names = [name for name in _PUBLIC if getattr(one, name) != getattr(other, name)]
    return f"the two sides do not say the same of: {', '.join(names)}" if names else None


def rules_of(content: JointRequestContent) -> Rules:
    """The agreed rules.

    Raises:
        MechanismError: the issues are none.
    """
    buyer: Literal[0, 1] | None = None if content.buyer is None else 0 if content.buyer == "initiator" else 1
    return Rules(
        agenda=agenda(*map(issue_of, content.issues)),
        turns=content.turns,
        buyer=buyer,
        standing=content.standing,
        lifetime=content.lifetime,
    )


def case_of(initiator: JointRequestContent, participant: JointRequestContent, parent: str, seed: str) -> Case:
    """All that the mediator knows, of two requests that are without fault and differ in nothing public.

    Args:
        seed: the journal's.
    """
    rules = rules_of(initiator)
    offers = tuple(Recorded(one.offer, Offer(one.turn, one.turn % 2, one.terms)) for one in initiator.offers)
    return Case(
        rules=rules,
        offers=offers,
        told=(_told(initiator, rules), _told(participant, rules)),
        names=(initiator.initiator, initiator.participant),
        seed=draw(seed, "mediation", parent),
    )


def _told(content: JointRequestContent, rules: Rules) -> Sealed | Additive | None:
    match content.confidence:
        case SealedContent() as told:
            return Sealed(price=told.price, nonce=told.nonce)
        case PreferencesContent() as told:
            return Additive(rules.agenda, told.scores, told.reservation, told.cap)
        case None:
            return None
