"""Who is there: presence with leases, an agent that moves, beats out of order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contractnet.directory.directory import Directory
from contractnet.messages.acts import Presence
from contractnet.messages.contents import HostedAgent

NOW = 1_800_000_000_000
SKILL = "text.summarise"


def presence(daemon: str, sequence: int, *agents: str, incarnation: int = 1, goodbye: bool = False) -> Presence:
    hosted = tuple(
        HostedAgent(
            agent=name.partition("/")[0], skills=(name.partition("/")[2] or SKILL,), capacity=4, free=2, since=1
        )
        for name in agents
    )
    return Presence(
        daemon=daemon, incarnation=incarnation, sequence=sequence, lease_ms=15_000, agents=hosted, goodbye=goodbye
    )


def test_an_agent_is_there_for_a_lease() -> None:
    directory = Directory()
    assert directory.deadline() is None
    assert directory.hear(presence("d", 1, "a", "b"), NOW) == frozenset()
    assert directory.deadline() == NOW + 15_000
    assert directory.expire(NOW + 14_999) == frozenset()
    assert directory.has("a")
    assert directory.expire(NOW + 15_000) == {"a", "b"}
    assert not directory.has("a")
    assert directory.deadline() is None
    assert directory.expire(NOW + 99_000) == frozenset()


def test_a_beat_renews_the_lease() -> None:
    directory = Directory()
    for beat in range(100):
        directory.hear(presence("d", beat + 1, "a"), NOW + beat * 10_000)
        assert directory.expire(NOW + beat * 10_000) == frozenset()
    assert directory.has("a")


def test_skills_and_daemons() -> None:
    directory = Directory()
    directory.hear(presence("d", 1, "a", "b/text.translate"), NOW)
    directory.hear(presence("e", 1, "c"), NOW)
    assert directory.with_skill(SKILL) == {"a": "d", "c": "e"}
    assert directory.with_skill("text.translate") == {"b": "d"}
    assert directory.with_skill("text") == {}
    listing = directory.listings()[0]
    assert (listing.agent, listing.capacity, listing.free, listing.lease_until) == ("a", 4, 2, NOW + 15_000)
    assert [one.agent for one in directory.listings()] == ["a", "b", "c"]


def test_a_goodbye_takes_all_its_agents_at_once() -> None:
    directory = Directory()
    directory.hear(presence("d", 1, "a", "b"), NOW)
    directory.hear(presence("e", 1, "c"), NOW)
    assert directory.hear(presence("d", 2, goodbye=True), NOW + 1) == {"a", "b"}
    assert directory.with_skill(SKILL) == {"c": "e"}


def test_an_agent_that_is_hosted_no_longer_is_gone() -> None:
    directory = Directory()
    directory.hear(presence("d", 1, "a", "b"), NOW)
    assert directory.hear(presence("d", 2, "b"), NOW + 1) == {"a"}
    assert directory.with_skill(SKILL) == {"b": "d"}


def test_an_older_beat_changes_nothing() -> None:
    directory = Directory()
    directory.hear(presence("d", 7, "a"), NOW)
    assert directory.hear(presence("d", 6, "a", "b"), NOW + 5_000) == frozenset()
    assert directory.hear(presence("d", 7, "b"), NOW + 5_000) == frozenset()
    assert directory.with_skill(SKILL) == {"a": "d"}
    assert directory.deadline() == NOW + 15_000


def test_a_beat_from_before_the_goodbye_wakes_nobody() -> None:
    directory = Directory()
    directory.hear(presence("d", 1, "a"), NOW)
    directory.hear(presence("d", 3, goodbye=True), NOW + 10)
    directory.hear(presence("d", 2, "a"), NOW + 20)
    assert not directory.has("a")


def test_a_restarted_daemon_begins_to_count_anew() -> None:
    directory = Directory()
    directory.hear(presence("d", 900, "a"), NOW)
    assert directory.hear(presence("d", 1, "a", incarnation=2), NOW + 1) == frozenset()
    directory.hear(presence("d", 901, "b", incarnation=1), NOW + 2)  # what the dead one had said
    assert directory.with_skill(SKILL) == {"a": "d"}


def test_an_agent_that_moves_is_not_gone() -> None:
    directory = Directory()
    directory.hear(presence("old", 1, "a"), NOW)
    directory.hear(presence("new", 1, "a"), NOW + 5_000)
    assert directory.with_skill(SKILL) == {"a": "new"}
    assert directory.hear(presence("old", 2, goodbye=True), NOW + 6_000) == frozenset()
    assert directory.expire(NOW + 15_000) == frozenset()
    assert directory.has("a")
    assert directory.expire(NOW + 20_000) == {"a"}


def test_after_an_outage_every_lease_begins_anew() -> None:
    directory = Directory()
    directory.hear(presence("d", 1, "a"), NOW)
    directory.renew_all(NOW + 60_000)
    assert directory.expire(NOW + 74_999) == frozenset()
    assert directory.expire(NOW + 75_000) == {"a"}


def test_a_renewal_shortens_no_lease() -> None:
    directory = Directory()
    directory.hear(presence("d", 1, "a"), NOW)
    directory.renew_all(NOW + 1, lease_ms=10)
    assert directory.deadline() == NOW + 15_000


beats = st.lists(
    st.tuples(
        st.sampled_from(["d", "e"]),
        st.integers(1, 6),
        st.sets(st.sampled_from(["a", "b", "c"])),
        st.booleans(),
        st.integers(0, 8_000),
    ),
    max_size=20,
)


@given(beats)
def test_who_is_said_to_be_gone_was_there_and_is_not(heard: list[tuple[str, int, set[str], bool, int]]) -> None:
    """Whatever comes in whatever order: nobody goes twice without coming back, and who is listed is there."""
    directory, now = Directory(), NOW
    there: set[str] = set()
    for daemon, sequence, agents, goodbye, pause in heard:
        now += pause
        lapsed = directory.expire(now)
        assert lapsed <= there
        there -= lapsed
        assert {one.agent for one in directory.listings()} == there
        gone = directory.hear(presence(daemon, sequence, *(() if goodbye else sorted(agents)), goodbye=goodbye), now)
        assert gone <= there | agents
        listed = {one.agent for one in directory.listings()}
        assert all(directory.has(agent) for agent in listed)
        assert not (gone & listed)
        assert all(one.lease_until > now for one in directory.listings())
        there = listed


def test_when_a_skill_was_seen_last() -> None:
    directory = Directory()
    assert directory.last_seen(SKILL) == 0
    directory.hear(presence("d", 1, "a", "b/text.translate"), NOW)
    directory.hear(presence("d", 2, "b/text.translate"), NOW + 4_000)
    assert directory.last_seen(SKILL) == NOW + 4_000
    directory.hear(presence("d", 3, goodbye=True), NOW + 9_000)
    assert (directory.last_seen(SKILL), directory.last_seen("text.translate")) == (NOW + 4_000, NOW + 9_000)
    directory.hear(presence("e", 1, "a"), NOW + 20_000)
    directory.expire(NOW + 40_000)
    assert directory.last_seen(SKILL) == NOW + 40_000
