"""What a recorded conversation tells as arrows and notes: groups, states, calls one after another, crowds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contractnet.cli.lanes import MOST_LANES
from contractnet.cli.sequence import story
from contractnet.cli.story import Arrow, Item, Note, Story
from contractnet.contractor.records import Began, Finished, Stopped
from contractnet.ledger.port import Entry
from tests.support.bench import Bench
from tests.support.ledgers import LEDGERS
from tests.support.side import Side


def of(entries: Iterable[Entry], tender: str = "t") -> Story:
    return story([entry for entry in entries if entry.conversation.partition(".")[0] == tender])


def told(items: Sequence[Item]) -> list[str]:
    """Each item in a line, its rarer words left out."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, Note):
            lines.append(f"{item.over}: {item.text()}")
        else:
            lines.append(f"{item.sender} > {' '.join(item.receivers)}: {item.text()}")
    return lines


def among(lines: Sequence[str], *wanted: str) -> bool:
    """Whether these beginnings and ends of lines come in this order; `...` stands between them."""
    found = iter(lines)
    return all(any(matches(line, one) for line in found) for one in wanted)


def matches(line: str, wanted: str) -> bool:
    begin, _, end = wanted.partition("...")
    return line.startswith(begin) and line.endswith(end)


def test_a_tender_from_its_opening_to_its_end() -> None:
    made = of(LEDGERS["settled"]().entries)
    assert made.lanes == ("mgr", "a", "b", "c")
    assert among(
        told(made.items),
        "mgr: tender opened...",
        "mgr: call 1: a, b, c expected to answer [conversation COLLECTING]",
        "mgr > a b c: cfp...",
        "a > mgr: propose...[PROPOSED]",
        "mgr: decided by best-value: a ...[conversation EVALUATING, AWAITING; HELD b]",
        "mgr: slot 1 epoch 1 awarded to a at 0.03",
        "mgr > a: accept-proposal...[AWARDED]",
        "mgr > c: reject-proposal over-reserve [REJECTED]",
        "a > mgr: inform result...[DONE]",
        "mgr > b: reject-proposal outbid [REJECTED]",
        "mgr: call closed: ok [conversation CLOSED_OK]",
        "mgr: tender ended: settled, a for 0.03 USD",
        "mgr: judged bad: too short",
    )


def test_timers_frees_and_the_truth_of_a_cancel_are_notes() -> None:
    made = of(LEDGERS["troubled"]().entries)
    assert among(
        told(made.items),
        "mgr: gone: c",
        "mgr: timer reply fired [conversation EVALUATING, AWAITING; SILENT c, d; HELD b]",
        "mgr: check of slot 1 epoch 1: not ok: not good",
        "mgr: slot 1 lost by a: check; epoch is 2 now",
        "mgr: lease of slot 1 epoch 2 lapsed [conversation CLOSED_FAILED]",
        "mgr > b: cancel lease-expired [CANCELLING]",
        "mgr: call 2: a expected to answer [conversation COLLECTING]",
        "mgr: was away...",
        "mgr: call 3: a, e expected to answer [conversation COLLECTING]",
        "mgr: cancel asked for: user [conversation CANCELLING]",
        "mgr > a e: cancel user [CANCELLING]",
        "a > mgr: failure cancel cannot-stop [CANCEL_FAILED]",
        "mgr: timer cancel:b fired [CANCEL_UNANSWERED b]",
        "mgr: call closed: cancelled (user); a could-not-stop; e unanswered",
        "mgr: tender ended: cancelled (user)",
    )
    lost = [item for item in made.items if isinstance(item, Arrow) and item.lost]
    assert [item.sender for item in lost] == ["b"]


def test_rounds_and_mediation_are_in_the_drawing() -> None:
    made = of(LEDGERS["disputed"]().entries)
    assert made.lanes == ("mgr", "a", "b", "c", "arbiter")
    assert among(
        told(made.items),
        "mgr: decided by lowest-price, round 2 follows: a ...[conversation EVALUATING, COLLECTING]",
        "mgr > a b: cfp text.summarise round 2 of 2...[REINVITED]",
        "mgr > c: reject-proposal not-shortlisted [REJECTED]",
        "mgr: decided by lowest-price, a mediator is asked: ...[conversation EVALUATING, MEDIATING]",
        "mgr > arbiter: request choice among 2 offers: round, none, answer within 10 s [ASKED]",
        "arbiter > mgr: inform choice offer o_nobody [REASKED]",
        "arbiter > mgr: inform choice round [CHOSEN]",
        "mgr: mediator arbiter chose round [conversation COLLECTING]",
        "mgr > a b: reject-proposal over-reserve [REJECTED]",
    )
    assert not [line for line in told(made.items) if " (of t.1" in line]


def test_a_message_of_an_earlier_call_says_so() -> None:
    bench = Bench()
    bench.start("a", "b")
    first, asked = bench.call, bench.cfp_id()
    bench.refuse("a", "busy")
    bench.refuse("b", "busy")
    bench.wait(2_000)
    late = bench.proposal("b", conversation_id=first.conversation, in_reply_to=asked)
    bench.invite("a", "b")
    bench.hear(late)
    lines = told(of(bench.entries).items)
    assert among(lines, "mgr: call 2...", "b > mgr: propose... (of t.1)", "mgr > b: reject-proposal late... (of t.1)")


def test_a_journal_shows_the_agents_side() -> None:
    side = Side("x")
    act = side.cfp_act()
    side.hear(act)
    side.agent = "y"
    side.hear(act)
    side.decline()
    side.agent = "x"
    side.bid()
    side.accept()
    side.step(Began(attempt=1))
    side.cancel()
    side.step(Stopped())
    assert told(of(side.entries).items) == [
        "mgr > x y: cfp text.summarise, answers within 20 s: Summarise [DELIBERATING]",
        "y > mgr: refuse unfit [CLOSED]",
        "x > mgr: propose 0.01 USD, eta 5 s, confidence 90 % [OFFERED]",
        "mgr > x: accept-proposal at 0.01, slot 1 epoch 1, result within 600 s, lease 60 s [COMMITTED]",
        "x: work begins, attempt 1",
        "mgr > x: cancel user [CANCELLING]",
        "x > mgr: inform cancelled [CANCELLED]",
    ]
    assert of(side.entries).lanes == ("mgr", "x", "y")


def test_a_mediators_journal() -> None:
    side = Side("arbiter")
    side.conversation = "t.1.m"
    side.request(60_000, 70_000)
    lines = told(of(side.entries).items)
    assert lines == ["mgr > arbiter: request choice among 2 offers: offer, round, none, answer within 10 s [THINKING]"]


# ---- crowds


def crowd(count: int) -> Bench:
    names = [f"w{number:03}" for number in range(count)]
    bench = Bench()
    bench.start(*names)
    for number, name in enumerate(names):
        if number % 10 == 3:
            bench.refuse(name, "busy")
        elif number % 10 != 4:
            bench.propose(name, 45_000 - number * 10)
    bench.wait(25_000)
    return bench


def test_of_a_crowd_those_are_drawn_to_whom_something_happened() -> None:
    bench = crowd(150)
    winner = bench.slot.holder or ""
    bench.fail(winner)
    made = of(bench.entries)
    lines = told(made.items)
    assert made.lanes == ("mgr", "w148", "w149", "148 others")
    assert len(lines) < 25
    assert among(
        lines,
        "mgr: call 1: w000, w001, w002, w003, w004 and 145 more expected to answer...",
        "mgr > w148 w149 148 others: cfp...",
        "148 others > mgr: propose of 118: w000, w001, w002, w005, w006 and 113 more; refuse of 15: w003, w013, ...",
        "w149 > mgr: propose...[PROPOSED]",
        "mgr: timer reply fired [...",
        "mgr: decided by lowest-price: w149 ...; and 145 more",
        "mgr > w149: accept-proposal...",
        "mgr > 148 others: reject-proposal outbid (to 118 of the others) [REJECTED]",
        "w149 > mgr: failure error...",
        "mgr > w148: accept-proposal...",
    )
    assert "SILENT w004, w014, w024, w034, w044 and 10 more" in "".join(lines)


def test_everybody_has_a_lifeline_up_to_a_number() -> None:
    assert len(of(crowd(MOST_LANES - 1).entries).lanes) == MOST_LANES
    more = of(crowd(MOST_LANES).entries)
    assert len(more.lanes) < MOST_LANES
    assert more.lanes[-1].endswith(" others")


def test_lifelines_are_never_more_than_the_most() -> None:
    bench = Bench()
    bench.start(*[f"w{number:02}" for number in range(40)])
    for number in range(40):
        bench.propose(f"w{number:02}", unit="EUR")  # each is told for itself what was wrong
    made = of(bench.entries)
    assert len(made.lanes) == MOST_LANES
    assert [line for line in told(made.items) if line.startswith("mgr > 30 others: to w10: not-understood")]


def test_nothing_to_tell() -> None:
    assert story([]) == Story((), ())
    assert told(of(Side().entries, "d").items) == []
    side = Side()
    side.cfp()
    side.bid()
    side.accept()
    side.step(Finished(result={"ok": 1}))
    assert among(told(of(side.entries).items), "x > mgr: inform result {...[DONE]")
