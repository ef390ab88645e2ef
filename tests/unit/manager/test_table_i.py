"""Table I through `Tender.step`: every state a single round can reach meets every message; the table says what follows.

The messages are built by hand, the moves are read from what was recorded, and the table that they are held against is
the loaded file: a row that the core does not take, or takes with other words, is found here.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contractnet.interaction.definition import load
from contractnet.ledger.records import Moved, Record, Said
from contractnet.messages import acts as a
from tests.support.bench import Bench

TABLE = load("initiator")
Play = Callable[[Bench], object]
SCHEMA = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "integer"}}}


# ---- how x gets into each state; z is its rival


def _invited(bench: Bench) -> None:
    bench.start("x", "z", result_schema=SCHEMA)


def _repairing(bench: Bench) -> None:
    _invited(bench)
    bench.propose("x", unit="EUR")


def _proposed(bench: Bench) -> None:
    _invited(bench)
    bench.propose("x")


def _held(bench: Bench) -> None:
    _invited(bench)
    bench.propose("x", 30_000)
    bench.propose("z", 10_000)


def _awarded(bench: Bench) -> None:
    _invited(bench)
    bench.propose("x", 10_000)
    bench.propose("z", 30_000)


def _cancelling(bench: Bench) -> None:
    _awarded(bench)
    bench.wait(70_000)


def _no_bid(bench: Bench) -> None:
    _invited(bench)
    bench.refuse("x")


def _silent(bench: Bench) -> None:
    _invited(bench)
    bench.propose("z")
    bench.wait(20_000)


def _late(bench: Bench) -> None:
    _silent(bench)
    bench.propose("x")


def _lapsed(bench: Bench) -> None:
    _invited(bench)
    bench.propose("x", valid_for_ms=5_000)
    bench.wait(3_000)


def _rejected(bench: Bench) -> None:
    _invited(bench)
    bench.propose("x", 60_000)
    bench.propose("z", 10_000)


def _done(bench: Bench) -> None:
    _awarded(bench)
    bench.result("x")


def _failed(bench: Bench) -> None:
    _awarded(bench)
    bench.fail("x")


def _cancelled(bench: Bench) -> None:
    _cancelling(bench)
    bench.cancelled("x")


def _cancel_failed(bench: Bench) -> None:
    _cancelling(bench)
    bench.cancel_failed("x")


def _cancel_unanswered(bench: Bench) -> None:
    _cancelling(bench)
    bench.wait(30_000)


REACH: dict[str, Play] = {
    "INVITED": _invited,
    "REPAIRING": _repairing,
    "PROPOSED": _proposed,
    "HELD": _held,
    "AWARDED": _awarded,
    "CANCELLING": _cancelling,
    "NO_BID": _no_bid,
    "SILENT": _silent,
    "LATE": _late,
    "LAPSED": _lapsed,
    "REJECTED": _rejected,
    "DONE": _done,
    "FAILED": _failed,
    "CANCELLED": _cancelled,
    "CANCEL_FAILED": _cancel_failed,
    "CANCEL_UNANSWERED": _cancel_unanswered,
}
SINGLE_ROUND = {name for name, state in TABLE.states.items() if not state.iterated}


# ---- what x may say, and which event that is


def _propose_event(bench: Bench, fitting: str) -> str:
    return fitting if bench.call.machine.has("collecting") else "?propose:late"


SAY: dict[str, tuple[Play, Callable[[Bench, str], str | None]]] = {
    "propose:ok": (lambda bench: bench.propose("x"), lambda bench, _: _propose_event(bench, "?propose:ok")),
    "propose:bad": (
        lambda bench: bench.propose("x", unit="EUR"),
        lambda bench, _: _propose_event(bench, "?propose:bad"),
    ),
    "propose:undecodable": (lambda bench: bench.mishear("x"), lambda bench, _: _propose_event(bench, "?propose:bad")),
    "refuse": (lambda bench: bench.refuse("x"), lambda *_: "?refuse"),
    "not-understood:cfp": (
        lambda bench: bench.misunderstood("x", bench.cfp_id()),
        lambda *_: "?not-understood:cfp",
    ),
    "not-understood:accept": (
        lambda bench: bench.misunderstood("x", bench.accept_of("x") or "nothing"),
        lambda bench, _: "?not-understood:accept" if bench.accept_of("x") else None,
    ),
    "failure:task": (lambda bench: bench.fail("x"), lambda *_: "?failure:task"),
    "failure:cancel": (lambda bench: bench.cancel_failed("x"), lambda *_: "?failure:cancel"),
    "inform:progress": (lambda bench: bench.progress("x"), lambda *_: "?inform:progress"),
    "inform:result": (lambda bench: bench.result("x"), lambda *_: "?inform:result"),
    "inform:badresult": (
        lambda bench: bench.result("x", {"ok": "no integer"}),
        lambda _, state: "?inform:badresult" if state == "AWARDED" else "?inform:result",
    ),
    "inform:cancelled": (lambda bench: bench.cancelled("x"), lambda *_: "?inform:cancelled"),
}


def words(written: list[Record], to: str) -> list[str]:
    """What was said to somebody, as a row writes it: `performative:reason`."""
    found: list[str] = []
    for one in written:
        if isinstance(one, Said) and to in one.receivers:
            content = getattr(one.message, "content", None)
            reason = getattr(content, "reason", None)
            name = str(one.message.__struct_config__.tag)
            found.append(f"{name}:{reason.value}" if reason is not None else name)
    return found


def test_every_state_of_a_single_round_is_reached() -> None:
    assert set(REACH) == SINGLE_ROUND


@pytest.mark.parametrize("said", sorted(SAY))
@pytest.mark.parametrize("state", sorted(REACH))
def test_every_message_in_every_state(bench: Bench, state: str, said: str) -> None:
    REACH[state](bench)
    assert bench.state("x") == state
    say, classify = SAY[said]
    event = classify(bench, state)
    before = len(bench.written)
    say(bench)
    written = bench.written[before:]
    taken = [move for one in written if isinstance(one, Moved) for move in one.moves if move.who == "x"]
    step = None if event is None else TABLE.step(state, event)
    if step is not None:
        assert [(move.row, move.state) for move in taken] == [(step.row.name, step.next)]
        assert bench.state("x") == step.next
        assert words(written, "x") == list(step.row.sends)
    else:
        assert taken == []
        assert bench.state("x") == state
        complaint = [] if said.startswith("not-understood") else ["not-understood:out-of-sequence"]
        assert words(written, "x") == complaint


# ---- what we do ourselves, and what time does


def _soon_lapsing(bench: Bench) -> None:
    _invited(bench)
    bench.propose("x", valid_for_ms=5_000)


def _soon_lapsing_and_held(bench: Bench) -> None:
    _soon_lapsing(bench)
    bench.propose("z", 10_000)


def _work_on(bench: Bench) -> None:
    """Ten minutes of work with two beats a minute."""
    for _ in range(20):
        bench.wait(30_000)
        if bench.state("x") == "AWARDED":
            bench.progress("x")


def _three_bids(bench: Bench) -> None:
    bench.propose("w", 10_000)
    bench.propose("z", 20_000)


OWN: dict[tuple[str, str], tuple[Play, Play]] = {
    ("INVITED", "#returned"): (_invited, lambda bench: bench.returned("x")),
    ("INVITED", "@deadline"): (_invited, lambda bench: bench.wait(20_000)),
    ("REPAIRING", "@deadline"): (_repairing, lambda bench: bench.wait(20_000)),
    ("PROPOSED", "@offer-lapse"): (_soon_lapsing, lambda bench: bench.wait(3_000)),
    ("HELD", "@offer-lapse"): (_soon_lapsing_and_held, lambda bench: bench.wait(3_000)),
    ("PROPOSED", "#award"): (_proposed, lambda bench: bench.propose("z", 40_000)),
    ("HELD", "#award"): (_held, lambda bench: bench.fail("z")),
    ("PROPOSED", "#hold"): (_proposed, lambda bench: bench.propose("z", 20_000)),
    ("PROPOSED", "#reject"): (_proposed, _three_bids),
    ("HELD", "#reject"): (_held, lambda bench: bench.result("z")),
    ("AWARDED", "@lease"): (_awarded, lambda bench: bench.wait(70_000)),
    ("AWARDED", "@result-due"): (_awarded, _work_on),
    ("CANCELLING", "@cancel-timeout"): (_cancelling, lambda bench: bench.wait(30_000)),
    **{
        (state, "#cancel"): (REACH[state], lambda bench: bench.cancel())
        for state in ("INVITED", "REPAIRING", "PROPOSED", "HELD", "AWARDED")
    },
}


def test_every_move_of_our_own_is_driven() -> None:
    rows = {
        (state, event)
        for (state, event), steps in TABLE.steps().items()
        if not event.startswith("?") and state in SINGLE_ROUND and not steps[0].row.iterated
    }
    assert set(OWN) == rows


@pytest.mark.parametrize(("state", "event"), sorted(OWN))
def test_every_move_of_our_own(bench: Bench, state: str, event: str) -> None:
    prepare, play = OWN[state, event]
    prepare(bench)
    assert bench.state("x") == state
    step = TABLE.step(state, event)
    assert step is not None
    before = len(bench.written)
    play(bench)
    written = bench.written[before:]
    moves = [move for one in written if isinstance(one, Moved) for move in one.moves if move.who == "x"]
    place = next(at for at, move in enumerate(moves) if move.row != "I24")
    assert (moves[place].row, moves[place].state) == (step.row.name, step.next)
    acts = [one.partition(":")[0] for one in words(written, "x")]
    wanted = [one.partition(":")[0] for one in step.row.sends]
    assert acts == wanted
    if event in ("@lease", "@result-due"):  # one row, two causes
        (cancel,) = bench.said(a.Cancel, "x")
        assert cancel.content.reason.value == ("lease-expired" if event == "@lease" else "result-overdue")
    if step.row.reasons:
        assert set(words(written, "x")) <= {f"{wanted[0]}:{reason}" for reason in step.row.reasons}


def test_a_reject_of_one_offer_names_it_and_a_whole_one_names_nothing(bench: Bench) -> None:
    """D8: equal rejects are equal bytes; those about one offer answer a message and say which offer."""
    bench.start("x", "y", "z", "v")
    bench.propose("x", 40_000)
    second = bench.propose("x", 10_000)
    for agent, price in (("y", 20_000), ("z", 30_000), ("v", 10_000)):
        bench.propose(agent, price)
    one, whole = bench.said(a.RejectProposal)
    assert (one.content.offer, one.in_reply_to, one.receiver) == (second.content.offer, second.message_id, "x")
    assert (whole.content.offer, whole.in_reply_to, whole.receiver, whole.receivers) == (None, None, "multi", None)
    assert whole.content.score is None
