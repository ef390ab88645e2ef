"""A mediator's daemon before both sides of a bargaining: killed in any commit, it tells both the same outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contractnet.agent.definition import parse
from contractnet.agent.loading import from_definition
from contractnet.agent.models import Models
from contractnet.contractor.disputes import Choice, Settlement
from contractnet.contractor.ports import Agent
from contractnet.contractor.replay import replay
from contractnet.ledger.questions import Answered
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.mediators.closed_choice import ClosedChoice
from contractnet.mediators.decorator import FunctionMediator
from contractnet.mediators.ladder import Ladder
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages import joint as j
from contractnet.messages.values import CancelReason
from contractnet.transport.port import DaemonParty, Link, ManagerParty
from tests.support.chat import ScriptedChat, ok
from tests.support.deadlock import COLOUR, PARENT, SPEED, Deadlock, preferences, sealed
from tests.support.town import Town
from tests.unit.drivers.test_strange_manager import Stranger

pytestmark = pytest.mark.looptime

BUYER, SELLER = sealed(60_000_000), sealed(40_000_000)
APART_TOLD = (BUYER, SELLER)
APART = Deadlock((30_000_000,), (70_000_000,), (45_000_000,), told=(BUYER, SELLER), reply_within_ms=60_000)


def mediator(ladder: str, **more: Any) -> Agent:
    """As a file describes it."""
    text = f'id = "a"\n[mediate]\nladder = [{ladder}]\n' + "".join(f"{key} = {value}\n" for key, value in more.items())
    return from_definition(parse(text.encode(), "a.toml", Path()), "a.toml", lambda _: None, Models())


def with_model(*script: Any) -> tuple[Agent, ScriptedChat]:
    """One whose only rung asks a model."""
    chat = ScriptedChat(*script)
    rung = ClosedChoice(Model(Endpoint("http://x/v1", "m", structured="json_schema"), chat), 5)
    ladder = Ladder([rung], 5, lambda _: None)
    return FunctionMediator(ladder.settle, "a", ladder.between).agent(), chat


class Asker(Stranger):
    """One side of the bargaining, as its own process would ask."""

    def __init__(self, link: Link, deadlock: Deadlock, number: int) -> None:
        super().__init__(link)
        self.name = "initiator" if number == 0 else "participant"
        act = deadlock.request(self.side, self.name)  # type: ignore[arg-type]
        self.act = a.Request(**{field: getattr(act, field) for field in act.__struct_fields__} | {"receiver": "a"})

    async def ask(self) -> None:
        """The same bytes each time."""
        await self.say(self.act)

    async def answer(self) -> c.Content:
        """How it ended."""
        async with asyncio.timeout(120):
            while True:
                found = [one for one in self.heard if isinstance(one, a.Inform | a.Failure)]
                if found:
                    assert len({one.message_id for one in found}) == 1
                    assert isinstance(found[0].content, c.Content)
                    return found[0].content
                await self.hear_more()


@asynccontextmanager
async def askers(town: Town, deadlock: Deadlock) -> AsyncIterator[tuple[Asker, Asker]]:
    """The initiator is a manager, the participant an agent of a daemon."""
    async with (
        town.hub.attach(ManagerParty("ada")) as one,
        town.hub.attach(DaemonParty("bob", {"bob": ("text.none",)})) as other,
    ):
        yield Asker(one, deadlock, 0), Asker(other, deadlock, 1)


async def settle(town: Town, deadlock: Deadlock, *, second_s: float = 0.5) -> c.Content:
    """Both ask, the second a little later; what both hear."""
    async with askers(town, deadlock) as (one, other):
        await one.ask()
        await asyncio.sleep(second_s)  # virtual
        await other.ask()
        found, same = await asyncio.gather(one.answer(), other.answer())
        assert found == same
        await asyncio.sleep(1)  # virtual: what was said is confirmed
        return found


def answers(town: Town, choice: str, name: str = "arbiter") -> asyncio.Task[None]:
    """A person who looks every second, and answers what is open, whichever process asks it."""

    async def look() -> None:
        while True:
            await asyncio.sleep(1)  # virtual
            daemon = town.daemons[name]
            journal = town.journals[name]
            for one in daemon.diary.questions.open:
                if not journal.died.is_set():
                    daemon.arbiter.consulting.decide(Answered(id=one.id, choice=choice, by="kim"))

    return asyncio.create_task(look())


def check(town: Town, name: str = "arbiter") -> None:
    """The journal derives everything again, with nobody asked."""
    assert replay(name, town.journals[name].entries()).unsent == {}


# ---- every rung


async def test_the_usual_ladder_settles_a_price_between_the_sealed_reservations() -> None:
    async with Town() as town:
        town.host("arbiter", mediator('"standing-offers", "extra-round", "sealed-reservations", "single-text"'))
        found = await settle(town, APART)
        assert isinstance(found, j.SettledContent)
        assert (found.rung, found.terms) == ("sealed-reservations", (50_000_000,))
        passed = [one.passed for one in town.daemons["arbiter"].diary.mediations.values()]
        assert passed == [["standing-offers", "extra-round"], []]
        check(town)


async def test_a_model_chooses_a_recorded_offer_that_both_would_take_and_sees_nothing_else() -> None:
    agent, chat = with_model(ok({"choice": "A"}))
    async with Town() as town:
        town.host("arbiter", agent)
        deadlock = Deadlock((30_000_000,), (70_000_000,), (45_000_000,), told=APART_TOLD, ladder=("closed-choice",))
        assert await settle(town, deadlock) == j.SettledContent(rung="closed-choice", terms=(45_000_000,), offer="o2")
        sent = str(chat.requests)
        assert "45 USD" in sent
        assert not [
            word for word in ("60 USD", "40 USD", "30 USD", "70 USD", "ada", "bob", "o2", "nonce") if word in sent
        ]
        check(town)


async def test_a_person_sees_the_offers_and_chooses_one() -> None:
    async with Town() as town:
        town.host("arbiter", mediator('"standing-offers", "human"', human_within_s=30))
        person = answers(town, "A")
        deadlock = Deadlock((45_000_000,), told=APART_TOLD, ladder=("human",), reply_within_ms=60_000)
        found = await settle(town, deadlock)
        person.cancel()
        assert found == j.SettledContent(rung="human", terms=(45_000_000,), offer="o0")
        (question,) = town.daemons["arbiter"].diary.questions.all.values()
        assert question.answered is not None
        assert question.answered.by == "kim"
        assert question.pending.told["offers"] == [{"choice": "A", "offer": "o0", "by": "ada", "terms": [45_000_000]}]
        assert "60000000" not in str(question.pending.told)
        check(town)


@pytest.mark.parametrize("told", [(None, None), (BUYER, None)])
async def test_a_person_is_not_asked_where_there_is_nothing_to_choose_from(told: tuple[Any, Any]) -> None:
    """Nobody confides, or one side: of what is on record neither would take what the other has offered."""
    async with Town() as town:
        town.host("arbiter", mediator('"human"', human_within_s=30))
        began = asyncio.get_running_loop().time()
        deadlock = Deadlock((30_000_000,), (70_000_000,), told=told, ladder=("human",), reply_within_ms=60_000)
        assert await settle(town, deadlock) == j.SettledContent()
        assert asyncio.get_running_loop().time() - began < 3
        diary = town.daemons["arbiter"].diary
        assert diary.questions.all == {}
        (why,) = [one for one in town.journals["arbiter"].entries() if one.type == "Passed"]
        assert "no offer on record that both would take" in why.body
        check(town)


@pytest.mark.parametrize(("choice", "rung"), [("none", "human"), ("pass", None)])
async def test_a_person_may_end_it_without_a_deal_or_pass_it_on(choice: str, rung: str | None) -> None:
    async with Town() as town:
        town.host("arbiter", mediator('"human"'))
        person = answers(town, choice)
        found = await settle(town, Deadlock((45_000_000,), told=APART_TOLD, ladder=("human",)))
        person.cancel()
        assert found == j.SettledContent(rung=rung)
        check(town)


async def test_nobody_answers_in_time_and_the_next_rung_is_tried() -> None:
    async with Town() as town:
        town.host("arbiter", mediator('"human", "sealed-reservations"', human_within_s=20))
        deadlock = Deadlock(
            (45_000_000,), told=APART_TOLD, ladder=("human", "sealed-reservations"), reply_within_ms=60_000
        )
        found = await settle(town, deadlock)
        assert isinstance(found, j.SettledContent)
        assert found.rung == "sealed-reservations"
        (question,) = town.daemons["arbiter"].diary.questions.all.values()
        assert question.answered is not None
        assert (question.answered.by, question.answered.choice) == ("time", "pass")
        check(town)


async def test_a_question_that_is_of_no_use_any_more_is_closed() -> None:
    async with Town() as town:
        town.host("arbiter", mediator('"human"'))
        async with askers(town, Deadlock((45_000_000,), told=APART_TOLD, ladder=("human",))) as (one, other):
            await one.ask()
            await other.ask()
            await asyncio.sleep(2)  # virtual
            assert [each.kind for each in town.daemons["arbiter"].diary.questions.open] == ["mediation"]
            content = c.CancelContent(reason=CancelReason.USER)
            head = one.side.header(protocol=a.MEDIATION) | {"conversation_id": f"{PARENT}.m0", "sender": "ada"}
            await one.say(a.Cancel(**head | {"daemon": "ada", "receiver": "a"}, content=content))
            failure = await other.answer()
            assert isinstance(failure, c.TaskFailureContent)
            await asyncio.sleep(1)  # virtual
        assert town.daemons["arbiter"].diary.questions.open == []
        check(town)


async def test_a_rung_that_this_mediator_has_not_is_passed_on() -> None:
    async with Town() as town:
        town.host("arbiter", mediator('"human"'))
        assert await settle(town, APART) == j.SettledContent()
        check(town)


async def test_who_settles_calls_alone_refuses() -> None:
    async def choose(_: Any) -> None:
        raise AssertionError("nobody asks about a call")

    async with Town() as town:
        town.host("arbiter", FunctionMediator(choose, "a").agent())
        async with askers(town, APART) as (one, other):
            await one.ask()
            refusal = await one.hear(a.Refuse, 1)
            assert refusal.content.text == "this agent settles calls alone"
            await other.ask()
            failure = await other.hear(a.Failure, 1)
            assert failure.content.text == "the other side's request is over"
            await asyncio.sleep(1)  # virtual
        check(town)


class Theirs:
    """A rung of another distribution: says what it is told to."""

    name = "sealed-reservations"
    reveals = "nothing"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def __call__(self, dispute: Any) -> Choice | None:
        found: Choice | None = self.answer
        return found

    async def between(self, impasse: Any) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        Settlement("theirs", "o2", "q7"),
        Settlement("sealed-reservations", decision="q7"),
        SystemExit(3),
        Settlement("closed-choice", "o9"),
        7,
    ],
)
async def test_what_a_rung_gives_never_ends_the_daemon(answer: Any) -> None:
    ladder = Ladder([Theirs(answer)], 5, lambda _: None)
    async with Town() as town:
        town.host("arbiter", FunctionMediator(ladder.settle, "a", ladder.between).agent())
        found = await settle(town, APART)
        assert isinstance(found, j.SettledContent)
        assert found.terms == ((50_000_000,) if isinstance(answer, Settlement) else None)
        check(town)


ODD: tuple[Any, ...] = (
    Settlement("sealed-reservations", decision="q7"),
    Settlement("closed-choice", "o2"),  # it is not on the ladder that both agreed on
    Settlement("sealed-reservations", decision=7),  # type: ignore[arg-type]
    Settlement(7),  # type: ignore[arg-type]
    Settlement(["sealed-reservations"]),  # type: ignore[arg-type]
    Settlement("", "o2", "q7"),
    None,
    SystemExit(3),
)


@pytest.mark.parametrize("answer", ODD)
async def test_a_mediator_made_by_hand_that_settles_by_what_cannot_be_has_failed(answer: Any) -> None:
    async def never(_: Any) -> Any:
        raise AssertionError("nobody asks about a call")

    async with Town() as town:
        town.host("arbiter", FunctionMediator(never, "a", Theirs(answer).between).agent())
        failure = await settle(town, APART)
        assert isinstance(failure, c.TaskFailureContent)
        assert "mediator" in failure.text
        check(town)


async def test_who_asks_alone_is_told_so() -> None:
    async with Town() as town:
        town.host("arbiter", mediator('"sealed-reservations"'))
        async with askers(town, APART) as (one, _):
            await one.ask()
            found = await one.answer()
            assert isinstance(found, c.TaskFailureContent)
            assert found.reason.value == "overdue"
            await asyncio.sleep(1)  # virtual


# ---- killed in every commit

TEXT = Deadlock(
    (2, 0),
    (0, 30),
    told=(
        preferences((0, 300_000, 600_000), (400_000, 200_000, 100_000, 0), reservation=500_000),
        preferences((0, 100_000, 200_000), (0, 300_000, 600_000, 800_000), reservation=450_000),
    ),
    issues=(COLOUR, SPEED),
    ladder=("standing-offers", "single-text"),
    reply_within_ms=60_000,
)
MEET = Deadlock((50_000_000,), (40_000_000,), reply_within_ms=60_000)
PERSON = Deadlock((45_000_000,), told=APART_TOLD, ladder=("standing-offers", "human"), reply_within_ms=60_000)
MODEL = Deadlock((45_000_000,), told=APART_TOLD, ladder=("closed-choice",), reply_within_ms=60_000)


def _model() -> Agent:
    return with_model(ok({"choice": "A"}))[0]


def _rungs() -> Agent:
    return mediator('"standing-offers", "extra-round", "sealed-reservations", "single-text", "human"')


CASES: dict[str, tuple[Deadlock, Callable[[], Agent]]] = {
    "standing-offers": (MEET, _rungs),
    "sealed-reservations": (APART, _rungs),
    "single-text": (TEXT, _rungs),
    "human": (PERSON, _rungs),
    "closed-choice": (MODEL, _model),
}


@pytest.mark.parametrize("recorded", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("rung", CASES)
async def test_killed_in_any_commit_both_hear_the_same_and_it_replays(rung: str, recorded: bool) -> None:
    deadlock, make = CASES[rung]
    outcomes: list[c.Content] = []
    commit = 0
    while True:
        async with Town() as town:
            town.host("arbiter", make())
            person = answers(town, "A")
            journal = town.journals["arbiter"]
            journal.recorded, journal.dies_at = recorded, commit or None
            reviver = asyncio.create_task(revive(town))
            outcomes.append(await settle(town, deadlock))
            died = reviver.done()
            for task in (reviver, person):
                task.cancel()
            assert len(town.daemons["arbiter"].diary.questions.all) == (rung == "human")
            check(town)
        if commit and not died:
            break
        commit += 1
    assert commit > 5
    assert {type(one) for one in outcomes} == {j.SettledContent}
    assert len({one.rung for one in outcomes if isinstance(one, j.SettledContent)}) == 1
    assert [one.terms for one in outcomes if isinstance(one, j.SettledContent)].count(None) == 0


async def revive(town: Town) -> None:
    """The daemon dies, and is started again a moment later."""
    await town.journals["arbiter"].died.wait()
    await town.kill("arbiter")
    await asyncio.sleep(0.7)  # virtual
    town.host("arbiter")
