"""run.py: its syntax, its stamp, what it leaves alone, and that it becomes the program asked for.

The installing itself is a matter of the network: it is what `python3 run.py test` did before this test ran.
"""

from __future__ import annotations

import ast
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "run.py").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with run.py and what its stamp depends on."""
    shutil.copy(ROOT / "run.py", tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "requirements").mkdir()
    for kind in ("core", "docs", "dev"):
        (tmp_path / "requirements" / f"{kind}.txt").write_text("# nothing\n")
    return tmp_path


def load(checkout: Path) -> Any:
    """The checkout's run.py as a module."""
    spec = importlib.util.spec_from_file_location("run_under_test", checkout / "run.py")
    assert spec
    assert spec.loader
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_venv(checkout: Path, kind: str | None) -> None:
    """A .venv whose programs say what they got and end with 7; stamped where `kind` is given."""
    folder = checkout / ".venv" / "bin"
    folder.mkdir(parents=True)
    (checkout / ".venv" / "begun-by-run.py").touch()
    for name in ("python", "contractnet"):
        (folder / name).write_text(f'#!/bin/sh\necho {name} "$@"\nexit 7\n')
        (folder / name).chmod(0o755)
    if kind:
        load(checkout).write_stamp(kind)


def call(checkout: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", *arguments],
        cwd=checkout,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_old_python_can_read_it() -> None:
    ast.parse(SOURCE, feature_version=(3, 8))


def test_it_needs_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    tops = {name.partition(".")[0] for name in names | modules}
    assert tops - set(sys.stdlib_module_names) == {"contractnet"}
    assert {name for name in modules if name.startswith("contractnet")} == {
        "contractnet.errors",
        "contractnet.testing",
    }


@pytest.mark.parametrize("path", ["contractnet/testing/debian.py", "contractnet/testing/watcher.py"])
def test_so_does_what_it_borrows_before_anything_is_installed(path: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import contractnet.testing.{Path(path).stem}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "code", "said"), [(["--help"], 0, "run.py demo"), ([], 2, "run.py demo"), (["demmo"], 2, "'demmo'")]
)
def test_help_and_a_wrong_command(checkout: Path, arguments: list[str], code: int, said: str) -> None:
    done = call(checkout, *arguments)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True)
    assert not (checkout / ".venv").exists()


def test_only_a_whole_and_fitting_venv_is_ready(checkout: Path) -> None:
    run = load(checkout)
    assert not run.is_ready("core")
    make_venv(checkout, None)
    assert not run.is_ready("core")  # begun, never finished
    run.write_stamp("core")
    assert run.is_ready("core")
    assert not run.is_ready("docs")
    run.write_stamp("docs")
    assert run.is_ready("docs")
    assert run.is_ready("core")
    assert not run.is_ready("dev")
    run.write_stamp("dev")
    assert run.is_ready("dev")
    assert run.is_ready("docs")
    assert run.is_ready("core")  # what the tests need holds what the demo needs


@pytest.mark.parametrize("change", ["pyproject.toml", "requirements/dev.txt", "python", "gone", "stamp"])
def test_a_change_makes_it_unfit(checkout: Path, change: str) -> None:
    make_venv(checkout, "dev")
    run = load(checkout)
    assert run.is_ready("dev")
    python = checkout / ".venv" / "bin" / "python"
    if change == "python":  # the system's Python behind the link is another one now
        python.rename(python.with_name("python3"))
        python.symlink_to("python3")
    elif change == "gone":
        python.unlink()
    elif change == "stamp":
        (checkout / ".venv" / "finished-by-run.py").write_text("{")
    else:
        (checkout / change).write_text("changed\n")
    assert not run.is_ready("dev")


def test_a_moved_checkout_is_made_anew(checkout: Path) -> None:
    make_venv(checkout, "dev")
    moved = checkout.with_name("moved")
    checkout.rename(moved)
    assert not load(moved).is_ready("dev")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("demo", "contractnet demo --seed 7"),
        ("test", "python -m pytest --seed 7"),
        ("docs", "python -m docs.tools.build --seed 7"),
    ],
)
def test_it_becomes_the_program_and_ends_with_its_code(checkout: Path, command: str, said: str) -> None:
    make_venv(checkout, "dev")
    done = call(checkout, command, "--seed", "7")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (7, said, "")


@pytest.mark.parametrize("what", ["folder", "file", "dangling link"])
def test_somebody_elses_venv_is_left_alone(checkout: Path, what: str) -> None:
    venv = checkout / ".venv"
    if what == "folder":
        venv.mkdir()
        (venv / "pyvenv.cfg").write_text("mine\n")
    elif what == "file":
        venv.write_text("mine\n")
    else:
        venv.symlink_to("nowhere")
    done = call(checkout, "demo")
    assert done.returncode == 3
    assert "was not made by run.py, and is left alone" in done.stderr
    assert os.path.lexists(venv)
    assert what != "folder" or (venv / "pyvenv.cfg").read_text() == "mine\n"


def test_the_second_of_two_waits_for_the_first(checkout: Path) -> None:
    (checkout / ".cache").mkdir()
    with (checkout / ".cache" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [sys.executable, "run.py", "test"],
            cwd=checkout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr
        assert "waiting for it" in second.stderr.readline()
        make_venv(checkout, "dev")  # as the first would
    out, _ = second.communicate(timeout=60)
    assert (second.returncode, out) == (7, "python -m pytest -n 2 --dist loadfile --no-loadscope-reorder\n")


def test_without_a_network_it_says_so_and_an_unfinished_venv_is_made_anew(checkout: Path) -> None:
    make_venv(checkout, None)  # as a call that was killed leaves it
    pinned = "no-such-package==1.0 --hash=sha256:" + "0" * 64
    (checkout / "requirements" / "core.txt").write_text(pinned + "\n")
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "https://127.0.0.1:9/simple", "PIP_FIND_LINKS": ""}
    done = call(checkout, "demo", **nowhere)
    assert done.returncode == 3
    assert "removing the unfinished .venv" in done.stderr
    assert "there seems to be no network" in done.stderr
    assert not load(checkout).is_ready("core")
