"""Every error has one code and one form of words."""

from __future__ import annotations

import click
import pytest

from contractnet.cli.exits import Interrupted, failure
from contractnet.errors import (
    ContractFailed,
    DecodeError,
    DefinitionError,
    LedgerBroken,
    LedgerDamaged,
    LedgerLocked,
    LedgerUnusable,
    NodeError,
    ReplayDifference,
    TransportBroken,
    TransportRefused,
)

SIMPLE = [
    (DefinitionError("x.toml: id is missing"), 2, "x.toml: id is missing"),
    (LedgerUnusable("x.db is a folder"), 3, "x.db is a folder"),
    (LedgerLocked("x.db is being written"), 3, "x.db is being written"),
    (LedgerBroken("disk full"), 3, "disk full"),
    (LedgerDamaged("position 3: gone", 3), 3, "position 3: gone"),
    (ReplayDifference("position 3: other", 3), 3, "position 3: other"),
    (TransportBroken("lost"), 3, "lost"),
    (TransportRefused("wrong password"), 3, "wrong password"),
    (DecodeError("json", [("$", "no JSON")]), 3, "$: no JSON (json)"),
    (ContractFailed("it failed", "failed"), 3, "it failed"),
    (NodeError("no broker"), 3, "no broker"),
    (FileNotFoundError(2, "No such file or directory", "a.txt"), 3, "a.txt: No such file or directory"),
    (click.UsageError("Missing argument."), 2, "Missing argument; see contractnet call --help"),
    (click.FileError("a.txt", "is gone"), 2, "Could not open file 'a.txt': is gone"),
    (KeyboardInterrupt(), 130, "interrupted; run the same command again to go on"),
    (click.Abort(), 130, "interrupted; run the same command again to go on"),
    (Interrupted("3 tenders wait"), 130, "interrupted; 3 tenders wait"),
]


@pytest.mark.parametrize(("error", "code", "text"), SIMPLE, ids=[type(error).__name__ for error, _, _ in SIMPLE])
def test_code_and_words(error: BaseException, code: int, text: str) -> None:
    assert failure("contractnet call", error) == (code, f"contractnet call: {text}")


@pytest.mark.parametrize("error", [LedgerDamaged("position 3: gone", 3), ReplayDifference("position 3: other", 3)])
@pytest.mark.parametrize("command", ["replay", "audit"])
def test_what_a_checking_command_finds_is_its_result(command: str, error: Exception) -> None:
    assert failure(f"contractnet {command}", error).code == 1


def test_the_first_of_ours_in_a_group_counts() -> None:
    inner = ExceptionGroup("tasks", [ValueError("ours is better"), TransportRefused("wrong password")])
    assert failure("contractnet call", ExceptionGroup("all", [inner])) == (3, "contractnet call: wrong password")


def test_a_bug_is_shown_whole() -> None:
    try:
        raise KeyError("absent")
    except KeyError as error:
        code, text = failure("contractnet call", error)
    assert code == 3
    assert text.startswith("Traceback")
    assert text.endswith("contractnet call: this is a bug in contractnet: please report the lines above")
