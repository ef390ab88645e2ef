"""What lies in deploy/ is taken by the programs it is for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from contractnet.testing.node import PrivateNode

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.mark.rabbitmq
def test_the_broker_takes_its_settings() -> None:
    lines = (DEPLOY / "rabbitmq.conf").read_text(encoding="utf-8").splitlines()
    conf = [line for line in lines if line and not line.startswith(("#", "listeners.", "management.tcp.port"))]
    assert "max_message_size = 1048576" in conf
    with PrivateNode(conf=conf, max_message_size=1, consumer_timeout_ms=1) as node:  # the later line counts
        for name, value in (
            ("max_message_size", "1048576"),
            ("consumer_timeout", "3600000"),
            ("disk_free_limit", '"2GB"'),
            ("heartbeat", "20"),
        ):
            assert node.eval(f"application:get_env(rabbit, {name})") == f"{{ok,{value}}}"


def test_systemd_takes_the_worker_unit(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here to check the unit with")
    unit = (DEPLOY / "contractnet-worker@.service").read_text(encoding="utf-8")
    program = "/opt/contractnet/.venv/bin/contractnet"
    assert f"ExecStart={program} worker " in unit
    (tmp_path / "contractnet-worker@.service").write_text(unit.replace(program, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "contractnet-worker@summariser.service"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")  # an unknown key is only a warning: the code alone says nothing
