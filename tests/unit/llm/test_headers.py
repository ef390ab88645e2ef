"""Headers are believed within bounds, and what cannot be read says nothing."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.llm.chat import Left
from contractnet.llm.headers import MOST_WAIT_S, retry_after, room


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [("20ms", 0.02), ("1s", 1), ("6m0s", 360), ("0h0m1.5s", 1.5), ("12", 12), ("0", 0), ("59m59s", 3_599)],
)
def test_forms_of_a_time(reset: str, seconds: float) -> None:
    found = room({"x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": reset})
    assert found.requests is None
    assert found.tokens is not None
    assert found.tokens.amount == 7
    assert found.tokens.reset_s == pytest.approx(seconds)


@pytest.mark.parametrize("reset", ["", "soon", "1x", "-1s", "s", "1s!", "2h", "nan", "inf", "9" * 400])
def test_what_is_no_time_or_too_long_says_nothing(reset: str) -> None:
    assert room({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": reset}).requests is None


@pytest.mark.parametrize("amount", ["", "many", "-1", "nan", "1e99"])
def test_what_is_no_amount_says_nothing(amount: str) -> None:
    assert room({"x-ratelimit-remaining-requests": amount, "x-ratelimit-reset-requests": "1s"}).requests is None


def test_both_limits_at_once() -> None:
    both = {f"x-ratelimit-{name}-{what}": "5" for name in ("remaining", "reset") for what in ("requests", "tokens")}
    assert room(both) == (Left(5, 5), Left(5, 5))


def test_a_date() -> None:
    found = retry_after({"retry-after": formatdate(time.time() + 100, usegmt=True)})
    assert found is not None
    assert 95 < found <= 101


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset-tokens"]), st.text()))
def test_nothing_an_endpoint_says_is_an_error(headers: dict[str, str]) -> None:
    found = retry_after(headers)
    assert found is None or 0 <= found <= MOST_WAIT_S
    room({"x-ratelimit-remaining-tokens": "1", **headers})
