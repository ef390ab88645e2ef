"""What all tests share: a RabbitMQ of their own, the folder of outside data, and last lines that say what was left out.

`amqp_url` gives a fresh, empty vhost on a node that is started when the first test asks for one. `own_node` gives a
second one that the test may kill. With CONTRACTNET_TEST_AMQP_URL vhosts are made on that broker instead
(tests/brokers.py).
"""

from __future__ import annotations

import asyncio
import compileall
import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

import contractnet
from contractnet.errors import NodeError
from contractnet.testing.node import PrivateNode
from contractnet.testing.server import find_server, provide_server
from tests.brokers import OutsideBroker
from tests.support import llama, node_js
from tests.support.examples import TIMES

# a slow moment of a busy machine is no failure; the same examples each time, others where more are asked for
settings.register_profile(
    "steady", deadline=None, derandomize=TIMES == 1, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
if TIMES == 1:
    # hypothesis also draws from the constants of all modules that happen to be loaded: which those are depends on the
    # tests that ran before, and to read them takes a while
    vars(providers)["_get_local_constants"] = lambda: vars(providers)["_local_constants"]

PACKAGE = Path(contractnet.__file__).parent
AMQP_VARIABLE = "CONTRACTNET_TEST_AMQP_URL"
DATA_VARIABLE = "CONTRACTNET_TEST_DATA"
BROKER_FIXTURES = {"broker_node", "amqp_url", "amqp_url_of_module", "own_node"}
NO_BROKER_FOUND = 3
#: no alarm, and the settings that a test may have changed
AS_IT_WAS = (
    'vm_memory_monitor:set_vm_memory_high_watermark(0.4), rabbit_disk_monitor:set_disk_free_limit("50MB"), '
    "[application:set_env(rabbit, Key, Value) || {Key, Value} <- "
    "[{consumer_timeout, 3600000}, {frame_max, 131072}, {max_message_size, 1048576}]]"
)
LEFT_OUT = pytest.StashKey[int]()
ON_DEMAND = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-broker", action="store_true", help="leave out the tests that need RabbitMQ, and say so")


def pytest_configure() -> None:
    """Say that the main thread has no event loop: else pytest-asyncio makes one in passing, which nobody closes. And
    hear Ctrl-C, which programs that are started here inherit: a process that shares tests ignores it.
    """
    asyncio.set_event_loop(None)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The collector of cycles waits while tests are collected, and does not look at what they brought again and again
    while they run: a third of a million objects that stay to the end. What a test makes it looks at as ever.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures they use; take out those that --no-broker or the missing `-m campaign` leaves out.

    The longest searches come last, where one of the processes begins (tests/support/sharing.py): where they all meet in
    the end, the files are short.
    """
    items.sort(key=lambda item: item.nodeid.startswith("tests/conformance/"))
    for item in items:
        names: set[str] = set(getattr(item, "fixturenames", ()))
        if names & BROKER_FIXTURES:
            item.add_marker(pytest.mark.rabbitmq)
        if "test_data" in names:
            item.add_marker(pytest.mark.data)
    if config.getoption("--no-broker"):
        out = [item for item in items if item.get_closest_marker("rabbitmq")]
        config.stash[LEFT_OUT] = len(out)
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if not item.get_closest_marker("rabbitmq")]
    if "campaign" not in config.option.markexpr:
        out = [item for item in items if item.get_closest_marker("campaign")]
        config.stash[ON_DEMAND] = len(out)
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if not item.get_closest_marker("campaign")]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where processes share the tests, RabbitMQ is found or unpacked before they begin.

    And the package is compiled, since hundreds of processes are started from it: else, where PYTHONDONTWRITEBYTECODE
    is set, each would spend a quarter of a second on that.
    """
    config = session.config
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(PACKAGE, quiet=2)
    shared = config.pluginmanager.hasplugin("dsession")  # this process hands the tests out, and collects none
    if shared and not config.getoption("--no-broker") and not config.option.collectonly:
        _provide(config, "some")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find or unpack RabbitMQ now, aloud, where a selected test needs it; without any, end the run with the reason."""
    needs = [item for item in session.items if item.get_closest_marker("rabbitmq")]
    if needs and not session.config.option.collectonly and not hasattr(session.config, "workerinput"):
        _provide(session.config, str(len(needs)))


def _provide(config: pytest.Config, count: str) -> None:
    if os.environ.get(AMQP_VARIABLE):
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    reporter = config.pluginmanager.getplugin("terminalreporter")
    try:
        with capture.global_and_fixture_disabled():
            provide_server(reporter.write_line)
    except NodeError as error:
        pytest.exit(
            f"{error}\n{count} of the selected tests need RabbitMQ. Make one available, or lend one with "
            f"{AMQP_VARIABLE}; --no-broker leaves these tests out.",
            NO_BROKER_FOUND,
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that shares the tests with others tells what it left out; all of them collect the same."""
    if hasattr(session.config, "workeroutput"):
        for key, name in ((LEFT_OUT, "left out"), (ON_DEMAND, "on demand")):
            session.config.workeroutput[name] = session.config.stash.get(key, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files are handed out from both ends."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.support.sharing import FromBothEnds  # a run without -n can do without xdist

    return FromBothEnds(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What one of the processes left out."""
    told = getattr(node, "workeroutput", {})
    for key, name in ((LEFT_OUT, "left out"), (ON_DEMAND, "on demand")):
        node.config.stash[key] = told.get(name, 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(f"LEFT OUT: {left_out} tests that need RabbitMQ (--no-broker)", yellow=True)
    on_demand = config.stash.get(ON_DEMAND, 0)
    if on_demand:
        terminalreporter.write_line(f"LEFT OUT: {on_demand} longer runs (ask for them with -m campaign)")
    skipped = [
        report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)
    ]
    without_data = [reason for reason in skipped if DATA_VARIABLE in reason]
    if without_data:
        terminalreporter.write_line(
            f"LEFT OUT: {len(without_data)} tests that read outside data ({DATA_VARIABLE} is not set)", yellow=True
        )
    without_node = [reason for reason in skipped if node_js.LEFT_OUT in reason]
    if without_node:
        reason = without_node[0].removeprefix("Skipped: ")
        terminalreporter.write_line(
            f"LEFT OUT: {len(without_node)} tests of another's contractor: {reason}", yellow=True
        )
    without_llama = [reason for reason in skipped if llama.LEFT_OUT in reason]
    if without_llama:
        reason = without_llama[0].removeprefix("Skipped: ")
        terminalreporter.write_line(
            f"LEFT OUT: {len(without_llama)} tests with a real model server: {reason}", yellow=True
        )


@pytest.fixture(scope="session")
def broker_node() -> Iterator[PrivateNode]:
    """The run's private node, started with the first test that asks for it. Do not stop it: see `own_node`."""
    if os.environ.get(AMQP_VARIABLE):
        pytest.skip(f"needs a private node, and {AMQP_VARIABLE} is set")
    with PrivateNode() as node:
        yield node


def _vhost(request: pytest.FixtureRequest) -> Iterator[str]:
    outside = os.environ.get(AMQP_VARIABLE)
    broker = OutsideBroker(outside) if outside else request.getfixturevalue("broker_node")
    url = broker.vhost()
    yield url
    broker.drop_vhost(url)


@pytest.fixture
def amqp_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh, empty vhost with all rights, deleted with all that is in it after the test."""
    yield from _vhost(request)


@pytest.fixture(scope="module")
def amqp_url_of_module(request: pytest.FixtureRequest) -> Iterator[str]:
    """As `amqp_url`, for all tests of a module, which leave it as they found it."""
    yield from _vhost(request)


@pytest.fixture(scope="session")
def mortal_node() -> Iterator[PrivateNode]:
    """See `own_node`."""
    if os.environ.get(AMQP_VARIABLE) and find_server() is None:
        pytest.skip(f"needs a private node; no RabbitMQ server is here, only {AMQP_VARIABLE}")
    with PrivateNode() as node:
        yield node


@pytest.fixture
def own_node(mortal_node: PrivateNode) -> Iterator[PrivateNode]:
    """A node for the test alone while it runs, which it may kill, stop, restart and set otherwise: a start takes six
    seconds of a processor, so those tests share one that is mended in between. Work in a vhost made for the test.
    """
    mortal_node.start()
    yield mortal_node
    mortal_node.start()
    mortal_node.eval(AS_IT_WAS)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of outside data; the test is skipped, aloud, where there is none."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        pytest.skip(f"reads outside data: set {DATA_VARIABLE} to its folder")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"{DATA_VARIABLE} is {folder!r}, which is no folder")
    return path
