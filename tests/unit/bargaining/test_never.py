"""What never happens in a live bargaining, whatever is lost, doubled, late or called off, and whoever plays."""

from __future__ import annotations

from typing import Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.bargaining.records import BargainCalledOff, TurnDecided, TurnTaken
from contractnet.ledger.records import HeardTurn, Misheard, SaidTurn
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.messages.codec import decode_bargain, digest, encode
from contractnet.messages.contents import FieldError
from contractnet.messages.values import CancelReason
from tests.support.haggle import Pair

PRICED = sorted(set(STRATEGIES) - {"logrolling"})
SIDES = ("buyer", "seller")
#: between two ticks: no offer is one of these
LIMITS = {"buyer": 61_234_567, "seller": 40_543_219}


Turn = tuple[Literal["offer", "accept", "quit"] | None, int | None]


class Storm(Pair):
    """A pair whose messages may be lost, doubled and overtaken."""

    def __init__(self, **rules: object) -> None:
        super().__init__(**rules)
        self.seen: set[tuple[str, str]] = set()
        self.garbled = False  #: something came that was no act: the checker of transcripts cannot know what it was

    def arrive(self, place: int, *, stays: bool) -> None:
        """One that is on its way arrives; what came before is answered again, as a gate does."""
        act = self.pool[place % len(self.pool)]
        if not stays:
            self.pool.remove(act)
        raw = encode(act)
        if (act.receiver, act.message_id) in self.seen:
            answer = self.sides[act.receiver].answers.get(act.reply_with)
            said = [record for _, record in self.written[act.receiver] if isinstance(record, SaidTurn)]
            self.pool += [one.message for one in said if one.message.message_id == answer][:1] if stays is False else []
            return
        self.seen.add((act.receiver, act.message_id))
        self.expire(act.receiver)
        self.step(act.receiver, HeardTurn(message=decode_bargain(raw), digest=digest(raw), lane="bid"))

    def happen(self, what: str, place: int, turn: Turn | None) -> None:
        """One thing of KINDS."""
        who = SIDES[place % 2]
        match what:
            case "go":
                self.go(place, turn)
            case "turn":
                self.turn(who, turn or EAGER)
            case "cancel":
                self.move(who, BargainCalledOff(reason=CancelReason.USER))
            case "wait":
                self.now += (500, 4_000, 25_000)[place % 3]
                for one in SIDES:
                    self.expire(one)
            case "arrive" | "stay" if self.pool:
                self.arrive(place, stays=what == "stay")
            case "garble" if self.pool:
                self.garble(place)
            case "lose" if self.pool:
                del self.pool[place % len(self.pool)]
            case _:
                pass

    def go(self, place: int, turn: Turn | None) -> None:
        """What comes next where nothing goes wrong."""
        self.now += 500
        if self.pool:
            self.arrive(place, stays=False)
            return
        for who in SIDES:
            if self.sides[who].machine.has("ours"):
                self.turn(who, turn or (None, None))

    def turn(self, who: str, turn: Turn) -> None:
        """By the strategy, or as a model proposes."""
        act, price = turn
        terms = None if price is None else (price,)
        self.move(who, TurnTaken(turn=self.sides[who].turn, act=act, terms=terms))

    def garble(self, place: int) -> None:
        """One arrives as what does not decode."""
        act = self.pool.pop(place % len(self.pool))
        if (act.receiver, act.message_id) in self.seen:
            return
        self.seen.add((act.receiver, act.message_id))
        self.garbled = True
        self.expire(act.receiver)
        name, fields = str(act.__struct_config__.tag), (FieldError(path="$.content", text="not an object"),)
        heard = Misheard(
            digest="d", lane="bid", sender=act.sender, message_id=act.message_id, performative=name, fields=fields
        )
        self.step(act.receiver, msgspec.structs.replace(heard, reply_with=act.reply_with))

    def expire(self, who: str) -> None:
        """What is due fires first."""
        if (fired := self.sides[who].due(self.now)) is not None:
            self.step(who, fired)

    def move(self, who: str, fact: TurnTaken | BargainCalledOff) -> None:
        self.expire(who)
        if self.sides[who].allows(fact):
            self.step(who, fact)


turns = st.one_of(
    st.just((None, None)),
    st.tuples(st.just("offer"), st.integers(-(10**9), 10**9)),
    st.tuples(st.sampled_from(["accept", "quit"]), st.none()),
)
KINDS = ["go"] * 16 + ["arrive", "arrive", "stay", "lose", "garble", "turn", "wait", "wait", "cancel"]
steps = st.tuples(st.sampled_from(KINDS), st.integers(0, 7), st.none() | turns)
#: a model that takes what it can
EAGER: Turn = ("accept", None)


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(st.sampled_from(PRICED), st.sampled_from(PRICED)),
    st.integers(1, 6),
    st.booleans(),
    st.lists(steps, min_size=8, max_size=60),
)
def test_nobody_deals_under_its_limit_and_there_is_one_agreement_at_most(
    strategies: tuple[str, str], most: int, standing: bool, taken: list[tuple[str, int, Turn | None]]
) -> None:
    storm = Storm(turns=most, standing=standing)
    try:
        storm.open(LIMITS["buyer"], strategies[0])
        storm.arrive(0, stays=False)
        storm.take(LIMITS["seller"], strategies[1])
    except Exception as error:
        assert type(error).__name__ == "MechanismError", error  # it has no meaning by these rules  # noqa: PT017
        return
    for what, place, turn in taken:
        storm.happen(what, place, turn)
    hold(storm)


def hold(storm: Storm) -> None:
    """The promises, from what is recorded."""
    agreed = {end.terms for who in SIDES for end in storm.ends(who) if end.state == "AGREED"}
    assert len(agreed) <= 1
    states = {who: storm.sides[who].machine.state for who in SIDES}
    if agreed:
        assert set(states.values()) <= {"AGREED", "UNKNOWN", "ACCEPTING"}, states
    for who in SIDES:
        limit, side = LIMITS[who], storm.sides[who]
        decided = [record for _, record in storm.written[who] if isinstance(record, TurnDecided)]
        for terms in [one.terms for one in decided if one.terms is not None]:
            assert 0 <= terms[0] <= 100_000_000
            assert terms[0] % 10_000 == 0
            assert terms[0] <= limit if who == "buyer" else terms[0] >= limit
        assert side.turn <= storm.rules.turns
        assert len({one.turn for one in decided}) <= storm.rules.turns
        said = b"".join(encode(one.message) for _, one in storm.written[who] if isinstance(one, SaidTurn))
        assert str(limit).encode() not in said
    storm.replay(keeps_protocol=not storm.garbled)
