"""How a long list of receivers is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pamqp.commands import Basic

from contractnet.transport.amqp.publisher import split


@given(st.lists(st.text("abcé", min_size=1, max_size=48), min_size=1, max_size=60), st.integers(1, 1_000))
def test_nothing_is_lost_and_each_part_fits(keys: list[str], most_bytes: int) -> None:
    parts = split(keys, most_bytes)
    assert [key for part in parts for key in part] == keys
    empty = len(Basic.Properties(headers={"BCC": []}).marshal())
    for part in parts:
        encoded = len(Basic.Properties(headers={"BCC": list(part)}).marshal()) - empty
        assert encoded <= most_bytes or len(part) == 1
