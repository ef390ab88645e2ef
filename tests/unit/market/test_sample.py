"""The demo's tasks and agents: enough of them, and the same prices for the same seed whatever the order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contractnet.bidders.decorator import as_agent, bidder
from contractnet.contractor.ports import MEDIATE, Award, Call, Proposal
from contractnet.market.sample import SKILLS, lots
from contractnet.market.sample_agents import HABITS, LEAST_PCT, ask, cast
from contractnet.market.terms import terms


def test_there_are_at_least_twelve_tasks_of_four_skills_on_valid_terms() -> None:
    tasks = [lot.task for lot in lots()]
    assert len(tasks) >= 12
    assert {task.skill for task in tasks} == set(SKILLS)
    assert len(SKILLS) == 4
    assert len({task.task for task in tasks}) == len(tasks), "each can be told from the others"
    for lot in lots():
        assert terms(lot.task, **lot.terms).reserve


def test_every_skill_has_several_bidders() -> None:
    for skill in SKILLS:
        assert sum(skill in habit.prices for habit in HABITS) >= 2


@given(st.integers(0, 10_000), st.text(max_size=200))
def test_prices_come_down_from_round_to_round_and_end_somewhere(seed: int, text: str) -> None:
    prices = [ask(seed, "a", 10_000, text, round_) for round_ in range(1, 12)]
    assert prices == sorted(prices, reverse=True)
    assert prices[0] > prices[1] > prices[2]
    assert prices[-1] == prices[-2] == prices[0] * LEAST_PCT // 100


@given(st.integers(0, 10_000), st.text(max_size=200))
def test_one_seed_one_price(seed: int, text: str) -> None:
    first = ask(seed, "a", 8_000, text, 1)
    assert first == ask(seed, "a", 8_000, text, 1)
    assert 8_000 <= first - 8_000 * (len(text.split()) // 60) < 9_000


def test_a_seat_can_be_taken_by_another() -> None:
    @bidder(skill="text.summarise", name="steady")
    async def other(call: Call) -> Proposal:
        return Proposal("0.01", eta=1)

    @other.perform
    async def work(award: Award) -> dict[str, object]:
        return {}

    agents = {agent.id: agent for agent in map(as_agent, cast(1, {"steady": other}))}
    assert set(agents) == {"thrifty", "swift", "steady", "eager", "arbiter"}
    assert agents["steady"].skills == ("text.summarise",)
    assert agents["arbiter"].skills == (MEDIATE,)
