"""How test files are handed out to the processes that share them (tests/support/sharing.py)."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

pytest.importorskip("xdist", reason="xdist shares the tests")

from tests.support.sharing import FROM_THE_END, FromBothEnds

FILES = [f"tests/{name}.py" for name in "abcdefg"]
TESTS = [f"{file}::test_{number}" for file in FILES for number in range(3)]


class Node:
    """What a scheduler sees of a process."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.got: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.got.extend(indices)

    def shutdown(self) -> None:
        self.shutting_down = True

    def files(self) -> list[str]:
        return list(dict.fromkeys(TESTS[index].partition("::")[0] for index in self.got))


def shared(*names: str) -> list[Node]:
    """The processes after a run in which they take turns, test by test."""
    option = SimpleNamespace(loadscopereorder=False)
    values = {"tx": [f"{len(names)}*popen"]}
    config = SimpleNamespace(option=option, getvalue=values.__getitem__)
    log = logging.getLogger("sharing").debug
    scheduler = FromBothEnds(config, SimpleNamespace(loadscopesched=log, loadfilesched=log))
    nodes = [Node(name) for name in names]
    for node in nodes:
        scheduler.add_node(node)
        scheduler.add_node_collection(node, TESTS)
    scheduler.schedule()
    done = dict.fromkeys(names, 0)
    while any(done[node.gateway.id] < len(node.got) for node in nodes):
        for node in nodes:
            if done[node.gateway.id] < len(node.got):
                done[node.gateway.id] += 1
                scheduler.mark_test_complete(node, node.got[done[node.gateway.id] - 1])
    return nodes


def test_one_takes_the_last_files_and_the_others_the_first() -> None:
    last, one, other = shared(FROM_THE_END, "gw1", "gw2")
    assert last.files()[:2] == [FILES[-1], FILES[-2]]
    assert sorted(one.files()[:2] + other.files()[:2]) == FILES[:4]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_test_is_run_once(count: int) -> None:
    nodes = shared(*(f"gw{number}" for number in range(count)))
    assert sorted(index for node in nodes for index in node.got) == list(range(len(TESTS)))
