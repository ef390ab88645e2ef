"""Where a RabbitMQ server is found, and what is said where there is none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from contractnet.errors import NodeError
from contractnet.testing import server
from contractnet.testing.debian import Apt
from contractnet.testing.server import Server, cache_folder, find_server, provide_server

ROOT = Path(__file__).parents[3]
SILENT: list[str] = []


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without RabbitMQ, Erlang and Debian's tools; its PATH is one empty folder."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv(server.SERVER_VARIABLE, raising=False)
    monkeypatch.setattr(server, "SERVER_PLACES", ())
    return programs


def make_program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_checkout_keeps_it_in_its_own_cache() -> None:
    assert cache_folder() == ROOT / ".cache"


@pytest.mark.usefixtures("bare_machine")
def test_without_any_it_says_what_can_be_done(tmp_path: Path) -> None:
    assert find_server(tmp_path) is None
    with pytest.raises(NodeError) as caught:
        provide_server(SILENT.append, tmp_path)
    for choice in (
        "brew install rabbitmq",
        "CONTRACTNET_TEST_RABBITMQ_SERVER",
        "CONTRACTNET_TEST_AMQP_URL",
        "--no-broker",
    ):
        assert choice in str(caught.value)


def test_an_installed_one_counts_only_with_its_erlang(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = make_program(bare_machine / "rabbitmq-server")
    assert find_server(bare_machine) is None
    for name in ("erl", "epmd"):
        make_program(bare_machine / name)
    assert find_server(bare_machine) == Server(program, bare_machine)
    other = make_program(bare_machine / "other" / "rabbitmq-server")
    monkeypatch.setenv(server.SERVER_VARIABLE, str(other))
    assert find_server(bare_machine) == Server(other, bare_machine)
    monkeypatch.setenv(server.SERVER_VARIABLE, str(bare_machine / "absent"))
    with pytest.raises(NodeError, match="no program that can be started"):
        find_server(bare_machine)


@pytest.mark.usefixtures("bare_machine")
def test_an_unpacked_one_brings_its_libraries(tmp_path: Path) -> None:
    root = tmp_path / "rabbitmq"
    program = make_program(root / "usr/lib/rabbitmq/bin/rabbitmq-server")
    libraries = root / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir()
    found = find_server(tmp_path)
    assert found == Server(program, root / "usr/lib/erlang/bin", (libraries,))
    env = found.environment()
    assert env["PATH"].split(os.pathsep)[0] == str(found.erlang)
    assert env["LD_LIBRARY_PATH"].split(os.pathsep)[0] == str(libraries)


@pytest.mark.usefixtures("bare_machine")
def test_a_path_with_a_space_is_reached_by_a_link(tmp_path: Path) -> None:
    root = tmp_path / "my cache" / "rabbitmq"
    real = make_program(root / "usr/lib/rabbitmq/lib/rabbitmq_server-1/sbin/rabbitmq-server")
    (root / "usr/lib/rabbitmq/bin").mkdir()
    (root / "usr/lib/rabbitmq/bin/rabbitmq-server").symlink_to("../lib/rabbitmq_server-1/sbin/rabbitmq-server")
    found = find_server(tmp_path / "my cache")
    assert found
    linked = found.without_spaces(tmp_path)
    assert " " not in str(linked.program.relative_to(tmp_path))
    assert " " not in str(linked.erlang.relative_to(tmp_path))
    assert linked.program.samefile(real)
    assert not linked.program.is_symlink()
    assert linked.without_spaces(tmp_path) is linked


def test_settings_for_another_broker_do_not_reach_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RABBITMQ_NODENAME", "ERL_LIBS", "ERLANG_HOME"):
        monkeypatch.setenv(name, "theirs")
    env = Server(tmp_path / "rabbitmq-server", tmp_path).environment()
    assert env.keys() & {"RABBITMQ_NODENAME", "ERL_LIBS", "ERLANG_HOME"} == {"ERLANG_HOME"}


def test_an_unpacked_erlang_finds_itself_wherever_it_lies(tmp_path: Path) -> None:
    script = '#!/bin/sh\nprog="$0"\nprogdir=`dirname "${prog}"`\nROOTDIR=/usr/lib/erlang\necho "$ROOTDIR"\n'
    root = tmp_path / "a folder"
    paths = [root / "usr/lib/erlang" / part / "erl" for part in ("bin", "erts-13.1.5/bin")]
    for path in paths:
        make_program(path, script)
    server._make_movable(root)
    moved = root.rename(tmp_path / "moved there")
    for path in paths:
        said = subprocess.check_output([moved / path.relative_to(root)], text=True).strip()
        assert said == str(moved / "usr/lib/erlang")


@pytest.mark.parametrize(
    ("said", "code", "times"), [("Get:1 InRelease", 0, 1), ("Err:1 InRelease", 0, 2), ("E: no", 100, 2)]
)
def test_lists_that_could_not_be_fetched_are_fetched_again(
    tmp_path: Path, bare_machine: Path, said: str, code: int, times: int
) -> None:
    make_program(bare_machine / "apt-get", f"#!/bin/sh\necho {said!r}\nexit {code}\n")
    told: list[str] = []
    for _ in range(2):
        Apt(tmp_path / "apt").update(told.append)
    assert len(told) == times


def test_what_apt_cannot_give_is_an_error_that_shows_what_it_said(tmp_path: Path, bare_machine: Path) -> None:
    make_program(bare_machine / "apt-get", "#!/bin/sh\necho 'E: Unable to locate package rabbitmq-server'\nexit 100\n")
    apt = Apt(tmp_path / "apt")
    apt.update(SILENT.append)  # one bad source is no error yet
    with pytest.raises(NodeError, match=r"Is there a network(?s:.*)Unable to locate package"):
        apt.closure(["rabbitmq-server"])
    with pytest.raises(NodeError, match="could not be downloaded"):
        apt.unpack(["rabbitmq-server"], tmp_path / "target")
