"""`contractnet bargain --with AGENT`, in this process: what it takes, what it shows of every end, how it goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from contractnet.bargaining.opening import BargainOptions
from contractnet.bargaining.player import Owed
from contractnet.bargaining.strategist import Strategist
from contractnet.cli.bargain_live import Asked, LiveBargain
from contractnet.cli.bargain_live_view import View
from contractnet.cli.exits import Interrupted
from contractnet.cli.main import run
from contractnet.errors import DefinitionError
from contractnet.market.market import Market
from contractnet.mediators.scripted import arbiter
from tests.unit.market.test_bargains import BUYER, ISSUES, agent, sells

LIMIT = "0.051237"
PRICE: BargainOptions = {"limit": LIMIT, "high": "0.09", "turns": 6, "within": 5}
#: no broker: what is wrong is told before one is looked for
LIVE = ["bargain", "--with", "ada", "A report"]
GIVEN = [*LIVE, "--limit", "1", "--high", "2"]


async def held(
    capsys: pytest.CaptureFixture[str],
    subject: str = "a report",
    options: BargainOptions = PRICE,
    *,
    name: str = "ada",
    key: str | None = None,
    ledger: str = "memory://",
    as_json: bool = False,
    player: Strategist | None = None,
) -> tuple[LiveBargain, list[str]]:
    """One bargaining with an agent of this process, and the lines that it showed."""
    market = Market.open("memory://", agents=[agent(player=player), arbiter], ledger=ledger)
    live = LiveBargain(market, Asked(name, subject, options, key, 0), View(name, ledger, as_json=as_json))
    async with asyncio.timeout(30):
        await live.run()
    return live, capsys.readouterr().out.splitlines()


async def test_turns_are_shown_and_then_the_agreement(capsys: pytest.CaptureFixture[str]) -> None:
    live, lines = await held(capsys)
    assert lines[:2] == [
        "we   request to bargain over price 0 to 0.09 USD in 6 turns of 5 s: a report",
        "ada  agree to bargain",
    ]
    assert lines[2] == "we   propose 0 USD, turn 1 of 6"
    assert lines[3] == "ada  propose 0.09 USD, turn 2 of 6: offer 0.09 USD"
    assert lines[-1].startswith("agreed with ada: 0.0")
    assert not live.nobody
    assert LIMIT not in "".join(lines)
    assert "private" in repr(live._asked)


async def test_several_issues_are_shown_by_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    options: BargainOptions = {"issues": ISSUES, "preferences": BUYER, "strategy": "micro", "turns": 40}
    _, lines = await held(capsys, options=options)
    assert lines[2].startswith("we   propose speed fast, report long, turn 1 of 40")
    assert lines[-1].startswith("agreed with ada: speed ")


@pytest.mark.parametrize(
    ("subject", "options", "said"),
    [
        ("a lamp", {}, "declined: ada does not bargain over this: policy: no lamps"),
        ("a report", {"limit": "0.01", "turns": 4}, "no agreement: the turns are over"),
        ("a report", {"limit": "0.01", "low": "0.02"}, "no agreement: we walk away"),
        (
            "a report",
            {"limit": "0.01", "turns": 4, "mediator": "arbiter", "ladder": ["sealed-reservations"]},
            "no agreement: the turns are over, and the mediator arbiter found nothing that both take "
            "(sealed-reservations)",
        ),
        (
            "a report",
            {"limit": "0.03", "turns": 1, "mediator": "arbiter", "ladder": ["sealed-reservations"]},
            "agreed with ada: 0.025 USD, by the mediator's sealed-reservations",
        ),
    ],
)
async def test_why_it_ended_is_said(subject: str, options: Any, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    live, lines = await held(capsys, subject, {**PRICE, **options})
    assert lines[-1] == said
    assert not live.nobody


async def test_nobody_of_that_name_is_another_thing_than_a_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    live, lines = await held(capsys, name="nobody")
    assert lines[-1] == "declined: nobody behind this broker is called nobody"
    assert live.nobody


async def test_who_is_not_heard_is_asked_nonetheless(capsys: pytest.CaptureFixture[str]) -> None:
    market = Market.open("memory://", agents=[agent()], ledger="memory://")
    live = LiveBargain(market, Asked("nobody", "a report", PRICE, None, 0.1), View("nobody", "memory://", as_json=True))
    await live.run()
    assert live.nobody
    assert "nobody was not heard in 0.1 s; asking nonetheless" in capsys.readouterr().err


async def test_json_is_one_object_with_the_outcome_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    _, (line,) = await held(capsys, as_json=True)
    found = json.loads(line)
    assert found["status"] == "agreed"
    assert found["outcome"] == f"agreed with ada: {found['price']} USD, in {found['turns']} turns"
    assert [act["act"] for act in found["acts"]][:3] == ["request", "agree", "propose"]
    assert "51237" not in line


async def test_one_key_is_one_bargaining_and_no_key_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = str(tmp_path / "own.db")
    found = []
    for key in ("one", "one", None, None):
        _, (line,) = await held(capsys, key=key, ledger=ledger, as_json=True)
        found.append(json.loads(line))
    assert found[0] == found[1]
    assert len({one["conversation_id"] for one in found}) == 3
    with pytest.raises(DefinitionError, match="holds another bargaining under it"):
        await held(capsys, "another report", key="one", ledger=ledger)
    assert capsys.readouterr().out == ""


class Waiting(Strategist):
    """Begins to word its first turn, and has the process interrupted."""

    async def word(self, owed: Owed) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)
        return ""


async def test_a_signal_calls_it_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = str(tmp_path / "own.db")
    with pytest.raises(Interrupted, match="how it ended stands above"):
        await held(capsys, ledger=ledger, player=Waiting(sells, "template"))
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "no agreement: called off"
    assert "calling it off; a second signal ends at once" in captured.err


# ---- what is typed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bargain", "--with", "ada"], "--with: name one subject, what the deal is about"),
        ([*GIVEN, "another"], "--with: name one subject"),
        (LIVE, "a live bargaining needs --limit, the most that you pay or the least that you take"),
        ([*LIVE, "--limit", "1"], "and --high, a bound that the agent is told"),
        ([*GIVEN, "--prior", "uniform"], "--prior: it belongs to experiments; leave it out, or leave --with out"),
        ([*GIVEN, "--list"], "--list: it belongs to experiments"),
        (["bargain", "linear", "linear", "--limit", "1"], "--limit: it belongs to a live bargaining; add --with AGENT"),
        (["bargain", "linear", "linear", "--broker", "amqp://x/"], "--broker: it belongs to a live bargaining"),
        ([*LIVE, "--limit", "1,5", "--high", "2"], "limit: '1,5' is not an amount"),
        ([*LIVE, "--limit", "3", "--high", "2", "--side", "seller"], "limit: no price between low and high"),
        ([*GIVEN, "--low", "1.5"], "limit: no price between low and high is within it"),
        ([*GIVEN, "--low", "2"], "low, high: there is nothing between 2 and 2"),
        ([*GIVEN, "--tick", "5"], "tick: it must be over 0, and no more than what lies between"),
        ([*GIVEN, "--opening", "1.5"], "opening: your first offer is worse for you than your limit"),
        ([*GIVEN, "--opening", "0.5", "--side", "seller"], "opening: your first offer is worse for you"),
        ([*GIVEN, "--ladder", "standing-offers"], "--ladder: it needs a --mediator to climb it"),
        ([*GIVEN, "--mediator", "judge", "--ladder", "A b"], "ladder"),
        ([*GIVEN, "--mediate-within", "60"], "--mediate-within: nobody mediates; name a --mediator"),
        ([*GIVEN, "--turn-within", "0"], "within: 0.0 is not a number of seconds from 0.01"),
        ([*GIVEN, "--strategy", "luck"], "strategy 'luck' is not known; there are: og-linear"),
        ([*GIVEN, "--unit", "a b"], "unit: 'a b' is not a valid unit"),
        ([*GIVEN, "--key", ""], "key: '' is not a text of 1 to 200 characters"),
        ([*GIVEN, "--broker", "memory://"], "name a broker, amqp://USER:PASSWORD@HOST/"),
        (["bargain", "--with", "Ada", *GIVEN[3:]], "agent: 'Ada' is not a valid id"),
        (["bargain", "--with", "ada", " ", *GIVEN[4:]], "the subject: write what the deal is about"),
        ([*GIVEN, "--name", "ada"], "--name, --with: you are called like the agent"),
    ],
)
def test_what_is_wrong_is_said_before_a_broker_is_looked_for(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("contractnet bargain: ")
    assert said in captured.err


def test_the_other_modes_options_may_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONTRACTNET_LIMIT", "1")
    monkeypatch.setenv("CONTRACTNET_SEED", "3")
    assert run(["bargain", "linear", "linear", "--trials", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seed"] == 3
    assert run([*LIVE, "--high", "2", "--opening", "1.5"]) == 2
    assert "opening: your first offer is worse for you than your limit" in capsys.readouterr().err
