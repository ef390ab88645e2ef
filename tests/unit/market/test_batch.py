"""Tasks from a file, and result lines: keys, what is refused, where results may go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contractnet import Award, Call, Market, Proposal, bidder
from contractnet.errors import DefinitionError
from contractnet.market.batch import read_tasks, rebuild, same_tasks

SKILL = "text.summarise"


def file_of(tmp_path: Path, *lines: Any) -> Path:
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


def test_a_line_without_a_key_gets_one_for_each_occurrence(tmp_path: Path) -> None:
    line = {"task": "x", "skill": SKILL}
    keys = [one.task.key or "" for one in read_tasks(file_of(tmp_path, line, {**line, "task": "y"}, line))]
    assert [key.rpartition("#")[2] for key in keys] == ["1", "1", "2"]
    assert keys[0].rpartition("#")[0] == keys[2].rpartition("#")[0]


def test_one_key_is_one_task_within_the_file(tmp_path: Path) -> None:
    placed = read_tasks(
        file_of(tmp_path, {"task": "A", "skill": SKILL, "key": "k"}, {"task": "B", "skill": SKILL, "key": "k"})
    )
    with pytest.raises(DefinitionError, match="line 2: another task stands under the key 'k'"):
        same_tasks([], placed)


async def test_one_key_is_one_task_against_the_ledger(tmp_path: Path) -> None:
    @bidder(skill=SKILL)
    async def one(call: Call) -> Proposal:
        return Proposal(price="0.01", eta=5)

    @one.perform
    async def work(award: Award) -> dict[str, Any]:
        return {}

    placed = read_tasks(file_of(tmp_path, {"task": "A", "skill": SKILL, "key": "k"}))
    other = read_tasks(file_of(tmp_path, {"task": "B", "skill": SKILL, "key": "k"}))
    async with Market.open("memory://", agents=[one], ledger="memory://") as market:
        await market.tender(placed[0].task)
        same_tasks(market.contracts(), placed)
        with pytest.raises(DefinitionError, match="line 1: another task"):
            same_tasks(market.contracts(), other)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", "line 1: this is not a JSON object"),
        ("[]", "line 1"),
        ({"task": "x"}, "line 1: 'skill' is missing"),
        ({"task": "x", "skill": SKILL, "reserve": "-1"}, "line 1: reserve"),
        (
            {"task": "x", "skill": SKILL, "reserve": 0.05},
            r"line 1: reserve: is .* it must be a text; write an amount as a string",
        ),
        (
            {"task": "x", "skill": SKILL, "reserve": 5},
            r"line 1: reserve: is .* it must be a text; write an amount as a string",
        ),
        ({"task": "x", "skill": SKILL, "reserve": "0.0000001"}, "line 1: reserve"),
        ({"task": "x", "skill": SKILL, "result_schema": {"pattern": "a"}}, "line 1: .*pattern"),
        ({"task": "x", "skill": SKILL, "colour": 1}, "line 1: .*colour"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        read_tasks(file_of(tmp_path, line))


def test_bad_lines_are_told_together(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"task": "x", "skill": SKILL}, "not json", {"task": "x"}, *["[]"] * 7)
    with pytest.raises(DefinitionError) as caught:
        read_tasks(path)
    said = str(caught.value)
    assert said.startswith(f"{path}, line 2: this is not a JSON object")
    assert "; line 3: 'skill' is missing" in said
    assert said.endswith("; and 4 more lines")


def test_a_result_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old\n")
    rebuild(path, [b"{}", b"[]"])
    assert path.read_text() == "{}\n[]\n"
    assert [one.name for one in tmp_path.iterdir()] == ["out.jsonl"]
