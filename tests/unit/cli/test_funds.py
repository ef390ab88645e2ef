"""The options of `contractnet call` about money."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from contractnet import LimitReached, Task
from contractnet.cli.funds import Funds, funds, prompt
from contractnet.cli.receipts import receipt_lines
from contractnet.errors import DefinitionError
from contractnet.manager.receipts import Cut, Receipt, Ruled
from contractnet.market.batch import Placed
from contractnet.market.terms import terms

TASK = Task("x", "a.b")


def read(**given: Any) -> Funds:
    usual: dict[str, Any] = {"budget": None, "account": (), "at_limit": None, "decide_within": None, "ledger": "m.db"}
    return funds(**usual | given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"account": ["team-a"]}, "write a name and its budget, such as"),
        ({"account": ["a b=1"]}, "--account: 'a b' is not a valid key"),
        ({"account": ["a=1", "a=2"]}, "--account a: it is named twice"),
        ({"account": ["a=much"]}, "--account a: 'much' is not an amount"),
        ({"at_limit": "ask"}, "there is no limit; add --budget"),
        ({"budget": "1", "decide_within": 3}, "it is for --at-limit ask"),
    ],
)
def test_wrong_options(given: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        read(**given)


def test_who_pays_for_a_line() -> None:
    one = read(account=["a=1.00"])
    assert one.account_of(Placed(0, TASK)) == "a"
    assert one.account_of(Placed(3, TASK)) is None
    assert one.account_of(Placed(3, TASK, "a")) == "a"
    assert read(account=["a=1", "b=1"]).account_of(Placed(0, TASK)) is None
    one.check("line 1", "a", terms(TASK, reserve="0.05"), "USD")
    one.check("line 1", None, terms(TASK), "EUR")
    with pytest.raises(DefinitionError, match="line 1: account 'b' has no budget: add --account b=BUDGET"):
        one.check("line 1", "b", terms(TASK), "USD")
    with pytest.raises(DefinitionError, match="line 1: with --account a every task needs a reserve"):
        one.check("line 1", "a", terms(TASK), "USD")
    with pytest.raises(DefinitionError, match="line 1: the budget is in EUR, the task in USD"):
        one.check("line 1", "a", terms(TASK, reserve="0.05"), "EUR")


@pytest.mark.parametrize(
    ("typed", "choice", "amount"), [("\n", "stop", None), ("grant\n\n", "grant", "2"), ("grant\n0.5\n", "grant", "0.5")]
)
def test_somebody_at_the_terminal_is_asked(typed: str, choice: str, amount: str | None) -> None:
    limit = LimitReached(
        id="q1", account="", unit="USD", granted="1", held="0", spent="1", released="0", waiting=40, needs="2"
    )
    with CliRunner().isolation(input=typed) as streams:
        decision = prompt(limit)
        said = streams[1].getvalue().decode()
    assert (decision.choice, decision.amount) == (choice, amount)
    assert "the limit of the market is reached: granted 1 USD, held 0, spent 1, left 0; 40 waiting" in said


def test_receipts_in_words() -> None:
    sums: dict[str, Any] = {"granted": 1_000_000, "held": 0, "spent": 950_000, "released": 50_000}
    limits = (
        Ruled(id="q1", at=1, **sums, choice="grant", amount=500_000, by="kim", why="go on", answered_at=2),
        Ruled(id="q2", at=3, **sums),
    )
    cut = (
        Cut(tender="t", key="k", what="stopped", slots=0, sought=1, worst=75_000),
        Cut(tender="u", key=None, what="handed-back", slots=2, sought=5, worst=375_000),
    )
    assert receipt_lines(Receipt(account="a", unit="USD", **sums, closed=True, limits=limits, cut=cut)) == [
        "account a (closed): granted 1 USD = held 0 + spent 0.95 + released 0.05",
        "account a: q1: limit reached with 0.05 of 1 left; grant 0.5, decided by kim (go on)",
        "account a: q2: limit reached with 0.05 of 1 left; nobody has decided yet",
        "account a: 1 stopped, which might have cost 0.075 USD",
        "account a: 3 slots of 1 tenders handed back",
    ]
    free = Receipt(account="", unit=None, granted=None, held=0, spent=5, released=None)
    assert receipt_lines(free) == ["the market: no budget; held 0 + spent 0.000005"]
