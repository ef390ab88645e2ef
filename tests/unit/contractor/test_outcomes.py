"""What an agent's own journal says of its awards, as far as it can know."""

from __future__ import annotations

import pytest

from contractnet.contractor.outcomes import OwnOutcomes
from contractnet.contractor.records import Failed, Finished
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import CancelReason, NotUnderstoodReason, TaskFailure
from tests.support.side import SKILL, Side


def known(side: Side) -> tuple[int, int, dict[str, int]]:
    """(good, all, what they rest on) of the agent; the diary knows the same."""
    outcomes = OwnOutcomes()
    for record in side.written:
        outcomes.follow(side.agent, side.conversation, record)
    assert outcomes.score(side.agent, SKILL) == side.diary.outcomes.score(side.agent, SKILL)
    track = outcomes.records.track(side.agent, SKILL)
    if track is None:
        return 0, 0, {}
    return (
        track.whole.successes,
        track.whole.n,
        {str(basis): n for basis, n in outcomes.bases[side.agent, SKILL].items()},
    )


def working(side: Side) -> None:
    side.cfp()
    side.bid(confidence=700_000)
    side.accept(private={"key": "s3cret"})
    assert known(side) == (0, 0, {})


def complain(side: Side, about: str, reason: NotUnderstoodReason) -> None:
    content = c.NotUnderstoodContent(reason=reason, about="inform")
    side.hear(a.NotUnderstood(**side.header(about), content=content))


def test_a_result_is_good_until_it_is_called_wrong(side: Side) -> None:
    working(side)
    side.step(Finished(result={"ok": 1}))
    assert known(side) == (1, 1, {"inform": 1})
    said = side.said(a.Inform)[-1].reply_with
    complain(side, said, NotUnderstoodReason.OUT_OF_SEQUENCE)
    assert known(side) == (1, 1, {"inform": 1})
    complain(side, said, NotUnderstoodReason.SCHEMA)
    assert known(side) == (0, 1, {"lost": 1})
    complain(side, said, NotUnderstoodReason.SCHEMA)
    assert known(side) == (0, 1, {"lost": 1})


@pytest.mark.parametrize("reason", list(CancelReason))
def test_what_a_cancel_says_of_running_work(side: Side, reason: CancelReason) -> None:
    working(side)
    side.hear(a.Cancel(**side.header(), content=c.CancelContent(reason=reason)))
    late = reason in (CancelReason.LEASE_EXPIRED, CancelReason.RESULT_OVERDUE)
    assert known(side) == ((0, 1, {"lost": 1}) if late else (0, 0, {}))


def test_a_failure_is_bad_once(side: Side) -> None:
    working(side)
    side.step(Failed(reason=TaskFailure.ERROR))
    side.hear(a.Cancel(**side.header(), content=c.CancelContent(reason=CancelReason.LEASE_EXPIRED)))
    assert known(side) == (0, 1, {"lost": 1})


def test_an_award_of_an_offer_that_had_ended_is_no_outcome(side: Side) -> None:
    side.cfp()
    side.bid()
    side.wait(200_000)
    side.accept()
    assert [one.content.reason for one in side.said(a.Failure)] == [TaskFailure.OFFER_EXPIRED]
    assert known(side) == (0, 0, {})
