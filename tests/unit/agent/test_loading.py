"""From the command line's words to agents: files, modules, and what is neither."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contractnet.agent.loading import load_agent, load_agents
from contractnet.bidders.command import CommandPerformer
from contractnet.bidders.model import ModelBidder
from contractnet.bidders.performer import ModelPerformer
from contractnet.errors import DefinitionError, LedgerUnusable

TOML = """
id = "{id}"
skills = ["text.count"]
[cost]
price = "0.01"
[model]
base_url = "http://127.0.0.1/v1"
name = "local"
[perform]
command = ["true"]
"""
MODULE = """
from contractnet.bidders.decorator import bidder
from contractnet.contractor.ports import Refusal

@bidder(skill="text.count", capacity=3)
def whole(call):
    return Refusal("busy")

@whole.perform
def work(award):
    return {}

@bidder(skill="text.count")
def half(call):
    return Refusal("busy")

agent = whole.agent()
number = 7
"""


def silent(line: str) -> None:
    """No log is looked at."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("shop_")]:  # no others: they are known by identity
        del sys.modules[name]


def test_a_file_and_what_it_holds_beside(here: Path) -> None:
    (here / "ada.toml").write_text(TOML.format(id="ada"))
    agent = load_agent("ada.toml", silent)
    assert agent.id == "ada"
    assert isinstance(agent.bid, ModelBidder)
    assert isinstance(agent.perform, CommandPerformer)
    (here / "bob.toml").write_text(TOML.format(id="bob").partition("[perform]")[0])
    assert isinstance(load_agent("bob.toml", silent).perform, ModelPerformer)


def test_agents_of_one_endpoint_share_it_and_must_agree_on_it(here: Path) -> None:
    (here / "ada.toml").write_text(TOML.format(id="ada"))
    (here / "bob.toml").write_text(TOML.format(id="bob"))
    ada, bob = load_agents(["ada.toml", "bob.toml"], silent)
    assert ada.close is not None
    assert ada.close == bob.close  # of one model
    (here / "bob.toml").write_text(TOML.format(id="bob").replace("[perform]", "concurrency = 9\n[perform]"))
    with pytest.raises(
        DefinitionError, match=r"bob\.toml and ada\.toml name the same endpoint, 127\.0\.0\.1/local, with"
    ):
        load_agents(["ada.toml", "bob.toml"], silent)


def test_recorded_answers_that_are_not_there(here: Path) -> None:
    (here / "ada.toml").write_text(TOML.format(id="ada").replace("[perform]", 'answers = "old.db"\n[perform]'))
    with pytest.raises(LedgerUnusable, match=r"old\.db"):
        load_agent("ada.toml", silent)


def test_a_function_of_a_module_in_the_working_directory(here: Path) -> None:
    (here / "shop_a.py").write_text(MODULE)
    for reference in ("shop_a:whole", "shop_a:agent"):
        agent = load_agent(reference, silent)
        assert (agent.id, agent.skills, agent.capacity) == ("whole", ("text.count",), 3)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("shop_b:half", "nothing does its work"),
        ("shop_b:number", "is of type int, not an agent"),
        ("shop_b:absent", "shop_b has no absent"),
        ("no_such:thing", "there is no module no_such in "),
        ("shop_c:x", r"shop_c\.py, line 1: ZeroDivisionError"),
        ("shop_d:x", "shop_d needs the module not_installed"),
        ("shop_e:x", r"shop_e\.py, line 1: SyntaxError"),
        ("shop_f:x", "is not a valid skill"),
        ("neither", "neither: there is no such file, and it is not of the form module:name"),
        ("absent.toml", "there is no such file"),
        ("sub/absent", "there is no such file"),
        ("sub", "is a folder"),
        ("shop_b.py:whole", "is named as module:name: shop_b:whole, where whole is the function"),
        ("shop_b.py", "is named as module:name: shop_b:NAME, where NAME is the function"),
        ("./sub/shop_g:whole", "module:name: in the folder sub, shop_g:whole, where"),
    ],
)
def test_what_is_no_agent(here: Path, reference: str, said: str) -> None:
    (here / "shop_b.py").write_text(MODULE)
    (here / "shop_c.py").write_text("1 / 0\n")
    (here / "shop_d.py").write_text("import not_installed\n")
    (here / "shop_e.py").write_text("def\n")
    (here / "shop_f.py").write_text(MODULE.replace("text.count", "count"))
    (here / "sub").mkdir()
    (here / "sub" / "shop_g.py").write_text(MODULE)
    with pytest.raises(DefinitionError, match=said) as caught:
        load_agent(reference, silent)
    assert reference in str(caught.value)


def test_one_id_twice_in_one_daemon(here: Path) -> None:
    (here / "one.toml").write_text(TOML.format(id="ada"))
    (here / "two.toml").write_text(TOML.format(id="bob"))
    (here / "three.toml").write_text(TOML.format(id="ada"))
    assert [agent.id for agent in load_agents(["two.toml", "one.toml"], silent)] == ["bob", "ada"]
    with pytest.raises(DefinitionError, match=r"three\.toml and one\.toml are both the agent ada"):
        load_agents(["one.toml", "two.toml", "three.toml"], silent)
