"""Every command in a terminal, wide and narrow; in a pipe, whole and closed; without colour; and stopped by Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contractnet.cli import agents
from contractnet.testing.node import PrivateNode
from tests.support.commands import command, environment, ran, started, until
from tests.support.terminal import STYLE, Terminal, seen

#: the narrowest in the normal run, where most goes wrong
WIDTHS = [40, *(pytest.param(columns, marks=pytest.mark.campaign) for columns in (80, 140))]
AGENT = """
from contractnet import Proposal, bidder

@bidder(skill=["text.summarise", "text.translate", "text.count"], capacity=4, name="summariser")
async def agent(call):
    return Proposal("0.01", eta=5)

@agent.perform
async def work(award):
    import asyncio
    await asyncio.sleep(award.input.get("pause", 0))
    return {"text": "done"}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the ledger of a demo in it, and a task for another."""
    path = tmp_path_factory.mktemp("terminals")
    (path / "one.jsonl").write_text('{"task": "Count", "skill": "text.count", "input": {"text": "one two"}}\n')
    assert ran(path, "demo", "--json", "--ledger", "demo.db").returncode == 0
    return path


#: command -> (its arguments, its exit code)
QUIET: dict[str, tuple[list[str], int]] = {
    "log": (["demo.db", "--type", "Decided"], 0),
    "replay": (["demo.db"], 0),
    "export": (["demo.db"], 0),
    "schema": (["--check"], 0),
    "doctor": (["--ledger", "demo.db", "--broker", "amqp://guest:guest@127.0.0.1:1/"], 1),
}


# ---- terminals


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_demo_fits(columns: int, tmp_path: Path) -> None:
    terminal = seen(tmp_path, "demo", columns=columns)
    assert terminal.process.returncode == 0
    shown = "\n".join(terminal.lines).partition("Try next:")[0].splitlines()
    assert max(map(len, shown)) <= columns
    assert STYLE.search(terminal.raw), "on a terminal there is colour"
    words = " ".join("\n".join(shown).split())
    assert "16 of 16 awards re-derived, 0 differences, 0 model calls" in words
    assert "lost the thread after 40 words" in words


@pytest.mark.parametrize("columns", WIDTHS)
def test_doctor_fits(columns: int, folder: Path) -> None:
    arguments, code = QUIET["doctor"]
    terminal = seen(folder, "doctor", *arguments, columns=columns)
    assert terminal.process.returncode == code
    findings = [line for line in terminal.lines if not line.startswith("contractnet doctor:")]
    assert max(map(len, findings)) <= columns
    assert "\x1b[31mproblem" in terminal.raw
    assert "start it, or name another one" in " ".join(terminal.text.split())


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", QUIET)
def test_it_ends_as_it_should_at_any_width(name: str, columns: int, folder: Path) -> None:
    arguments, code = QUIET[name]
    terminal = seen(folder, name, *arguments, columns=columns)
    assert terminal.process.returncode == code
    assert "Traceback" not in terminal.text
    assert terminal.text.strip()


@pytest.mark.parametrize("name", [pytest.param("demo", marks=pytest.mark.campaign), *QUIET])
def test_no_color_is_kept(name: str, folder: Path) -> None:
    arguments, code = QUIET.get(name, (["--ledger", "memory://"], 0))
    terminal = seen(folder, name, *arguments, more={"NO_COLOR": "1"})
    assert terminal.process.returncode == code
    assert not STYLE.search(terminal.raw)


@pytest.mark.campaign
@pytest.mark.parametrize("name", ["demo", *QUIET])
def test_a_dumb_terminal_gets_no_escape_sequence_of_style(name: str, folder: Path) -> None:
    arguments, code = QUIET.get(name, (["--ledger", "memory://"], 0))
    terminal = seen(folder, name, *arguments, more={"TERM": "dumb"})
    assert terminal.process.returncode == code
    assert "Traceback" not in terminal.text
    if name != "doctor":
        assert not STYLE.search(terminal.raw)


# ---- pipes


@pytest.mark.parametrize("name", QUIET)
def test_a_pipe_gets_plain_text(name: str, folder: Path) -> None:
    arguments, code = QUIET[name]
    done = ran(folder, name, *arguments)
    assert done.returncode == code
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["log", "demo.db"],
        ["log", "demo.db", "--json"],
        ["export", "demo.db"],
        ["doctor", "--json", "--only", "ledger", "--ledger", "demo.db"],
        ["doctor", "--only", "ledger", "--ledger", "demo.db"],
        ["demo", "--tasks", "one.jsonl", "--ledger", "memory://"],
        ["demo", "--tasks", "one.jsonl", "--ledger", "memory://", "--json"],
    ],
)
def test_a_reader_that_has_enough_is_no_error(arguments: list[str], folder: Path) -> None:
    """As `| head -1`, where it has read its line and gone before the rest is written."""
    process = subprocess.Popen(
        command(arguments),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        said = process.stderr.read()
    assert process.wait(60) == 141
    assert said == ""


@pytest.mark.parametrize("arguments", [["log", "demo.db", "--json"], ["export", "demo.db"]])
def test_ctrl_c_while_a_pipe_is_full(arguments: list[str], folder: Path) -> None:
    process = subprocess.Popen(
        command(arguments),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=4_096,
        bufsize=0,
    )
    assert process.stdout is not None
    assert process.stdout.read(1) == b"{"  # it writes; the rest is more than a pipe holds
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.decode().startswith(f"contractnet {arguments[0]}: interrupted")
    assert "Traceback" not in said.decode()


def test_ctrl_c_while_a_log_is_followed(folder: Path) -> None:
    with Terminal(folder, "log", "demo.db", "--follow", "--type", "Ended") as terminal:
        terminal.shows("tender ended: settled")
        terminal.interrupt()
        assert terminal.wait() == 0, "the way in which following ends"
    assert "Traceback" not in terminal.text


# ---- over a broker


@pytest.fixture(scope="module")
def market(broker_node: PrivateNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL of a virtual host in which a worker offers three skills."""
    folder = tmp_path_factory.mktemp("market")
    (folder / "mine.py").write_text(AGENT)
    url = broker_node.vhost()
    with started(folder, "worker", "mine:agent", "--broker", url) as worker:
        worker.says("connected")
        yield folder, url
        assert worker.stop() == 0
    broker_node.drop_vhost(url)


@pytest.mark.parametrize("columns", WIDTHS)
def test_agents_fits(columns: int, market: tuple[Path, str]) -> None:
    folder, url = market
    terminal = seen(folder, "agents", "--broker", url, columns=columns)
    assert terminal.process.returncode == 0
    assert max(map(len, terminal.lines)) <= columns
    for word in ("summariser", "text.summarise", "text.translate", "text.count", "AGENT", "SINCE"):
        assert word in terminal.text


def test_agents_in_a_pipe_and_as_json(market: tuple[Path, str]) -> None:
    folder, url = market
    plain = ran(folder, "agents", "--broker", url)
    assert [len(plain.stdout.splitlines()), plain.stderr, "\x1b" in plain.stdout] == [2, "", False]
    told = ran(folder, "agents", "--broker", url, "--json")
    assert json.loads(told.stdout)["agent"] == "summariser"


def test_ctrl_c_while_agents_listens_leaves_no_queue_behind(market: tuple[Path, str], broker_node: PrivateNode) -> None:
    folder, url = market
    name = url.rpartition("/")[2]

    def queues() -> str:
        return broker_node.eval(f'[Name || {{resource, _, _, Name}} <- rabbit_amqqueue:list_names(<<"{name}">>)]')

    before = sorted(queues().split(","))
    with Terminal(folder, "agents", "--broker", url, "--wait", "60") as terminal:
        until("it listens", lambda: ".presence" in broker_node.eval(f'rabbit_amqqueue:consumers_all(<<"{name}">>)'))
        terminal.interrupt()
        assert terminal.wait() == 130
    assert "contractnet agents: interrupted; run the same command again to go on" in terminal.text
    until("its queues are gone", lambda: len(queues().split(",")) == len(before))


async def test_nor_does_ctrl_c_while_it_connects(market: tuple[Path, str], broker_node: PrivateNode) -> None:
    url = market[1]
    counted = f'length(rabbit_amqqueue:list_names(<<"{url.rpartition("/")[2]}">>))'
    before = broker_node.eval(counted)
    for delay_s in (0, 0.01, 0.03, 0.06, 0.1, 0.15):
        listening = asyncio.create_task(agents.listen(url, 60))
        await asyncio.sleep(delay_s)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
    assert await asyncio.to_thread(broker_node.eval, counted) == before


@pytest.mark.parametrize("columns", WIDTHS)
def test_call_shows_a_bar_and_keeps_its_result_lines_whole(
    columns: int, market: tuple[Path, str], tmp_path: Path
) -> None:
    _, url = market
    tasks = [{"task": f"Count {number}", "skill": "text.count"} for number in range(3)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    out = tmp_path / "out"
    with Terminal(tmp_path, "call", "--tasks", "t.jsonl", "--broker", url, columns=columns, out=out) as terminal:
        assert terminal.wait() == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["status"] for row in rows] == ["settled"] * 3
    assert "3/3" in terminal.text
    assert "contractnet call: 3 settled" in terminal.text
    assert "\x1b" not in out.read_text()


def test_result_lines_and_the_bar_share_a_terminal(market: tuple[Path, str], tmp_path: Path) -> None:
    _, url = market
    tasks = [{"task": f"Count {number}", "skill": "text.count"} for number in range(3)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    terminal = seen(tmp_path, "call", "--tasks", "t.jsonl", "--broker", url, columns=120)
    assert terminal.process.returncode == 0
    assert "0/3" in terminal.text, "there was a bar"
    left = [line for line in terminal.lines if line]
    assert [json.loads(line)["status"] for line in left[:-1]] == ["settled"] * 3, "and nothing of it is left"
    assert left[-1] == "contractnet call: 3 settled"


def _interrupted(start: Callable[[], Terminal], when: str) -> Terminal:
    with start() as terminal:
        terminal.shows(when)
        terminal.interrupt()
        terminal.wait()
    return terminal


def test_ctrl_c_in_a_call_says_how_to_go_on_and_nothing_is_lost(market: tuple[Path, str], tmp_path: Path) -> None:
    _, url = market
    tasks = [{"task": f"Count {number}", "skill": "text.count", "input": {"pause": number}} for number in range(4)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    arguments = ["call", "--tasks", "t.jsonl", "--out", "out.jsonl", "--broker", url]
    terminal = _interrupted(lambda: Terminal(tmp_path, *arguments), "1 settled")
    assert terminal.process.returncode == 130
    assert "run the same command again" in " ".join(terminal.text.split())
    assert "Traceback" not in terminal.text
    again = ran(tmp_path, *arguments)
    assert again.returncode == 0, again.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert sorted(row["position"] for row in rows) == [1, 2, 3, 4]
    assert {row["status"] for row in rows} == {"settled"}
    replayed = ran(tmp_path, "replay", "contractnet.db")
    assert "0 differences" in replayed.stdout
    assert "Awarded" not in ran(tmp_path, "log", "contractnet.db", "--type", "Freed").stdout


def test_ctrl_c_in_a_call_with_a_ledger_in_memory_says_what_is_lost(market: tuple[Path, str], tmp_path: Path) -> None:
    arguments = ["call", "Wait", "--skill", "text.nobody_there", "--broker", market[1], "--ledger", "memory://"]
    with Terminal(tmp_path, *arguments) as terminal:
        terminal.shows("0/1")
        terminal.interrupt()
        assert terminal.wait() == 130
    said = " ".join(terminal.text.split())
    assert "interrupted; the ledger was in memory: what ran was cancelled" in said
    assert "goes on where it was" in said.partition("with --ledger FILE a call")[2]
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_a_worker_in_order(market: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = market
    text = (folder / "mine.py").read_text().replace('name="summariser"', 'name="other"')
    (tmp_path / "other.py").write_text(text)
    terminal = _interrupted(lambda: Terminal(tmp_path, "worker", "other:agent", "--broker", url), "connected")
    assert terminal.process.returncode == 0
    assert "Traceback" not in terminal.text
    replayed = ran(tmp_path, "replay", "other.journal.db")
    assert replayed.stdout.endswith("0 differences, 0 model calls\n")
