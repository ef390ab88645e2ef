"""What the checker calls a fault of an offer or an acceptance is what the boundary calls one: two readers, one rule."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from contractnet.conformance.deal import Deal
from contractnet.mechanisms.bargaining.boundary import Code, Heard, Said, check
from contractnet.mechanisms.bargaining.issues import MOST_ISSUES, Issue, agenda
from contractnet.mechanisms.bargaining.shape import MOST_TURNS, Offer, Rules
from contractnet.messages.values import EndReason
from tests.conformance.write_transcripts import PROTOCOLS

README = (PROTOCOLS / "README.md").read_text(encoding="utf-8")


class Case(NamedTuple):
    """A bargaining in which every turn so far was an offer, and what is said next."""

    request: dict[str, Any]
    rules: Rules
    before: list[tuple[int, ...]]  #: terms of the turns so far
    turn: int  #: that the next act names
    terms: list[Any]
    unit: str | None


@st.composite
def cases(draw: st.DrawFn) -> Case:
    single = draw(st.booleans())
    issues: list[Issue] = []
    for number in range(1 if single else draw(st.integers(1, 3))):
        low, tick, size = draw(st.integers(-3, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
        if single or draw(st.booleans()):
            counted = "USD" if single else ""
            issues.append(Issue(name=f"i{number}", low=low, high=low + tick * (size - 1), tick=tick, unit=counted))
        else:
            issues.append(Issue(name=f"i{number}", low=0, high=size - 1, options=tuple("abcd"[:size])))
    if not single and len(issues) == 1 and not issues[0].options:
        issues.append(Issue(name="more", low=0, high=1))
    rules = Rules(
        agenda=agenda(*issues),
        turns=draw(st.integers(2, 6)),
        buyer=draw(st.sampled_from([0, 1])) if single else None,
        monotone=single and draw(st.booleans()),
        standing=draw(st.booleans()),
        lifetime=draw(st.none() | st.integers(1, 3)),
    )
    rules.check()
    grid = st.tuples(*(st.sampled_from(range(one.low, one.high + 1, one.tick)) for one in issues))
    before = draw(st.lists(grid, max_size=rules.turns - 1))
    strange: list[Any] = [0, 1, True, None, "1", -9, 99]
    terms = draw(
        grid.map(list) | st.sampled_from(before or [()]).map(list) | st.lists(st.sampled_from(strange), max_size=3)
    )
    turn = len(before) + draw(st.sampled_from([0, 0, 0, 0, -1, 1]))
    unit = draw(st.sampled_from(["USD", "USD", "USD", "EUR"])) if single else None
    return Case(_request(rules), rules, before, turn, terms, unit)


def _request(rules: Rules) -> dict[str, Any]:
    """What the wire says of these rules; what is not so is left out."""
    said: dict[str, Any] = {
        "buyer": None if rules.buyer is None else ("initiator", "participant")[rules.buyer],
        "monotone": rules.monotone,
        "standing": rules.standing,
        "lifetime": rules.lifetime,
    }
    issues = [
        {"name": one.name, "low": one.low, "high": one.high, "tick": one.tick}
        | ({"unit": one.unit} if one.unit else {})
        | ({"options": list(one.options)} if one.options else {})
        for one in rules.agenda.issues
    ]
    return {"issues": issues, "turns": rules.turns} | {name: value for name, value in said.items() if value}


def _both(case: Case) -> tuple[Deal, Heard]:
    deal, due = Deal(), len(case.before)
    deal.request = case.request
    assert deal.fault_of_request() is None
    offers: list[Offer] = []
    unit = {} if case.rules.buyer is None else {"unit": "USD"}
    for turn, terms in enumerate(case.before):
        content = {"offer": f"o-{turn}", "turn": turn, "terms": list(terms), **unit}
        deal.offered({"reply_with": f"m-{turn}", "content": content}, turn, turn % 2 == 0, 0)
        offers.append(Offer(turn, turn % 2, terms))
    return deal, Heard(rules=case.rules, turn=due, by=due % 2, offers=tuple(offers))


def _content(case: Case, **more: Any) -> dict[str, Any]:
    unit = {} if case.unit is None else {"unit": case.unit}
    return {"turn": case.turn, "terms": case.terms, **unit, **more}


@given(cases())
def test_an_offer_has_a_fault_for_both_or_for_neither(case: Case) -> None:
    deal, heard = _both(case)
    said = Said(act="offer", terms=case.terms, unit=case.unit, turn=case.turn)
    found = deal.fault(_content(case, offer="new"), heard.turn, heard.by == 0)
    assert (found is None) is (check(said, heard) == ())


@given(cases(), st.integers(0, 6))
def test_an_acceptance_is_live_for_both_or_for_neither(case: Case, of: int) -> None:
    deal, heard = _both(case)
    said = Said(act="accept", terms=case.terms, unit=case.unit, of=of, turn=case.turn)
    taken = deal.accepted(_content(case, offer=f"o-{of}"), heard.turn, of_initiator=heard.by == 1)
    assert (taken is not None) is (check(said, heard) == ())


def test_an_offer_id_is_used_once() -> None:
    rules = Rules(agenda=agenda(Issue(name="days", low=0, high=3), Issue(name="seats", low=0, high=3)), turns=4)
    deal, heard = _both(Case(_request(rules), rules, [(1, 1)], 1, [2, 2], None))
    assert deal.fault({"offer": "o-1", "turn": 1, "terms": [2, 2]}, heard.turn, False) is None
    assert deal.fault({"offer": "o-0", "turn": 1, "terms": [2, 2]}, heard.turn, False) == "the offer id was used before"


def test_the_page_says_the_codes_the_bounds_and_the_reasons() -> None:
    section = README.split("## 8. Bargaining")[1]
    codes = re.search(r"begins with a code \(([^)]+)\)", section)
    assert codes is not None
    assert set(re.findall(r"`([a-z-]+)`", codes[1])) == {code for code in Code if code.told}
    assert f"`issues`, 1 to {MOST_ISSUES}," in section
    assert MOST_TURNS == 1_000, "the bound of `turns` in messages/values.py"
    reasons = README.split("- `reject-proposal` in a bargaining:")[1].split("\n- ")[0]
    assert set(re.findall(r"`([a-z-]+)`", reasons)) == set(EndReason)
