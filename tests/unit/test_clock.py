"""Scaled settings: every duration, nothing else."""

from __future__ import annotations

from contractnet.clock import scaled
from contractnet.contractor.settings import Settings as ContractorSettings
from contractnet.manager.settings import Settings as ManagerSettings


def test_durations_are_scaled_also_within() -> None:
    found = scaled(ManagerSettings(), 0.1)
    assert (found.grace_ms, found.listen_ms, found.timers.cancel_ms) == (1_000, 500, 3_000)
    assert (found.concurrency, found.timers.max_awards) == (16, 3)


def test_shares_and_counts_stay() -> None:
    found = scaled(ContractorSettings(), 0.5)
    assert (found.beat_ms, found.timers.stop_ms, found.timers.margin_most_ms) == (2_500, 5_000, 1_000)
    assert (found.max_attempts, found.timers.margin_ppm) == (3, 50_000)


def test_no_duration_becomes_nothing() -> None:
    assert scaled(ContractorSettings(), 1e-9).beat_ms == 1


def test_one_changes_nothing() -> None:
    assert scaled(ManagerSettings(), 1.0) == ManagerSettings()
