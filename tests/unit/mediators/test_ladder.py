"""The mediation ladder: rungs in order, each in its time, and nothing but what is possible comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.contractor.disputes import Unrecorded
from contractnet.contractor.ports import Choice, Dispute
from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Answered
from contractnet.mediators import rung as module
from contractnet.mediators.ladder import ExtraRound, Ladder, StandingOffers
from contractnet.mediators.rung import Rung, find_rung, legal
from contractnet.messages.contents import LiveOffer, Terms

TERMS = Terms(unit="USD", rule="best-value", work_within_ms=1, lease_ms=1, valid_for_ms=1)


def offer(name: str, price: int) -> LiveOffer:
    return LiveOffer(offer=name, price=price, eta=5, confidence=900_000)


def dispute(*offers: LiveOffer, limit: int | None = 50, time_left_s: float = 10, **more: Any) -> Dispute:
    given: dict[str, Any] = {"choices": ("offer", "round", "none")} | more
    return Dispute(
        offers=offers,
        limit=limit,
        terms=TERMS,
        conversation="t.1",
        request="t.1.m.1",
        manager="m",
        time_left_s=time_left_s,
        **given,
    )


class Scripted:
    """A rung that answers as told."""

    reveals = "nothing"

    def __init__(self, name: str, answer: Choice | BaseException | float | None) -> None:
        self.name = name
        self.answer = answer
        self.asked = 0

    async def __call__(self, dispute: Dispute) -> Choice | None:
        self.asked += 1
        if isinstance(self.answer, float):
            await asyncio.sleep(self.answer)
            return Choice("none")
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def climbed(rungs: list[Rung], over: Dispute, within_s: float = 0.2) -> tuple[Choice, list[str]]:
    log: list[str] = []
    choice = asyncio.run(Ladder(rungs, within_s, log.append).settle(over))
    return choice, log


def test_the_usual_ladder_takes_the_best_offer_within_the_limit() -> None:
    over = dispute(offer("a", 60), offer("b", 40), offer("c", 30))
    assert climbed([StandingOffers(), ExtraRound()], over)[0].offer == "b"


def test_where_none_is_within_it_one_more_round_is_asked_for() -> None:
    choice, log = climbed([StandingOffers(), ExtraRound()], dispute(offer("a", 60)))
    assert choice.choice == "round"
    assert log == ["t.1: standing-offers passed it on: there is nothing in it for this rung"]


def test_what_no_rung_settles_is_no_award() -> None:
    assert climbed([StandingOffers(), ExtraRound()], dispute(choices=("none",)))[0].choice == "none"


def test_a_rung_that_is_late_raises_or_chooses_what_is_not_possible_passes_it_on() -> None:
    rungs = [
        Scripted("late", 5.0),
        Scripted("broken", ValueError("sk-CANARY")),
        Scripted("bold", Choice("offer", "z")),
        Scripted("dear", Choice("offer", "a")),
        Scripted("last", Choice("offer", "b")),
        Scripted("never", Choice("none")),
    ]
    choice, log = climbed(list(rungs), dispute(offer("a", 60), offer("b", 40)), within_s=0.05)
    assert (choice.choice, choice.offer) == ("offer", "b")
    assert [line.partition(" passed it on: ")[2] for line in log] == [
        "it took too long",
        "it raised ValueError",
        "it chose what is not possible",
        "it chose what is not possible",
    ]
    assert not [line for line in log if "CANARY" in line]
    assert rungs[-1].asked == 0


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError("own"), KeyError("x")])
def test_a_rung_that_exits_passes_it_on_like_any_other(error: BaseException) -> None:
    choice, log = climbed([Scripted("exits", error), StandingOffers()], dispute(offer("a", 10)))
    assert choice.offer == "a"
    assert log == [f"t.1: exits passed it on: it raised {type(error).__name__}"]


def test_who_is_cancelled_climbs_no_further() -> None:
    async def climb() -> None:
        rung = Scripted("late", 5.0)
        task = asyncio.create_task(Ladder([rung, StandingOffers()], 9, print).settle(dispute(offer("a", 10))))
        while not rung.asked:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(climb())


class Person(Unrecorded):
    """Chooses B, whoever asks."""

    async def consult(
        self, choices: Sequence[str], told: dict[str, Any], within_s: float, left_s: float
    ) -> Answered | None:
        return Answered(id="q1", choice="B", by="kim")


class Asks(Scripted):
    """Asks a person first."""

    async def __call__(self, dispute: Dispute) -> Choice | None:
        offers = [{"choice": "A", "offer": "a"}, {"choice": "B", "offer": "b"}]
        await dispute.climb.consult(["A", "B"], {"offers": offers}, 1, 1)
        return await super().__call__(dispute)


@pytest.mark.parametrize(
    ("kind", "answer", "believed"),
    [
        (Asks, Choice("offer", "b", decision="q1"), "q1"),
        (Asks, Choice("offer", "a", decision="q1"), ""),
        (Asks, Choice("none", decision="q1"), ""),
        (Asks, Choice("offer", "b", decision="q7"), ""),
        (Scripted, Choice("offer", "b", decision="q1"), ""),
    ],
)
def test_that_a_person_chose_is_believed_of_who_has_asked_one(
    kind: type[Scripted], answer: Choice, believed: str
) -> None:
    over = dispute(offer("a", 10), offer("b", 20), climb=Person())
    choice, _ = climbed([kind("asks", answer)], over)
    assert (choice.offer, choice.decision) == (answer.offer, believed)


def test_no_rung_is_asked_when_the_time_is_over() -> None:
    rung = Scripted("late", Choice("none"))
    assert climbed([rung], dispute(offer("a", 10), time_left_s=0.1))[0].choice == "none"
    assert rung.asked == 0


@given(
    st.lists(st.integers(1, 100), max_size=6),
    st.none() | st.integers(1, 100),
    st.lists(st.sampled_from([None, "o0", "o3", "zz", "round", "none"]), max_size=5),
    st.sets(st.sampled_from(["offer", "round"])),
)
def test_whatever_rungs_say_what_comes_out_is_possible(
    prices: list[int], limit: int | None, said: list[str | None], more: set[str]
) -> None:
    over = dispute(*(offer(f"o{at}", price) for at, price in enumerate(prices)), limit=limit, choices=(*more, "none"))

    def choice(words: str | None) -> Choice | None:
        if words is None:
            return None
        return Choice("round") if words == "round" else Choice("none") if words == "none" else Choice("offer", words)

    found, _ = climbed([Scripted(f"r{at}", choice(one)) for at, one in enumerate(said)], over)
    assert legal(over, found)


# ---- rungs by name


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"coin": Scripted("coin", None), "odd": object(), "other": Scripted("coin", None), "class": Scripted}
    monkeypatch.setattr(module, "brought", lambda group, name, what, own: there[name])


@pytest.mark.usefixtures("brought")
def test_a_rung_of_another_distribution_is_found_by_its_name() -> None:
    assert find_rung("coin", {}).name == "coin"
    assert find_rung("extra-round", {"extra-round": ExtraRound}).name == "extra-round"


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("odd", "rung 'odd': object is no Rung"),
        ("class", "rung 'class': type is no Rung"),
        ("other", "rung 'other': it calls itself 'coin'"),
    ],
)
def test_what_is_no_rung_is_said(name: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        find_rung(name, {"extra-round": ExtraRound})


def test_one_that_is_not_there_says_which_are() -> None:
    with pytest.raises(DefinitionError, match="rung 'nobody' is not known; there are: extra-round"):
        find_rung("nobody", {"extra-round": ExtraRound})
