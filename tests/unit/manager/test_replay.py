"""Replay: a ledger gives its own state again, and a change in it is found at its place.

The entries are tampered with and chained anew, so the hash chain says nothing: only what the facts give can tell.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import ReplayDifference
from contractnet.ledger.chain import verify
from contractnet.ledger.port import Entry
from contractnet.manager.kinds import CONCLUSIONS, FACTS, LOOSE
from contractnet.manager.records import Grace
from contractnet.manager.replay import replay
from tests.support.bench import MANAGER, Bench, picture
from tests.support.ledgers import LEDGERS, body, changed, leaf, leaves, rechained, replaced


@cache
def made(name: str) -> tuple[Entry, ...]:
    bench = LEDGERS[name]()
    bench.check()
    return tuple(bench.entries)


def places(kinds: dict[str, Any]) -> list[tuple[str, int]]:
    """(ledger, position) of every entry of these kinds."""
    return [(name, entry.position) for name in LEDGERS for entry in made(name) if entry.type in kinds]


def some_of(kinds: dict[str, Any]) -> st.SearchStrategy[tuple[str, int]]:
    """One of them; the ledgers are not made before a test runs."""
    return st.deferred(lambda: st.sampled_from(places(kinds)))


def difference(entries: list[Entry]) -> int | None:
    """The position at which replay finds fault, or None."""
    verify(entries)  # the chain holds
    return found(entries)


def found(entries: list[Entry]) -> int | None:
    try:
        replay(MANAGER, entries)
    except ReplayDifference as error:
        return error.position
    return None


def other_values(value: Any) -> list[Any]:
    """Values of the same kind that a tamperer might write."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, max(0, value - 1)]
    if isinstance(value, str):
        return [value + "x", "z"]
    return [0] if value is None else [{"q": 1}] if isinstance(value, dict) else [["q"]]


# ---- the same state again


@pytest.mark.parametrize("name", LEDGERS)
def test_a_ledger_replays_twice_to_the_same_state(name: str) -> None:
    entries = made(name)
    assert picture(replay(MANAGER, entries)) == picture(replay(MANAGER, entries))


@pytest.mark.parametrize("name", LEDGERS)
def test_every_beginning_that_ends_with_a_step_replays(name: str) -> None:
    """A crash leaves whole transactions: each of them is a ledger that can be gone on with; half a one is none."""
    entries = list(made(name))
    starts = [entry.position for entry in entries if entry.type in FACTS or entry.type in LOOSE]
    for length in range(1, len(entries)):
        whole = length + 1 in starts
        if whole:
            replay(MANAGER, entries[:length])
        else:
            with pytest.raises(ReplayDifference, match=r"the ledger ends after position \d+, where a `\w+` entry"):
                replay(MANAGER, entries[:length])


def test_the_ledgers_hold_every_kind_of_entry() -> None:
    kinds = {entry.type for name in LEDGERS for entry in made(name)}
    bargaining = {
        "BargainOpened",
        "HeardTurn",
        "TurnTaken",
        "BargainCalledOff",
        "SaidTurn",
        "TurnDecided",
        "BargainEnded",
        "BargainMediated",
        "BargainsEnded",
        "Bargained",
    }
    assert kinds | bargaining == set(FACTS) | set(LOOSE) | set(CONCLUSIONS) | {"Founded"}


# ---- a conclusion that was changed


@given(some_of(CONCLUSIONS), st.data())
def test_a_changed_field_of_a_conclusion_is_found_at_its_position(place: tuple[str, int], data: st.DataObject) -> None:
    entries, position = list(made(place[0])), place[1]
    entry = entries[position - 1]
    name = data.draw(st.sampled_from(("body", "at", "version", "type", "agent", "conversation", "message_id")))
    if name == "body":
        tree = msgspec.json.decode(entry.body)
        path = data.draw(st.sampled_from(leaves(tree)))
        value = data.draw(st.sampled_from(other_values(leaf(tree, path))) | st.text(max_size=3) | st.integers(-2, 2))
        if value == leaf(tree, path) and type(value) is type(leaf(tree, path)):
            return
        new: Any = body(replaced(tree, path, value))
    else:
        new = data.draw(st.sampled_from(other_values(getattr(entry, name))))
    fields = {name: new} if name != "message_id" else {"message_id": str(new), "direction": "in", "sender": "x"}
    tampered = rechained([*entries[: position - 1], msgspec.structs.replace(entry, **fields), *entries[position:]])
    assert found(tampered) == position


@given(some_of(CONCLUSIONS))
def test_a_conclusion_that_is_left_out_is_found_at_its_position(place: tuple[str, int]) -> None:
    entries, position = list(made(place[0])), place[1]
    without = rechained([*entries[: position - 1], *entries[position:]])
    assert found(without) in (position, position - 1)  # the last one: the ledger ends after the entry before


@given(some_of(CONCLUSIONS))
def test_a_conclusion_that_stands_twice_is_found_after_it(place: tuple[str, int]) -> None:
    entries, position = list(made(place[0])), place[1]
    assert found(rechained([*entries[:position], entries[position - 1], *entries[position:]])) == position + 1


@given(some_of(FACTS))
def test_a_fact_that_stands_twice_is_found(place: tuple[str, int]) -> None:
    """Its conclusions stand once. A grace follows from nothing, and two are as good as one."""
    entries, position = list(made(place[0])), place[1]
    if entries[position - 1].type == Grace.__name__:
        return
    twice = found(rechained([*entries[:position], entries[position - 1], *entries[position:]]))
    assert twice is not None
    assert twice >= position


@pytest.mark.parametrize("kind", ["Founded", "Nonsense", "Moved"])
def test_an_entry_that_follows_from_nothing_is_found(kind: str) -> None:
    entries = list(made("settled"))
    end = msgspec.structs.replace(entries[-1], type=kind)
    assert found(rechained([*entries, end])) == len(entries) + 1


# ---- a fact that was changed


def place_of(name: str, kind: str, nth: int = 0) -> Entry:
    return [entry for entry in made(name) if entry.type == kind][nth]


def tampered_fact(name: str, entry: Entry, path: tuple[str | int, ...], value: Any) -> int | None:
    tree = msgspec.json.decode(entry.body)
    return difference(changed(made(name), entry.position, body=body(replaced(tree, path, value))))


@pytest.mark.parametrize("bid", [0, 1, 2])
@pytest.mark.parametrize("field", ["price", "eta", "confidence", "offer"])
def test_the_terms_of_a_bid_are_held_against_the_decision(bid: int, field: str) -> None:
    entry = place_of("settled", "Heard", bid)
    path = ("message", "content", field)
    value = other_values(leaf(msgspec.json.decode(entry.body), path))[0]
    decided = place_of("settled", "Decided").position  # or the rows that the decision took, just before it
    assert tampered_fact("settled", entry, path, value) in (decided - 1, decided)


def test_a_changed_seed_is_found_at_the_first_thing_made_of_it() -> None:
    entry = place_of("settled", "Opened")
    assert tampered_fact("settled", entry, ("seed",), "0" * 32) == place_of("settled", "Said").position


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("terms", "rule"), "lowest-price"),
        (("terms", "reserve"), 60_000),
        (("terms", "reserve"), 29_999),
        (("terms", "value"), 70_000),
        (("terms", "eta_cost"), 4),
        (("terms", "reply_within_ms"), 20_001),
        (("terms", "work_within_ms"), 1),
        (("terms", "lease_ms"), 60_001),
        (("spec", "task"), "Another"),
        (("spec", "private"), {"k": "w"}),
        (("spec", "input"), {"text": "more"}),
    ],
)
def test_changed_terms_are_found(path: tuple[str, ...], value: Any) -> None:
    position = tampered_fact("settled", place_of("settled", "Opened"), path, value)
    assert position is not None


@given(some_of(FACTS), st.sampled_from([-1, 1]))
def test_a_changed_time_is_found_where_anything_follows(place: tuple[str, int], by: int) -> None:
    """A fact's instant is that of its conclusions. Alone it is felt only by what it opens (`Opened`: the wait for
    agents) or not at all (`Gone`, and a result whose check has still to run).
    """
    entries, position = list(made(place[0])), place[1]
    entry = entries[position - 1]
    follows = position < len(entries) and entries[position].type in CONCLUSIONS
    at = found(changed(entries, position, at=entry.at + by))
    if follows:
        assert at in (position, position + 1)
    else:
        assert entry.type in {"Opened", "Gone", "Heard", "Grace"}


def test_a_timer_that_fired_too_soon_is_found() -> None:
    entries = list(made("lost"))
    fired = place_of("lost", "Fired")
    step = [entry for entry in entries if entry.position >= fired.position and entry.at == fired.at]
    sooner = [msgspec.structs.replace(one, at=one.at - 1) if one in step else one for one in entries]
    assert found(rechained(sooner)) == fired.position


def test_a_timer_that_was_overlooked_is_found() -> None:
    """The reply deadline came, and a late bid is said to have been in time."""
    bench = Bench()
    bench.start("a", "b")
    bench.propose("a")
    bench.now += 30_000
    bench.record(bench.book.step("t.1", bench.heard(bench.proposal("b", 1)), bench.now))
    assert bench.slot.holder == "b"  # what a driver that overlooked the timer would have done
    with pytest.raises(ReplayDifference, match=r"position 9: the timer .*reply.* was due before it and did not fire"):
        replay(MANAGER, bench.entries)


@pytest.mark.parametrize(
    "field", [("message", "conversation_id"), ("message", "receiver"), ("message", "sender"), ("message", "message_id")]
)
def test_a_message_moved_elsewhere_is_found_at_its_position(field: tuple[str, ...]) -> None:
    for entry in made("troubled"):
        if entry.type == "Heard":
            assert tampered_fact("troubled", entry, field, "z") == entry.position


#: What of a fact may be changed without a difference, since nothing follows from it, or nothing did. The hash chain
#: shows these; a chain made anew does not. (kind, performative or empty, field): why
NOTHING_FOLLOWS = {
    ("Heard", "", "digest"): "of the peer's bytes, which are not kept",
    ("Heard", "", "lane"): "where it came through: nothing decides by it",
    ("Heard", "", "message.daemon"): "only a reject that is said later goes by it",
    ("Heard", "", "message.in_reply_to"): "only a not-understood is known by what it answers",
    ("Heard", "", "message.reply_with"): "named only by an answer",
    ("Heard", "propose", "message.content.rationale"): "prose",
    ("Heard", "propose", "message.content.valid_for_ms"): "unless the offer ends before its use",
    ("Heard", "propose", "message.content.price"): "of a bid that was late, bad, or a second one",
    ("Heard", "propose", "message.content.eta"): "of such a bid",
    ("Heard", "propose", "message.content.confidence"): "of such a bid",
    ("Heard", "propose", "message.content.offer"): "of a bad bid, or one that was cancelled",
    ("Heard", "propose", "message.content.round"): "of a bad bid that stays bad, a late one that stays late",
    ("Heard", "refuse", "message.content.round"): "a refusal speaks of the conversation",
    ("Heard", "inform", "message.content.slot"): "of work that is not credited",
    ("Heard", "inform", "message.content.epoch"): "of work that is not credited",
    ("Heard", "inform", "message.content.result.ok"): "a result that its schema does not bound",
    ("Heard", "inform", "message.content.offer"): "of a choice that was not possible",
    ("Misheard", "", "digest"): "as of Heard",
    ("Misheard", "", "lane"): "as of Heard",
    ("ExplorationGranted", "", "amount"): "as long as what is tried fits",
    ("Opened", "", "terms.explore"): "as long as what is tried fits",
    ("Grace", "", "until"): "unless something was due about then",
    ("Answered", "", "amount"): "as long as every hold fits",
    ("Answered", "", "by"): "whoever it was",
    ("Answered", "", "why"): "for people",
    ("Granted", "", "amount"): "as long as every hold fits",
    ("Invited", "", "expected"): "the daemons of agents, not the agents",
    ("Opened", "", "key"): "the caller's own name for it",
    ("Opened", "", "position"): "the caller's own place for it",
    ("Opened", "", "seed"): "of a tender that never called",
    ("Opened", "", "spec.skill"): "of a tender that never called",
    ("Opened", "", "spec.task"): "of a tender that never called",
    ("Opened", "", "terms.max_rounds"): "less than one is one",
    ("Opened", "", "terms.slots"): "beyond those that there is money for",
    ("Opened", "", "terms.reserve"): "of a tender that never called",
    ("Opened", "", "terms.rule"): "of a tender that never called",
    ("Opened", "", "terms.unit"): "of a tender that never called",
    ("Opened", "", "terms.value"): "where the floor of the score hides it",
    ("Opened", "", "timers.max_faults"): "unless it was reached",
    ("Drafted", "", "all"): "a plan moves no tender",
    ("Approved", "", "all"): "a plan moves no tender",
    ("Asked", "", "all"): "what a model was asked moves nobody",
    ("Judged", "", "note"): "for people",
    ("Judged", "", "ok"): "a person's word on a tender that has ended",
    ("Pending", "", "kind"): "of a question whose answer no later hold needed",
    ("Pending", "", "told.needs"): "for people",
    ("Pending", "", "told.waiting"): "for people",
    ("Quarantined", "", "digest"): "as of Heard",
    ("Quarantined", "", "lane"): "as of Heard",
    ("Quarantined", "", "why"): "for people",
    ("Sent", "", "message_id"): "the fact itself",
    ("Sent", "", "receivers"): "the fact itself",
    ("Started", "", "manager_epoch"): "until the next call carries it",
    ("Started", "", "calibration"): "until an outcome is known that it reads",
}


def test_which_changes_of_facts_nothing_shows() -> None:
    """Every value of every fact in turn: what replay does not find is on the list, and all of the list is needed."""
    unfelt: set[tuple[str, str, str]] = set()
    for name, position in places(FACTS | LOOSE):
        entry = made(name)[position - 1]
        tree = msgspec.json.decode(entry.body)
        performative = tree.get("message", {}).get("performative", "")
        for path in leaves(tree):
            for value in other_values(leaf(tree, path)):
                if (
                    value != leaf(tree, path)
                    and found(changed(made(name), position, body=body(replaced(tree, path, value)))) is None
                ):
                    whole = path[0] in ("expected", "calibration")
                    field = str(path[0]) if whole else ".".join(str(one) for one in path if one != 0)
                    known = (entry.type, "", "all" if entry.type in ("Drafted", "Approved", "Asked") else field)
                    unfelt.add(known if known in NOTHING_FOLLOWS else (entry.type, performative, field))
    assert unfelt == set(NOTHING_FOLLOWS)
