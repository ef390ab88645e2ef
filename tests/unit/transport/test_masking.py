"""What is left of a URL when its secrets are gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.transport.masking import masked


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://guest:guest@127.0.0.1:5672/market", "amqp://guest:***@127.0.0.1:5672/market"),
        ("amqp://guest@h/", "amqp://guest@h/"),
        ("amqp://h/", "amqp://h/"),
        ("amqp://u:p@ss@h/", "amqp://u:***@h/"),
        ("amqp://u:a/b@h/v", "amqp://u:***@h/v"),
        ("amqp://:pw@h", "amqp://:***@h"),
        ("postgresql://u:p@h/db?sslpassword=x&a=b", "postgresql://u:***@h/db?sslpassword=***&a=b"),
        ("http://h/?api_key=abc", "http://h/?api_key=***"),
        ("sqlite:///a.db", "sqlite:///a.db"),
        ("", ""),
    ],
)
def test_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


@given(st.text("@/:?#&=ab\n", min_size=1))
def test_no_password_survives(password: str) -> None:
    assert masked(f"amqp://ann:{password}@h/v") == "amqp://ann:***@h/v"
