"""What a daemon is called, what it once hosted, and what it refuses before it opens anything."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from contractnet.agent.daemon import Daemon, Plan, daemon_name, once_hosted
from contractnet.contractor.ports import Agent, Award, Call, Proposal
from contractnet.contractor.records import Hosted, Seeded
from contractnet.contractor.replay import Diary
from contractnet.contractor.settings import Settings
from contractnet.errors import DefinitionError
from contractnet.ledger.memory import MemoryLedger


async def bid(call: Call) -> Proposal:
    return Proposal(price="0.01", eta=5)


async def perform(award: Award) -> dict[str, object]:
    return {}


ADA = Agent("ada", ("text.count",), 1, bid, perform)


def silent(line: str) -> None:
    """Nothing is looked at."""


def test_a_daemon_of_one_agent_is_called_like_it() -> None:
    assert daemon_name(["ada"]) == "ada"


def test_a_daemon_of_several_is_called_after_all_in_any_order() -> None:
    name = daemon_name(["bob", "ada"])
    assert name == daemon_name(["ada", "bob"]) == "d_" + hashlib.sha256(b"ada\nbob").hexdigest()[:8]
    assert name != daemon_name(["ada", "bo", "b"])


def test_a_name_that_is_given_counts_if_it_is_an_id() -> None:
    assert daemon_name(["ada", "bob"], "shop") == "shop"
    with pytest.raises(DefinitionError, match="the daemon's name: 'My Shop' is not a valid id"):
        daemon_name(["ada"], "My Shop")


async def test_all_that_was_ever_hosted_is_known() -> None:
    journal = MemoryLedger("d", "journal", 0)
    diary = Diary("d", Settings().timers)
    for record in (
        Seeded(seed="0" * 32),
        Hosted(agents={"ada": ["a.b"], "bob": ["a.c"]}),
        Hosted(agents={"ada": ["a.d"]}),
    ):
        await journal.append([writing.draft for writing in diary.loose("d", "daemon", record, 1)])
    assert once_hosted(journal.entries()) == {"ada": ["a.b", "a.d"], "bob": ["a.c"]}


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(broker="memory://"), "no manager can reach a worker there"),
        (Plan(broker="http://x"), "has no scheme that we know"),
        (Plan(broker="amqp://u:p@h/", journal="memory://"), "journal must outlive it"),
        (Plan(broker="amqp://u:p@h/", journal="redis://x"), "is no ledger"),
        (Plan(broker="amqp://u:p@h/", name="A B"), "the daemon's name"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DefinitionError, match=said):
        Daemon([ADA], plan, silent)
    assert list(tmp_path.iterdir()) == []


def test_the_journal_is_called_after_the_daemon() -> None:
    assert Daemon([ADA], Plan(broker="amqp://h/"), silent).journal_url == "ada.journal.db"
