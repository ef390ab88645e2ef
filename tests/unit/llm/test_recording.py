"""Recorded answers: found by the hash of the request, in order; what is not there is told by what differs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contractnet.errors import DefinitionError, ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Draft, Entry
from contractnet.ledger.records import Asked
from contractnet.llm.chat import Answer, Message, Request, Said, read, request
from contractnet.llm.endpoint import Endpoint, Limits
from contractnet.llm.model import Asking, Model
from contractnet.llm.recording import RecordedChat, Recording, recorded, recorded_model
from contractnet.messages.codec import canonical
from tests.support.chat import Notes, ScriptedChat, ok

DOWN = ModelUnavailable("down", "unreachable")
pytestmark = pytest.mark.looptime


def asked_for(words: str) -> Request:
    return request("m", [Message("user", words)], 50, {})


def content(said: Said) -> str:
    return said.content


async def record(*script: Answer | Exception | float, words: str = "hi", keep: bool = True) -> list[Asked]:
    notes = Notes()
    model = Model(Endpoint("http://x/v1", "m", record=keep, timeout_s=3), ScriptedChat(*script))
    for _ in script:
        try:
            await model.call(asked_for(words), 9, Asking("estimate", "d" * 64, notes), content)
        except ModelError:
            continue
    return notes.asked


async def test_what_was_answered_is_answered_again_in_order() -> None:
    chat = RecordedChat(Recording(await record(ok("a"), ok("b"))))
    heard = [read((await chat.send(asked_for("hi"), 1)).body).content for _ in range(4)]
    assert heard == ["a", "b", "b", "b"]


async def test_failures_are_recorded_too() -> None:
    chat = RecordedChat(Recording(await record(Answer(503, b"down"), DOWN, 9.0, ok("a"))))
    assert (await chat.send(asked_for("hi"), 1)).status == 503
    with pytest.raises(ModelUnavailable, match="was not reached, when this was recorded"):
        await chat.send(asked_for("hi"), 1)


async def test_a_timeout_is_one_again() -> None:
    chat = RecordedChat(Recording(await record(9.0, ok("late"))))
    with pytest.raises(ModelTimeout, match="when this was recorded"):
        await chat.send(asked_for("hi"), 1)


async def test_what_was_never_asked_is_an_error_that_says_what_differs() -> None:
    chat = RecordedChat(Recording(await record(ok("a"), words="Count the words")))
    with pytest.raises(ModelRefused) as caught:
        await chat.send(asked_for("Count the letters"), 1)
    said = str(caught.value)
    assert caught.value.outcome == "not-recorded"
    assert "in messages it goes on with 'letters" in said
    assert "the most similar one with 'words" in said
    with pytest.raises(ModelRefused, match="nothing is recorded"):
        await RecordedChat(Recording([])).send(asked_for("x"), 1)


async def test_what_was_not_kept_is_no_recording() -> None:
    assert len(Recording(await record(ok("a"), keep=False))) == 0


def entries(agent: str, asked: list[Asked]) -> list[Entry]:
    places = Places()
    drafts = [founding_draft(Kind.JOURNAL, "d", 1)]
    for version, one in enumerate(asked, 1):
        fields: dict[str, Any] = {"agent": agent, "conversation": "c", "version": version, "type": "Asked", "at": 1}
        drafts.append(Draft(**fields, body=canonical(one).decode()))
    return places.place(drafts)


async def test_a_journal_holds_the_recordings_of_several_agents() -> None:
    journal = entries("ada", await record(ok("a")))
    assert len(recorded(journal, "ada", "old.db")) == 1
    with pytest.raises(
        DefinitionError, match=r"old\.db holds no recorded answers of a model for bob: .* record = true"
    ):
        recorded(journal, "bob", "old.db")


@pytest.mark.parametrize("outcome", ["limit", "budget", "circuit", "unreachable", "timeout", "too-large", "garbage"])
async def test_what_came_in_the_place_of_an_answer_comes_again(outcome: str) -> None:
    (one,) = await record(ok("a"))
    failed = msgspec.structs.replace(one, outcome=outcome, status=None, reply=None, reply_body=None)
    chat = RecordedChat(Recording([failed]))
    with pytest.raises(ModelError) as caught:
        await chat.send(asked_for("hi"), 1)
    assert caught.value.outcome == outcome


async def test_what_was_not_waited_for_or_not_kept_whole_is_no_answer() -> None:
    (one,) = await record(ok("a"))
    assert len(Recording([msgspec.structs.replace(one, outcome="cancelled", status=None, reply=None)])) == 0
    assert len(Recording([msgspec.structs.replace(one, reply_body=None)])) == 0  # it was too large
    assert len(Recording([msgspec.structs.replace(one, reply_body=None, outcome="garbage")])) == 1
    assert len(Recording([msgspec.structs.replace(one, reply_body=None, status=503)])) == 1


async def test_who_answers_from_a_recording_is_not_left_alone_by_a_circuit_of_its_own() -> None:
    down = await record(DOWN)  # three attempts
    (good,) = await record(ok("a"))
    asked = [one for _ in range(5) for one in down] + [good]
    model = recorded_model(Endpoint("http://x/v1", "m", limits=Limits(concurrency=1, budget=0)), Recording(asked))
    asking = Asking("estimate", "d" * 64, Notes())
    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            await model.call(asked_for("hi"), 9, asking, content)
    assert await model.call(asked_for("hi"), 9, asking, content) == "a"
    assert model.pinned


async def test_a_probe_that_failed_was_its_askers_trouble_and_one_that_worked_is_everybodys() -> None:
    (one,) = await record(ok("a"))
    probed = msgspec.structs.replace(one, purpose="probe")
    failed = msgspec.structs.replace(probed, outcome="out-of-order", status=503)
    journal = entries("ada", [failed, probed])
    theirs = entries("bob", [one])[1:]
    assert len(recorded(journal, "ada", "old.db")) == 2
    assert len(recorded([*journal, *theirs], "bob", "old.db")) == 2  # its own, and the probe that worked
