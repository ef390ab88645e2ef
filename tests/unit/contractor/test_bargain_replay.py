"""A journal whose offers came by a strategy needs that very strategy; all else is named by its position."""

from __future__ import annotations

import pytest

from contractnet.contractor.replay import replay
from contractnet.errors import ReplayDifference
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View
from contractnet.messages.values import PPM
from tests.support.side import Side
from tests.unit.contractor.test_agreements import bargain


class Other:
    """Another strategy under the name."""

    name = "linear"

    def __init__(self, error: BaseException | None) -> None:
        self.error = error

    def check(self, rules: Rules, mandate: Mandate) -> None: ...

    def propose(self, view: View) -> Terms | None:
        if self.error is not None:
            raise self.error
        return (99 * PPM,)


@pytest.mark.parametrize("error", [None, RuntimeError("x"), SystemExit(3)])
def test_a_strategy_that_decides_otherwise_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, error: BaseException | None
) -> None:
    side = Side()
    side.hear(side.cfp_act())
    bargain(side, "mgr", "t.1.b1", 60 * PPM)
    replay("d", side.entries)
    monkeypatch.setitem(STRATEGIES, "linear", Strategy(Other(error), AcceptNext()))
    with pytest.raises(ReplayDifference, match=r"^position \d+"):
        replay("d", side.entries)


def test_a_strategy_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    side = Side()
    side.hear(side.cfp_act())
    bargain(side, "mgr", "t.1.b1", 60 * PPM)
    monkeypatch.delitem(STRATEGIES, "linear")
    with pytest.raises(ReplayDifference, match=r"strategy 'linear' is not known.*is it installed here"):
        replay("d", side.entries)
