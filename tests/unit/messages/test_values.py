"""Amounts read exactly or not at all; shapes of names."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import DefinitionError
from contractnet.messages.values import MAX_MICROS, parse_amount, require, show_amount


@given(st.integers(0, MAX_MICROS))
def test_showing_and_reading_an_amount_are_inverse(micros: int) -> None:
    assert parse_amount(show_amount(micros), "price") == micros


@given(st.integers(-(10**18), 10**18))
def test_an_amount_is_shown_exactly_and_shortest(micros: int) -> None:
    text = show_amount(micros)
    assert Decimal(text) * 1_000_000 == micros
    assert text == "0" or "." not in text or text[-1] not in "0."


@given(st.from_regex(r"\A[0-9]{1,10}(\.[0-9]{1,6})?\Z"))
def test_every_plain_decimal_is_read_exactly(text: str) -> None:
    if Decimal(text) * 1_000_000 <= MAX_MICROS:
        assert parse_amount(text, "price") == Decimal(text) * 1_000_000
    else:
        with pytest.raises(DefinitionError, match="over the largest amount"):
            parse_amount(text, "price")


@pytest.mark.parametrize(
    ("text", "micros"),
    [("0", 0), ("0.05", 50_000), ("1", 1_000_000), ("007.5", 7_500_000), ("0.000001", 1), ("1000000000", MAX_MICROS)],
)
def test_amounts_written_out(text: str, micros: int) -> None:
    assert parse_amount(text, "price") == micros


@pytest.mark.parametrize(("micros", "text"), [(0, "0"), (1, "0.000001"), (-50_000, "-0.05"), (12_000_000, "12")])
def test_amounts_shown(micros: int, text: str) -> None:
    assert show_amount(micros) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "-1",
            "+1",
            "-0",
            "1.",
            ".5",
            "1e3",
            "0x1",
            "1_000",
            "1,5",
            "1.0000000",
            "0.0000001",
            "1 ",
            "1\n",
            "NaN",
        ),
        *("Infinity", "١٢٣", "１", "²", "0.٥", "1" * 5_000, "1000000000.000001", "99999999999"),
    ],
)
def test_what_is_no_amount_is_refused_and_not_repeated_at_length(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_amount(text, "tasks.jsonl line 3: reserve")
    assert str(caught.value).startswith("tasks.jsonl line 3: reserve: ")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        *(("id", value) for value in ("a", "0", "a_b", "a" * 48)),
        *(("skill", value) for value in ("text.summarise", "a.b.c.d", "_._")),
        *(("unit", value) for value in ("USD", "X", "EUR_2")),
        *(("key", value) for value in ("ticket-17", "A:b.c_d", "k" * 96)),
    ],
)
def test_shapes_that_are_taken(shape: str, value: str) -> None:
    assert require(shape, value, "here") == value


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        *(
            ("id", value) for value in ("", "_a", "A", "a-b", "a.b", "a" * 49, "a\n", "а", "a b", "a#")
        ),  # one is Cyrillic
        *(
            ("skill", value)
            for value in ("", "text", "a.b.c.d.e", "a..b", ".a.b", "a.b.", "A.b", "a.b\n", "a.*", "a.#")
        ),
        *(("unit", value) for value in ("", "usd", "1A", "A" * 17, "USD\n", "€")),
        *(("key", value) for value in ("", "-a", "a b", "a/b", "k" * 97, "a\n", "é")),
    ],
)
def test_shapes_that_are_refused(shape: str, value: str) -> None:
    with pytest.raises(DefinitionError, match=f"^here: .* is not a valid {shape}; it must be "):
        require(shape, value, "here")


def test_nobody_is_called_like_the_group() -> None:
    with pytest.raises(DefinitionError, match="not `multi`"):
        require("id", "multi", "agent id")
    for name in ("multi_", "multix", "a_multi", "mult"):
        assert require("id", name, "agent id") == name
