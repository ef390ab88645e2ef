"""Players as a command line names them."""

from __future__ import annotations

import pytest

from contractnet.arena.bargaining.players import named
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.imitative import Imitative
from contractnet.mechanisms.bargaining.preferences import PricePreferences
from contractnet.mechanisms.bargaining.time_dependent import Og, TimeDependent


def test_a_name_alone_is_the_strategy_of_the_catalogue() -> None:
    assert named("boulware").strategy == STRATEGIES["boulware"]


def test_parameters_are_decimals_amounts_choices_and_counts() -> None:
    one = named("boulware:beta=0.1,k=0.05,margin=0,opening=12.5,nearest=true")
    assert one.strategy.generator == TimeDependent(beta=100_000, k=50_000, nearest=True)
    mandate = one.mandate(PricePreferences("buyer", 50_000_000))
    assert (mandate.opening, mandate.closing, mandate.margin) == (12_500_000, None, 0)
    assert named("og-linear:schedule=exp,start=0.4").strategy.generator == Og(schedule="exp", start=400_000)
    two = named("averaged:window=3,most_random=0.5").strategy.generator
    assert isinstance(two, Imitative)
    assert (two.window, two.most_random) == (3, 500_000)
    three = named("rubinstein:rival=40,own=0.8,finite=false").strategy.generator
    assert (getattr(three, "rival", 0), getattr(three, "own", 0), three.name) == (
        40_000_000,
        800_000,
        "rubinstein-infinite",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("luck", "strategy 'luck' is not known; there are: og-linear"),
        ("", "write NAME, or NAME:KEY=VALUE"),
        ("linear:", "write NAME, or NAME:KEY=VALUE"),
        ("linear:beta", "write NAME:KEY=VALUE,KEY=VALUE, each key once"),
        ("linear:beta=1,beta=2", "each key once"),
        ("linear:luck=1", "strategy 'linear' has no parameter 'luck'; it has: curve, beta, k, nearest, opening"),
        ("micro:beta=1", "it has: opening, closing, margin"),
        ("zeuthen:rival=4", "has no parameter 'rival'"),
        ("linear:beta=x", "player linear: beta: 'x' is not an amount"),
        ("linear:beta=-1", "is not an amount"),
        ("linear:margin=1.5", "player linear: margin: '1.5' is over 1"),
        ("linear:nearest=yes", "'yes' is neither true nor false"),
        ("linear:curve=round", "'round' is none of polynomial, exponential"),
        ("averaged:window=1.5", "'1.5' is no whole number"),
    ],
)
def test_what_is_wrong_is_told(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        named(text)
