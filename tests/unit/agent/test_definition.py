"""An agent's file: what is read, and what is said of everything that can be wrong in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from contractnet.agent.definition import Definition, parse
from contractnet.agent.definition import read as read_any
from contractnet.agent.mediate_table import MediatorDefinition
from contractnet.errors import DefinitionError
from contractnet.llm.endpoint import Limits, Prices
from contractnet.resources import checkout

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
"""


def read(path: Path) -> Definition:
    """Of an agent that bids."""
    found = read_any(path)
    assert isinstance(found, Definition)
    return found


def write(folder: Path, text: str) -> Path:
    path = folder / "ada.toml"
    path.write_text(text)
    return path


def test_the_smallest_file(tmp_path: Path) -> None:
    found = read(write(tmp_path, GOOD))
    assert (found.id, found.skills, found.capacity, found.timeout_s) == ("ada", ("text.summarise",), 1, None)
    assert found.cost is not None
    assert (found.cost.price, found.cost.unit, found.cost.eta_s, found.cost.confidence) == (10_000, "USD", 60, 0.9)
    assert found.command == (shutil.which("true"),)
    assert found.folder == tmp_path
    assert found.model is None


def test_the_file_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
    id = "summariser"
    skills = ["text.summarise", "text.translate"]
    capacity = 4
    [cost]
    per_1k_tokens = "0.002"
    margin_pct = 20
    floor = "0.001"
    [model]
    base_url = "http://127.0.0.1:8080/v1"
    name = "local"
    api_key_env = "SUMMARISER_KEY"
    mode = "og"
    persona = "plain"
    [perform]
    command = ["python3", "summarise.py"]
    """
    monkeypatch.setenv("SUMMARISER_KEY", "sk-canary")
    found = read(write(tmp_path, text))
    assert found.capacity == 4
    assert found.cost is not None
    assert (found.cost.per_1k_tokens, found.cost.margin_pct, found.cost.floor, found.cost.price) == (
        2000,
        20,
        1000,
        None,
    )
    assert found.command[1:] == ("summarise.py",)
    assert found.model is not None
    endpoint = found.model.endpoint
    assert (endpoint.name, endpoint.prices.unit, endpoint.structured) == ("127.0.0.1:8080/local", "USD", None)
    assert (found.model.mode, found.model.reads_task, found.model.answers) == ("og", False, None)
    assert endpoint.key is not None
    assert endpoint.key.reveal() == "sk-canary"
    assert "sk-canary" not in repr(found)


def test_the_model_works_where_no_program_does(tmp_path: Path) -> None:
    text = GOOD.partition("[perform]")[0] + MODEL
    found = read(write(tmp_path, text))
    assert found.command == ()
    assert found.model is not None


def test_all_that_a_model_part_can_say(tmp_path: Path) -> None:
    more = """
    mode = "bounded"
    persona = "careful"
    reads = "task"
    least_success_pct = 40
    max_tokens = 99
    timeout_s = 7
    structured = "json_object"
    concurrency = 2
    requests_per_min = 30
    tokens_per_min = 9000
    budget = "1.5"
    price_in_per_1k = "0.0005"
    price_out_per_1k = "0.002"
    record = true
    answers = "old.db"
    """
    found = read(write(tmp_path, GOOD + MODEL + more)).model
    assert found is not None
    assert (found.mode, found.reads_task, found.least_pct, found.most_tokens) == ("bounded", True, 40, 99)
    assert found.answers == tmp_path / "old.db"
    assert found.prompts.persona.judgement.startswith("Be cautious")
    assert found.endpoint.limits == Limits(2, 30, 9000, 1_500_000)
    assert found.endpoint.prices == Prices(500, 2000, "USD")
    assert (found.endpoint.timeout_s, found.endpoint.structured, found.endpoint.record) == (7, "json_object", True)


def test_a_persona_and_a_prompt_beside_the_file_count_first(tmp_path: Path) -> None:
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas" / "grim.toml").write_text('voice = "Be grim."')
    before = read(write(tmp_path, GOOD + MODEL)).model
    text = GOOD + MODEL + 'persona = "grim"'
    found = read(write(tmp_path, text)).model
    assert before is not None
    assert found is not None
    assert found.prompts.persona.voice == "Be grim."
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "narrate.toml").write_text('system = "Say it."\nuser = "$task"')
    changed = read(write(tmp_path, text)).model
    assert changed is not None
    assert changed.prompts.narrate.system == "Say it."
    assert len({before.prompts.digest, found.prompts.digest, changed.prompts.digest}) == 3


def test_a_program_beside_the_file_is_found_from_anywhere(tmp_path: Path) -> None:
    program = tmp_path / "work"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = read(write(tmp_path, GOOD.replace('"true"', '"./work", "-v"')))
    assert os.path.realpath(found.command[0]) == os.path.realpath(program)
    assert found.command[1:] == ("-v",)


def test_what_an_agent_asks_is_not_printed_and_has_no_wire_form(tmp_path: Path) -> None:
    found = read(write(tmp_path, GOOD))
    assert "10000" not in repr(found)
    with pytest.raises(TypeError):
        msgspec.json.encode(found.cost)


@pytest.mark.parametrize("key", ["price", "per_1k_tokens", "floor"])
@pytest.mark.parametrize("amount", ["987654.3210001", "9876543210001", "9876543e9", " 9876543"])
def test_a_wrong_cost_is_not_repeated(tmp_path: Path, key: str, amount: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(write(tmp_path, GOOD.replace('price = "0.01"', f'{key} = "{amount}"')))
    assert f"cost.{key} is no amount; write 0 to" in str(caught.value)
    assert "98765" not in str(caught.value)


WRONG = [
    ("x = 1\n" + GOOD, ["x is no key", "id, skills, capacity"]),
    (GOOD.replace("price", "prize"), ["cost.prize is no key", "[cost] has per_1k_tokens"]),
    (GOOD + 'shell = "sh"', ["perform.shell is no key", "[perform] has command, timeout_s"]),
    (GOOD.replace('id = "ada"', ""), ["the key id is missing"]),
    (GOOD.replace('command = ["true"]', ""), ["the key perform.command is missing"]),
    (GOOD.replace('"ada"', "7"), ["id is a whole number", "write a string"]),
    (GOOD.replace('"0.01"', "0.01"), ["cost.price is a number with a point", 'an amount as a string, such as "0.002"']),
    (GOOD.replace('"0.01"', '"0.0000001"'), ["cost.price", "at most six places"]),
    (GOOD.replace('"0.01"', '"-1"'), ["cost.price is no amount; write 0 to 1000000000"]),
    (GOOD.replace('"ada"', '"Ada B"'), ["id", "'Ada B' is not a valid id", "a-z"]),
    (GOOD.replace('"text.summarise"', '"summarise"'), ["skills[0]", "two to four words"]),
    (GOOD.replace('"text.summarise"', '"a.b", "a.b"'), ["skills[1]", "name each once"]),
    (GOOD.replace('["text.summarise"]', "[]"), ["skills has 0 entries"]),
    (GOOD.replace('["text.summarise"]', '"text.summarise"'), ["skills is a string", "a list"]),
    (GOOD.replace("id =", "capacity = 0\nid ="), ["capacity: 0 is not a whole number from 1 to 100000"]),
    (GOOD.replace("id =", "capacity = 1.5\nid ="), ["capacity is a number with a point", "a whole number"]),
    (GOOD.replace("price =", 'floor = "1"\nprice ='), ["cost.price is the whole price", "leave floor out"]),
    (GOOD.replace('price = "0.01"', 'unit = "USD"'), ["[cost] names no amount"]),
    (
        GOOD.replace('price = "0.01"', 'floor = "0.1"\nmargin_pct = -1'),
        ["cost.margin_pct is not a whole number from 0 to 100000"],
    ),
    (GOOD.replace("price =", 'unit = "usd"\nprice ='), ["cost.unit", "such as USD"]),
    (GOOD.replace("price =", "eta_s = 0\nprice ="), ["cost.eta_s: 0"]),
    (GOOD.replace("price =", "confidence = 1.5\nprice ="), ["cost.confidence: 1.5 is not between 0 and 1"]),
    (GOOD.replace("price =", "confidence = nan\nprice ="), ["cost.confidence: nan is not between 0 and 1"]),
    (GOOD.replace('[cost]\nprice = "0.01"', ""), ["nothing says what an offer costs", "add [cost]"]),
    (GOOD.replace('[perform]\ncommand = ["true"]', ""), ["nothing does the work", "add [perform]", "or [model]"]),
    (GOOD.replace('["true"]', "[]"), ["perform.command: write the program"]),
    (GOOD.replace('"true"', '""'), ["perform.command: write the program"]),
    (GOOD.replace('"true"', '"no-such-program"'), ["there is no program no-such-program on PATH"]),
    (GOOD.replace('"true"', '"./absent"'), ["there is no program ./absent in "]),
    (GOOD + "timeout_s = 0", ["perform.timeout_s: 0"]),
    (GOOD + "timeout_s = inf", ["perform.timeout_s: inf"]),
    (GOOD + '[model]\nbase_url = "ftp://x"\nname = "m"', ["model.base_url", "http:// or https://"]),
    (GOOD + '[model]\nbase_url = "http://x/v1"', ["the key model.name is missing"]),
    (GOOD + '[model]\nbase_url = "http://x"\nname = "m"\nmode = "free"', ["model.mode: 'free'", "og or bounded"]),
    (
        GOOD + '[model]\nbase_url = "http://x"\nname = "m"\napi_key_env = "sk-1"',
        ["model.api_key_env", "never stands here"],
    ),
    ('id = "a"\nskills = ["a.b"]\n[model]\nbase_url = "http://x"\nname = "m"', ["nothing says what an offer costs"]),
    (GOOD + MODEL + 'api_key_env = "NO_SUCH_KEY"', ["model.api_key_env", "NO_SUCH_KEY is not set"]),
    (GOOD + MODEL + 'persona = "grim"', ["model.persona", "grim.toml is not there", "aggressive, brisk, careful"]),
    (GOOD + MODEL + 'persona = "../plain"', ["model.persona", "is not a valid id"]),
    (GOOD + MODEL.replace("127", "ada:secret-1@127"), ["model.base_url holds a login"]),
    (GOOD + MODEL + "least_success_pct = 101", ["model.least_success_pct: 101", "0 to 100"]),
    (GOOD + MODEL + "max_tokens = 0", ["model.max_tokens: 0"]),
    (GOOD + MODEL + "timeout_s = 0", ["model.timeout_s: 0"]),
    (GOOD + MODEL + "concurrency = 0", ["model.concurrency: 0"]),
    (GOOD + MODEL + "requests_per_min = 0", ["model.requests_per_min: 0"]),
    (GOOD + MODEL + 'structured = "magic"', ["model.structured: 'magic'", "json_schema, function"]),
    (GOOD + MODEL + 'reads = "minds"', ["model.reads: 'minds'", "facts or task"]),
    (GOOD + MODEL + 'budget = "-1"', ["model.budget is no amount"]),
    (GOOD + MODEL + "price_in_per_1k = 0.1", ["model.price_in_per_1k is a number with a point"]),
    ("id = ", ["is not TOML", "agents/README.md"]),
    (GOOD + 'id = "again"\n[cost]\n', ["is not TOML"]),
    ("cost = 3\n" + GOOD.partition("[cost]")[0], ["cost is a whole number", "write a table"]),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said[0] for _, said in WRONG])
def test_what_is_wrong_is_told_with_file_key_and_what_is_allowed(tmp_path: Path, text: str, said: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DefinitionError) as caught:
        read(path)
    words = str(caught.value)
    assert words.startswith(str(path))
    assert "\n" not in words
    assert [part for part in said if part not in words] == []


def test_a_file_that_is_none(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "absent.toml", "there is no such file"),
        (tmp_path, "is a folder"),
    ):
        with pytest.raises(DefinitionError, match=said) as caught:
            read(path)
        assert str(path) in str(caught.value)
    long = write(tmp_path, GOOD + "#" * 70_000)
    with pytest.raises(DefinitionError, match="is no agent's file"):
        read(long)
    with pytest.raises(DefinitionError, match="is not TOML"):
        parse(b"\xff\xfe\x00", "picture.toml", tmp_path)


def samples() -> list[Path]:
    folder = checkout("agents")
    assert folder is not None
    return sorted(folder.glob("*.toml"))


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_every_sample_is_a_working_definition(path: Path) -> None:
    found = read_any(path)
    assert found.id == path.stem
    if isinstance(found, Definition):
        assert found.model is not None or (path.parent / found.command[-1]).is_file()


def test_there_are_samples() -> None:
    assert len(samples()) >= 3


# ---- mediators

MEDIATOR = 'id = "judge"\n[mediate]\n'


def test_a_mediator_names_its_ladder_in_one_line(tmp_path: Path) -> None:
    line = 'ladder = ["extra-round", "human"]\nwithin_s = 2\nhuman_within_s = 30\n'
    found = parse(f"{MEDIATOR}{line}".encode(), "x", tmp_path)
    assert isinstance(found, MediatorDefinition)
    assert (found.id, found.ladder) == ("judge", ("extra-round", "human"))
    assert (found.within_s, found.human_within_s) == (2.0, 30.0)
    usual = parse(MEDIATOR.encode(), "x", tmp_path)
    assert isinstance(usual, MediatorDefinition)
    assert usual.ladder == ("standing-offers", "extra-round", "sealed-reservations", "single-text")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("ladder = []", "mediate.ladder: name 1 to 16 rungs"),
        ("human_within_s = 0", "mediate.human_within_s: 0.0 is not over 0 and up to 604800 seconds"),
        ('ladder = ["extra-round", "extra-round"]', "each once"),
        ('ladder = ["closed-choice"]', r"names closed-choice, and there is no \[model\]"),
        ("within_s = 0", "mediate.within_s: 0.0 is not over 0"),
        ("height = 3", r"mediate.height is no key; \[mediate\] has ladder, within_s, human_within_s"),
        ('[cost]\nprice = "1"', "settles deadlocks, and never bids: no cost"),
    ],
)
def test_what_is_wrong_with_a_mediator_is_said(more: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=words):
        parse(f"{MEDIATOR}{more}\n".encode(), "x.toml", tmp_path)
