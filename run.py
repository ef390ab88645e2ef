#!/usr/bin/env python3
"""Try contractnet, or test it, from a fresh checkout with nothing but Python.

    python3 run.py demo [arguments of `contractnet demo`]
    python3 run.py test [arguments of pytest] [--no-broker]
    python3 run.py install        make or renew .venv, with the tests' tools, and stop

The first call makes .venv in this folder and installs the pinned packages of requirements/ into it; later calls start
at once. Nothing outside this folder is changed. `test` brings a RabbitMQ of its own (unpacked under .cache/, on
loopback, stopped at the end); --no-broker leaves out the tests that need one, and says so. Afterwards .venv/bin holds
contractnet, pytest and the linters. Needs Linux or another POSIX system with Python 3.11 or newer.
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
NO_NETWORK = (
    "Temporary failure in name resolution", "Name or service not known", "Network is unreachable",
    "Failed to establish a new connection", "ConnectTimeoutError", "ConnectionRefusedError", "ProxyError",
    "Temporary failure resolving", "Could not resolve", "No route to host",
)  # fmt: skip


class CannotGoOn(Exception):
    """What keeps us from going on, and what to do, for the user to read."""


def say(text):
    sys.stderr.write("run.py: %s\n" % text)
    sys.stderr.flush()


# --- the stamp -------------------------------------------------------------------------------------------------------


def wanted(kind):
    """What .venv must have been made from: the checkout's place, pyproject.toml and the pinned packages of `kind`."""
    digest = hashlib.sha256(ROOT.encode())
    for name in ("pyproject.toml", "requirements/%s.txt" % kind):
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
    if not isinstance(stamp, dict) or stamp.get("python") != os.path.realpath(PYTHON) or not os.path.exists(PYTHON):
        return {}
    return stamp


def is_ready(kind):
    """Whether .venv can be used as it is. What the tests need holds all that the demo needs."""
    stamp = read_stamp()
    return any(stamp.get(have) == wanted(have) for have in (kind, "dev"))


def write_stamp(kind):
    stamp = {"python": os.path.realpath(PYTHON), kind: wanted(kind)}
    with open(STAMP + ".new", "w", encoding="utf-8") as file:
        json.dump(stamp, file)
    os.replace(STAMP + ".new", STAMP)


# --- choosing a Python -----------------------------------------------------------------------------------------------


def serves(python):
    """Whether `python` runs, is new enough and has what a build of Python may lack."""
    import subprocess

    check = "import sys, ssl, sqlite3, venv; sys.exit(sys.version_info < %r)" % (OLDEST,)
    done = subprocess.run([python, "-c", check], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def choose_python():
    """A Python that serves, this one first; None where there is none."""
    names = ["python3.%d" % minor for minor in (13, 12, 11, 14, 15, 16, 17)]
    for python in [sys.executable] + [shutil.which(name) for name in names]:
        if python and serves(python):
            return python
    return None


def find_uv():
    """uv, which can fetch a Python: the one on PATH, else one put into .cache with this Python's pip; else None."""
    import importlib.util

    own = os.path.join(CACHE, "uv")
    uv = shutil.which("uv") or shutil.which("uv", path=os.path.join(own, "bin"))
    if uv is None and importlib.util.find_spec("pip"):
        say("this is Python %d.%d, and 3.11 is needed: fetching uv, which brings one" % sys.version_info[:2])
        run([sys.executable, "-m", "pip", "install", "--target", own, "uv"], "fetching uv")
        uv = shutil.which("uv", path=os.path.join(own, "bin"))
    return uv


# --- making .venv ----------------------------------------------------------------------------------------------------


def run(command, what, env=None):
    """Run `command` with its output in .cache/run.log; on failure show the end of it."""
    import subprocess

    log = os.path.join(CACHE, "run.log")
    with open(log, "wb") as file:
        try:
            code = subprocess.run(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
            ).returncode
        except OSError as error:
            raise CannotGoOn("%s: cannot start %s: %s" % (what, command[0], error))
    if code == 0:
        return
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    sys.stderr.write("".join("  | %s\n" % line for line in text.splitlines()[-15:]))
    if any(sign in text for sign in NO_NETWORK):
        raise CannotGoOn(
            "%s: there seems to be no network. The first run downloads packages (from the index and the proxy that pip "
            "is configured for); later runs need none. Try again when there is one." % what
        )
    raise CannotGoOn("%s failed (exit code %d); all it said is in %s" % (what, code, log))


def pip_from_debian():
    """Fetch pip as Debian packages it, where Python came without: (its wheel, more environment for it).

    Nothing is installed: the package is unpacked under .cache/, so that it is the same with and without root.
    """
    from contractnet.testing import debian  # standard library only

    if not debian.is_available():
        raise CannotGoOn(
            "%s has no ensurepip, so it cannot make a virtual environment with pip. Install that part (Debian, "
            "Ubuntu: apt-get install python3-venv ca-certificates) and try again." % sys.executable
        )
    try:
        return debian.fetch_pip(CACHE, say)
    except debian.AptFailed as error:
        raise CannotGoOn(str(error))


def make_venv():
    """Make an empty .venv with pip, marked as ours before anything else; return more environment that pip needs."""
    import importlib.util

    if os.path.isdir(VENV):
        say("removing an unfinished .venv of an earlier run")
        shutil.rmtree(VENV)
    os.mkdir(VENV)
    with open(BEGUN, "w") as file:
        file.write("Made by run.py, which may remove and rebuild this folder.\n")
    more = {}
    if not serves(sys.executable):  # so main() found no other either
        uv = find_uv()
        if uv is None:
            raise CannotGoOn(
                "Python 3.11 or newer is needed, with ssl and sqlite3; this is %d.%d, and neither a python3.11 nor uv "
                "is on PATH. Install one of them (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv; "
                "macOS: brew install python@3.13; anywhere: https://docs.astral.sh/uv/) and try again."
                % sys.version_info[:2]
            )
        run([uv, "venv", "--allow-existing", "--seed", "--python", ">=3.11", VENV], "making .venv with uv")
    elif importlib.util.find_spec("ensurepip"):
        run([sys.executable, "-m", "venv", VENV], "making .venv")
    else:
        wheel, more = pip_from_debian()
        run([sys.executable, "-m", "venv", "--without-pip", VENV], "making .venv")
        run([PYTHON, os.path.join(wheel, "pip"), "install", "--no-index", "--no-deps", wheel], "installing pip")
    return more


def install(kind):
    """Bring .venv to what the checkout asks for; the stamp goes first and comes back last."""
    began = time.time()
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH", "PIP_USER")}
    if os.path.isdir(VENV) and not os.path.exists(BEGUN) and os.listdir(VENV):
        raise CannotGoOn(
            "%s was not made by run.py, and is left alone. Move it away, or use it yourself: "
            "`pip install -r requirements/dev.txt && pip install --no-deps --no-build-isolation -e .` "
            "inside it, then `contractnet demo` and `pytest`." % VENV
        )
    if read_stamp():
        say("renewing .venv, since the pinned packages or pyproject.toml changed")
        os.remove(STAMP)
    else:
        say("making .venv in %s" % ROOT)
        env.update(make_venv())
    with open(os.path.join(ROOT, "requirements", kind + ".txt"), encoding="utf-8") as file:
        count = sum("==" in line for line in file)
    say("installing %d pinned packages; the first time this takes half a minute or so" % count)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    run(pip + ["--require-hashes", "-r", "requirements/%s.txt" % kind], "installing the packages", env)
    run(pip + ["--no-index", "--no-deps", "--no-build-isolation", "-e", "."], "installing contractnet itself", env)
    write_stamp(kind)
    say(".venv is ready, after %.0f s" % (time.time() - began))


def prepare(kind):
    """Make sure of .venv; where two calls start at once, the second waits for the first."""
    if is_ready(kind):
        return
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
        if not read_stamp() and sys.version_info < OLDEST:
            python = choose_python()
            if python and os.path.realpath(python) != os.path.realpath(sys.executable):
                lock.close()
                os.execv(python, [python, os.path.join(ROOT, "run.py")] + sys.argv[1:])
        install(kind)


# --- the commands ----------------------------------------------------------------------------------------------------


def main(arguments):
    """Prepare .venv and become the program asked for, whose exit code is ours."""
    command = arguments[0] if arguments else "--help"
    if command in ("-h", "--help"):
        sys.stdout.write((__doc__ or "").strip() + "\n")
        return 0 if arguments else 2
    if command not in ("demo", "test", "install"):
        say("unknown command %r. It is demo, test or install; see python3 run.py --help" % command)
        return 2
    try:
        prepare("core" if command == "demo" else "dev")
    except CannotGoOn as error:
        say(str(error))
        return 3
    except OSError as error:
        say("cannot write here: %s. The folder %s must be writable and have room." % (error, ROOT))
        return 3
    if command == "install":
        return 0
    sys.stdout.flush()
    if command == "demo":
        program = os.path.join(VENV, "bin", "contractnet")
        os.execv(program, [program, "demo"] + arguments[1:])
    os.chdir(ROOT)
    os.execv(PYTHON, [PYTHON, "-m", "pytest"] + arguments[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
