"""Contractors that are not ours, written from protocols/ alone in Node.js and in Python with plain pika, beside our own
workers in one market: they win, fail, repair, are late, refuse, withdraw, are cancelled, bid again in a later round.

The ledger replays and the auditor is content after each; what the outsiders said is held against the schema.
"""

from __future__ import annotations

import asyncio
import json
import signal
import tokenize
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest

from contractnet.clock import scaled
from contractnet.manager.settings import Settings
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.market.task import Task
from tests.support.fleet import ROOT, Fleet, assert_clean, assert_replays, until
from tests.support.node_js import NodeJs, NoNodeJs, provide
from tests.support.outside import PROGRAMS, Contractor, Outside, act

SCALE = 0.1
SKILL = "case.outside"
TASK = "Count the words of this task"
WORDS = 6
LANGUAGES = ("node", "pika")


class Place:
    """A market in which our workers and contractors that are not ours take their places one by one."""

    def __init__(self, market: Market, fleet: Fleet, outside: Outside) -> None:
        self.market, self.fleet, self._outside = market, fleet, outside

    async def ours(self, agent: str) -> None:
        """Start a worker, and wait until the manager knows of it."""
        await asyncio.to_thread(self.fleet.worker, agent)
        await self._present(agent)

    async def theirs(self, language: str, part: str, *, price: int = 500, work_ms: int = 200) -> Contractor:
        """Start a contractor, and wait until the manager knows of it."""
        contractor = await asyncio.to_thread(self._outside.start, language, SKILL, part, price=price, work_ms=work_ms)
        await self._present(contractor.agent)
        return contractor

    async def _present(self, agent: str) -> None:
        async with asyncio.timeout(60):
            while not self.market.manager.directory.has(agent):
                await asyncio.sleep(0.02)

    async def begin(self, given: dict[str, Any] | None = None, **options: Any) -> Contract:
        terms = {"reserve": "0.05", "rule": "lowest-price", "reply_within": 5, "max_rounds": 1, **options}
        return await self.market.begin(Task(TASK, SKILL, given or {"text": "a b"}), **terms)

    async def settles(self, given: dict[str, Any] | None = None, **options: Any) -> tuple[str | None, str | None, Any]:
        """Run a tender to its end: the winner, the price, the result."""
        contract = await self.begin(given, **options)
        async with asyncio.timeout(60):
            await contract.ended()
        return contract.winner, contract.price, contract.result_now()

    def moved(self, agent: str) -> list[str]:
        """The rows of table I that an agent's view took, in order; beats are never recorded."""
        moves = [move for row in self.fleet.rows() if row.type == "Moved" for move in row.body["moves"]]
        return [move[2] for move in moves if move[1] == agent]

    def said(self, performative: str) -> dict[str, Any]:
        """The first such act of the manager."""
        return next(row.message for row in self.fleet.rows() if row.type == "Said" and row.says(performative))

    def count(self, kind: str) -> int:
        """Entries of one type in the ledger."""
        return len([row for row in self.fleet.rows() if row.type == kind])


@pytest.fixture(scope="session")
def node_js() -> NodeJs:
    try:
        return provide()
    except NoNodeJs as error:
        pytest.skip(str(error))


@pytest.fixture
def fleet(tmp_path: Path, amqp_url: str) -> Iterator[Fleet]:
    with Fleet(tmp_path, amqp_url, SCALE) as found:
        yield found


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """In which the contractor is written; without Node.js only the tests of that one are skipped."""
    if request.param == "node":
        request.getfixturevalue("node_js")
    return str(request.param)


@pytest.fixture
def outside(tmp_path: Path, amqp_url: str) -> Iterator[Outside]:
    with Outside(tmp_path, amqp_url) as found:
        yield found


@pytest.fixture
async def place(fleet: Fleet, outside: Outside) -> AsyncIterator[Place]:
    """With a manager in this process; what it and our workers wrote is judged when it has gone."""
    settings = scaled(Settings(), SCALE)
    async with Market.open(fleet.broker, ledger=str(fleet.ledger), settings=settings, grace=0) as market:
        yield Place(market, fleet, outside)
    rows = await asyncio.to_thread(assert_clean, fleet, fleet.workers)
    assert_replays([fleet.ledger, *map(fleet.journal, fleet.workers)])
    assert not [row for row in rows if row.type in ("Quarantined", "Misheard")]


# ---- one tender of all


async def test_ours_and_theirs_bid_in_one_tender(node_js: NodeJs, place: Place) -> None:
    await place.ours("first_outside")
    await place.ours("second_outside")
    node = await place.theirs("node", "deliver", price=500)
    python = await place.theirs("pika", "deliver", price=700)
    assert await place.settles() == ("node_deliver", "0.0005", {"by": "node_deliver", "words": WORDS})
    assert [len(row.body["expected"]) for row in place.fleet.rows() if row.type == "Invited"] == [4]
    assert place.moved("node_deliver") == ["I1", "I19", "I25"]
    assert place.moved("pika_deliver") == ["I1", "I21", "I20"]  # held, and rejected when the result was in
    assert place.moved("first_outside") == place.moved("second_outside") == ["I1", "I20"]
    await asyncio.to_thread(python.one, "heard", act("reject-proposal", reason="outbid"))
    assert node.acts == ["propose", "inform:result"]
    assert python.acts == ["propose"]


async def test_ours_win_against_them(node_js: NodeJs, place: Place) -> None:
    await place.ours("first_outside")
    losers = [await place.theirs(language, "deliver", price=9_000) for language in ("node", "pika")]
    assert await place.settles() == ("first_outside", "0.001", {"reversed": "b a"})
    for loser in losers:  # one of them was held; the rejects are equal, and name nothing (M4)
        heard = await asyncio.to_thread(loser.one, "heard", act("reject-proposal", reason="outbid"))
        assert (heard["receiver"], heard["content"], heard.get("in_reply_to")) == ("multi", {"reason": "outbid"}, None)


# ---- their parts


async def test_one_fails_and_the_other_takes_over(language: str, node_js: NodeJs, place: Place) -> None:
    other = next(one for one in LANGUAGES if one != language)
    await place.ours("first_outside")
    failing = await place.theirs(language, "fail", price=500)
    spare = await place.theirs(other, "deliver", price=700)
    assert await place.settles() == (spare.agent, "0.0007", {"by": spare.agent, "words": WORDS})
    assert failing.acts == ["propose", "failure:error"]
    awards = [(row.body["epoch"], row.body["participant"]) for row in place.fleet.rows() if row.type == "Awarded"]
    assert awards == [(1, failing.agent), (2, spare.agent)]
    assert place.moved(failing.agent) == ["I1", "I19", "I27"]


async def test_one_repairs_its_first_proposal(language: str, place: Place) -> None:
    await place.ours("first_outside")
    contractor = await place.theirs(language, "repair")
    assert (await place.settles())[0] == contractor.agent
    heard = contractor.one("heard", act("not-understood", reason="schema", about="propose"))
    assert [fault["path"] for fault in heard["content"]["fields"]] == ["$.content.unit"]
    assert 0 < heard["content"]["time_left_ms"] <= 5_000
    assert contractor.acts == ["propose", "propose", "inform:result"]
    assert place.moved(contractor.agent)[:3] == ["I2", "I1", "I19"]


async def test_one_is_late(language: str, place: Place) -> None:
    await place.ours("first_outside")
    contractor = await place.theirs(language, "late")
    assert (await place.settles(reply_within=1))[0] == "first_outside"
    heard = await asyncio.to_thread(contractor.one, "heard", act("reject-proposal", reason="late"))
    own = contractor.one("said", act("propose"))
    assert (heard["content"]["offer"], heard["in_reply_to"]) == (own["content"]["offer"], own["reply_with"])
    assert heard["content"]["late_by_ms"] > 0
    assert place.moved(contractor.agent) == ["I13", "I35"]
    assert contractor.acts == ["propose"]


async def test_one_refuses(language: str, place: Place) -> None:
    await place.ours("first_outside")
    contractor = await place.theirs(language, "refuse")
    assert (await place.settles())[0] == "first_outside"
    assert contractor.acts == ["refuse:unfit"]
    assert place.moved(contractor.agent) == ["I6"]


async def test_one_withdraws(language: str, place: Place) -> None:
    await place.ours("first_outside")
    contractor = await place.theirs(language, "withdraw")
    assert (await place.settles({"text": "a b", "bid_pause": 1}))[0] == "first_outside"
    assert contractor.acts == ["propose", "refuse:withdrawn"]
    assert place.moved(contractor.agent) == ["I1", "I18"]


async def test_one_is_cancelled_at_work(language: str, place: Place) -> None:
    await place.ours("first_outside")
    contractor = await place.theirs(language, "slow")
    contract = await place.begin()
    await contract.awarded()
    await asyncio.to_thread(contractor.one, "said", act("inform", kind="progress"))
    assert (await contract.cancel()).status == "cancelled"
    assert contractor.acts == ["propose", "inform:cancelled"]
    assert place.moved(contractor.agent) == ["I1", "I19", "I30", "I31"]


async def test_one_renews_its_lease(language: str, place: Place) -> None:
    await place.ours("first_outside")
    contractor = await place.theirs(language, "deliver", work_ms=2_500)
    assert (await place.settles(lease=0.8))[0] == contractor.agent  # the first one lasts for 1.8 s
    assert place.count("Awarded") == 1
    beats = [message for message in contractor.lines("said") if message["content"].get("kind") == "progress"]
    assert len(beats) > 6


async def test_one_bids_lower_in_a_later_round(language: str, place: Place) -> None:
    await place.ours("second_outside")
    contractor = await place.theirs(language, "deliver", price=1_000)
    ended = await place.settles(reserve="0.0008", max_rounds=3)
    assert ended == (contractor.agent, "0.0008", {"by": contractor.agent, "words": WORDS})
    calls = [one for one in contractor.lines("heard") if one["performative"] == "cfp"]
    bids = [one for one in contractor.lines("said") if one["performative"] == "propose"]
    assert [one["content"]["round"] for one in calls] == [1, 2, 3]
    assert [one["content"].get("offer") for one in calls] == [None, bids[0]["message_id"], bids[1]["message_id"]]
    assert [one["content"]["price"] for one in bids] == [1_000, 900, 800]


async def test_what_comes_twice_gets_the_recorded_answer_again(language: str, place: Place) -> None:
    await place.ours("first_outside")
    contractor = await place.theirs(language, "deliver")
    assert (await place.settles())[0] == contractor.agent
    cfp, accept = place.said("cfp"), place.said("accept-proposal")
    heard = place.count("Heard")
    with Peer(place.fleet.broker, cfp["sender"]) as tap:
        tap.publish("cn.cfp", f"agent.{contractor.agent}", cfp)
        tap.publish("cn.to_agent", contractor.agent, accept)
        again = await asyncio.to_thread(tap.take, 2)
    answers = [one for one in contractor.lines("said") if one["content"].get("kind") != "progress"]
    assert sorted(map(json.dumps, again)) == sorted(map(json.dumps, answers))
    assert place.count("Heard") == heard


# ---- by hand: what a manager of ours would not say


class Peer:
    """A connection of another client that hears what is sent to one manager, and says what it is told."""

    def __init__(self, broker: str, manager: str) -> None:
        self.manager = manager
        self._connection = pika.BlockingConnection(pika.URLParameters(broker))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        for exchange in ("cn.cfp", "cn.to_agent", "cn.to_mgr"):
            self._channel.exchange_declare(exchange, "topic", durable=True)
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.queue_bind(self._queue, "cn.to_mgr", f"{manager}.#")
        self._count = 0
        self._heard: list[dict[str, Any]] = []

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def publish(self, exchange: str, key: str, *messages: object) -> None:
        body = json.dumps(messages, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        self._channel.basic_publish(exchange, key, body, mandatory=True)

    def take(self, count: int) -> list[dict[str, Any]]:
        """The next messages to the manager."""

        def look() -> bool:
            method, _, body = self._channel.basic_get(self._queue, auto_ack=True)
            self._heard += json.loads(body) if method else []
            return len(self._heard) >= count

        until(f"{count} messages to {self.manager}", look, 60)
        taken, self._heard = self._heard[:count], self._heard[count:]
        return taken

    def say(self, to: str, performative: str, content: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """One act in the conversation `talk`, or in another; returns it."""
        self._count += 1
        name = f"{self.manager}-{self._count}"
        message = {"performative": performative, "content": content, "message_id": name, "reply_with": name}
        message |= {"sender": self.manager, "daemon": self.manager, "receiver": to, "conversation_id": "talk"}
        message |= {"protocol": "fipa-iterated-contract-net", **changes}
        exchange, key = ("cn.cfp", f"agent.{to}") if performative == "cfp" else ("cn.to_agent", to)
        self.publish(exchange, key, message)
        return message


def cfp(round: int = 1, offer: str | None = None) -> dict[str, Any]:
    terms = {"unit": "USD", "rule": "lowest-price", "work_within_ms": 9_000, "lease_ms": 9_000, "valid_for_ms": 9_000}
    content = {"task": TASK, "skill": SKILL, "round": round, "max_rounds": 9, "reply_within_ms": 9_000, "terms": terms}
    return content if offer is None else {**content, "offer": offer}


def award(offer: str, price: int = 500) -> dict[str, Any]:
    times = {"work_within_ms": 9_000, "lease_ms": 9_000, "pickup_ms": 9_000}
    return {"offer": offer, "round": 1, "slot": 1, "epoch": 1, "price": price, **times}


Talk = Callable[[str], tuple[Peer, str]]


@pytest.fixture
def talk(language: str, amqp_url: str, outside: Outside) -> Iterator[Talk]:
    """Starts a contractor that plays a part, and gives the manager that speaks to it, and its agent id."""
    with Peer(amqp_url, "boss") as boss:
        yield lambda part: (boss, outside.start(language, SKILL, part).agent)


def told(message: dict[str, Any]) -> tuple[str, str | None]:
    content = message["content"]
    return message["performative"], content.get("reason", content.get("kind"))


def test_a_cancel_that_overtakes_its_cfp_leaves_a_tombstone(talk: Talk) -> None:
    boss, agent = talk("deliver")
    cancel = boss.say(agent, "cancel", {"reason": "user"}, receiver="multi")
    (answer,) = boss.take(1)
    assert (told(answer), answer["in_reply_to"]) == (("inform", "cancelled"), cancel["reply_with"])  # P30
    boss.say(agent, "cfp", cfp())  # P35: recorded
    boss.say(agent, "cancel", {"reason": "user"}, receiver="multi")  # P31
    assert [told(one) for one in boss.take(1)] == [("inform", "cancelled")]


def test_an_accept_of_no_offer_is_a_failure(talk: Talk) -> None:
    boss, agent = talk("deliver")
    boss.say(agent, "accept-proposal", award("nobody-s"))
    (answer,) = boss.take(1)
    assert (told(answer), answer["content"]["epoch"]) == (("failure", "unknown-offer"), 1)  # P19
    boss.say(agent, "accept-proposal", award("nobody-s"))
    assert [told(one) for one in boss.take(1)] == [("failure", "closed")]  # P20


def test_an_accept_below_the_price_commits_nobody(talk: Talk) -> None:
    boss, agent = talk("deliver")
    boss.say(agent, "cfp", cfp())
    (bid,) = boss.take(1)
    boss.say(agent, "accept-proposal", award(bid["content"]["offer"], bid["content"]["price"] - 1))
    assert [told(one) for one in boss.take(1)] == [("failure", "unknown-offer")]


def test_a_standing_offer_is_honoured_and_one_that_was_dropped_is_not(talk: Talk) -> None:
    boss, agent = talk("deliver")
    boss.say(agent, "cfp", cfp())
    (first,) = boss.take(1)
    boss.say(agent, "cfp", cfp(2, first["content"]["offer"]))
    (second,) = boss.take(1)
    assert second["content"]["price"] < first["content"]["price"]
    boss.say(agent, "cfp", cfp(2, first["content"]["offer"]))  # a round already seen: recorded
    boss.say(agent, "accept-proposal", award(first["content"]["offer"]))  # P10, P12: it stands beside the second
    assert [told(one) for one in boss.take(1)] == [("inform", "result")]
    boss.say(agent, "cancel", {"reason": "user"}, receiver="multi")
    assert [told(one) for one in boss.take(1)] == [("failure", "already-done")]  # P32


def test_who_left_stays_away(talk: Talk) -> None:
    boss, agent = talk("refuse")
    boss.say(agent, "cfp", cfp())
    boss.say(agent, "cfp", cfp(2))
    assert [told(one) for one in boss.take(2)] == [("refuse", "unfit"), ("refuse", "closed")]  # P3, P33


def test_what_is_out_of_place_is_named_so_often_and_no_more(talk: Talk) -> None:
    boss, agent = talk("deliver")
    boss.say(agent, "not-understood", {"reason": "schema", "about": "propose"})  # never answered
    for _ in range(7):
        boss.say(agent, "request", {"reason": "none of its acts"})
    answers = boss.take(5)
    assert [told(one) for one in answers] == [("not-understood", "illegal-act")] * 5
    boss.publish("cn.to_agent", agent, {"performative": "cancel"}, 7)
    boss.publish("cn.to_agent", agent)
    boss.say(agent, "cancel", {"reason": "user"}, conversation_id="talk", sender="stranger")  # M1: no answer
    boss.say(agent, "cfp", cfp(), conversation_id="another")
    assert [told(one) for one in boss.take(1)] == [("propose", None)]


def test_one_stopped_amid_what_it_hears_ends_in_order(language: str, amqp_url: str, outside: Outside) -> None:
    with Peer(amqp_url, "boss") as boss:
        contractor = outside.start(language, SKILL, "deliver")
        contractor.popen.send_signal(signal.SIGSTOP)
        for index in range(300):
            boss.say(contractor.agent, "cfp", cfp(), conversation_id=f"talk-{index}")
        contractor.popen.send_signal(signal.SIGTERM)  # it finds that when it goes on
        contractor.popen.send_signal(signal.SIGCONT)
        assert contractor.stop() == 0, contractor.printed()[-2000:]
        assert len(contractor.lines("said")) < 300  # whoever is this agent next hears the rest


# ---- their size


def test_each_is_under_200_lines_of_code() -> None:
    """Lines that hold code: blank ones, comments and docstrings are not counted."""
    with tokenize.open(PROGRAMS / "contractor.py") as file:
        tokens = list(tokenize.generate_tokens(file.readline))
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for before, token in zip([tokens[0], *tokens], tokens, strict=False):
        docstring = token.type == tokenize.STRING and before.type in layout
        if token.type not in layout and not docstring:
            lines |= set(range(token.start[0], token.end[0] + 1))
    assert 100 < len(lines) < 200
    script = (PROGRAMS / "contractor.mjs").read_text().splitlines()
    assert 100 < len([line for line in script if line.strip() and not line.strip().startswith("//")]) < 200


def test_none_of_it_is_ours() -> None:
    assert "contractnet" not in (PROGRAMS / "contractor.py").read_text().partition('"""')[2].partition('"""')[2]
    assert "resolved" not in (ROOT / "tests" / "acceptance" / "outside" / "package-lock.json").read_text()
