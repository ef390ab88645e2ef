"""A program as performer: real processes, and that none of them is left."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contractnet.bidders.command import MAX_OUTPUT_BYTES, CommandPerformer, clean_environment
from contractnet.contractor.ports import Award
from contractnet.errors import WorkFailed
from tests.support.commands import gone

Make = Callable[..., CommandPerformer]


async def beat(text: str) -> None:
    """Nobody listens."""


AWARD = Award(
    task="Count",
    skill="text.count",
    input={"text": "one two", "secret": 1},
    price=12_500,
    deadline=1_800_000_000_000,
    fence="c.1/1/2",
    attempt=3,
    result_schema=None,
    beat=beat,
)


class Log(list[str]):
    """What the daemon's log got."""


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def make(tmp_path: Path, log: Log) -> Make:
    """A performer that runs Python code."""

    def performer(code: str, **options: Any) -> CommandPerformer:
        return CommandPerformer([sys.executable, "-c", code], tmp_path, log.append, **options)

    return performer


async def until(look: Callable[[], Any]) -> Any:
    """Wait until `look` gives something true, and return it: what is waited for is another process's doing."""
    async with asyncio.timeout(20):
        while not (found := look()):
            await asyncio.sleep(0.01)
    return found


async def pids(path: Path) -> list[int]:
    """What a program writes of itself and its child."""
    text: str = await until(lambda: path.exists() and path.read_text())
    return [int(word) for word in text.split()]


def same(one: str, other: Path) -> bool:
    """Whether both name one folder."""
    return os.path.samefile(one, other)


async def test_the_award_goes_in_and_the_result_comes_out(make: Make, log: Log) -> None:
    got = await make("import json, sys; json.dump({'got': json.load(sys.stdin)}, sys.stdout)")(AWARD)
    assert got == {
        "got": {
            "task": "Count",
            "skill": "text.count",
            "input": {"text": "one two", "secret": 1},
            "price": "0.0125",
            "deadline": 1_800_000_000_000,
            "fence": "c.1/1/2",
            "attempt": 3,
            "parts": 1,
        }
    }
    assert log == []


async def test_a_program_that_reads_nothing(make: Make) -> None:
    large = Award(
        task="x", skill="a.b", input={"text": "x" * 700_000}, price=0, deadline=0, fence="f", attempt=1,
        result_schema=None, beat=beat,
    )  # fmt: skip
    assert await make("print('{}')")(large) == {}


async def test_it_runs_where_the_file_lies_and_without_our_secrets(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACTNET_BROKER", "amqp://u:tiger@h/")
    monkeypatch.setenv("OPENAI_API_KEY", "tiger")
    monkeypatch.setenv("SHOP_NAME", "corner")
    got = await make("import json, os; print(json.dumps({'at': os.getcwd(), 'env': dict(os.environ)}))")(AWARD)
    assert same(got["at"], tmp_path)
    assert got["env"]["SHOP_NAME"] == "corner"
    assert "tiger" not in json.dumps(got["env"])


def test_which_names_are_secrets() -> None:
    given = ["PATH", "KEYBOARD", "X_KEY", "my_token", "DB_PASSWORD", "A_SECRET", "CONTRACTNET_BROKER", "TOKENS"]
    assert list(clean_environment(dict.fromkeys(given, ""))) == ["PATH", "KEYBOARD", "TOKENS"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('{}'); sys.exit(3)", "exit status 3"),
        ("import os; os.abort()", "signal SIGABRT"),
        ("print('garbage')", "8 bytes that are no JSON object"),
        ("print('[1]')", "4 bytes that are no JSON object"),
        ("print('{\"a\": NaN}')", "no JSON object"),
        ("print('{} {}')", "no JSON object"),
        ("print('[' * 100000)", "no JSON object"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe')", "no JSON object"),
        ("pass", "wrote nothing"),
    ],
)
async def test_what_is_no_result(make: Make, code: str, said: str) -> None:
    with pytest.raises(WorkFailed, match=said):
        await make(code)(AWARD)


async def test_what_it_says_on_stderr_stays_here(make: Make, log: Log) -> None:
    code = "import sys; sys.stderr.write('x' * 50000 + '\\nprivate trouble\\n'); sys.exit(1)"
    with pytest.raises(WorkFailed) as caught:
        await make(code)(AWARD)
    assert "private" not in str(caught.value)
    assert len(log) == 1
    assert "private trouble" in log[0]
    assert "c.1/1/2 ended with exit status 1" in log[0]
    assert len(log[0]) < 5_000


async def test_a_result_just_within_the_bound(make: Make) -> None:
    code = f"print('{{\"a\":\"' + 'x' * {MAX_OUTPUT_BYTES - 9} + '\"}}')"
    assert len((await make(code)(AWARD))["a"]) == MAX_OUTPUT_BYTES - 9


async def test_too_much_output_ends_it(make: Make, tmp_path: Path) -> None:
    code = "import os; open('pid', 'w').write(str(os.getpid()))\nwhile True: print('x' * 65536)"
    with pytest.raises(WorkFailed, match=f"more than {MAX_OUTPUT_BYTES} bytes"):
        await make(code)(AWARD)
    assert gone(int((tmp_path / "pid").read_text()))


async def test_a_program_that_cannot_be_started(tmp_path: Path, log: Log) -> None:
    with pytest.raises(WorkFailed, match="could not be started"):
        await CommandPerformer(["/no/such/program"], tmp_path, log.append)(AWARD)
    assert "No such file" in log[0]


FAMILY = """
import os, signal, subprocess, sys, time
{ignore}
child = subprocess.Popen([sys.executable, "-c", {child!r}])
open("pids.new", "w").write(f"{{os.getpid()}} {{child.pid}}")
os.rename("pids.new", "pids")
time.sleep(600)
"""
SLEEPER = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
IGNORE = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.mark.parametrize(
    ("ignore", "child", "least_s"),
    [("", SLEEPER, 0.0), ("", DEAF, 0.0), (IGNORE, DEAF, 0.3)],
    ids=["both", "child", "deaf"],
)
async def test_a_cancel_ends_the_whole_group(
    make: Make, tmp_path: Path, ignore: str, child: str, least_s: float
) -> None:
    work = asyncio.create_task(make(FAMILY.format(ignore=ignore, child=child), stop_s=0.3)(AWARD))
    parent, offspring = await pids(tmp_path / "pids")
    begun = time.monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert gone(parent)
    await until(lambda: gone(offspring))
    assert time.monotonic() - begun >= least_s


async def test_a_second_cancel_kills_at_once(make: Make, tmp_path: Path) -> None:
    work = asyncio.create_task(make(FAMILY.format(ignore=IGNORE, child=DEAF), stop_s=600)(AWARD))
    parent, offspring = await pids(tmp_path / "pids")
    work.cancel()
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(20):
            await work
    assert gone(parent)
    await until(lambda: gone(offspring))


async def test_the_time_limit_ends_it(make: Make, tmp_path: Path) -> None:
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    with pytest.raises(WorkFailed, match=r"ran longer than 0\.4 s"):
        await make(code, timeout_s=0.4)(AWARD)
    assert not (tmp_path / "pid").exists() or gone(int((tmp_path / "pid").read_text()))


async def test_what_it_leaves_behind_is_ended_too_and_holds_nothing_up(make: Make, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])\n"  # it keeps stdout open
        "open('pid', 'w').write(str(child.pid))\n"
        "print('{\"done\": true}')"
    )
    async with asyncio.timeout(20):
        assert await make(code)(AWARD) == {"done": True}
    (child,) = await pids(tmp_path / "pid")
    await until(lambda: gone(child))


async def test_many_at_once(make: Make) -> None:
    performer = make("import json, sys; print(json.dumps({'n': json.load(sys.stdin)['input']['n']}))")

    async def one(number: int) -> int:
        award = Award("x", "a.b", {"n": number}, 0, 0, "f", 1, None, beat)
        return int((await performer(award))["n"])

    assert await asyncio.gather(*(one(number) for number in range(8))) == list(range(8))
