"""The private node: its vhosts, its deaths, and that nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pika
import pika.exceptions
import pytest

from contractnet.errors import NodeError
from contractnet.testing.loopback import free_ports, speaks_amqp
from contractnet.testing.node import STOP_TIMEOUT_S, PrivateNode
from tests.brokers import OutsideBroker

pytestmark = pytest.mark.rabbitmq
GONE_WITHIN_S = 60.0


def connect(url: str) -> pika.BlockingConnection:
    return pika.BlockingConnection(pika.URLParameters(url))


def wait_until_gone(path: Path, pids: list[int]) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while time.monotonic() < deadline:
        if not path.exists() and not any(is_alive(pid) for pid in pids):
            return
        time.sleep(0.05)
    pytest.fail(f"still there: {path if path.exists() else ''} {[pid for pid in pids if is_alive(pid)]}")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()


def test_each_vhost_is_empty_and_apart(broker_node: PrivateNode) -> None:
    one, other = broker_node.vhost(), broker_node.vhost()
    with connect(one) as connection:
        connection.channel().queue_declare("q", durable=True)
    with connect(other) as connection, pytest.raises(pika.exceptions.ChannelClosedByBroker, match="no queue 'q'"):
        connection.channel().queue_declare("q", passive=True)
    broker_node.drop_vhost(one)
    broker_node.drop_vhost(other)
    assert broker_node.eval("rabbit_vhost:list_names()") == '[<<"/">>]'


def test_amqp_url_is_a_vhost_of_the_tests_own(amqp_url: str) -> None:
    with connect(amqp_url) as connection:
        assert connection.channel().queue_declare("only-mine").method.message_count == 0


def test_a_body_over_the_limit_closes_the_channel(amqp_url: str) -> None:
    with connect(amqp_url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="PRECONDITION_FAILED"):
            channel.basic_publish("", "nowhere", b"x" * 1_048_577)


def test_eval_and_ctl_say_what_went_wrong(broker_node: PrivateNode) -> None:
    assert broker_node.eval('{<<"a">>, 1 + 1}') == '{<<"a">>,2}'
    with pytest.raises(NodeError, match="badarith"):
        broker_node.eval("1 div 0")
    assert "guest" in broker_node.ctl("list_users")
    with pytest.raises(NodeError, match="no_such_command"):
        broker_node.ctl("no_such_command")


def test_a_killed_node_comes_back_with_its_data(own_node: PrivateNode) -> None:
    url = own_node.vhost("kept")
    with connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("q", durable=True, arguments={"x-queue-type": "quorum"})
        channel.basic_publish("", "q", b"kept", pika.BasicProperties(delivery_mode=2), mandatory=True)
    own_node.settle()
    first = own_node.pid
    own_node.kill9()
    assert not speaks_amqp(own_node.port)
    with pytest.raises(NodeError, match="does not run"):
        _ = own_node.pid
    own_node.stop()  # a dead one: no error
    assert own_node.restart().pid != first
    with connect(url) as connection:
        assert next(connection.channel().consume("q"))[2] == b"kept"


def test_a_node_that_cannot_start_says_why_and_leaves_nothing() -> None:
    node = PrivateNode(conf=["no_such_setting = 1"])
    with pytest.raises(NodeError, match="no_such_setting"), node:
        pytest.fail("it started")
    assert not node.base.exists()


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[str]]:
    """Another process that owns a node and prints its folder and the ids of its processes."""
    code = """
        import time
        from contractnet.testing.node import PrivateNode
        node = PrivateNode().start()
        print(node.base, node.pid, node._epmd.pid, flush=True)
        time.sleep(600)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_node_ends_with_its_owner(owner: subprocess.Popen[str], number: signal.Signals) -> None:
    assert owner.stdout
    base, *pids = owner.stdout.readline().split()
    assert all(is_alive(int(pid)) for pid in pids)
    owner.send_signal(number)
    owner.wait(10)
    owner.stdout.close()
    wait_until_gone(Path(base), [int(pid) for pid in pids])


def test_a_lent_broker_gives_vhosts_over_its_management_api(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    conf = ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {port}"]
    with PrivateNode(plugins=["rabbitmq_management"], conf=conf) as node:
        monkeypatch.setenv("CONTRACTNET_TEST_MANAGEMENT_URL", f"http://127.0.0.1:{port}")
        lent = OutsideBroker(node.url)
        url = lent.vhost()
        with connect(url) as connection:
            connection.channel().queue_declare("q")
        lent.drop_vhost(url)
        assert node.eval("rabbit_vhost:list_names()") == '[<<"/">>]'
        monkeypatch.setenv("CONTRACTNET_TEST_MANAGEMENT_URL", "http://127.0.0.1:9")
        with pytest.raises(pytest.fail.Exception, match="management plugin"):
            OutsideBroker(node.url).vhost()


def test_a_broker_for_a_shell_says_where_it_is_and_goes_with_its_command() -> None:
    """`python3 run.py broker`."""
    lender = subprocess.Popen(
        [sys.executable, "-m", "contractnet.testing.lend"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert lender.stdout
    line = lender.stdout.readline().strip()
    assert line.startswith("export CONTRACTNET_BROKER=amqp://guest:guest@127.0.0.1:"), line
    url = line.partition("=")[2]
    with connect(url):
        pass
    lender.send_signal(signal.SIGINT)
    _, said = lender.communicate(timeout=STOP_TIMEOUT_S)
    assert (lender.returncode, "Ctrl-C ends it" in said) == (0, True), said
    assert not speaks_amqp(int(url.rstrip("/").rpartition(":")[2]))
