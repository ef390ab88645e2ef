"""Where a RabbitMQ server comes from: installed on this machine, or Debian's packages unpacked into a cache.

Nothing is ever installed: a package would start a service on port 5672 of all interfaces.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from contractnet.errors import NodeError
from contractnet.testing import debian
from contractnet.testing.debian import Say

SERVER_VARIABLE = "CONTRACTNET_TEST_RABBITMQ_SERVER"
#: Programs, not the wrapper in /usr/sbin, which switches user and directory.
SERVER_PLACES = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",  # Debian, Ubuntu, Fedora
    "/opt/homebrew/sbin/rabbitmq-server",
    "/usr/local/sbin/rabbitmq-server",
)
ERLANG_CHECK_S = 60.0


@dataclass(frozen=True)
class Server:
    """A RabbitMQ that can be started."""

    program: Path  #: rabbitmq-server; rabbitmqctl lies beside it
    erlang: Path  #: the folder with erl, epmd and erl_call
    libraries: tuple[Path, ...] = ()  #: shared libraries unpacked with it

    def without_spaces(self, folder: Path) -> Server:
        """The same server; RabbitMQ's scripts cannot bear a space in their path: then by a link in `folder`."""
        if " " not in str(self.program):
            return self
        root = Path(os.path.commonpath([self.program, self.erlang]))
        link = folder / "server"
        link.symlink_to(root)
        program = self.program.resolve()  # its scripts would follow the link of the last part
        return Server(link / program.relative_to(root.resolve()), link / self.erlang.relative_to(root), self.libraries)

    def environment(self) -> dict[str, str]:
        """The environment its programs need: ours, without what is meant for another RabbitMQ or Erlang."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        env["PATH"] = f"{self.erlang}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        if self.libraries:
            own = [str(folder) for folder in self.libraries]
            env["LD_LIBRARY_PATH"] = os.pathsep.join([*own, *filter(None, [env.get("LD_LIBRARY_PATH")])])
        return env


def cache_folder() -> Path:
    """`.cache` of the checkout; the user's own cache folder where the package is installed."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file():
        return root / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "contractnet"


def find_server(cache: Path | None = None) -> Server | None:
    """A server that is here already: named by CONTRACTNET_TEST_RABBITMQ_SERVER, installed, or unpacked earlier.

    Raises:
        NodeError: if the variable names no program.
    """
    named = os.environ.get(SERVER_VARIABLE)
    if named and not os.access(named, os.X_OK):
        raise NodeError(f"{SERVER_VARIABLE} is {named!r}, which is no program that can be started")
    for place in (named, *SERVER_PLACES, shutil.which("rabbitmq-server")):
        if place and os.access(place, os.X_OK) and not place.startswith("/usr/sbin/"):
            erl = shutil.which("erl")
            epmd = erl and Path(erl).resolve().with_name("epmd")
            if epmd and epmd.exists():
                return Server(Path(place), epmd.parent)
            if named:
                raise NodeError(f"{SERVER_VARIABLE} is {named!r}, but there is no Erlang (erl, epmd) on PATH")
    unpacked = (cache or cache_folder()) / "rabbitmq"
    return _unpacked_server(unpacked) if unpacked.is_dir() else None


def provide_server(say: Say, cache: Path | None = None) -> Server:
    """Find a server, or unpack one from Debian's archive into the cache: about 35 MB, once.

    Raises:
        NodeError: with the reason and the choices, if there is none.
    """
    cache = cache or cache_folder()
    found = find_server(cache)
    if found:
        return found
    if not debian.is_available():
        raise NodeError(
            "There is no RabbitMQ server here, and no apt-get to fetch one. Install one (macOS: brew install "
            "rabbitmq; Fedora: dnf install rabbitmq-server), or name a program in " + SERVER_VARIABLE + ", or set "
            "CONTRACTNET_TEST_AMQP_URL to a broker of your own; --no-broker leaves its tests out."
        )
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "rabbitmq.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test run may be at it
        return find_server(cache) or _unpack(cache, say)


def _unpack(cache: Path, say: Say) -> Server:
    began = time.monotonic()
    say("no RabbitMQ here; unpacking Debian's into the cache (once, about 35 MB; no service is installed)")
    apt = debian.Apt(cache / "apt")
    apt.update(say)
    erlang = [name for name in apt.closure(["rabbitmq-server"]) if name.startswith("erlang-")]
    here = debian.installed()
    libraries = [name for name in apt.closure(erlang) if name.startswith("lib") and not name.endswith("-perl")]
    missing = [name for name in libraries if name not in here]
    say(f"fetching rabbitmq-server, {len(erlang)} packages of Erlang and {len(missing)} libraries")
    fresh = cache / f"rabbitmq-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        apt.unpack(["rabbitmq-server", *erlang, *missing], fresh)
        _make_movable(fresh)
        _check(_unpacked_server(fresh))
        fresh.rename(cache / "rabbitmq")  # last: what lies there is whole
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    say(f"RabbitMQ is ready, after {time.monotonic() - began:.0f} s")
    return _unpacked_server(cache / "rabbitmq")


def _unpacked_server(root: Path) -> Server:
    libraries = [*root.glob("usr/lib/*-linux-*"), *root.glob("lib/*-linux-*")]
    return Server(root / "usr/lib/rabbitmq/bin/rabbitmq-server", root / "usr/lib/erlang/bin", tuple(libraries))


def _make_movable(root: Path) -> None:
    """`erl` has its home written into it: let it look where it lies instead."""
    home = root / "usr/lib/erlang"
    for script, up in ((home / "bin/erl", ".."), *((path, "../..") for path in home.glob("erts-*/bin/erl"))):
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace("ROOTDIR=/usr/lib/erlang", f'ROOTDIR=`cd "$progdir/{up}" && pwd`'))


def _check(server: Server) -> None:
    """Run the unpacked Erlang once, with the part that needs a library of the system: OpenSSL.

    Raises:
        NodeError: with what it said, if it does not run.
    """
    done = subprocess.run(  # the program was unpacked by us
        [server.erlang / "erl", "-noinput", "-eval", "ok = crypto:start(), halt(0)."],
        env=server.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ERLANG_CHECK_S,
        check=False,
    )
    if done.returncode:
        raise NodeError(f"the unpacked Erlang does not run here:\n{(done.stdout + done.stderr).strip()}")
