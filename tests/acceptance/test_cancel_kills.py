"""Cancel and kill -9 together, at random: each tender ends, and what the user is told of each participant agrees with
the contractors' journals.

A manager program puts tenders out, with one to three slots, one to three rounds, some with a mediator, and cancels each
at a moment of its own; meanwhile it and the workers are killed, stay away for a while, and are started again on their
ledgers. Nothing is left out of the audit: not those whose lease or deadline was over, not those who never answered.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests.support import cancels
from tests.support.audit import Row
from tests.support.canceller import MANAGER, Errand
from tests.support.cancels import Cancelled, host, prepare
from tests.support.fleet import POLL_S, Fleet, Process, assert_clean, assert_replays, lines_of, until

SEED_VARIABLE = "CONTRACTNET_TEST_SEED"
DAEMONS = {
    "one": ["slow_1", "quick_1", "failing_1"],
    "two": ["finishing_2", "stubborn_2", "slow_2", "clerk"],
    "three": ["slow_3"],
}
SCALE = 0.1


@pytest.mark.timeout(120)
def test_15_cancels_among_kills(tmp_path: Path, amqp_url: str) -> None:
    """The same draws each time; 200 cancels, and others, in a longer run."""
    campaign(tmp_path, amqp_url, int(os.environ.get(SEED_VARIABLE) or 1), tenders=15, at_once=8, pace=0.4)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_200_cancels_among_kills(tmp_path: Path, amqp_url: str) -> None:
    campaign(tmp_path, amqp_url, int(os.environ.get(SEED_VARIABLE) or 1), tenders=200, at_once=4, pace=0.9)


def campaign(folder: Path, broker: str, seed: int, *, tenders: int, at_once: int, pace: float) -> None:
    """Play it and hold what was told against what was written.

    Args:
        at_once: tenders that the program has out.
        pace: share of the cancels at which somebody is killed.
    """
    print(f"{SEED_VARIABLE}={seed}")
    began = time.monotonic()
    with Fleet(folder, broker, SCALE) as fleet:
        prepare(folder)
        play = Play(fleet, random.Random(seed), plan(random.Random(seed), tenders), at_once, pace)
        play.disturb()
        play.calm_down()
        ledger = fleet.rows()
        journals = {name: fleet.rows(fleet.journal(name)) for name in DAEMONS}
        lines = lines_of(folder / "told.jsonl")
        assert sorted(line["key"] for line in lines) == sorted(errand.key for errand in play.errands)
        assert cancels.lies(ledger, journals.values(), lines) == []
        assert cancels.credited_late(ledger) == []
        assert cancels.twice_answered(journals.values()) == []
        assert_clean(fleet, DAEMONS)
        assert_replays([fleet.ledger, *map(fleet.journal, DAEMONS)])
        truths = Counter(truth for line in lines for truth in line.get("truth", {}).values())
        print(f"{tenders} tenders: {dict(Counter(line['status'] for line in lines))}; told: {dict(truths)}")
        print(f"{len(play.kills)} kill -9: {dict(Counter(name for name, _ in play.kills))}")
        print(f"{crossed(ledger, play.kills)} cancels under way at a kill; {time.monotonic() - began:.0f} s")
        assert len(play.kills) > tenders * pace / 4, "it was over too soon: give it more to do"
        if tenders >= 200:
            assert set(truths) == set(cancels.ORDER)


def crossed(ledger: list[Row], kills: list[tuple[str, int]]) -> int:
    """How many tenders were between the asking for their cancel and their end when a process was killed."""
    asked: dict[str, int] = {}
    found = 0
    for row in ledger:
        if row.type == "CancelAsked":
            asked.setdefault(row.tender, row.at)
        elif row.type == "Ended" and row.tender in asked:
            found += any(asked[row.tender] <= at <= row.at for _, at in kills)
    return found


def plan(draw: random.Random, count: int) -> list[Errand]:
    """So many tenders; half of the cancels come while bids do."""
    return [
        Errand(
            key=f"k{number}",
            cancel_after_ms=round(1000 * draw.choice((draw.uniform(0, 0.8), draw.uniform(0.5, 4)))),
            from_call=draw.random() < 0.9,
            slots=draw.randint(1, 3),
            max_rounds=draw.randint(1, 3),
            mediator="clerk" if draw.random() < 0.4 else None,
            lease=draw.choice((1.0, 3.0, 6.0)),
            work_within=draw.choice((1.5, 60.0)),
            hard=draw.random() < 0.4,
            unfit=draw.choice((0.0, 0.3)),
        )
        for number in range(count)
    ]


class Play:
    """The processes, and the deaths they die."""

    def __init__(self, fleet: Fleet, draw: random.Random, errands: list[Errand], at_once: int, pace: float) -> None:
        self.errands = errands
        self.kills: list[tuple[str, int]] = []  #: who, and when: milliseconds since the Unix epoch
        self._fleet = fleet
        self._draw = draw
        self._at_once = at_once
        self._pace = pace
        self._up: dict[str, Process] = {}
        self._away: dict[str, float] = {}  #: who is dead -> when it comes back
        (fleet.folder / "plan.json").write_bytes(msgspec.json.encode(self.errands))
        for name in (*DAEMONS, MANAGER):
            self._start(name)
            if name != MANAGER:
                self._up[name].says("connected")

    def disturb(self) -> None:
        """Kill at random until every tender has its line: at most cancels within moments, and now and then."""
        asked, moments = 0, [time.monotonic() + 3]
        while self._lines("told.jsonl") < len(self.errands):
            now = time.monotonic()
            for name in [name for name, at in self._away.items() if at <= now]:
                self._start(name)
            if self._lines("asked") > asked:
                if self._draw.random() < self._pace:
                    moments.append(now + self._draw.choice((0.0, self._draw.uniform(0, 0.2), self._draw.uniform(0, 1))))
                asked += 1
            for _ in [moment for moment in moments if moment <= now]:
                self._kill_one()
            moments = [moment for moment in moments if moment > now]
            if not moments:
                moments.append(now + self._draw.uniform(1, 5))
            time.sleep(POLL_S)

    def calm_down(self) -> None:
        """All come back; every cancel is answered and every answer heard; then the manager may end."""
        for name in [*self._away]:
            self._start(name)
        until("every answer to a cancel", lambda: not self._unheard(), 40)
        (self._fleet.folder / "finish").touch()
        assert self._up[MANAGER].wait(30) == 0, self._up[MANAGER].err[-3000:]

    # ---- parts

    def _lines(self, name: str) -> int:
        path = self._fleet.folder / name
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def _unheard(self) -> list[Cancelled]:
        """Who was told to stop and has not been heard, beside those who never knew what it was about."""
        ledger = self._fleet.rows()
        journals = [self._fleet.rows(self._fleet.journal(name)) for name in DAEMONS]
        took, spoke = cancels.heard(ledger), cancels.said(journals)
        strays = {
            row.body["conversation"]
            for journal in journals
            for row in journal
            if row.type == "Quarantined" and row.body.get("performative") == "cancel"
        }
        return [
            one
            for one in cancels.told(ledger)
            if len(took[one]) != len(spoke[one]) or not (spoke[one] or one.conversation in strays)
        ]

    def _start(self, name: str) -> None:
        self._away.pop(name, None)
        if name != MANAGER:
            self._up[name] = host(self._fleet, name, DAEMONS[name], connected=False)
            return
        arguments = (str(self._fleet.folder), self._fleet.broker, f"{SCALE:g}", str(self._at_once))
        self._up[name] = self._fleet.python(MANAGER, "-m", "tests.support.canceller", *arguments)

    def _kill_one(self) -> None:
        """Somebody who is connected; one time of six also somebody who is not."""
        there = [name for name, process in self._up.items() if name not in self._away]
        victims = [name for name in there if "connected" in self._up[name].err or self._draw.random() < 0.16]
        if not victims:
            return
        name = self._draw.choice([*victims, MANAGER] if MANAGER in victims else victims)
        process = self._up[name]
        assert process.alive, f"{name} ended by itself: {process.err[-3000:]}"
        process.kill9()
        self.kills.append((name, time.time_ns() // 1_000_000))
        longest_s = 1 if name == MANAGER else 5
        self._away[name] = time.monotonic() + self._draw.choice((0.0, self._draw.uniform(0, longest_s)))
