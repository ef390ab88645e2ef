"""What the initiator says to many at once."""

from __future__ import annotations

from contractnet.manager.speech import MOST_RECEIVERS
from contractnet.messages import acts as a
from contractnet.messages.codec import decode_act, encode
from tests.support.bench import Bench


def test_a_daemon_of_three_hundred_agents_is_told_in_acts_that_decode(bench: Bench) -> None:
    names = [f"a{number:03d}" for number in range(300)]
    bench.start(*(f"{name}@big" for name in names))
    for name in names:
        bench.propose(name, 30_000)
    told = [act for act in bench.said(a.RejectProposal) if act.receivers is not None]
    assert [decode_act(encode(act)) for act in told] == told
    named = [name for act in told for name in act.receivers or ()]
    assert len(named) == len(set(named)) == 298, "all but the winner and the runner-up, each once"
    assert set(named) < set(names)
    assert max(len(act.receivers or ()) for act in told) == MOST_RECEIVERS
