"""Agents that are not ours: a peer written from protocols/ with pika and plain JSON, which may break every rule.

One queue for all of its agents; it says that they are there, hears what is sent to them, and publishes what it is told.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import pika

from tests.support.fleet import until

Message = dict[str, Any]


class Outsider:
    """A daemon of agents that all offer one skill."""

    def __init__(self, url: str, daemon: str, agents: Sequence[str], skill: str) -> None:
        self.heard: list[Message] = []  #: every envelope, in order
        self.url = url
        self._daemon, self._agents, self._skill = daemon, list(agents), skill
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.queue_bind(self._queue, "cn.cfp", f"skill.{skill}")
        for agent in agents:
            self._channel.queue_bind(self._queue, "cn.to_agent", agent)
        self._since = time.time_ns() // 1_000_000
        self._beats = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    # ---- hearing

    def listen(self) -> None:
        """Take what is there."""
        while True:
            method, _, body = self._channel.basic_get(self._queue, auto_ack=True)
            if method is None:
                return
            self.heard += json.loads(body)

    def waits_for(self, what: str, wanted: Callable[[Message], bool], timeout_s: float = 20) -> Message:
        """The first message heard so far or from now on that is wanted."""

        def look() -> Message | None:
            self.listen()
            return next(filter(wanted, self.heard), None)

        return until(what, look, timeout_s)

    def called(self) -> Message:
        """Say that the agents are there until a cfp comes."""

        def look() -> Message | None:
            self.say_present()
            self.listen()
            return next((one for one in self.heard if one["performative"] == "cfp"), None)

        return until("a cfp", look, 30)

    # ---- saying

    def publish(self, exchange: str, key: str, body: bytes) -> None:
        """One publish, confirmed."""
        properties = pika.BasicProperties(content_type="application/json", delivery_mode=2)
        self._channel.basic_publish(exchange, key, body, properties)

    def say_present(self) -> None:
        hosted = [
            {"agent": agent, "skills": [self._skill], "capacity": 1, "free": 1, "since": self._since}
            for agent in self._agents
        ]
        beat = {
            "performative": "presence",
            "daemon": self._daemon,
            "incarnation": self._since,
            "sequence": self._beats,
            "lease_ms": 600_000,
            "agents": hosted,
        }
        self._beats += 1
        self.publish("cn.presence", self._daemon, json.dumps([beat]).encode())

    def answer(self, cfp: Message, sender: str, performative: str, content: Message, **changes: Any) -> Message:
        """An act in answer to a cfp."""
        message_id = secrets.token_hex(12)
        return {
            "performative": performative,
            "message_id": message_id,
            "reply_with": message_id,
            "in_reply_to": cfp["reply_with"],
            "conversation_id": cfp["conversation_id"],
            "protocol": cfp["protocol"],
            "sender": sender,
            "daemon": self._daemon,
            "receiver": cfp["sender"],
            "content": content,
            **changes,
        }

    def proposal(self, cfp: Message, sender: str, price: int, **changes: Any) -> Message:
        """A proposal without a fault, but for the changes in its content."""
        content = {
            "offer": secrets.token_hex(12),
            "round": cfp["content"]["round"],
            "unit": cfp["content"]["terms"]["unit"],
            "price": price,
            "eta": 5,
            "confidence": 900_000,
            "valid_for_ms": 60_000,
            **changes,
        }
        return self.answer(cfp, sender, "propose", content)

    def tell(self, manager: str, *messages: Message, lane: str = "bid") -> None:
        self.publish("cn.to_mgr", f"{manager}.{lane}", json.dumps(list(messages)).encode())
