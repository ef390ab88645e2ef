"""What the market machine finds: faults put into the package one at a time, each found within its runs, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from contractnet.contractor import hearing as own_hearing
from contractnet.contractor.reception import Reception
from contractnet.manager import award, calling, ending, evaluation, hearing, mediation, reception, settling, timers
from tests.conformance.market_machine import NORMAL, MarketMachine
from tests.support.invariants import Broken
from tests.support.mutants import Change, Mutant


def mutant(name: str, found_by: str, *changes: tuple[Callable[..., Any], str, str]) -> Mutant:
    return Mutant(name, [Change(*change) for change in changes], frozenset(found_by.split()))


MUTANTS = [
    mutant("the epoch stays when a slot is freed", "epochs", (award.free, "one.epoch += 1", "one.epoch += 0")),
    mutant(
        "a result under another fence is credited",
        "fence",
        (hearing._result, "(content.slot, content.epoch) != (slot.number, slot.epoch)", "False"),
    ),
    mutant(
        "two slots for one bidder",
        "G13 I2",
        (evaluation._award, "for one in choice.winners:", "for one in ([*choice.winners] * 2)[: len(free)]:"),
        (
            award.award,
            'call.move_one(step, participant, "#award")',
            'participant.machine.has("awarded") or call.move_one(step, participant, "#award")',
        ),
    ),
    mutant(
        "the first gate of a manager forgets what it heard",
        "I5",
        (reception.judge, "book.seen.get((act.sender, act.message_id))", "None"),
    ),
    mutant(
        "the first gate of a daemon forgets what it heard",
        "I5",
        (Reception._judge_one, "self._diary.seen.get((agent, act.sender, act.message_id))", "None"),
    ),
    mutant(
        "a late bid counts",
        "late",
        (
            hearing._propose,
            'late = not call.machine.has("collecting") or act.content.round < call.round',
            "late = False",
        ),
    ),
    mutant(
        "a mediator may choose what is over the limit",
        "terms",
        (mediation._fault, "limit is not None and offer.price > limit", "False"),
    ),
    mutant(
        "a runner-up is forgotten",
        "answers",
        (settling.settle, "reject(call, step, participant, RejectReason.OUTBID)", "pass"),
    ),
    mutant(
        "who is not called again is not told",
        "I12",
        (evaluation.next_round, "reject_rest(call, step, ranked, RejectReason.NOT_SHORTLISTED)", "pass"),
    ),
    mutant(
        "offers do not lapse",
        "fires terms",
        (award.lapse, "call.lapsed(step.at)", "call.lapsed(step.at - 60_000)"),
    ),
    mutant(
        "a not-understood is answered with one",
        "no-echo",
        (reception.judge, "not isinstance(act, NotUnderstood) and ", ""),
    ),
    mutant(
        "the default rule has no end",
        "faults",
        (hearing._answer_fault, "participant.faults >= call.timers.max_faults", "False"),
    ),
    mutant(
        "the secret reserve is told",
        "private",
        (
            calling.public_terms,
            "call.reserve if terms.public_reserve or call.posted is not None else None",
            "call.reserve",
        ),
    ),
    mutant(
        "the private part is told to all",
        "private",
        (calling._content, "input=spec.input", "input=spec.input | spec.private"),
    ),
    mutant(
        "what a rival asked is told",
        "sealed",
        (calling._feedback, 'best if told == "best-score" else None', "best"),
    ),
    mutant("the hold is given back whole", "money", (ending.end_of, "max(0, held - spent)", "held")),
    mutant(
        "the wait depends on the moment",
        "I6",
        (ending.back_off_ms, "seeded(seed, tender_id, calls)", '__import__("time").monotonic_ns() % 1_000_000'),
    ),
    mutant(
        "the lease of one slot frees another",
        "fires",
        (
            timers._free_slot,
            "slot.number == number",
            "slot.number == next((one.number for one in call.slots if one.working and one.number != number), number)",
        ),
    ),
    mutant(
        "what is not recorded moves more than a lease",
        "I6",
        (hearing.renew, "slot.lease_due = max", "slot.result_due = slot.lease_due = max"),
    ),
    mutant(
        "a cancel is not answered",
        "I12",
        (own_hearing._cancelled, "for answer in row.sends:", "for answer in ():"),
    ),
    mutant(
        "an accept below the price of its offer binds",
        "bound",
        (own_hearing._accepted, "offer.live and not cheaper", "offer.live"),
    ),
]


#: how many seeds at most: with some of them another rule is the first that is seen broken
TRIES = 40
#: of each: a fault shows within so many of one of the first seeds, or is long in coming
RUNS = 40
#: a seed that finds it soon, to be tried first; where it no longer does, the others are tried
SOONER = {
    "a result under another fence is credited": 3,
    "the default rule has no end": 2,
    "what is not recorded moves more than a lease": 2,
}


def first_found(number: int) -> Exception | None:
    """What the machine finds first within its runs."""

    @seed(number)
    class Seeded(MarketMachine):
        pass

    quick = settings(NORMAL, max_examples=RUNS, phases=[Phase.generate], database=None, report_multiple_bugs=False)
    try:
        run_state_machine_as_test(Seeded, settings=quick)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("fault", MUTANTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for change in fault.changes:
        change.apply(monkeypatch)
    others = []
    for number in (SOONER.get(fault.name, 1), *range(1, TRIES + 1)):
        found = first_found(number)
        if isinstance(found, Broken) and found.name in fault.found_by:
            return
        others.append(found)
    pytest.fail(f"not found by {sorted(fault.found_by)} in {TRIES} runs, but: {others}")
