"""`[bargain]` of an agent's file: what becomes of it, and what is said of everything that can be wrong in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contractnet.agent.definition import Definition, parse
from contractnet.agent.loading import load_agent
from contractnet.bargaining.player import Player, Proposer
from contractnet.bargaining.strategist import Strategist
from contractnet.bidders.bargainer import MovingModel, WordingModel, seller
from contractnet.bidders.decorator import bidder
from contractnet.bidders.stance import Wish
from contractnet.errors import DefinitionError

AGENTS = Path(__file__).parents[3] / "agents"
GOOD = """
id = "ada"
skills = ["text.summarise"]
[cost]
price = "0.01"
[perform]
command = ["true"]
"""
MODEL = """
[model]
base_url = "http://127.0.0.1:9/v1"
name = "m"
persona = "warm"
"""


def read(text: str, folder: Path) -> Definition:
    found = parse(text.encode(), "ada.toml", folder)
    assert isinstance(found, Definition)
    return found


def player(text: str, folder: Path) -> Any:
    path = folder / "ada.toml"
    path.write_text(text)
    return load_agent(str(path), lambda line: None).bargain


def test_an_empty_table_is_enough(tmp_path: Path) -> None:
    part = read(GOOD + "[bargain]", tmp_path).bargain
    assert part is not None
    assert (part.words, part.mode, part.voice) == ("none", "og", None)
    assert (part.stance.least, part.stance.strategy, part.stance.margin_ppm, part.stance.unit) == (
        None,
        None,
        50_000,
        "USD",
    )
    assert part.stance.cost is not None
    assert part.stance.cost.price == 10_000
    assert read(GOOD, tmp_path).bargain is None


def test_every_key(tmp_path: Path) -> None:
    part = read(
        GOOD
        + MODEL
        + """
[bargain]
strategy = "boulware"
reservation = "0.0125"
margin_pct = 0
words = "model"
mode = "bounded"
persona = "dominant"
least_worth_pct = 40
[bargain.issues.days]
weight_pct = 60
best = "low"
[bargain.issues.colour]
weight_pct = 40
evaluations = { red = 10, blue = 5 }
""",
        tmp_path,
    ).bargain
    assert part is not None
    stance = part.stance
    assert (stance.least, stance.strategy, stance.margin_ppm, stance.least_worth_ppm) == (
        12_500,
        "boulware",
        0,
        400_000,
    )
    assert stance.wishes == {
        "days": Wish(600_000, "low"),
        "colour": Wish(400_000, None, {"red": 10, "blue": 5}),
    }
    assert part.voice is not None
    assert "decides here" in part.voice
    assert "0.0125" not in repr(part)
    assert "12500" not in repr(part)


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ("", None),
        ("[bargain]", Strategist),
        ('[bargain]\nwords = "template"', Strategist),
        (MODEL + "[bargain]", Strategist),
        (MODEL + '[bargain]\nwords = "model"', WordingModel),
        (MODEL + '[bargain]\nmode = "bounded"', MovingModel),
        (MODEL + '[bargain]\nmode = "bounded"\nwords = "model"\npersona = "fair"', MovingModel),
    ],
)
def test_who_sits_there(table: str, kind: type | None, tmp_path: Path) -> None:
    found = player(GOOD + table, tmp_path)
    assert type(found) is (kind or type(None))
    if kind is not None:
        assert isinstance(found, Player) is not isinstance(found, Proposer)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('strategy = "none-such"', "bargain.strategy: strategy 'none-such' is not known; there are: og-linear"),
        ('reservation = "1.0000001"', 'bargain.reservation is no amount; write "cost", or 0 to 1000000000'),
        ("reservation = 3", "bargain.reservation is a whole number; write a string"),
        ("margin_pct = 101", "bargain.margin_pct is not a whole number from 0 to 100"),
        ('words = "model"', 'bargain.words = "model" needs a model to ask; add [model]'),
        ('mode = "bounded"', 'bargain.mode = "bounded" needs a model to ask; add [model]'),
        ('mode = "free"', "bargain.mode: 'free' is not allowed; write og or bounded"),
        ('words = "many"', "bargain.words: 'many' is not allowed; write none, template or model"),
        ('persona = "fair"', 'bargain.persona is the manner of a model\'s words; write words = "model", too'),
        ("limit = 3", "bargain.limit is no key; [bargain] has strategy, reservation"),
        ("least_worth_pct = -1", "bargain.least_worth_pct is not a whole number from 0 to 100"),
        ("[bargain.issues.days]", "weight_pct"),
        ("[bargain.issues.days]\nweight_pct = 3", 'bargain.issues.days: write best = "low" or "high" of a number'),
        (
            '[bargain.issues.days]\nweight_pct = 101\nbest = "low"',
            "bargain.issues.days.weight_pct is not a whole number",
        ),
        ("[bargain.issues.days]\nweight_pct = 1\nevaluations = { a = -1 }", "bargain.issues.days.evaluations: each is"),
    ],
)
def test_what_is_wrong_is_named(table: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as error:
        read(f"{GOOD}[bargain]\n{table}\n", tmp_path)
    assert str(error.value).startswith("ada.toml: ")
    assert said in str(error.value)
    assert "1.0000001" not in str(error.value)


def test_without_a_cost_the_reservation_is_an_amount(tmp_path: Path) -> None:
    text = 'id = "ada"\nskills = ["a.b"]\n[bid]\nbidder = "mine"\n[bargain]\n'
    with pytest.raises(DefinitionError, match=r"there is no \[cost\] to go by"):
        read(text, tmp_path)
    part = read(text + 'reservation = "2"', tmp_path).bargain
    assert part is not None
    assert (part.stance.least, part.stance.unit) == (2_000_000, "USD")


def test_a_persona_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"bargain\.persona: personas/rude\.toml is not there"):
        read(GOOD + MODEL + '[bargain]\nwords = "model"\npersona = "rude"', tmp_path)


def test_a_mediator_never_bargains(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no bargain"):
        parse(b'id = "m"\n[mediate]\n[bargain]\n', "ada.toml", tmp_path)


def test_the_samples_bargain() -> None:
    for name in ("counter", "translator", "model"):
        found = load_agent(str(AGENTS / f"{name}.toml"), lambda line: None)
        assert found.bargain is not None, name


def test_an_agent_of_a_program_is_given_its_player() -> None:
    @bidder(skill="a.b", bargain=seller("0.02"))
    def sells(call: Any) -> Any: ...

    @sells.perform
    def work(award: Any) -> Any: ...

    assert isinstance(sells.agent().bargain, Strategist)
