"""Joint measures: by hand, on sessions, and on published dialogues."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.issues import agenda, choice
from contractnet.mechanisms.bargaining.joint import JointRun, joint_report, measure, yardstick
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate
from contractnet.mechanisms.bargaining.session import Player, bargain
from contractnet.mechanisms.bargaining.shape import Rules
from contractnet.mechanisms.bargaining.solutions import Table, table
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import CONTRACTOR, MANAGER, TRADE

#: utilities from 0 to 10 and from 0 to 20; the Nash deal is (6, 12)
GIVEN = Table(((10, 0), (6, 12), (0, 20), (3, 4)), (2, 2))


def test_a_deal_that_others_beat() -> None:
    found = measure(yardstick(GIVEN), (3, 4))
    assert (found.efficient, found.most, sum(found.utilities)) == (False, 20, 7)
    assert found.pareto_distance == found.nash_distance == pytest.approx(500_000, abs=1)  # (.3, .4) away


def test_the_nash_deal_and_an_efficient_one_beside_it() -> None:
    by = yardstick(GIVEN)
    assert (measure(by, (6, 12)).pareto_distance, measure(by, (6, 12)).nash_distance) == (0, 0)
    beside = measure(by, (0, 20))
    assert (beside.efficient, beside.pareto_distance) == (True, 0)
    assert beside.nash_distance == pytest.approx(PPM * (0.6**2 + 0.4**2) ** 0.5, abs=2)


def test_no_deal_is_worth_the_reservations_and_is_no_distance_away() -> None:
    found = joint_report([measure(yardstick(GIVEN), None), measure(yardstick(GIVEN), (6, 12))])
    assert (found.joint, found.joint_of_deals) == ((4 + 18) * PPM // 40, 18 * PPM // 20)
    assert (found.deals.count, found.deals.of, found.efficient.count, found.nash_distance.n) == (1, 2, 1, 1)


def test_where_no_deal_is_rational_there_is_no_nash_distance() -> None:
    by = yardstick(Table(((1, 0), (0, 1)), (5, 5)))
    assert measure(by, (1, 0)).nash_distance is None


def test_a_side_to_which_all_is_alike_counts_for_nothing() -> None:
    by = yardstick(Table(((1, 7), (3, 7)), (0, 0)))
    assert measure(by, (1, 7)).pareto_distance == PPM


def test_of_nothing_there_is_no_share() -> None:
    assert joint_report([]).joint is None


def test_sessions_can_be_held_against_it() -> None:
    by, rules = yardstick(table(TRADE, (MANAGER, CONTRACTOR))), Rules(agenda=TRADE, turns=20)
    players = [Player(STRATEGIES["logrolling-bayesian"], Mandate(preferences=one)) for one in (MANAGER, CONTRACTOR)]
    terms = bargain(players[0], players[1], rules).terms
    assert terms is not None
    assert measure(by, (MANAGER.utility(terms), CONTRACTOR.utility(terms))).deal


def test_the_published_camp_site_dialogues(test_data: Path) -> None:
    """Three packages each of three goods; points 5, 4, 3; who walks away has 5."""
    goods = ("Food", "Water", "Firewood")
    packages = agenda(*(choice(good, "0", "1", "2", "3") for good in goods))
    dialogues = json.loads((test_data / "casino" / "casino_outcomes.json").read_text(encoding="utf-8"))
    runs: list[JointRun] = []
    for one in dialogues:
        first = Additive(packages, tuple(tuple(n * one["v1"][good] for n in range(4)) for good in goods), 5)
        second = Additive(packages, tuple(tuple((3 - n) * one["v2"][good] for n in range(4)) for good in goods), 5)
        by = yardstick(table(packages, (first, second)))
        if one["result"] != "accept":
            assert tuple(one["points"]) == (5, 5)
            runs.append(measure(by, None))
            continue
        terms = tuple(one["agent1_gets"][good] for good in goods)
        assert [first.utility(terms), second.utility(terms)] == one["points"]
        runs.append(measure(by, (first.utility(terms), second.utility(terms))))
    found = joint_report(runs)
    assert (found.deals.count, found.deals.of, found.efficient.count) == (1_005, 1_030, 677)
    assert found.joint_of_deals is not None
    assert found.joint_of_deals / PPM == pytest.approx(0.962915, abs=2e-6)
