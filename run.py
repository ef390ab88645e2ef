#!/usr/bin/env python3
"""Try contractnet, or test it, from a fresh checkout with nothing but Python.

    python3 run.py demo [arguments of `contractnet demo`]
    python3 run.py test [arguments of pytest] [--no-broker]
    python3 run.py broker         a RabbitMQ for trying, on loopback, until Ctrl-C; says its URL
    python3 run.py docs           build the site of docs/ into .cache/site and check it; opens nothing
    python3 run.py install        make or renew .venv, with the tests' tools, and stop

The first call makes .venv here and installs the pinned packages of requirements/ into it; later calls start at once.
Nothing outside this folder is changed. `test` without arguments runs all tests, in two processes. It brings RabbitMQ
as its own node (unpacked under .cache/, on loopback, stopped at the end); --no-broker leaves out the tests that need
one, and says so. It also fetches amqplib with npm (pinned) into .cache/, for a contractor written in Node.js; without
it those tests are left out, aloud. .venv/bin then holds contractnet, pytest and the linters. Needs a POSIX system.
"""

# Syntax of Python 3.8 and the standard library only: an old Python, too, must be able to say what to do.
import hashlib
import json
import os
import shutil
import sys
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
CACHE = os.path.join(ROOT, ".cache")
PYTHON = os.path.join(VENV, "bin", "python")
BEGUN = os.path.join(VENV, "begun-by-run.py")  # written first: this .venv is ours
STAMP = os.path.join(VENV, "finished-by-run.py")  # written last: what it holds, and that it is whole
OLDEST = (3, 11)
KINDS = ("core", "docs", "dev")  # the files of requirements/; each holds what those before it hold
PROGRESS_EVERY_S = 8
COMPILE = "import compileall, sys; compileall.compile_dir(sys.argv[1], quiet=2, workers=0)"  # on all processors
# two processes share the tests: one waits while the other computes (tests/support/sharing.py)
SHARED = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
REFUSED = "Failed to establish a new connection"
NO_NETWORK = (REFUSED, "ConnectTimeoutError", "NameResolutionError", "ProxyError", "dns error")


class SetUpError(Exception):
    """What keeps us from going on, and what to do, for the user to read."""


def say(text):
    print(f"run.py: {text}", file=sys.stderr, flush=True)


# --- the stamp -------------------------------------------------------------------------------------------------------


def wanted(kind):
    """What .venv must have been made from: the checkout's place, pyproject.toml and the pinned packages of `kind`."""
    digest = hashlib.sha256(ROOT.encode())
    for name in ("pyproject.toml", f"requirements/{kind}.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def read_stamp():
    """The stamp of a whole .venv whose Python still is what it was; else {}."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return {}
    same = isinstance(stamp, dict) and stamp.get("python") == os.path.realpath(PYTHON) and os.path.exists(PYTHON)
    return stamp if same else {}


def is_ready(kind, stamp=None):
    """Whether .venv can be used as it is."""
    stamp = stamp or read_stamp()
    return any(have in stamp and stamp[have] == wanted(have) for have in KINDS[KINDS.index(kind) :])


def write_stamp(kind):
    """Say, last of all, that .venv is whole."""
    stamp = {"python": os.path.realpath(PYTHON), kind: wanted(kind)}
    with open(STAMP + ".new", "w", encoding="utf-8") as file:
        json.dump(stamp, file)
    os.replace(STAMP + ".new", STAMP)


# --- choosing a Python -----------------------------------------------------------------------------------------------


def serves(python):
    """Whether `python` runs, is new enough and has what a build of Python may lack."""
    import subprocess

    check = f"import sys, ssl, sqlite3, venv; sys.exit(sys.version_info < {OLDEST!r})"
    done = subprocess.run([python, "-c", check], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def choose_python():
    """A Python that serves, this one first; None where there is none."""
    names = [f"python3.{minor}" for minor in (13, 12, 11, 14, 15, 16, 17)]
    for python in [sys.executable, *(shutil.which(name) for name in names)]:
        if python and serves(python):
            return python
    return None


def find_uv():
    """uv, which can fetch a Python: the one on PATH, else one put into .cache with this Python's pip."""
    import importlib.util

    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    own = os.path.join(CACHE, "uv")
    uv = shutil.which("uv") or shutil.which("uv", path=os.path.join(own, "bin"))
    if uv is None and importlib.util.find_spec("pip"):
        say(f"this is Python {here}, and 3.11 is needed; fetching uv, which brings one, into .cache")
        run([sys.executable, "-m", "pip", "install", "--target", own, "uv"], "fetching uv")
        uv = shutil.which("uv", path=os.path.join(own, "bin"))
    if uv is None:
        raise SetUpError(
            f"Python 3.11 or newer is needed, with ssl and sqlite3. This is {here}, and neither a newer python3.N nor "
            "uv is on PATH. Install one (Debian 12, Ubuntu 24.04: apt-get install python3; macOS: brew install "
            "python@3.13; anywhere: uv, https://docs.astral.sh/uv/) and try again."
        )
    return uv


# --- making .venv ----------------------------------------------------------------------------------------------------


def run(command, what, env=None):
    """Run `command` with its output in .cache/run.log; say now and then how far it is, and how a failure ended."""
    import subprocess

    text, fetched, told, path = "", 0, time.time(), os.path.join(CACHE, "run.log")
    with open(path, "w", encoding="utf-8") as log:
        try:
            child = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise SetUpError(f"{what}: cannot start {command[0]}: {error}") from error
        with child:
            for line in child.stdout:
                log.write(line)
                text += line
                fetched += line.startswith("Collecting ")
                if fetched and time.time() - told > PROGRESS_EVERY_S:
                    told = time.time()
                    say(f"  {fetched} packages looked up")
    if child.returncode == 0:
        return
    print(*(f"  | {line}" for line in text.splitlines()[-15:]), sep="\n", file=sys.stderr)
    if any(sign in text for sign in NO_NETWORK):
        raise SetUpError(
            f"{what}: there seems to be no network. The first run downloads packages (from the index and by the proxy "
            "that pip is configured for); later runs need none. Try again when there is one."
        )
    if "CERTIFICATE_VERIFY_FAILED" in text:
        raise SetUpError(
            f"{what}: the certificate of the package index is not trusted here. If a proxy stands in between, name the "
            "file with its certificates in PIP_CERT, and try again."
        )
    raise SetUpError(f"{what} failed with exit code {child.returncode}; all it said is in {path}")


def pip_from_debian():
    """Fetch pip as Debian packages it, where Python came without: (its wheel, more environment for it).

    Nothing is installed: the package is unpacked under .cache/, the same with and without root.
    """
    from pathlib import Path

    from contractnet.errors import NodeError
    from contractnet.testing import debian  # the standard library only, as this file

    if not debian.is_available():
        raise SetUpError(
            f"{sys.executable} has no ensurepip, so it cannot make a virtual environment with pip. Install that part "
            "(Debian, Ubuntu: apt-get install python3-venv ca-certificates) and try again."
        )
    try:
        return debian.fetch_pip(Path(CACHE), say)
    except NodeError as error:
        raise SetUpError(str(error)) from error


def make_venv(with_uv):
    """Make an empty .venv with pip, marked as ours first of all; return more environment that pip needs."""
    import importlib.util

    if os.path.isdir(VENV) and os.listdir(VENV):
        say("removing the unfinished .venv of an earlier run")
        shutil.rmtree(VENV)
    os.makedirs(VENV, exist_ok=True)
    with open(BEGUN, "w") as file:
        file.write("Made by run.py, which may remove and rebuild this folder.\n")
    if with_uv:
        run([find_uv(), "venv", "--allow-existing", "--seed", "--python", "3.13", VENV], "making .venv with uv")
        return {}
    if importlib.util.find_spec("ensurepip"):
        run([sys.executable, "-m", "venv", VENV], "making .venv")
        return {}
    wheel, more = pip_from_debian()
    run([sys.executable, "-m", "venv", "--without-pip", VENV], "making .venv")
    run([PYTHON, os.path.join(str(wheel), "pip"), "install", "--no-index", "--no-deps", str(wheel)], "installing pip")
    return more


def install(kind, with_uv):
    """Bring .venv to what the checkout asks for; the stamp goes first and comes back last."""
    began = time.time()
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH", "PIP_USER")}
    stamp = read_stamp()
    if stamp:
        whole = is_ready("core", stamp)
        say("adding tools to .venv" if whole else "renewing .venv, since what it was made from has changed")
        kind = max([kind, *(have for have in KINDS if have in stamp)], key=KINDS.index)
        os.remove(STAMP)
    else:
        say(f"making .venv in {ROOT}")
        env.update(make_venv(with_uv))
    with open(os.path.join(ROOT, "requirements", kind + ".txt"), encoding="utf-8") as file:
        count = sum("==" in line for line in file)
    say(f"installing {count} pinned packages; the first time this may take a minute")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    run([*pip, "--no-compile", "--require-hashes", "-r", f"requirements/{kind}.txt"], "installing the packages", env)
    run([PYTHON, "-c", COMPILE, os.path.join(VENV, "lib")], "compiling the packages")
    run([*pip, "--no-index", "--no-deps", "--no-build-isolation", "-e", "."], "installing contractnet itself", env)
    write_stamp(kind)
    say(f".venv is ready, after {time.time() - began:.0f} s")


def prepare(kind):
    """Make sure of .venv. Where two calls start at once, the second waits for the first."""
    if is_ready(kind):
        return
    if os.name != "posix":
        raise SetUpError("this needs Linux or another POSIX system; on Windows use WSL")
    import fcntl

    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "run.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another run.py is making .venv; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_ready(kind):
            return
        if os.path.lexists(VENV) and not os.path.exists(BEGUN) and (not os.path.isdir(VENV) or os.listdir(VENV)):
            raise SetUpError(
                f"{VENV} was not made by run.py, and is left alone. Move it away; or use it, with `pip install -r "
                "requirements/dev.txt`, `pip install --no-deps --no-build-isolation -e .`, then `contractnet demo` "
                "and `pytest`."
            )
        python = sys.executable if read_stamp() else choose_python()
        if python and os.path.realpath(python) != os.path.realpath(sys.executable):
            lock.close()  # the other takes it anew
            os.execv(python, [python, os.path.join(ROOT, "run.py"), *sys.argv[1:]])
        install(kind, with_uv=python is None)


# --- the commands ----------------------------------------------------------------------------------------------------


def main(arguments):
    """Prepare .venv, then become the program asked for, so that its exit code is ours."""
    command = arguments[0] if arguments else ""
    if command in ("", "-h", "--help"):
        print((__doc__ or "").strip())
        return 0 if command else 2
    if command not in ("demo", "test", "broker", "docs", "install"):
        say(f"unknown command {command!r}; it is demo, test, broker, docs or install: see python3 run.py --help")
        return 2
    try:
        prepare({"demo": "core", "broker": "core", "docs": "docs"}.get(command, "dev"))
        if command == "demo":
            program = os.path.join(VENV, "bin", "contractnet")
            os.execv(program, [program, *arguments])
        if command != "install":
            os.chdir(ROOT)
            module = {"broker": "contractnet.testing.lend", "docs": "docs.tools.build", "test": "pytest"}[command]
            whole = command == "test" and not set(arguments[1:]) - {"--no-broker"}
            os.execv(PYTHON, [PYTHON, "-m", module, *arguments[1:], *(SHARED if whole else [])])
    except SetUpError as error:
        say(str(error))
        return 3
    except OSError as error:
        say(f"{error}. Is {ROOT} writable, with 500 MB of room?")
        return 3
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
