"""What is left of a URL when its secrets are gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.transport.masking import masked, masked_broker


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
        ("guest:pw@127.0.0.1", "guest:***@127.0.0.1"),
        ("amqp:guest:pw@h", "amqp:guest:***@h"),
        ("amqp:/guest:p@w@h", "amqp:/guest:***@h"),
        ("amqp:///guest:pw@h", "amqp://:***@h"),
        ("x:/y/guest:pw@h", "x:***@h"),
    ],
)
def test_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


@given(st.text("@/:?#&=ab\n", min_size=1))
def test_no_password_survives(password: str) -> None:
    assert masked(f"amqp://ann:{password}@h/v") == "amqp://ann:***@h/v"


@given(
    st.sampled_from(["", "amqp:", "amqp:/", "amqp://", "amqp:///", "amqps:", "redis://", "//", ":", "://"]),
    st.text("@/:?#&=ab\n"),
)
def test_no_password_survives_in_a_url_of_another_form(scheme: str, more: str) -> None:
    shown = masked_broker(f"{scheme}ann:CANARY{more}@h/v?password=CANARY&login={more}CANARY")
    assert "CANARY" not in shown
    assert "CANARY" not in masked_broker(f"{scheme}ann:{more}CANARY@h/v?auth=CANARY#CANARY")
