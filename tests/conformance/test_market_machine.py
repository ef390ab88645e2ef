"""The market machine, run: 300 runs always, more on demand.

    pytest -m campaign tests/conformance/test_market_machine.py -s

runs CONTRACTNET_TEST_RUNS of them (3,000 where it is not set) from a seed that is printed first; the same seed in
CONTRACTNET_TEST_SEED gives the same runs.
"""

from __future__ import annotations

import os
import secrets

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conformance.market_machine import NORMAL, MarketMachine

SEED, RUNS = "CONTRACTNET_TEST_SEED", "CONTRACTNET_TEST_RUNS"


class Once(MarketMachine):
    """As it is run with every change."""


Once.TestCase.settings = NORMAL
TestMarketMachine = Once.TestCase


@pytest.mark.campaign
@pytest.mark.timeout(7_200)
def test_many_runs_from_a_printed_seed() -> None:
    number = int(os.environ.get(SEED) or secrets.randbelow(2**32))
    runs = int(os.environ.get(RUNS) or 3_000)
    print(f"{SEED}={number} {RUNS}={runs}")

    @seed(number)
    class Seeded(MarketMachine):
        pass

    run_state_machine_as_test(Seeded, settings=settings(NORMAL, max_examples=runs, database=None, print_blob=True))
