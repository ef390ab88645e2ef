"""`contractnet audit`: the money of a ledger counted again; what was bought beside what bidding cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contractnet import Task
from contractnet.cli.audit_money import MoneyAudit
from contractnet.cli.main import run
from contractnet.ledger.port import Draft, Entry
from contractnet.ledger.records import Asked
from contractnet.ledger.urls import open_ledger, open_reader
from contractnet.messages.codec import canonical
from tests.support.bench import Bench
from tests.support.ledgers import LEDGERS, body, leaf, replaced
from tests.unit.market.test_market import SKILL, agent, market


def counted(entries: list[Entry]) -> tuple[MoneyAudit, list[str]]:
    audit = MoneyAudit()
    return audit, [line for entry in entries for line in audit.take(entry)]


@pytest.mark.parametrize("name", LEDGERS)
def test_a_ledger_adds_up_as_its_accounts_do(name: str) -> None:
    bench: Bench = LEDGERS[name]()
    audit, wrong = counted(bench.entries)
    assert wrong == []
    for account in bench.book.accounts.tree():
        mine = (audit.granted(account.name), audit.held(account.name), audit.spent(account.name))
        assert mine == (account.granted, account.held, account.spent)
        assert audit.released(account.name) == account.released


def place(entries: list[Entry], kind: str, number: int = 0) -> int:
    return [at for at, entry in enumerate(entries) if entry.type == kind][number]


def planted(name: str, kind: str, path: tuple[Any, ...], value: Any, number: int = 0) -> list[str]:
    """What is said of a ledger in which one value was changed."""
    entries = list(LEDGERS[name]().entries)
    at = place(entries, kind, number)
    tree = msgspec.json.decode(entries[at].body)
    assert leaf(tree, path) != value
    entries[at] = msgspec.structs.replace(entries[at], body=body(replaced(tree, path, value)))
    return counted(entries)[1]


@pytest.mark.parametrize(
    ("name", "kind", "path", "value", "said"),
    [
        ("limited", "Granted", ("amount",), 59_999, "the market is granted 0.059999, and 0.06 is held and spent"),
        ("limited", "Held", ("amount",), 60_001, "account team-a is granted 0.06, and 0.060001 is held and spent"),
        ("limited", "Held", ("unit",), "EUR", "holds EUR, and the budget is in USD"),
        ("limited", "AccountClosed", ("released",), 40_001, "account team-a says it released 0.040001"),
        ("limited", "Answered", ("choice",), "wait", "and 0.12 is held and spent"),
        ("limited", "Ended", ("released",), 30_001, "tender t held 0.05, and spent 0.02 + released 0.030001"),
        ("limited", "Ended", ("spent",), 20_001, "tender t spent 0.020001, and that is not what its slots cost"),
        ("limited", "Ended", ("filled", 0, "price"), 1, "tender t pays a 0.000001: no award of slot 1 says so"),
        ("limited", "Awarded", ("price",), 19_999, "tender t awards a 0.019999: it did not ask that"),
        ("limited", "Awarded", ("price",), 50_001, "tender t awards 0.050001, over the most that may be paid"),
        ("limited", "Awarded", ("offer",), "o_z", "it did not ask that"),
        ("limited", "Opened", ("account",), "team-z", "account team-z was never granted anything"),
        ("divided", "Awarded", ("parts",), 6, "tender t awards a 0.09: it did not ask that"),
        ("divided", "Awarded", ("price",), 150_001, "tender t awards 0.150001, over the most that may be paid"),
        ("bundled", "Awarded", ("items",), ["y"], "tender t awards a 0.04: it did not ask that"),
        ("bundled", "Awarded", ("price",), 40_001, "tender t awards 0.040001, over the most that may be paid"),
        ("settled", "Held", ("amount",), "much", "a `Held` entry is not possible here"),
    ],
)
def test_a_planted_violation_is_found(name: str, kind: str, path: tuple[Any, ...], value: Any, said: str) -> None:
    number = 1 if (kind, path) == ("Answered", ("choice",)) else 0
    found = planted(name, kind, path, value, number)
    assert any(said in line for line in found), found
    assert all(line.startswith("position ") for line in found)


def test_a_second_hold_and_one_of_a_closed_account_are_found() -> None:
    entries = list(LEDGERS["limited"]().entries)
    held = entries[place(entries, "Held")]
    assert any("a second time" in line for line in counted([*entries, held])[1])
    closed = place(entries, "AccountClosed")
    early = [*entries[: place(entries, "Held")], entries[closed], *entries[place(entries, "Held") : closed]]
    assert any("which is closed" in line for line in counted(early)[1])


async def bought(ledger: Path) -> list[str]:
    """Two tenders in a child account; ada wins both, bob's bids are lost. Returns the conversations."""
    agents = [agent("ada", "0.03"), agent("bob", "0.04")]
    async with market(agents, str(ledger), budget="1.00") as here, here.child("team-a", budget="0.10") as child:
        contracts = [await child.tender(Task(f"t{n}", SKILL), reserve="0.05", rule="second-price") for n in range(2)]
        for contract in contracts:
            await contract.ended()
    return [contract.conversation_id or "" for contract in contracts]


async def journal(path: Path, name: str, conversations: list[str]) -> None:
    """What the models of an agent cost: for a bid 0.001 each, and for work 0.005."""
    own = open_ledger(str(path), kind="journal", owner=name, now=1)
    drafts = [
        Draft(
            agent=name,
            conversation=conversation,
            version=version,
            type="Asked",
            at=1,
            body=canonical(
                Asked(
                    purpose="estimate" if version == 1 else "perform",
                    endpoint="h:1/m",
                    prompt="d" * 64,
                    request="d" * 64,
                    request_bytes=9,
                    outcome="ok",
                    tokens_in=100,
                    tokens_out=20,
                    cost=1_000 if version == 1 else 5_000,
                )
            ).decode(),
        )
        for conversation in [*conversations, "of another manager"]
        for version in ((1, 2) if name == "ada" else (1,))
    ]
    await own.append(drafts)
    await own.aclose()


async def test_what_was_bought_stands_beside_what_bidding_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "m.db"
    conversations = await bought(ledger)
    for name in ("ada", "bob"):
        await journal(tmp_path / f"{name}.db", name, conversations)
    arguments = ["audit", str(ledger), "--journal", str(tmp_path / "ada.db"), "--journal", str(tmp_path / "bob.db")]
    assert run(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines]
    assert rows[1] == ["(the", "market)", "1", "0", "0.08", "0.92", "USD", "0", "0"]
    assert rows[2] == ["team-a", "(closed)", "0.08", "0", "0.08", "0", "USD", "2", "0"]
    assert rows[5] == ["ada", "2", "2", "0.06", "0.08", "USD", "4", "480", "0.002", "0", "0.01"]
    assert rows[6] == ["bob", "2", "0", "0", "0", "USD", "2", "240", "0.002", "0.002", "0"]
    assert rows[7] == ["total", "4", "2", "0.06", "0.08", "USD", "6", "720", "0.004", "0.002", "0.01"]
    bought_for = "2 results for 0.08 USD; the models behind the bids cost 0.004 USD, 5 % of the price"
    assert lines[9] == f"{bought_for}, of it 0.002 for bids that did not win"
    assert lines[-1] == "2 of 2 awards re-derived, 0 violations"
    assert run([*arguments, "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["kind"] for one in told] == ["account", "account", "trade", "trade", "verdict"]
    assert told[0]["spent"] == 80_000
    verdict = {
        "kind": "verdict",
        "awards": 2,
        "of": 2,
        "conversations": 2,
        "left_out": 0,
        "broke": {},
        "violations": [],
    }
    assert told[-1] == verdict


async def test_what_was_paid_is_what_was_spent_bonds_included(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "m.db"
    async with market([agent("ada", "0.03")], str(ledger), budget="1.00") as here:
        contract = await here.tender(Task("t", SKILL), reserve="0.05", bond_stake="0.01", bond_bonus="0.02")
        (filled,) = (await contract.ended()).filled
    assert filled.bond > 0
    assert run(["audit", str(ledger), "--json"]) == 0
    account, trade, _ = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert account["spent"] == trade["paid"] == filled.price + filled.bond


async def test_what_is_wrong_is_told_and_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger, copy = tmp_path / "m.db", tmp_path / "copy.jsonl"
    await bought(ledger)
    assert run(["export", str(ledger), "--out", str(copy)]) == 0
    copy.write_text(copy.read_text().replace('\\"released\\":10000', '\\"released\\":10001'))
    assert run(["audit", str(copy)]) == 1
    captured = capsys.readouterr()
    assert "released 0.010001" in captured.err
    assert "violations" in captured.out.splitlines()[-1]
    assert not captured.out.splitlines()[-1].endswith(" 0 violations")


async def test_a_journal_is_no_ledger_nor_a_ledger_a_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await journal(tmp_path / "ada.db", "ada", [])
    assert run(["audit", str(tmp_path / "ada.db")]) == 2
    assert "name a manager's ledger" in capsys.readouterr().err
    await bought(tmp_path / "m.db")
    assert run(["audit", str(tmp_path / "m.db"), "--journal", str(tmp_path / "m.db")]) == 2
    captured = capsys.readouterr()
    assert (captured.out, "name a daemon's journal" in captured.err) == ("", True)
    assert next(open_reader(str(tmp_path / "ada.db")).entries()).type == "Founded"
