"""A RabbitMQ node of one's own: random loopback ports, own epmd, cookie, data and log; gone when its owner is gone.

It never touches a broker that already runs on the machine. The owner may kill it, stop it and start it again with its
data. A watcher (watcher.py) kills it and removes its folder at `close()`, and also when the owner dies without a word.

    with PrivateNode() as node:
        url = node.vhost()  # fresh and empty; user guest
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from contractnet.errors import NodeError
from contractnet.testing import watcher
from contractnet.testing.loopback import free_ports, speaks_amqp
from contractnet.testing.server import Server, provide_server

#: No spinning schedulers: an idle node costs nothing.
QUIET = "+sbwt none +sbwtdcpu none +sbwtdio none +A 4"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
CTL_TIMEOUT_S = 60.0
POLL_S = 0.05
EVERYTHING = ".*"


class PrivateNode:
    """One private node. Use it as a context manager, or call `start()` and, at the end, `close()`.

    Args:
        consumer_timeout_ms: how long a consumer may hold a delivery; the node looks once a second.
        max_message_size: bytes of a body; a larger publish is refused with 406.
        conf: further lines of rabbitmq.conf.
        definitions: a JSON file of users, queues and permissions, loaded at the start.
        plugins: names, such as `rabbitmq_management`.
        schedulers: threads that run Erlang code; one is enough for tests.
        server: which RabbitMQ; by default the one found, or unpacked.
        port: to listen on; by default a free one.
    """

    def __init__(
        self,
        *,
        consumer_timeout_ms: int = 3_600_000,
        max_message_size: int = 1_048_576,
        conf: Sequence[str] = (),
        definitions: Path | None = None,
        plugins: Sequence[str] = (),
        schedulers: int = 1,
        server: Server | None = None,
        port: int | None = None,
    ) -> None:
        server = server or provide_server(_say)
        self.base = Path(tempfile.mkdtemp(prefix="contractnet-node-"))
        self.server = server.without_spaces(self.base)
        free, self._dist_port, self._epmd_port = free_ports(3)
        self.port = port or free
        self.name = f"contractnet_{os.getpid()}_{self.port}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        self._cookie = secrets.token_hex(16)
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            "log.console = false",
            "log.file.level = info",
            f"max_message_size = {max_message_size}",
            f"consumer_timeout = {consumer_timeout_ms}",
            *conf,
        ]
        if definitions:
            lines.append(f"load_definitions = {definitions.resolve()}")
        self._write("rabbitmq.conf", "\n".join(lines) + "\n")
        self._write("advanced.config", "[{rabbit, [{channel_tick_interval, 1000}]}].\n")
        self._write("enabled_plugins", f"[{','.join(plugins)}].\n")
        self._write(".erlang.cookie", self._cookie).chmod(0o400)
        self._env = self._environment(schedulers)
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", watcher.__file__, self.base],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._epmd = self._spawn(self.server.erlang / "epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1")

    @property
    def url(self) -> str:
        """Of the default vhost, user guest with all rights."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @property
    def pid(self) -> int:
        """Of the running server.

        Raises:
            NodeError: if it does not run.
        """
        if not self._runs():
            raise NodeError(f"the private node {self.name} does not run")
        return int((self.base / "pid").read_text())

    def start(self) -> Self:
        """Start the server on the data it has, and wait until it speaks AMQP. A running one is left alone.

        Raises:
            NodeError: with the end of its log, if it ends or says nothing for a minute.
        """
        if self._runs():
            return self
        (self.base / "pid").unlink(missing_ok=True)
        self._process = self._spawn(self.server.program)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise NodeError(f"the private node ended with {self._process.returncode}\n{self.log_tail()}")
            if speaks_amqp(self.port):
                return self
            time.sleep(POLL_S)
        raise NodeError(f"the private node did not speak AMQP within {START_TIMEOUT_S:.0f} s\n{self.log_tail()}")

    def settle(self) -> None:
        """Make queues declared just now survive a kill.

        RabbitMQ 3.10 writes the names of new quorum queues to disk only every 500 ms. One declared within that time
        before a kill comes back without a leader and without its confirmed messages, for ever (seen on 3.10.8).
        """
        self.eval("[dets:sync(Table) || Table <- dets:all()]")

    def kill9(self) -> None:
        """Kill the server without a word, as the kernel does when memory ends; its data stays. See `settle`."""
        os.kill(self.pid, signal.SIGKILL)
        self._ended(STOP_TIMEOUT_S)

    def stop(self) -> None:
        """Stop the server in order; its data stays. One that does not run is no error."""
        if not self._runs():
            return
        os.kill(self.pid, signal.SIGTERM)
        self._ended(STOP_TIMEOUT_S)

    def restart(self) -> Self:
        """Stop the server in order, where it runs, and start it on the same data and port."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """Kill all of the node and remove its folder, data and log with it."""
        if self._watcher.stdin and not self._watcher.stdin.closed:
            self._watcher.stdin.close()
        for process in (self._watcher, self._process, self._epmd):
            if process:
                process.wait(STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl on the node (about a second) and return what it printed.

        Raises:
            NodeError: if it fails, with what it printed.
        """
        return self._tool([str(self.server.program.with_name("rabbitmqctl")), "--quiet", *arguments])

    def eval(self, expression: str) -> str:
        """Evaluate Erlang on the node (some milliseconds) and return the term as text.

        Args:
            expression: without the full stop, such as `rabbit_vhost:list_names()`.
        Raises:
            NodeError: if it raises there, or the node does not answer.
        """
        tool = self.server.erlang / "erl_call"
        if not tool.exists():
            return self.ctl("eval", expression + ".")
        address = ["-address", f"localhost:{self._dist_port}", "-c", self._cookie, "-timeout", f"{CTL_TIMEOUT_S:.0f}"]
        printed = f'lists:flatten(io_lib:format("~0tp", [begin {expression} end])).\n'
        said = self._tool([str(tool), *address, "-r", "-e"], printed).strip()
        if not said.startswith('{ok, "'):
            raise NodeError(f"{expression}: {said}")
        return said.removeprefix('{ok, "').removesuffix('"}')

    def vhost(self, name: str | None = None) -> str:
        """Make an empty vhost, where guest has all rights, and return its URL."""
        name = name or f"test-{secrets.token_hex(6)}"
        rights = ", ".join(f'<<"{EVERYTHING}">>' for _ in range(3))
        self.eval(
            f'ok = rabbit_vhost:add(<<"{name}">>, <<"test">>), ok = rabbit_auth_backend_internal:set_permissions('
            f'<<"guest">>, <<"{name}">>, {rights}, <<"test">>)'
        )
        return self.url + name

    def drop_vhost(self, url: str) -> None:
        """Delete the vhost of `url` with all that is in it; its connections are closed."""
        self.eval(f'rabbit_vhost:delete(<<"{url.rpartition("/")[2]}">>, <<"test">>)')

    def log_tail(self, lines: int = 60) -> str:
        """The end of what the server printed and logged."""
        text = ""
        for path in [self.base / "output.log", *sorted((self.base / "log").glob("*.log"))]:
            if path.exists():
                tail = path.read_text(errors="replace").splitlines()[-lines:]
                text += f"--- {path.name}\n" + "\n".join(tail) + "\n"
        return text

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _write(self, name: str, text: str) -> Path:
        path = self.base / name
        path.write_text(text, encoding="utf-8")
        return path

    def _environment(self, schedulers: int) -> dict[str, str]:
        """Each setting keeps the node apart from the machine's own broker and Erlang."""
        loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        return {
            **self.server.environment(),
            "HOME": str(self.base),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(self.base / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.base / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.base / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.base / "data"),
            "RABBITMQ_LOG_BASE": str(self.base / "log"),
            "RABBITMQ_PID_FILE": str(self.base / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"+S {schedulers}:{schedulers} {QUIET} {loopback}",
        }

    def _spawn(self, program: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program as a process group of its own that the watcher knows."""
        with (self.base / "output.log").open("ab") as out:
            process = subprocess.Popen(
                [program, *arguments],
                env=self._env,
                cwd=self.base,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for the owner, who then closes us
            )
        self._tell(f"+{process.pid}")
        return process

    def _tell(self, line: str) -> None:
        if not self._watcher.stdin:
            raise NodeError("the watcher has no input")
        self._watcher.stdin.write(line.encode() + b"\n")
        self._watcher.stdin.flush()

    def _ended(self, timeout_s: float) -> None:
        process = self._process
        if not process:
            return
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout_s)
        self._tell(f"-{process.pid}")
        self._process = None

    def _tool(self, command: list[str], text: str = "") -> str:
        try:
            done = subprocess.run(
                command, env=self._env, input=text, capture_output=True, text=True, timeout=CTL_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise NodeError(f"{command[0]} gave no answer within {CTL_TIMEOUT_S:.0f} s") from error
        if done.returncode:
            raise NodeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
