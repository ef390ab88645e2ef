"""A private broker for a shell: `python3 run.py broker`, or `python -m contractnet.testing.lend`.

It listens on loopback alone, on port 5672 where that is free, so that every command finds it by itself. It is for
trying: what it holds is gone with it. Ctrl-C or SIGTERM ends it.
"""

from __future__ import annotations

import signal
import socket
import sys
import time

from contractnet.errors import NodeError
from contractnet.testing.node import PrivateNode

USUAL_PORT = 5672
LOOK_S = 1.0
_PROGRAM = "contractnet broker"
_COULD_NOT = 3


def main(arguments: list[str]) -> int:
    """Start a node, say how to reach it, and wait for the end. Returns the exit code."""
    if arguments:
        _say(f"takes no arguments, and got {arguments[0]!r}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with PrivateNode(port=_usual_port()) as node:
            print(f"export CONTRACTNET_BROKER={node.url}", flush=True)
            if node.port == USUAL_PORT:
                _say("this is where every command looks by itself; nothing has to be set")
            else:
                _say(f"port {USUAL_PORT} is taken: paste the line above into each terminal of yours")
            _say("a broker for trying, on this machine alone; Ctrl-C ends it, and forgets all that it holds")
            while node.pid:  # raises where the server has ended
                time.sleep(LOOK_S)
    except KeyboardInterrupt:
        pass
    except NodeError as error:
        _say(str(error))
        return _COULD_NOT
    _say("ended; daemons and managers go on when a broker is there again")
    return 0


def _usual_port() -> int | None:
    """5672 where nobody listens there."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            return None
    return USUAL_PORT


def _say(text: str) -> None:
    sys.stderr.write(f"{_PROGRAM}: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
