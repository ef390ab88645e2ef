"""A model at the table: whatever it answers, a bounded one keeps its limit, and words change no number."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from contractnet.arena.bargaining.desk import Desk
from contractnet.arena.bargaining.model_player import STAND_IN, ModelPlayer, WordingPlayer
from contractnet.arena.bargaining.narration import Heard
from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.scenarios import drawn, product
from contractnet.arena.bargaining.trials import Seat, Table, Trial, play
from contractnet.bidders.moves import MOST_STEPS, grain
from contractnet.llm.chat import Answer, Request
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.llm.prompts import Persona
from contractnet.mechanisms.bargaining.issues import price_issue
from contractnet.mechanisms.bargaining.preferences import Mandate
from tests.support.chat import ok

BARE = Endpoint("http://127.0.0.1:9/v1", "m", structured="json_schema", limit_as="max_tokens")


class Chat:
    """Answers each request by a function of the schema that it asks for; None where it asks for words."""

    def __init__(self, says: Callable[[dict[str, Any] | None], object]) -> None:
        self.bodies: list[str] = []
        self._says = says

    async def send(self, request: Request, timeout_s: float) -> Answer:
        self.bodies.append(request.body.decode() if isinstance(request.body, bytes) else str(request.body))
        form = json.loads(request.body).get("response_format")
        said = self._says(None if form is None else form["json_schema"]["schema"])
        return said if isinstance(said, Answer) else ok(said)

    async def close(self) -> None:
        """Nothing is open."""


@contextmanager
def desk(chat: Chat) -> Generator[Desk]:
    made = Desk(Model(BARE, chat), within_s=5)
    try:
        yield made
    finally:
        made.close()


def seat(made: Desk, *, free: bool = False) -> Seat:
    return lambda mine: ModelPlayer(made, Mandate(preferences=mine), free=free)


def drawn_answers(seed: int) -> Callable[[dict[str, Any] | None], object]:
    """Any legal answer, each as likely."""
    rng = random.Random(seed)

    def says(schema: dict[str, Any] | None) -> object:
        assert schema is not None
        price = schema["properties"]["price_steps"]
        acts = [act for act in schema["properties"]["act"]["enum"] if act != "quit" or rng.random() < 0.1]
        return {"act": rng.choice(acts), "price_steps": rng.randint(price["minimum"], price["maximum"])}

    return says


def sessions(made: Desk, free: bool, count: int = 60) -> list[Trial]:
    """As a buyer and as a seller, against sides that wait and that concede."""
    found: list[Trial] = []
    others = [named(name).side for name in ("linear", "boulware", "takes-any-gain")]
    for number, scenario in enumerate(drawn("uniform", 5, count)):
        mine, other = seat(made, free=free), others[number % 3]
        seats = (mine, other) if number % 2 else (other, mine)
        found.append(play(scenario, seats, Table(turns=8), "buyer" if number % 4 < 2 else "seller", str(number))[0])
    return found


def test_a_bounded_model_never_deals_past_its_limit_and_a_free_one_does() -> None:
    with desk(Chat(drawn_answers(1))) as made:
        bounded = sessions(made, free=False)
        assert not any(one.run.buyer_loses or one.run.seller_loses for one in bounded)
        assert sum(one.run.price is not None for one in bounded) > 10
        assert made.unanswered == 0
        assert made.tokens_in == 100 * made.requests > 0
        free = sessions(made, free=True)
        assert any(one.run.buyer_loses or one.run.seller_loses for one in free)


@pytest.mark.parametrize(
    "said", ["not json", {"act": "offer"}, {"act": "offer", "price_steps": 10**9}, Answer(500, b"")]
)
def test_without_a_usable_answer_linear_plays_for_a_bounded_model_and_a_free_one_quits(said: object) -> None:
    scenario = product("lamp:cost=40,budget=60,high=80")
    other = named("linear").side
    with desk(Chat(lambda schema: said)) as made:
        _, exchange = play(scenario, (seat(made), other), Table(turns=2), "buyer", "s")
        assert exchange == play(scenario, (other, other), Table(turns=2), "buyer", "s")[1]
        assert made.unanswered == 1
        assert play(scenario, (seat(made, free=True), other), Table(turns=2), "buyer", "s")[0].ended == "quit"


def test_what_it_is_asked_holds_its_own_limit_and_never_the_other_sides() -> None:
    """The budget is 61.23, the cost 43.21; steps are cents."""
    chat = Chat(lambda schema: {"act": "offer", "price_steps": 100})
    with desk(chat) as made:
        play(product("lamp:cost=43.21,budget=61.23,high=80"), (seat(made), named("linear").side), Table(), "buyer", "s")
    assert len(chat.bodies) == 6
    assert all("6123" in body for body in chat.bodies)
    assert not any("4321" in body or "43.21" in body for body in chat.bodies)


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ("Let us agree.", True),
        ("I would pay 99.", False),
        ("I would pay fifty dollars.", False),
        ("   ", False),
    ],
)
def test_a_model_that_words_changes_no_number_and_says_no_other(words: str, sent: bool) -> None:
    heard = Heard()
    scenario, other = product("lamp:cost=40,budget=60,high=80"), named("linear").side
    chat = Chat(lambda schema: words)
    with desk(chat) as made:

        def wording(mine: Any) -> WordingPlayer:
            return WordingPlayer(made, Mandate(preferences=mine), STAND_IN, Persona(voice="Be kind."), heard)

        _, exchange = play(scenario, (wording, other), Table(), "buyer", "s")
    assert exchange == play(scenario, (other, other), Table(), "buyer", "s")[1]
    assert (words in heard.texts[0]) is sent
    assert all(text == words or text.split()[0] in ("offer", "accept") for text in heard.texts[0])
    assert any("Be kind." in body for body in chat.bodies)


def test_a_word_of_the_model_is_told_nothing_private() -> None:
    chat = Chat(lambda schema: "Well.")
    with desk(chat) as made:
        seats: tuple[Seat, Seat] = (
            lambda mine: WordingPlayer(made, Mandate(preferences=mine), STAND_IN, Persona(), Heard()),
            named("linear").side,
        )
        play(product("lamp:cost=43.21,budget=61.23,high=80"), seats, Table(), "buyer", "s")
    assert chat.bodies
    assert not any("61.23" in body or "43.21" in body for body in chat.bodies)


def test_steps_are_few_and_on_the_grid() -> None:
    for high in (10_000, 80_000_000, 4_000_000_000, 10**15):
        issue = price_issue(0, high)
        step = grain(issue)
        assert step % issue.tick == 0
        assert (issue.high - issue.low) // step <= MOST_STEPS
