"""`contractnet log --stats`: what counts as a deal and a payoff on a live ledger, and whether the rate has fallen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.json import encode as encode_json
from msgspec.structs import replace

from contractnet.bargaining.records import BargainCalledOff, BargainMediated
from contractnet.cli.log_bargains import bargainings
from contractnet.cli.log_outcomes import Read, outcomes
from contractnet.cli.main import run
from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Entry
from contractnet.ledger.records import HeardTurn
from contractnet.manager.records import Judged
from contractnet.mechanisms.bargaining.monitor import Payoff
from contractnet.messages.bargaining import BargainReject, EndingContent
from contractnet.messages.values import CancelReason, EndReason
from tests.support.bargaining_bench import BargainingBench
from tests.support.bench import NOW, Bench
from tests.support.haggle import CONVERSATION, Pair
from tests.support.ledgers import LEDGERS
from tests.support.side import Side

Save = Callable[[str, Sequence[Entry]], str]
Captured = pytest.CaptureFixture[str]


def read(name: str) -> Read:
    return outcomes(LEDGERS[name]().entries)


def market(goods: Sequence[bool], prefix: str = "t", **terms: Any) -> Bench:
    """A tender for each: a bid at 0.01, 0.02, 0.03, 0.01 and so on with a good result, or nobody there."""
    bench = Bench()
    for number, good in enumerate(goods):
        name = f"{prefix}{number}"
        bench.open(name, **terms)
        if good:
            bench.invite("a", tender_id=name)
            bench.propose("a", 10_000 * (1 + number % 3), unit=terms.get("unit", "USD"))
            bench.result("a")
        else:
            bench.wait(40_000)
    return bench


def test_a_later_verdict_decides_whether_it_was_a_deal() -> None:
    (bad,) = read("settled").outcomes
    assert (bad.name, bad.deal, bad.reason, bad.payoff) == ("t", False, "judged-bad", None)
    bench = market([True])
    bench.record(bench.book.loose("t0", Judged(ok=False), bench.now))
    bench.record(bench.book.loose("t0", Judged(ok=True), bench.now))
    (good,) = outcomes(bench.entries).outcomes
    assert good.deal
    assert good.payoff == Payoff(amount=40_000, of=50_000, unit="USD", against="reserve")


def test_what_is_no_outcome_is_counted_apart() -> None:
    lost = read("lost")
    assert [(one.name, one.deal, one.reason) for one in lost.outcomes] == [
        ("u", False, "no-bidders"),
        ("v", False, "refused"),
    ]
    assert (lost.running, lost.called_off) == (1, 0)
    troubled = read("troubled")
    assert (troubled.outcomes, troubled.running, troubled.called_off) == ((), 0, 1)


def test_parts_and_bundles_have_the_reserve_of_what_was_filled() -> None:
    """Divided: two parts are paid at 0.04, then three, by the second price; bundled: the second-best allocations."""
    for name, reserve in (("divided", {1: 50_000}), ("bundled", {1: 40_000, 2: 39_000})):
        bench = LEDGERS[name]()
        (found,) = outcomes(bench.entries).outcomes
        filled = json.loads([one for one in bench.entries if one.type == "Ended"][-1].body)["filled"]
        worth = sum(reserve.get(one["slot"], 50_000) * one.get("parts", 1) for one in filled)
        assert worth == {"divided": 5 * 50_000, "bundled": 79_000}[name]
        payoff = worth - sum(one["price"] for one in filled)
        assert found.payoff == Payoff(amount=payoff, of=worth, unit="USD", against="reserve")


def test_without_a_reserve_the_best_loser_is_the_measure_or_nothing_is() -> None:
    bench = Bench()
    bench.open("t", reserve=None)
    bench.invite("a", "b", "c")
    for agent, price in (("a", 20_000), ("b", 27_000), ("c", 31_000)):
        bench.propose(agent, price)
    bench.result("a")
    bench.open("u", reserve=None)
    bench.invite("a", tender_id="u")
    bench.propose("a", 20_000)
    bench.result("a")
    one, other = outcomes(bench.entries).outcomes
    assert one.payoff == Payoff(amount=7_000, of=27_000, unit="USD", against="losing-offer")
    assert other.deal
    assert other.payoff is None


def test_the_figures_of_a_ledger(save: Save, capsys: Captured) -> None:
    ledger = save("market", market([True, True, True, False]).entries)
    assert run(["log", ledger, "--stats"]) == 0
    captured = capsys.readouterr()
    rows = {line.split("  ")[0]: line.split("  ")[-1].strip() for line in captured.out.splitlines()}
    assert rows["counted"] == "4"
    assert rows["deals, %"] == "75.0 (30.1 to 95.4)"
    assert rows["no deal: no-bidders"] == "1"
    assert rows["payoff against reserve, USD: mean"] == "0.0300 (0.0187 to 0.0413)"
    assert rows["payoff against reserve, USD: variance of the share"] == "0.0400"
    assert "the deal rate: no fall seen in 0 looks; the next look is in 96 tenders" in captured.out
    assert "too few to compare the earlier half" in captured.out
    assert captured.err == ""


def test_a_fall_is_seen_and_is_the_exit_code(save: Save, capsys: Captured) -> None:
    ledger = save("market", market([True] * 10 + [False] * 5).entries)
    assert run(["log", ledger, "--stats", "--block", "5", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["fall"]["first"], found["fall"]["look"], found["fall"]["block"]["count"]) == (10, 2, 0)
    assert (found["deals"]["count"], found["deals"]["of"], found["block"], found["alpha"]) == (10, 15, 5, 50_000)
    assert found["payoffs"][0]["spread"]["p"] > 50_000
    assert run(["log", ledger, "--stats", "--block", "5"]) == 1
    assert "THE DEAL RATE HAS FALLEN: 100.0 (72.2 to 100.0) % of the 10 before" in capsys.readouterr().out
    assert run(["log", ledger, "--stats"]) == 0  # at 50 a look there was none yet


def test_several_ledgers_stand_beside_each_other_and_together(save: Save, capsys: Captured) -> None:
    one = save("one", market([True, True], "s").entries)
    other = save("other", market([True, False], "u", unit="EUR").entries)
    assert run(["log", one, other, "--stats", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["deals"]["count"], line["deals"]["of"], len(line["payoffs"])) for line in found] == [
        (2, 2, 1),
        (1, 2, 1),
        (3, 4, 2),
    ]
    assert found[2]["ledger"] == "all together"
    assert run(["log", one, other, "--stats"]) == 0
    assert "all together: payoffs against reserve, EUR: too few" in capsys.readouterr().out


def test_only_those_that_ended_in_a_time(save: Save, capsys: Captured) -> None:
    bench = market([True, False, False])
    ends = [one.at for one in bench.entries if one.type == "Ended"]
    ledger = save("market", bench.entries)
    assert run(["log", ledger, "--stats", "--since", str(ends[1]), "--until", str(ends[2]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deals"] == {"count": 0, "of": 1, "rate": 0, "low": 0, "high": 793_451}


def test_a_journal_without_a_bargaining_has_nothing_to_say(save: Save, capsys: Captured) -> None:
    entries = list(Places().place([founding_draft(Kind.JOURNAL, "d", NOW)]))
    assert run(["log", save("journal", entries), "--stats"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        "",
        "contractnet log: no bargaining there; how tenders end stands in the manager's ledger\n",
    )


def bargained() -> BargainingBench:
    """A call that bargains: with one agent a price is agreed, another declines."""
    bench = BargainingBench()
    bench.haggle({"a": 40_000, "b": 45_000})
    bench.bargain(a=10_000)
    return bench


def test_bargainings_are_counted_for_themselves(save: Save, capsys: Captured) -> None:
    bench = bargained()
    found = bargainings(bench.entries)
    deal, declined = sorted(found.outcomes, key=lambda one: not one.deal)
    assert (declined.deal, declined.reason) == (False, "declined")
    price = bench.agreed["a"]  # the manager's limit was what the agent had asked in the call
    assert deal.payoff == Payoff(amount=40_000 - price, of=40_000, unit="USD", against="own-reservation")
    ledger = save("market", bench.entries)
    assert run(["log", ledger, "--stats", "--json"]) == 0
    tenders, talks = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (tenders["kind"], tenders["running"], tenders["deals"]["of"]) == ("tenders", 1, 0)
    assert (talks["kind"], talks["deals"]["count"], talks["deals"]["of"]) == ("bargainings", 1, 2)
    assert run(["log", ledger, "--stats"]) == 0
    out = capsys.readouterr().out
    assert "no deal: declined" in out
    assert "the next look is in 98 bargainings" in out


def test_bargainings_that_run_are_called_off_or_whose_end_is_not_known(save: Save) -> None:
    bench = BargainingBench()
    bench.haggle({"a": 40_000, "b": 45_000})
    assert (bargainings(bench.entries).running, bargainings(bench.entries).outcomes) == (2, ())
    for talk in bench.talks.values():
        bench.act(talk, BargainCalledOff(reason=CancelReason.USER))
    bench.wait(600_000)
    found = bargainings(bench.entries)
    assert (found.running, found.outcomes, found.called_off + found.unknown) == (0, (), 2)


def test_an_act_of_a_bargaining_that_nobody_knows_is_none() -> None:
    side = Side("a", "a")
    for number in range(3):
        content = EndingContent(reason=EndReason.WALKED_AWAY)
        act = BargainReject(
            message_id=f"x{number}",
            reply_with=f"x{number}",
            conversation_id=f"none{number}",
            protocol="contractnet-bargaining",
            sender="p",
            daemon="p",
            receiver="a",
            content=content,
        )
        side.conversation = act.conversation_id
        side.record(side.diary.step("a", act.conversation_id, HeardTurn(message=act, digest="d" * 64, lane="bid"), NOW))
    assert (bargainings(side.entries).running, bargainings(side.entries).outcomes) == (0, ())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{ledger}", "{ledger}", "--stats"], "both hold t0: name one of them"),
        (["{ledger}", "--stats", "--follow", "--agent", "a"], "leave --agent out"),
        (["{ledger}", "{ledger}"], "name one ledger; several are for --stats"),
    ],
)
def test_what_is_refused(arguments: list[str], said: str, save: Save, capsys: Captured) -> None:
    ledger = save("market", market([True]).entries)
    assert run(["log", *(one.format(ledger=ledger) for one in arguments)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_it_fits_terminals(columns: str, save: Save, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = save("market", market([True] * 6).entries)
    monkeypatch.chdir(ledger.rpartition("/")[0])
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("contractnet.cli.screen.is_terminal", lambda: True)
    assert run(["log", "market.jsonl", "--stats"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= int(columns)


def test_what_a_mediator_found_and_the_own_guard_took_is_a_deal() -> None:
    pair = Pair(turns=2)
    pair.open(limit=30_000_000)
    pair.deliver()
    pair.take(limit=40_000_000)
    pair.play()
    entries = Places().place([writing.draft for writing in pair.written["buyer"]])
    assert [one.deal for one in bargainings(entries).outcomes] == [False]
    for taken in (False, True):
        body = encode_json(BargainMediated(taken=taken, rung="single-text", terms=(25_000_000,))).decode()
        told = replace(
            entries[-1], type="BargainMediated", conversation=f"{CONVERSATION}.m0", body=body, direction=None
        )
        (found,) = bargainings([*entries, told]).outcomes
        assert found.deal is taken
    assert found.payoff == Payoff(amount=5_000_000, of=30_000_000, unit="USD", against="own-reservation")
