"""The narrator's words: no number but those of the offer, never late, never an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.bidders.narrator import Narrator, fit, template
from contractnet.bidders.views import PublicOffer
from contractnet.errors import ModelUnavailable
from contractnet.llm.chat import Answer
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.llm.prompts import load_prompts
from contractnet.messages.values import MAX_TEXT
from tests.support.chat import Notes, ScriptedChat, messages, ok

OFFER = PublicOffer("Summarise this", "text.summarise", "0.0125", "USD", 30)
pytestmark = pytest.mark.looptime


def test_the_template_holds_the_bound_values_alone() -> None:
    assert template(OFFER) == "text.summarise within 30 s for 0.0125 USD."
    assert fit(template(OFFER), OFFER) == template(OFFER)


@pytest.mark.parametrize(
    "words",
    [
        "I do it for 0.01.",
        "I could go down to 0.0124 USD",
        "Done in 29 seconds.",
        "0.01250 or so",
        "30.0 s",
        "30,000 words a day",
        "I was asked for ٣٠ and would take ٢٠",
        "１２ is my limit",
        "My cost is two cents.",
        "Half price!",
        "For FREE",
        "twenty-one satisfied customers",
        "€ are welcome",
        "95% sure",
        "½ of it",
        "v²",
        "   \n ",
        "\u200b\u202e",
    ],
)
def test_words_that_name_another_number_are_not_sent(words: str) -> None:
    assert fit(words, OFFER) is None


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ("I know such texts well.", "I know such texts well."),
        ("For 0.0125 USD, within 30 s,\n\n gladly.", "For 0.0125 USD, within 30 s, gladly."),
        ("One of the best\x00", "One of the best"),
        ("A" * 600, "A" * 500),
        ("Well said. " * 60, ("Well said. " * 45).strip()),
    ],
)
def test_words_that_are_sent(words: str, sent: str) -> None:
    assert fit(words, OFFER) == sent


@given(st.text(max_size=700))
def test_whatever_a_model_says_no_other_number_goes_out(words: str) -> None:
    sent = fit(words, OFFER)
    if sent is not None:
        assert len(sent) <= MAX_TEXT
        left = sent.replace("0.0125", "").replace("30", "")
        assert not any(one.isdigit() for one in left)
        assert not {"\n", "\x00"} & set(sent)


def narrator(*script: Answer | Exception | float) -> tuple[Narrator, ScriptedChat]:
    chat = ScriptedChat(*script)
    return Narrator(Model(Endpoint("http://x", "m"), chat), load_prompts("warm")), chat


async def test_what_the_narrator_is_told_and_what_it_says() -> None:
    notes = Notes()
    speak, chat = narrator(ok("Gladly, with care."))
    assert await speak(OFFER, 5, notes) == "Gladly, with care."
    system, user = messages(chat.requests[0])
    assert "as to a good neighbour" in system["content"]
    assert "Summarise this" not in system["content"]
    assert "Summarise this" in user["content"]
    assert [(one.purpose, one.prompt) for one in notes.asked] == [("narrate", load_prompts("warm").digest)]


@pytest.mark.parametrize(
    "turn",
    [ok("For 0.01 I would."), ok(""), Answer(200, b"?"), Answer(401, b""), ModelUnavailable("x", "unreachable"), 9.0],
)
async def test_the_template_stands_where_there_are_no_words(turn: Answer | Exception | float) -> None:
    speak, _ = narrator(turn, ok("too late"))
    if isinstance(turn, Answer) and turn.body == b"?":
        speak, _ = narrator(turn)
    if isinstance(turn, Exception):
        speak, _ = narrator(turn)
    assert await speak(OFFER, 2, Notes()) == template(OFFER)


async def test_there_is_no_time_for_words() -> None:
    speak, chat = narrator(ok("Gladly."))
    assert await speak(OFFER, 0.1, Notes()) == template(OFFER)
    assert chat.requests == []
