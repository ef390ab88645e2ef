"""The AsyncAPI 3.0 document: which body travels where over AMQP, and who sends and who receives it.

Senders publish to an exchange with a routing key; receivers consume queues that are theirs. So channels are of two
kinds: routing keys, which `send` operations use, and queues, which `receive` operations use and which name what they
are bound to. The names are those of the `open` profile; a test holds them against the transport's.
"""

from __future__ import annotations

from typing import Any, Final

from contractnet.messages.acts import ONTOLOGY
from contractnet.messages.codec import MAX_BODY_BYTES, MAX_ENVELOPES

#: version of the messages and of the topology together; another queue argument is another version
VERSION: Final = "1.0.0"
_BINDING: Final = "0.3.0"

_PARAMETERS: Final = {
    "skill": "A skill: two to four words of a-z, 0-9 and _ joined by dots.",
    "agent": "The id of one agent.",
    "manager": "The id of a manager.",
    "daemon": "The id of a daemon, the process that hosts agents.",
    "sender": "The id of the daemon that says it.",
}
#: what a side of a bargaining says in its turn, or to end it; and what it says of an acceptance or a cancel
_TURNS: Final = (
    *("BargainRequest", "BargainAgree", "BargainRefuse", "BargainPropose", "BargainAccept", "BargainReject"),
    *("BargainCancel", "BargainNotUnderstood"),
)
_WORDS: Final = ("BargainInform", "BargainFailure")
#: message -> (summary, definitions of the envelopes it may hold)
_MESSAGES: Final = {
    "call": ("Calls for proposals.", ["Cfp"]),
    "mail": (
        "What a manager says to participants and to a mediator, and all that agents say to agents who bargain.",
        ["AcceptProposal", "RejectProposal", "Cancel", "NotUnderstood", "Request", *_TURNS, *_WORDS],
    ),
    "bid": (
        "Answers to calls and requests, and the turns of a bargaining with a manager.",
        ["Propose", "Refuse", "NotUnderstood", "Agree", *_TURNS],
    ),
    "work": (
        "What became of accepted work, of a cancel, of a mediation, of an acceptance.",
        ["Inform", "Failure", *_WORDS],
    ),
    "presence": ("Who is there, and who is still at work. May be lost.", ["Presence", "Inform"]),
}
#: channel -> (exchange, routing key, message, description)
_ROUTES: Final = {
    "call_by_skill": (
        "cn.cfp",
        "skill.{skill}",
        "call",
        "An open call: one publish, copied by the broker to every daemon that hosts an agent with the skill.",
    ),
    "call_to_agent": ("cn.cfp", "agent.{agent}", "call", "A call to chosen agents."),
    "mail_to_agent": (
        "cn.to_agent",
        "{agent}",
        "mail",
        "Equal rejects and cancels for many go out as one publish with the routing key `multi` and the agents in the "
        "BCC header.",
    ),
    "bid_to_manager": ("cn.to_mgr", "{manager}.bid", "bid", "The manager is the sender of the call."),
    "work_to_manager": (
        "cn.to_mgr",
        "{manager}.work",
        "work",
        "Apart from bids, so that a flood of them blocks no result.",
    ),
    "presence_to_all": ("cn.presence", "{sender}", "presence", "Every manager that listens now gets a copy."),
}
_QUORUM: Final[dict[str, str | int | bool]] = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-delivery-limit": 20,
    "x-overflow": "reject-publish",
    "x-dead-letter-exchange": "cn.dlx",
    "x-dead-letter-strategy": "at-least-once",
}
_KEPT: Final[dict[str, str | int | bool]] = {"x-expires": 604_800_000}
#: channel -> (queue, routes it is bound to, arguments, description)
_QUEUES: Final = {
    "daemon_calls": (
        "d.{daemon}.cfp",
        ["call_by_skill", "call_to_agent"],
        {
            "x-queue-type": "classic",
            "x-max-length": 1_000,
            "x-overflow": "drop-head",
            "x-single-active-consumer": True,
        },
        "Bound once for each hosted agent and each of their skills.",
    ),
    "daemon_inbox": (
        "d.{daemon}.inbox",
        ["mail_to_agent"],
        {**_QUORUM, "x-max-length": 1_000},
        "Bound once for each hosted agent.",
    ),
    "manager_bids": ("m.{manager}.bids", ["bid_to_manager"], {**_QUORUM, **_KEPT, "x-max-length": 100_000}, ""),
    "manager_work": ("m.{manager}.work", ["work_to_manager"], {**_QUORUM, **_KEPT, "x-max-length": 100_000}, ""),
    "manager_presence": (
        "m.{manager}.presence",
        ["presence_to_all"],
        {
            **_KEPT,
            "x-queue-type": "classic",
            "x-message-ttl": 30_000,
            "x-max-length": 10_000,
            "x-overflow": "drop-head",
        },
        "Bound with the key `#`; emptied at every connect.",
    ),
}
#: operation -> (role, channel, summary)
_OPERATIONS: Final = {
    "manager_sends_call": ("manager", "call_by_skill", "Opens a conversation, or a further round of it."),
    "manager_sends_call_to_agents": ("manager", "call_to_agent", "Opens a restricted call, or a further round."),
    "manager_sends_mail": ("manager", "mail_to_agent", "Awards, rejects, cancels, answers what it did not understand."),
    "manager_receives_bids": ("manager", "manager_bids", "Takes proposals and refusals until the round closes."),
    "manager_receives_work": ("manager", "manager_work", "Takes results and failures."),
    "manager_receives_presence": ("manager", "manager_presence", "Learns who is there, and renews leases."),
    "contractor_receives_calls": ("contractor", "daemon_calls", "Takes calls; bids or refuses."),
    "contractor_receives_mail": ("contractor", "daemon_inbox", "Takes awards, rejects and cancels."),
    "contractor_sends_bid": ("contractor", "bid_to_manager", "Answers a call."),
    "contractor_sends_work": ("contractor", "work_to_manager", "Tells the result or the failure; answers a cancel."),
    "contractor_sends_presence": ("contractor", "presence_to_all", "Says that it is there, or still at work."),
}


def document(message_file: str) -> dict[str, Any]:
    """The document; schemas of envelopes are references into `message_file` beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "contractnet",
            "version": VERSION,
            "description": (
                "FIPA Contract Net over RabbitMQ. An AMQP message carries an array of envelopes; all of one message "
                "share a routing key. What may be said when is in the state tables beside this file. Generated by "
                "`contractnet schema`. Do not edit."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "127.0.0.1:5672",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "description": "RabbitMQ, 3.10 or later. Exchanges are durable topics; publishes are confirmed, all "
                "but presence are persistent and mandatory. Who declares what, and how, is in README.md, section 7.",
            }
        },
        "channels": {name: _route(name) for name in _ROUTES} | {name: _queue(name) for name in _QUEUES},
        "operations": {name: _operation(name) for name in _OPERATIONS},
        "components": {"messages": {name: _message(name, message_file) for name in _MESSAGES}},
        "x-ontology": ONTOLOGY,
    }


def _channel(address: str, message: str, description: str, binding: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in _PARAMETERS if f"{{{name}}}" in address]
    channel: dict[str, Any] = {
        "address": address,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": {name: {"description": _PARAMETERS[name]} for name in names},
        "bindings": {"amqp": {**binding, "bindingVersion": _BINDING}},
    }
    return {**channel, "description": description} if description else channel


def _route(name: str) -> dict[str, Any]:
    exchange, key, message, description = _ROUTES[name]
    declared = {"name": exchange, "type": "topic", "durable": True, "autoDelete": False}
    return _channel(key, message, description, {"is": "routingKey", "exchange": declared})


def _queue(name: str) -> dict[str, Any]:
    queue, routes, arguments, description = _QUEUES[name]
    binding = {
        "is": "queue",
        "queue": {"name": queue, "durable": True, "exclusive": False, "autoDelete": False},
        "x-arguments": arguments,
        "x-bound-to": [{"$ref": f"#/channels/{route}"} for route in routes],
    }
    return _channel(queue, _ROUTES[routes[0]][2], description, binding)


def _operation(name: str) -> dict[str, Any]:
    role, channel, summary = _OPERATIONS[name]
    sends = channel in _ROUTES
    message = _ROUTES[channel if sends else _QUEUES[channel][1][0]][2]
    lossy = message == "presence"
    binding: dict[str, Any] = {"deliveryMode": 1 if lossy else 2, "mandatory": not lossy} if sends else {"ack": True}
    return {
        "action": "send" if sends else "receive",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
        "summary": summary,
        "tags": [{"name": role}],
        "bindings": {"amqp": {**binding, "bindingVersion": _BINDING}},
    }


def _message(name: str, message_file: str) -> dict[str, Any]:
    summary, envelopes = _MESSAGES[name]
    choices: list[dict[str, Any]] = [{"$ref": f"{message_file}#/$defs/{envelope}"} for envelope in envelopes]
    if name == "presence":
        only_progress = {"properties": {"content": {"$ref": f"{message_file}#/$defs/ProgressContent"}}}
        choices[1] = {"allOf": [choices[1], only_progress]}
    return {
        "name": name,
        "title": name.capitalize(),
        "summary": summary,
        "contentType": "application/json",
        "payload": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_ENVELOPES,
            "items": choices[0] if len(choices) == 1 else {"oneOf": choices},
        },
        "x-max-bytes": MAX_BODY_BYTES,
    }
