"""What never happens around a bargaining, whatever the prices, costs, strategies and events, in whatever order.

Nothing is paid over the reserve, nor over what was agreed with its winner; nobody is awarded twice; nobody is bargained
with twice; the call has one end; and the ledger is derived again at every stop.
"""

from __future__ import annotations

from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from contractnet.bargaining.records import BargainOpened, TurnDecided
from contractnet.manager.conditions import BargainTerms
from contractnet.manager.records import Awarded, Bargained, BargainsEnded, Closed, Decided, Ended
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from tests.support.bargaining_bench import BargainingBench

PLAYABLE = sorted(name for name in STRATEGIES if not name.startswith("logrolling"))
PRICE = st.integers(1, 100) | st.integers(10_000, 100_000)
EVENT = st.sampled_from(
    [*["deliver", "turn"] * 2, *["take"] * 4, *["play"] * 3, "decline", "wait", "wait long", "refuse", "bid", "cancel"]
)


def happens(bench: BargainingBench, what: str, data: st.DataObject) -> None:
    """One thing that may happen; what cannot happen now does not."""
    agent = data.draw(st.sampled_from(sorted(bench.call.participants)))
    conversation = bench.talks.get(agent)
    side = bench.sides.get(conversation or "")
    asked = side is not None and side.machine.has("asked")
    match what:
        case "deliver":
            bench.deliver()
        case "turn":
            bench.turns()
        case "take" if asked:
            most = max(1, bench.sides[bench.talks[agent]].rules.agenda.issues[0].high)  # type: ignore[union-attr]
            cost = data.draw(st.integers(0, most) | st.integers(0, most // 2) | st.integers(0, most // 8))
            bench.take(agent, cost, data.draw(st.sampled_from(PLAYABLE)))
        case "decline" if asked:
            bench.decline(agent)
        case "wait":
            bench.wait(data.draw(st.integers(1, 3_000)))
        case "wait long":
            bench.wait(data.draw(st.integers(3_000, 90_000)))
        case "refuse":
            bench.refuse(agent, "withdrawn")
        case "bid":
            agreed = bench.call.talks.agreed.get(agent) if bench.call.talks is not None else None
            by = data.draw(st.sampled_from((-1, 0, 1)))
            bench.propose(agent, data.draw(PRICE) if agreed is None else max(0, agreed.price + by))
        case "cancel" if data.draw(st.integers(0, 9)) == 0:
            bench.cancel()
        case "play":
            bench.play()
        case _:
            pass


def holds(bench: BargainingBench, terms: BargainTerms, reserve: int) -> None:
    awarded, bargained = bench.records(Awarded), bench.records(Bargained)
    assert len({(one.slot, one.epoch) for one in awarded}) == len(awarded)
    assert len(bargained) == len(bench.records(BargainsEnded)) <= 1
    agreed = bargained[0].agreed if bargained else {}
    for one in awarded:
        assert one.price <= reserve
        assert one.participant not in agreed or one.price <= agreed[one.participant].price
    opened = [one.peer for one in bench.records(BargainOpened)]
    assert len(set(opened)) == len(opened) <= terms.best
    assert sum(one.course == "bargain" for one in bench.records(Decided)) <= 1
    assert len(bench.records(Closed)) <= 1
    assert len(bench.records(Ended)) <= 1
    for bargain in bench.book.bargains.values():
        for turn in bargain.offers:
            assert turn.by == 1 or turn.terms[0] <= reserve
    for decided in bench.records(TurnDecided):
        assert decided.terms is None or decided.terms[0] <= reserve


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens(data: st.DataObject) -> None:
    reserve = data.draw(st.sampled_from((50_000, 50_000, 33_333, 7)))
    terms = BargainTerms(
        best=data.draw(st.integers(1, 3)),
        turns=data.draw(st.integers(3, 9)),
        within_ms=data.draw(st.sampled_from((500, 5_000))),
        strategy=data.draw(st.sampled_from(PLAYABLE)),
    )
    bench = BargainingBench()
    prices = data.draw(st.lists(PRICE, min_size=1, max_size=3))
    given: dict[str, Any] = {"reserve": reserve, "max_rounds": data.draw(st.sampled_from((2, 3)))}
    bench.haggle(dict(zip("abc", prices, strict=False)), terms, **given)
    for what in [*["take"] * 3, *data.draw(st.lists(EVENT, max_size=30))]:
        if bench.tender.ended is not None or not bench.tender.calling:
            break
        happens(bench, what, data)
        holds(bench, terms, reserve)
    bench.check()
    bench.play()
    bench.wait(400_000)
    holds(bench, terms, reserve)
    assert not bench.call.bargaining
    assert all(one.machine.finished for one in bench.book.bargains.values())
    bench.check()
    event(f"agreed with {len(bench.agreed)}, awarded {len(bench.records(Awarded))}")
