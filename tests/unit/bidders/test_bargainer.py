"""A model at a live bargaining: it words or moves, never past the reservation; nothing private is said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.bargaining.player import AnyPlayer
from contractnet.bargaining.records import BargainEnded, TurnDecided, TurnTaken
from contractnet.bargaining.strategist import Strategist
from contractnet.bidders.bargainer import MovingModel, WordingModel
from contractnet.bidders.stance import Stance
from contractnet.errors import ModelError, ModelUnavailable
from contractnet.ledger.records import SaidTurn
from contractnet.llm.chat import Answer
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.llm.prompts import load_prompts
from contractnet.messages.bargaining import BargainAccept, BargainPropose, BargainReject
from tests.support.chat import ScriptedChat, ok
from tests.support.room import Room

pytestmark = pytest.mark.looptime

LEAST = 41_230_000
STANCE = Stance(unit="USD", least=LEAST)
PERSONAS = ("desperate", "aggressive", "fair", "warm", "dominant")


class Told:
    """What an operator is told."""

    def __init__(self) -> None:
        self.errors: list[ModelError] = []

    def __call__(self, error: ModelError) -> None:
        self.errors.append(error)


def model(*script: Answer | Exception | float) -> tuple[Model, ScriptedChat]:
    chat = ScriptedChat(*script)
    return Model(Endpoint("http://x/v1", "m", structured="json_schema"), chat), chat


def wording(one: Model, persona: str = "plain") -> WordingModel:
    return WordingModel(STANCE.plan, one, load_prompts(persona).persona.voice, Told())


def moving(one: Model, words: Strategist | None = None) -> MovingModel:
    return MovingModel(STANCE.plan, one, words or Strategist(), Told())


def move(act: str, steps: int) -> Answer:
    return ok({"act": act, "price_steps": steps})


def texts(room: Room, who: str = "seller") -> list[str]:
    said = [one.message for one in room.of(who, SaidTurn)]
    return [one.content.text for one in said if isinstance(one, BargainPropose | BargainAccept | BargainReject)]


async def played(player: AnyPlayer) -> Room:
    room = Room(Strategist(), player)
    await room.play()
    return room


async def plainly() -> Room:
    return await played(Strategist(STANCE.plan, "template"))


@pytest.mark.parametrize("persona", PERSONAS)
async def test_a_persona_changes_no_number(persona: str) -> None:
    one, chat = model(ok("Gladly, for a fair price."))
    room = await played(wording(one, persona))
    assert room.of("seller", TurnDecided) == (await plainly()).of("seller", TurnDecided)
    assert set(texts(room)) == {"Gladly, for a fair price."}
    voice = load_prompts(persona).persona.voice
    assert all(voice in str(request["messages"]) for request in chat.requests)


@pytest.mark.parametrize("words", ["I could go to 41.23.", "My limit is forty.", "50% off", "Take it for 1 USD."])
async def test_a_number_that_is_not_bound_puts_the_template_in_the_place_of_the_words(words: str) -> None:
    room = await played(wording(model(ok(words))[0]))
    assert texts(room) == texts(await plainly())


async def test_who_words_is_told_nothing_private() -> None:
    one, chat = model(ok("Gladly."))
    await played(wording(one))
    asked = json.dumps(chat.requests)
    assert chat.requests
    assert not any(canary in asked for canary in ("41.23", "41230000", "linear", "limit:", "reservation"))


@pytest.mark.parametrize("trouble", [ModelUnavailable("down", "unreachable"), 1_000.0])
async def test_a_model_that_is_away_costs_no_turn(trouble: Exception | float) -> None:
    for player in (wording(model(trouble)[0]), moving(model(trouble)[0])):
        room = await played(player)
        assert room.of("seller", TurnDecided) == (await plainly()).of("seller", TurnDecided)
        assert room.states == ("AGREED", "AGREED")


async def test_a_move_within_the_reservation_is_made() -> None:
    room = await played(moving(model(move("offer", 5_000), move("accept", 5_000))[0], Strategist(words="template")))
    taken = room.of("seller", TurnTaken)
    assert [one.act for one in taken][:2] == ["offer", "accept"]
    decided = room.of("seller", TurnDecided)
    assert decided[0].terms == (50_000_000,)
    assert decided[1].overruled is not None, "what it would have taken was under its reservation"
    assert texts(room)[0] == "offer 50 USD"


async def test_a_quit_is_a_quit() -> None:
    room = await played(moving(model(move("quit", 5_000))[0], wording(model(ok("Then not."))[0])))
    assert room.states == ("ENDED", "ENDED")
    assert texts(room) == ["Then not."]


async def test_who_words_a_move_is_not_told_what_the_mover_was() -> None:
    mover, private = model(move("offer", 5_000))
    voice, public = model(ok("Gladly."))
    room = await played(moving(mover, wording(voice)))
    assert "Your limit" in json.dumps(private.requests)
    assert "imit" not in json.dumps(public.requests)
    assert "Gladly." in texts(room)


_JUNK = st.text(max_size=60) | st.sampled_from(["41.23", '{"act": "accept"}', "{}", "null", "I take 41 USD", "quit"])
_MOVES = st.builds(
    lambda act, steps: json.dumps({"act": act, "price_steps": steps}),
    st.sampled_from(["offer", "accept", "quit", "beg"]),
    st.integers(-(10**6), 10**6),
)


@given(
    script=st.lists(_JUNK | _MOVES, min_size=1, max_size=12),
    persona=st.sampled_from(PERSONAS),
    bounded=st.booleans(),
    words=st.booleans(),
    least=st.integers(0, 99_999_999),
    strategy=st.sampled_from([None, "conceder", "takes-any-gain", "micro", "rubinstein"]),
)
@pytest.mark.looptime(False)
def test_never_below_the_reservation(
    script: list[str], persona: str, bounded: bool, words: bool, least: int, strategy: str | None
) -> None:
    """Whatever persona, words, strategy or model: no offer and no agreement under it, and it is never said."""
    import looptime

    async def run() -> None:
        one, _ = model(*map(ok, script))
        stance = Stance(unit="USD", least=least, strategy=strategy)
        voice = WordingModel(stance.plan, one, load_prompts(persona).persona.voice, Told())
        player: AnyPlayer = voice
        if bounded:
            player = MovingModel(stance.plan, one, voice if words else Strategist(words="template"), Told())
        room = await played(player)
        assert all(machine.finished for machine in (side.machine for side in room.sides.values()))
        for said in room.of("seller", SaidTurn):
            if isinstance(said.message, BargainPropose | BargainAccept):
                assert said.message.content.terms[0] >= least
                _honest(said.message.content.text, said.message.content.terms[0])
        for end in room.of("seller", BargainEnded):
            assert end.terms is None or end.terms[0] >= least

    loop = looptime.new_event_loop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def _honest(text: str, price: int) -> None:
    digits = "".join(one if one.isdigit() or one == "." else " " for one in text).split()
    assert all(float(one) * 1_000_000 == pytest.approx(price) for one in digits if one.strip("."))
