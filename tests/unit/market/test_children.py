"""Children of a market: an account of their own, out of their parent's grant, and back into it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contractnet import Market, SyncMarket, Task
from contractnet.errors import DefinitionError
from contractnet.ledger.urls import open_reader
from contractnet.manager.accounts import Account
from contractnet.manager.replay import replay
from contractnet.manager.settings import Settings
from tests.unit.market.test_market import SKILL, agent, market


def sums(account: Account | None) -> tuple[int | None, int, int, int | None]:
    assert account is not None
    return account.granted, account.held, account.spent, account.released


async def test_a_child_spends_its_own_money_and_gives_the_rest_back(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    async with market([agent("one", "0.04")], file, budget="1.00") as here:
        accounts = here.manager.book.accounts
        async with here.child("team-a", budget="0.50") as child:
            assert sums(accounts) == (1_000_000, 500_000, 0, 500_000)
            contract = await child.tender(Task("x", SKILL), reserve="0.05")
            assert (await contract.result())["by"] == "one"
            assert sums(accounts.find("team-a")) == (500_000, 0, 40_000, 460_000)
            assert sums(accounts) == (1_000_000, 460_000, 40_000, 500_000)
            await child.begin(Task("y", SKILL), reserve="0.05")
        assert sums(accounts.find("team-a")) == (80_000, 0, 80_000, 0)  # the block has waited for the second
        assert sums(accounts) == (1_000_000, 0, 80_000, 920_000)
        receipt = here.receipt()
        assert (receipt.granted, receipt.held, receipt.spent, receipt.released) == sums(accounts)
    again = replay(open_reader(file).entries().__next__().agent, open_reader(file).entries())
    assert [sums(one) for one in again.accounts.tree()] == [sums(one) for one in accounts.tree()]


async def test_a_child_is_stopped_at_its_own_limit_and_its_parent_goes_on() -> None:
    async with market([agent("one", "0.04")], budget="1.00") as here:
        async with here.child("team-a", budget="0.05") as child:
            first = await child.tender(Task("x", SKILL), reserve="0.05")
            await first.ended()
            second = await child.tender(Task("y", SKILL), reserve="0.05")
            assert (await second.ended()).reason == "budget"
            receipt = child.receipt()
            assert [(cut.what, cut.worst) for cut in receipt.cut] == [("stopped", 50_000)]
            assert [(one.choice, one.by) for one in receipt.limits] == [("stop", "policy")]
            third = await here.tender(Task("z", SKILL), reserve="0.05")
            assert (await third.ended()).status == "settled"
        assert here.manager.book.accounts.spent == 80_000


async def test_children_are_nested_and_nobody_gives_more_than_there_is() -> None:
    async with market([agent("one", "0.01")], budget="1.00") as here, here.child("a", budget="0.60") as outer:
        with pytest.raises(DefinitionError, match=r"account b: 0\.5 USD more is over what the market has left \(0\.4"):
            await here.child("b", budget="0.50").__aenter__()
        async with outer.child("night", budget="0.20") as inner:
            assert inner.account == "a/night"
            await (await inner.tender(Task("x", SKILL), reserve="0.05")).ended()
            with pytest.raises(DefinitionError, match="more is over what account a has left"):
                await outer.child("day", budget="0.41").__aenter__()
        assert sums(here.manager.book.accounts.find("a")) == (600_000, 0, 10_000, 590_000)


async def begin_and_fail(here: Market) -> None:
    async with here.child("a", budget="0.10") as child:
        await child.tender(Task("x", SKILL, key="k"), reserve="0.05")
        raise ZeroDivisionError


async def test_a_child_whose_block_an_error_ends_goes_on_under_its_name(tmp_path: Path) -> None:
    file, gate = str(tmp_path / "m.db"), asyncio.Event()
    quick = Settings(listen_ms=0, grace_ms=10)
    for run in range(2):
        journal = str(tmp_path / "j.db")
        async with market(
            [agent("one", "0.03", gate=gate)], file, journal=journal, budget="1.00", grace=0, settings=quick
        ) as here:
            accounts = here.manager.book.accounts
            if run == 0:
                with pytest.raises(ZeroDivisionError):
                    await begin_and_fail(here)
                assert sums(accounts.find("a")) == (100_000, 50_000, 0, 50_000)
            else:
                assert sums(accounts.find("a")) == (100_000, 50_000, 0, 50_000)
                gate.set()
                async with here.child("a", budget="0.10") as child:
                    contract = await child.tender(Task("x", SKILL, key="k"), reserve="0.05")
                    assert (await contract.ended()).status == "settled"
                assert sums(accounts) == (1_000_000, 0, 30_000, 970_000)


async def test_a_closed_child_buys_nothing_and_is_opened_again() -> None:
    async with market([agent("one", "0.04")], budget="1.00") as here:
        async with here.child("a", budget="0.10") as child:
            await (await child.tender(Task("x", SKILL), reserve="0.05")).ended()
        with pytest.raises(DefinitionError, match="account a is not open"):
            await child.tender(Task("y", SKILL), reserve="0.05")
        async with here.child("a", budget="0.10") as child:  # in all: 0.04 is spent
            contracts = [await child.tender(Task(f"y{n}", SKILL), reserve="0.05") for n in range(2)]
            assert [(await one.ended()).status for one in contracts] == ["settled", "cancelled"]
        assert here.manager.book.accounts.spent == 80_000


async def test_a_child_of_a_market_without_a_budget_has_one_all_the_same() -> None:
    async with market([agent("one", "0.04")]) as here:
        async with here.child("a", budget="0.05") as child:
            with pytest.raises(DefinitionError, match="with a budget every task needs a reserve"):
                await child.tender(Task("x", SKILL))
            await (await child.tender(Task("x", SKILL), reserve="0.05")).ended()
        await (await here.tender(Task("dear", SKILL))).ended()
        assert sums(here.manager.book.accounts) == (None, 0, 80_000, None)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 97])
async def test_a_child_has_a_plain_name(name: str) -> None:
    async with market(budget="1.00") as here:
        with pytest.raises(DefinitionError, match="name: "):
            here.child(name, budget="0.10")


def test_from_a_script() -> None:
    with SyncMarket(Market.open("memory://", agents=[agent("one", "0.04")], ledger="memory://", budget="1.00")) as here:
        with here.child("a", budget="0.10") as child:
            assert child.tender(Task("x", SKILL), reserve="0.05").result()["by"] == "one"
            assert child.receipt().spent == 40_000
        assert here.receipt().released == 960_000
