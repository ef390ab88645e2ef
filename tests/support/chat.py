"""Chats for tests: answers by a script, and an HTTP endpoint whose every byte a test decides."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from contractnet.errors import ModelTimeout
from contractnet.ledger.records import Asked
from contractnet.llm.chat import Answer, Request

Body = dict[str, Any]


def completion(content: str | None, *, call: tuple[str, str] | None = None, finish: str = "stop", **more: Any) -> Body:
    """A completion, as endpoints send them."""
    message: Body = {"role": "assistant", "content": content}
    if call is not None:
        function = {"name": call[0], "arguments": call[1]}
        message["tool_calls"] = [{"id": "c1", "type": "function", "function": function}]
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
        **more,
    }


def ok(content: Any, **more: Any) -> Answer:
    """A completion as an answer; a value that is no string is written as JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    return Answer(200, json.dumps(completion(text, **more)).encode())


class ScriptedChat:
    """Answers by turns: an `Answer`, an error to raise, or seconds to wait before the next. The last one stays."""

    def __init__(self, *script: Answer | Exception | float) -> None:
        self.script = list(script)
        self.requests: list[Body] = []
        self.timeouts: list[float] = []
        self.at_once = self.most_at_once = 0
        self.closed = 0

    async def send(self, request: Request, timeout_s: float) -> Answer:
        self.requests.append(json.loads(request.body))
        self.timeouts.append(timeout_s)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            async with asyncio.timeout(timeout_s):
                while isinstance(turn := self._turn(), float):
                    await asyncio.sleep(turn)
        except TimeoutError:
            raise ModelTimeout("scripted", "timeout") from None
        finally:
            self.at_once -= 1
        if isinstance(turn, Exception):
            raise turn
        return turn

    async def close(self) -> None:
        self.closed += 1

    def _turn(self) -> Answer | Exception | float:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@dataclass
class Notes:
    """What was told of requests."""

    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> None:
        self.asked.append(asked)

    @property
    def outcomes(self) -> list[str]:
        return [one.outcome for one in self.asked]


@dataclass
class Reply:
    """What the HTTP endpoint sends."""

    body: bytes | Body = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: int | None = None  #: the connection is closed after so many bytes of the body


@dataclass
class Endpoint:
    """A running HTTP endpoint."""

    url: str
    seen: list[tuple[Body, dict[str, str]]]  #: bodies and headers of requests

    @property
    def bodies(self) -> list[Body]:
        return [body for body, _ in self.seen]


@contextmanager
def endpoint(answer: Callable[[Body], Reply | Body]) -> Generator[Endpoint]:
    """An endpoint over a real socket that answers what `answer` says; it may be called by several threads at once."""
    seen: list[tuple[Body, dict[str, str]]] = []
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body: Body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((body, {name.lower(): value for name, value in self.headers.items()}))
            reply = answer(body)
            self._send(reply if isinstance(reply, Reply) else Reply(reply))

        def _send(self, reply: Reply) -> None:
            stopped.wait(reply.delay_s)
            raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw if reply.cut is None else raw[: reply.cut])
            except OSError:
                self.close_connection = True  # the client has had enough
            if reply.cut is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is logged."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away is none."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Endpoint(f"http://127.0.0.1:{server.server_address[1]}/v1", seen)
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def schema_of(body: Body) -> Body | None:
    """The schema that a request asks for on the first two rungs."""
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        found: Body = form["json_schema"]["schema"]
        return found
    for tool in body.get("tools", ()):
        parameters: Body = tool["function"]["parameters"]
        return parameters
    return None


def middle(schema: Body) -> Any:
    """A valid value: of numbers a third of the way up."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: middle(inner) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [middle(schema["items"])] * schema.get("minItems", 1)
        case "integer":
            low, high = schema.get("minimum", 0), schema.get("maximum", 100)
            return low + (high - low) // 3
        case "number":
            return schema.get("minimum", 0.5)
        case "boolean":
            return True
        case _:
            return "fine"[: schema.get("maxLength", 4)]


def messages(body: Body) -> Sequence[Mapping[str, str]]:
    """The turns of a request."""
    turns: Sequence[Mapping[str, str]] = body["messages"]
    return turns
