"""doctor against a real broker and real disks: what is well, and each thing that is not."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest

from contractnet.ledger.urls import open_ledger
from contractnet.telemetry.findings import Level
from contractnet.testing.loopback import free_ports
from contractnet.testing.node import PrivateNode
from contractnet.transport.amqp import checkup
from contractnet.transport.amqp.settings import AmqpSettings
from tests.suites.ledger import NOW, OWNER
from tests.support.commands import ran
from tests.support.terminal import Terminal

USER = "dora"


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[PrivateNode, str]]:
    """A node with its management API, and the API's URL."""
    (port,) = free_ports(1)
    conf = ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {port}"]
    with PrivateNode(plugins=["rabbitmq_management"], conf=conf) as one:
        one.eval(f'rabbit_auth_backend_internal:add_user(<<"{USER}">>, <<"secret">>, <<"test">>)')
        yield one, f"http://127.0.0.1:{port}"


def examined(folder: Path, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and the findings by what was looked at."""
    done = ran(folder, "doctor", "--json", *arguments)
    assert done.stderr == ""
    return done.returncode, {row["what"]: row for row in map(json.loads, done.stdout.splitlines())}


def of_broker(folder: Path, url: str, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    return examined(folder, "--only", "broker", "--broker", url, *more)


def as_dora(url: str) -> str:
    return url.replace("guest:guest", f"{USER}:secret")


def test_a_broker_that_is_well(node: tuple[PrivateNode, str], tmp_path: Path) -> None:
    one, api = node
    url = one.vhost()
    code, found = of_broker(tmp_path, url, "--management", api)
    assert code == 0
    assert {what: row["level"] for what, row in found.items()} == {
        "version": "ok",
        "way": "ok",
        "frames": "ok",
        "rights": "ok",
        "quorum queues": "ok",
        "clock": "ok",
        "message size": "ok",
        "dead letters": "ok",
        "management": "ok",
        "nodes": "ok",
        "policies": "ok",
        "limits": "ok",
        "timeout": "unseen",
    }
    assert found["version"]["found"].startswith("RabbitMQ 3.")
    assert found["clock"]["found"] == "agrees with ours, to the second"
    name = url.rpartition("/")[2]
    assert one.eval(f'rabbit_amqqueue:list_names(<<"{name}">>)') == "[]", "it leaves no queue behind"
    left = one.eval(f'[element(4, Name) || Name <- rabbit_exchange:list_names(), element(2, Name) =:= <<"{name}">>]')
    assert "amq.topic" in left
    assert "doctor" not in left


def test_without_the_api_what_cannot_be_seen_is_said(amqp_url: str, tmp_path: Path) -> None:
    code, found = of_broker(tmp_path, amqp_url)
    assert code == 0
    assert found["management"]["level"] == "unseen"
    assert found["management"]["todo"] == "name the API with --management http://USER:PASSWORD@HOST:15672"


def test_a_wrong_password(amqp_url: str, tmp_path: Path) -> None:
    code, found = of_broker(tmp_path, amqp_url.replace(":guest@", ":gues@"))
    assert code == 1
    assert found["connection"]["level"] == "problem"
    assert "refused the login of user 'guest': check the user name and the password" in found["connection"]["found"]


def test_a_virtual_host_that_is_not_there(amqp_url: str, tmp_path: Path) -> None:
    code, found = of_broker(tmp_path, amqp_url + "x")
    assert code == 1
    assert "rabbitmqctl add_vhost" in found["connection"]["found"]


@pytest.mark.parametrize(
    ("rights", "what"),
    [
        (("^$", ".*", ".*"), "may not declare the exchange cn.doctor_"),
        ((".*", "^$", ".*"), "may not declare the quorum queue m.doctor_"),
        ((".*", ".*", "^$"), "may not declare the quorum queue m.doctor_"),
        ((".*", r"^(?!cn\.doctor)", ".*"), "may not declare m.doctor_"),
        ((".*", ".*", r"^(?!m\.doctor.*bids)"), "may not declare the quorum queue m.doctor_"),
    ],
)
def test_a_right_that_is_missing(
    rights: tuple[str, str, str], what: str, node: tuple[PrivateNode, str], tmp_path: Path
) -> None:
    one, _ = node
    url = one.vhost()
    given = ", ".join(
        f'<<"{right}">>'.replace("\\", "\\\\") for right in (USER, url.rpartition("/")[2], *rights, "test")
    )
    one.eval(f"rabbit_auth_backend_internal:set_permissions({given})")
    code, found = of_broker(tmp_path, as_dora(url))
    assert code == 1
    assert found["rights"]["level"] == "problem"
    assert what in found["rights"]["found"]
    assert "rabbitmqctl set_permissions -p" in found["rights"]["found"]
    assert found["version"]["level"] == "ok"


def test_no_broker_there_and_another_that_is_none(tmp_path: Path) -> None:
    code, found = of_broker(tmp_path, "amqp://guest:guest@127.0.0.1:1/")
    assert code == 1
    assert "connection refused" in found["connection"]["found"]


def test_a_limit_on_messages(own_node: PrivateNode, tmp_path: Path) -> None:
    own_node.eval("application:set_env(rabbit, max_message_size, 10000)")
    code, found = of_broker(tmp_path, own_node.vhost())
    assert code == 1
    assert found["message size"]["todo"] == "set max_message_size = 1048576 in rabbitmq.conf"


async def test_an_alarm(own_node: PrivateNode) -> None:
    """The broker reads nothing that is published; doctor itself waits for twenty seconds."""
    url = own_node.vhost()
    own_node.eval(f"rabbit_disk_monitor:set_disk_free_limit({10**16})")
    found = {one.what: one for one in await checkup.look(url, AmqpSettings(call_timeout_s=0.5))}
    assert found["queues"].level is Level.PROBLEM
    assert "it is short of memory or disk (an alarm)" in found["queues"].found


def test_what_the_api_alone_knows(node: tuple[PrivateNode, str], tmp_path: Path) -> None:
    one, api = node
    url = one.vhost()
    name = url.rpartition("/")[2]
    for policy, pattern in (("bites", "^m[.]"), ("harmless", "^other")):
        given = (
            f'<<"{name}">>, <<"{policy}">>, <<"{pattern}">>, [{{<<"message-ttl">>, 1000}}], 0, <<"all">>, <<"test">>'
        )
        one.eval(f"ok = rabbit_policy:set({given})")
    one.eval(f'ok = rabbit_vhost_limit:set(<<"{name}">>, [{{<<"max-connections">>, 5}}], <<"test">>)')
    code, found = of_broker(tmp_path, url, "--management", api)
    assert code == 0, "warnings are none"
    assert found["policies"]["level"] == "warning"
    assert found["policies"]["found"] == "policies bear on our queues: bites (message-ttl)"
    assert found["limits"]["level"] == "warning"
    assert "max-connections 5" in found["limits"]["found"]


@pytest.mark.parametrize("api", ["http://127.0.0.1:1", "http://guest:wrong@127.0.0.1:PORT"])
def test_an_api_that_was_asked_for_and_does_not_answer(api: str, node: tuple[PrivateNode, str], tmp_path: Path) -> None:
    one, right = node
    code, found = of_broker(tmp_path, one.vhost(), "--management", api.replace("PORT", right.rpartition(":")[2]))
    assert code == 3
    assert (found["management"]["level"], found["management"]["asked"]) == ("unseen", True)
    assert "wrong" not in found["management"]["found"]
    assert "the user needs the tag `monitoring`" in found["management"]["todo"]


def test_dead_letters_are_a_warning(node: tuple[PrivateNode, str], tmp_path: Path) -> None:
    url = node[0].vhost()
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare("dead", durable=True, arguments={"x-queue-type": "quorum"})
    channel.confirm_delivery()
    channel.basic_publish("", "dead", b"x")
    connection.close()
    code, found = of_broker(tmp_path, url)
    assert code == 0
    assert found["dead letters"]["level"] == "warning"
    assert found["dead letters"]["found"] == "1 messages lie in the queue dead"


# ---- disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KiB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here ({mounted.stderr.strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def of_ledger(folder: Path, path: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    return examined(folder, "--only", "ledger", "--ledger", str(path))


def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    fill = ["dd", "if=/dev/zero", f"of={small_disk / 'ballast'}", "bs=4096"]
    subprocess.run(fill, capture_output=True, check=False)
    code, found = of_ledger(tmp_path, small_disk / "x.db")
    assert code == 1
    assert found["disk"]["level"] == found["writing"]["level"] == "problem"
    assert "the disk is full: free some space" in found["writing"]["found"]
    assert found["file system"]["found"] == "tmpfs"
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_read_only_disk(small_disk: Path, tmp_path: Path) -> None:
    path = small_disk / "x.db"
    open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, found = of_ledger(tmp_path, path)
    assert code == 1
    assert found["writing"]["level"] == "problem"
    assert "read-only for this user" in found["writing"]["found"]
    assert found["chain"]["level"] == "ok", "what is there can be read"


def test_a_damaged_chain(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"task": "Count", "skill": "text.count", "input": {"text": "one two"}}\n')
    assert ran(tmp_path, "demo", "--json", "--tasks", "one.jsonl", "--ledger", "x.db").returncode == 0
    path = tmp_path / "x.db"
    raw = path.read_bytes()
    at = raw.index(b'"price":') + 8
    path.write_bytes(raw[:at] + (b"2" if raw[at : at + 1] == b"1" else b"1") + raw[at + 1 :])
    code, found = of_ledger(tmp_path, path)
    assert code == 1
    assert found["chain"]["level"] == "problem"
    assert "its content does not have its hash" in found["chain"]["found"]


def test_ctrl_c_in_the_middle(tmp_path: Path) -> None:
    """A broker that takes the connection and says nothing: doctor waits for its greeting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        url = f"amqp://guest:guest@127.0.0.1:{server.getsockname()[1]}/"
        with Terminal(tmp_path, "doctor", "--broker", url, columns=100) as terminal:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(60)
                assert connection.recv(4) == b"AMQP"  # so it is past its connecting
                terminal.interrupt()
                assert terminal.wait() == 130
    assert "contractnet doctor: interrupted; run the same command again to go on" in terminal.text
    assert "Traceback" not in terminal.text
