"""What a boundary lets through: every act of the other side is checked before anything looks at it.

Rules:

1. Pure: the act as it came, the public past, and where it is known the receiver's own mandate in; closed codes out.
2. An act with a fault changes nothing but the turn. It is refused with the codes that may be told, and recorded.
3. `own-mandate` is never told: that would give the reservation away, bound by bound. The answer is a counter-offer.
4. It cannot check whether an offer lies in the zone of agreement. Nobody but a trusted mediator, to whom both tell
   their reservations, knows that zone (`mediation.sealed`); who checks it here reads what it must not know.
5. An acceptance names a live offer and repeats its terms: whoever says other terms accepts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, cast

from msgspec import Struct

from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Offer, Rules, is_over, live_offers


class Code(StrEnum):
    """Why an act is refused. Closed."""

    SCHEMA = "schema"  #: not of the form: another act, a missing or a superfluous field, no whole numbers
    UNIT = "unit"  #: another unit than that of the issue
    TICK = "tick"  #: a number between two ticks
    OFF_GRID = "off-grid"  #: an option that there is not, or terms that leave an issue open
    PUBLIC_BOUNDS = "public-bounds"
    OWN_MANDATE = "own-mandate"  #: worth less to the receiver than no deal; never told
    NOT_MONOTONE = "not-monotone"  #: takes back what an earlier offer of the same side gave, where that is barred
    EXPIRED = "expired"  #: the offer that is accepted is no longer live, or is over before it is said
    NO_LIVE_OFFER = "no-live-offer"  #: nobody offered that, or it was replaced
    TERMS_DIFFER = "terms-differ"  #: the acceptance repeats other terms than those of the offer
    ROUND_LIMIT = "round-limit"  #: all turns are over
    OUT_OF_TURN = "out-of-turn"
    DUPLICATE = "duplicate"  #: the same turn once more

    @property
    def told(self) -> bool:
        """Whether the sender hears it."""
        return self is not Code.OWN_MANDATE


class Said(Struct, frozen=True, kw_only=True):
    """An act as it came, not yet believed."""

    act: str  #: `offer`, `accept` or `quit`
    terms: object = None  #: of an offer, or of the offer that is accepted: one whole number an issue
    unit: str | None = None  #: of a price
    of: int | None = None  #: of an acceptance: the turn of the offer
    turn: int | None = None  #: for which turn it was said; None: for the one that is due
    until: int | None = None  #: of an offer: when it ends, milliseconds since the epoch; None: by the rules alone


class Fault(Struct, frozen=True):
    """One thing that is wrong with an act."""

    code: Code
    path: str  #: such as `terms[0]`
    text: str  #: what is allowed; nothing private


class Heard(Struct, frozen=True, kw_only=True):
    """The public state of a bargaining, before an act of `by`."""

    rules: Rules
    turn: int  #: that is due, from 0; rules.turns: all are over
    by: int  #: whose act is looked at
    offers: tuple[Offer, ...] = ()  #: let through so far, the newest last


_ACTS: Final = ("offer", "accept", "quit")


def check(said: Said, heard: Heard, *, now: int | None = None, mandate: Mandate | None = None) -> tuple[Fault, ...]:
    """What is wrong with an act; empty: it is let through.

    Args:
        now: milliseconds since the epoch, receiver's clock; None: nothing ends by the clock.
        mandate: the receiver's own, so that `own-mandate` is checked too.
    """
    order = _sequence(said, heard)
    if order is not None:
        return (order,)
    if said.act == "quit":
        return ()
    faults = list(_form(said.terms, said.unit, heard.rules))
    if faults:
        return tuple(faults)
    terms = tuple(cast("Sequence[int]", said.terms))
    if said.act == "accept":
        fault = _match(said.of, terms, heard, now)
        faults += [] if fault is None else [fault]
    else:
        faults += _offer(said, terms, heard, now)
    if mandate is not None and mandate.preferences.utility(terms) < mandate.preferences.reservation:
        faults.append(Fault(Code.OWN_MANDATE, "terms", "worth less to the receiver than no deal"))
    return tuple(faults)


def _sequence(said: Said, heard: Heard) -> Fault | None:
    if said.turn is not None and said.turn < heard.turn:
        return Fault(Code.DUPLICATE, "turn", f"turn {said.turn} was made; {heard.turn} is due")
    if heard.turn >= heard.rules.turns:
        return Fault(Code.ROUND_LIMIT, "turn", f"all {heard.rules.turns} turns are over")
    if heard.by != heard.turn % 2 or (said.turn is not None and said.turn > heard.turn):
        return Fault(Code.OUT_OF_TURN, "turn", f"turn {heard.turn} is due, and it is the other side's")
    if said.act not in _ACTS:
        return Fault(Code.SCHEMA, "act", f"one of {', '.join(_ACTS)}")
    if (said.of is None) is (said.act == "accept"):
        return Fault(Code.SCHEMA, "of", "an acceptance, and nothing else, names the turn of an offer")
    if said.act == "quit" and said.terms is not None:
        return Fault(Code.SCHEMA, "terms", "who quits states no terms")
    return None


def _form(terms: object, unit: str | None, rules: Rules) -> list[Fault]:
    issues = rules.agenda.issues
    if not isinstance(terms, (tuple, list)):
        return [Fault(Code.SCHEMA, "terms", f"a list of {len(issues)} whole numbers")]
    values = cast("Sequence[object]", terms)
    if len(values) != len(issues):
        return [Fault(Code.OFF_GRID, "terms", f"{len(issues)} values, one for each issue")]
    faults: list[Fault] = []
    for place, (issue, value) in enumerate(zip(issues, values, strict=True)):
        path = f"terms[{place}]"
        if type(value) is not int:  # no bool, no float
            faults.append(Fault(Code.SCHEMA, path, "a whole number"))
        elif not issue.low <= value <= issue.high:
            code = Code.OFF_GRID if issue.options else Code.PUBLIC_BOUNDS
            faults.append(Fault(code, path, f"{issue.low} to {issue.high}"))
        elif (value - issue.low) % issue.tick:
            faults.append(Fault(Code.TICK, path, f"{issue.low} and whole steps of {issue.tick}"))
    if rules.buyer is not None and unit != issues[0].unit:
        faults.append(Fault(Code.UNIT, "unit", f"{issues[0].unit}"))
    return faults


def _offer(said: Said, terms: Terms, heard: Heard, now: int | None) -> list[Fault]:
    faults: list[Fault] = []
    if said.until is not None and now is not None and said.until < now:
        faults.append(Fault(Code.EXPIRED, "until", "an offer ends after it is said"))
    side = heard.rules.side(heard.by)
    if heard.rules.monotone and side is not None:
        last = next((offer.terms[0] for offer in reversed(heard.offers) if offer.by == heard.by), None)
        if last is not None and (terms[0] < last if side == "buyer" else terms[0] > last):
            what = "at least" if side == "buyer" else "at most"
            faults.append(Fault(Code.NOT_MONOTONE, "terms[0]", f"{what} {last}, as offered before"))
    return faults


def _match(of: int | None, terms: Terms, heard: Heard, now: int | None) -> Fault | None:
    named = next((offer for offer in heard.offers if offer.turn == of and offer.by != heard.by), None)
    if named is None:
        return Fault(Code.NO_LIVE_OFFER, "of", "the turn of a live offer of the other side")
    if named not in live_offers(heard.rules, heard.offers, heard.by, heard.turn, now):
        if is_over(heard.rules, named, heard.turn, now):
            return Fault(Code.EXPIRED, "of", "that offer is over")
        return Fault(Code.NO_LIVE_OFFER, "of", "that offer was replaced by a newer one")
    if named.terms != terms:
        return Fault(Code.TERMS_DIFFER, "terms", f"the terms of turn {of}: {list(named.terms)}")
    return None
