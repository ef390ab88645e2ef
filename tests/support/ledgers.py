"""Ledgers of a manager made on the bench, with every kind of entry in them; and entries that were tampered with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from contractnet.ledger.chain import ZERO, seal
from contractnet.ledger.port import Draft, Entry
from contractnet.ledger.questions import DECISIONS, Answered
from contractnet.ledger.records import Asked, Sent
from contractnet.mail.inbox import Scrap
from contractnet.manager.book import MONEY, STARTS
from contractnet.manager.conditions import ItemTerms
from contractnet.manager.limits import question
from contractnet.manager.paid import ExplorationGranted
from contractnet.manager.plans import Approved, Drafted, PlanTask
from contractnet.manager.records import AccountClosed, Grace, Granted, Judged, Started
from contractnet.mechanisms.calibration.records import Policy
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.contents import Bundle
from tests.support.bargaining_bench import BargainingBench
from tests.support.bench import DIGEST, Bench


def settled() -> Bench:
    """Three bids of which two tie, a private part, a result."""
    bench = Bench()
    bench.record(bench.book.loose(STARTS, Started(manager_epoch=1, calibration=Policy()), bench.now))
    bench.record(bench.book.loose(MONEY, Granted(amount=200_000, unit="USD"), bench.now))
    bench.open(rule="best-value", value=80_000, eta_cost=3, private={"k": "v"}, key="ticket-17", position=3)
    bench.invite("a", "b", "c")
    cfp = bench.said(a.Cfp)[0]
    bench.record(bench.book.loose("t.1", Sent(message_id=cfp.message_id, receivers=()), bench.now))
    for agent, price in (("a", 30_000), ("b", 30_000), ("c", 60_000)):
        bench.now += 700
        bench.propose(agent, price, rationale="mine is best")
    bench.now += 2_000
    bench.result(bench.slot.holder or "")
    bench.record(bench.book.loose("t", Judged(ok=False, note="too short"), bench.now))
    plan = PlanTask(id="a", task="Do a", skill="text.summarise", reserve=5)
    asked = Asked(
        purpose="split",
        endpoint="h/m",
        prompt="p",
        request="r",
        request_bytes=1,
        outcome="ok",
        tokens_in=3,
        tokens_out=2,
    )
    bench.record(bench.book.loose("plan-1", asked, bench.now))
    bench.record(bench.book.loose("plan-1", Drafted(key="k", job="j", tasks=(plan,), by="m"), bench.now))
    bench.record(bench.book.loose("plan-1", Approved(key="k", ok=True, by="p"), bench.now))
    return bench


def troubled() -> Bench:
    """Everything that may go wrong in three calls: bad, late, double, gone, lapsed, cancelled, checked, quarantined."""
    bench = Bench()
    bench.open(checked=True, max_faults=3)
    bench.invite("a", "b", "c", "d")
    bench.deliver(Scrap(DIGEST, (c.FieldError(path="$", text="no JSON"),), "json"))
    bench.propose("a", unit="EUR")
    bench.mishear("b")
    bench.now += 1_000
    bench.propose("a", 20_000)
    bench.propose("a", 10_000)
    bench.propose("b", 30_000, valid_for_ms=80_000)
    bench.gone("c")
    bench.deliver(bench.proposal("x", 1, conversation_id="elsewhere.1"))
    bench.wait(25_000)
    bench.propose("d", 1_000)
    bench.progress("a")
    bench.result("a", {"ok": 2})
    bench.now += 500
    bench.checked(ok=False, reason="not good")
    bench.wait(70_000)  # the runner-up dies
    bench.result("b", epoch=2)
    bench.wait(1_400)
    bench.invite("a")
    bench.step("t", Grace(until=bench.now + 25_000))
    bench.returned("a")
    bench.wait(3_000)
    bench.invite("a", "e")
    bench.propose("a", 5_000)
    bench.cancel()
    bench.cancel_failed("a")
    bench.wait(120_000)
    return bench


def lost() -> Bench:
    """A tender that nobody came for, one that all refused, and one that waits."""
    bench = Bench()
    bench.open("u", seed="ab" * 16)
    bench.wait(40_000)
    bench.open("v", seed="cd" * 16)
    bench.invite("a", "b", tender_id="v")
    bench.refuse("a", "busy")
    bench.refuse("b")
    bench.wait(2_000)
    bench.invite("a", "b", tender_id="v")
    bench.refuse("a")
    bench.refuse("b", "over-reserve")
    bench.open("w", seed="ef" * 16)
    return bench


def disputed() -> Bench:
    """Two rounds, then a mediator who is wrong once, grants a round and is not asked again; and one who awards."""
    bench = Bench()
    terms = {"max_rounds": 2, "mediator": "arbiter", "shortlist": 2, "feedback": "best-score", "slots": 2}
    bench.start("a", "b", "c", **terms)
    for agent, price in (("a", 60_000), ("b", 61_000), ("c", 62_000)):
        bench.propose(agent, price)
    bench.propose("a", 55_000)
    bench.propose("b", 56_000)
    bench.now += 100
    bench.choose("offer", "o_nobody")
    bench.choose("round")
    bench.propose("a", 51_000)
    bench.wait(25_000)
    bench.open("y", seed="12" * 16, mediator="arbiter", mediation_limit=70_000)
    bench.invite("a", "b", tender_id="y")
    bench.propose("a", 60_000)
    offer = bench.propose("b", 65_000).content.offer
    bench.choose("offer", offer)
    bench.result("b")
    return bench


def limited() -> Bench:
    """A child account whose money is for one slot of two, handed back; a limit of the market, and more granted."""
    bench = Bench()
    bench.loose(MONEY, Granted(amount=100_000, unit="USD"))
    bench.loose(MONEY, Granted(amount=60_000, unit="USD", account="team-a"))
    tender = bench.open(slots=2, account="team-a")
    account = bench.book.account_of(tender.id)
    bench.loose(DECISIONS, question("q1", account, [tender]))
    bench.loose(DECISIONS, Answered(id="q1", choice="hand-back", by="kim", why="one will do"))
    bench.invite("a", "b", slots=1)
    bench.propose("a", 20_000)
    bench.propose("b", 30_000)
    bench.now += 3_000
    bench.result("a")
    bench.loose(MONEY, AccountClosed(account="team-a", released=40_000))
    tender = bench.open("u", slots=2)
    bench.loose(DECISIONS, question("q2", bench.book.accounts, [tender]))
    bench.loose(DECISIONS, Answered(id="q2", choice="grant", by="kim", amount=30_000))
    bench.invite("a", tender_id="u")
    bench.now += 30_000
    bench.expire(bench.tender)
    return bench


def directed() -> Bench:
    """A contractor that is known, asked alone at its last price, and paid."""
    bench = Bench()
    bench.start("a", "b")
    for agent, price in (("a", 20_000), ("b", 22_000)):
        bench.propose(agent, price)
    bench.result("a")
    bench.open("u", direct=True, bid_cost=2_000)
    bench.invite("a", "b", tender_id="u")
    bench.propose("a", 20_000)
    bench.result("a")
    return bench


def explored() -> Bench:
    """An agent with a record, and one that is tried in its place for a little less score."""
    bench = Bench()
    bench.record(bench.book.loose(STARTS, Started(manager_epoch=1, calibration=Policy()), bench.now))
    granted = ExplorationGranted(amount=20_000, unit="USD")
    bench.record(bench.book.loose(MONEY, granted, bench.now))
    for name, agents in (("t", ("old",)), ("u", ("old", "new"))):
        bench.open(name, rule="best-value", confidence="calibrated", value=100_000, explore=10_000)
        bench.invite(*agents, tender_id=name)
        for agent in agents:
            bench.propose(agent, 20_000 if agent == "old" else 15_500)
        bench.result(bench.slot.holder or "")
    return bench


def divided() -> Bench:
    """A divisible task: two winners share its parts, one is outbid; what is lost by a death is called again."""
    bench = Bench()
    bench.start("a", "b", "c", rule="second-price", divisible=True, slots=5)
    for agent, price, parts in (("a", 20_000, 3), ("b", 30_000, None), ("c", 40_000, 2)):
        bench.propose(agent, price, parts=parts)
    bench.result("b", slot=4)
    bench.fail("a", "handed-back")
    bench.present = True
    bench.wait(2_000)
    bench.invite("b", "c")
    bench.refuse("b")
    bench.propose("c", 40_000)
    bench.result("c", epoch=2)
    return bench


def bundled() -> Bench:
    """Items that are bought in bundles: two winners, and an offer without bundles."""
    bench = Bench()
    items = tuple(
        ItemTerms(name=name, reserve=reserve) for name, reserve in (("x", 40_000), ("y", 30_000), ("z", 9_000))
    )
    bench.start("a", "b", "c", items=items, slots=3, reserve=40_000, rule="vcg")
    bundles = {"a": (Bundle(items=("x",), price=20_000),), "b": (Bundle(items=("y", "z"), price=25_000),), "c": ()}
    for agent, price in (("a", 20_000), ("b", 25_000), ("c", 78_000)):
        bench.propose(agent, price, bundles=bundles[agent])
    bench.result("a")
    bench.result("b", slot=2)
    return bench


def bargained() -> Bench:
    """The best two are bargained with: both agree, and the cheaper is awarded at what it agreed to."""
    bench = BargainingBench()
    bench.haggle({"a": 60_000, "b": 40_000, "c": 45_000})
    bench.bargain(b=20_000, c=20_000)
    for agent, price in bench.agreed.items():
        bench.propose(agent, price)
    bench.result(bench.slot.holder or "")
    return bench


LEDGERS: dict[str, Callable[[], Bench]] = {
    "settled": settled,
    "troubled": troubled,
    "lost": lost,
    "disputed": disputed,
    "limited": limited,
    "directed": directed,
    "explored": explored,
    "divided": divided,
    "bundled": bundled,
}


# ---- tampering


def rechained(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with positions and hashes made anew: the chain holds, whatever is in them."""
    sealed: list[Entry] = []
    previous = ZERO
    for position, entry in enumerate(entries, 1):
        draft = Draft(**{name: getattr(entry, name) for name in Draft.__struct_fields__})
        sealed.append(seal(draft, position, previous))
        previous = sealed[-1].hash
    return sealed


def changed(entries: Sequence[Entry], position: int, **fields: Any) -> list[Entry]:
    """As `rechained`, with these fields of one entry changed."""
    other = msgspec.structs.replace(entries[position - 1], **fields)
    return rechained([*entries[: position - 1], other, *entries[position:]])


Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> list[Path]:
    """The paths of all values in a JSON tree that are no objects and no arrays; of empty ones too."""
    if isinstance(value, dict) and value:
        return [one for name, inner in value.items() for one in leaves(inner, (*path, name))]
    if isinstance(value, list) and value:
        return [one for place, inner in enumerate(value) for one in leaves(inner, (*path, place))]
    return [path]


def leaf(tree: Any, path: Path) -> Any:
    """The value at a path."""
    for step in path:
        tree = tree[step]
    return tree


def replaced(tree: Any, path: Path, value: Any) -> Any:
    """A copy of the tree with another value at the path."""
    if not path:
        return value
    if isinstance(tree, dict):
        return {**tree, path[0]: replaced(tree.get(path[0]), path[1:], value)}
    return [replaced(one, path[1:], value) if place == path[0] else one for place, one in enumerate(tree)]


def body(tree: Any) -> str:
    """A tree as the body of an entry."""
    return msgspec.json.encode(tree, order="sorted").decode()
