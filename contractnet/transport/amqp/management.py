"""What only RabbitMQ's management API tells of a broker: alarms, nodes, policies and limits that bear on our queues."""

from __future__ import annotations

import asyncio
import base64
import re
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from contractnet.errors import DefinitionError
from contractnet.telemetry.findings import Finding, ok, problem, unseen, warning
from contractnet.transport.amqp.checkup import AREA
from contractnet.transport.amqp.settings import Broker
from contractnet.transport.masking import masked_broker
from contractnet.transport.topology import DEAD_QUEUE

TIMEOUT_S: Final = 5.0
#: an answer is at most so long, bytes
MOST: Final = 16 * 2**20
#: names as our queues have them
_OURS: Final = ("m.doctor.bids", "m.doctor.work", "m.doctor.presence", "d.doctor.cfp", "d.doctor.inbox", DEAD_QUEUE)
#: what a policy may set that takes messages away before their time, or keeps them out
_BITES: Final = ("message-ttl", "expires", "max-length", "max-length-bytes", "overflow", "delivery-limit")


async def look(url: str, broker_url: str) -> list[Finding]:
    """What the management API at a URL says about the broker and the virtual host of the other one.

    Raises:
        DefinitionError: a URL cannot be used.
    """
    return await asyncio.to_thread(_look, _Api(url, Broker.of(broker_url)))


def not_asked() -> Finding:
    """What cannot be seen where no management API is named."""
    text = "alarms of other nodes, policies, limits and the consumer timeout cannot be seen over AMQP"
    return unseen(AREA, "management", text, "name the API with --management http://USER:PASSWORD@HOST:15672")


class _Api:
    """Raises `_Unanswered`."""

    def __init__(self, url: str, broker: Broker) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            form = "http://USER:PASSWORD@HOST:15672"
            raise DefinitionError(f"management URL {masked_broker(url)!r} is not of the form {form} (or https://)")
        self.broker = broker
        user = unquote(parts.username or broker.user)
        password = unquote(parts.password) if parts.password is not None else (broker.url.password or "guest")
        self._login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.place = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, self.place, parts.path.rstrip("/"), "", ""))

    def get(self, *path: str) -> Any:
        """The JSON under a path."""
        url = "/".join([self._base, "api", *(quote(part, safe="") for part in path)])
        request = urllib.request.Request(url, headers={"Authorization": f"Basic {self._login}"})  # noqa: S310  # checked
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return msgspec.json.decode(answer.read(MOST))
        except urllib.error.HTTPError as error:
            with error:
                raise _Unanswered(f"it answers {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            raise _Unanswered(str(getattr(error, "reason", error))) from error


class _Unanswered(Exception):
    """Why there is no answer."""


def _look(api: _Api) -> list[Finding]:
    try:
        overview = api.get("overview")
    except _Unanswered as error:
        text = f"the management API at {api.place} tells nothing: {error}"
        todo = "check the URL; the user needs the tag `monitoring`, and the plugin is called rabbitmq_management"
        return [unseen(AREA, "management", text, todo, asked=True)]
    found = [ok(AREA, "management", f"RabbitMQ {overview.get('rabbitmq_version')} at {api.place}")]
    for what, look in (("nodes", _nodes), ("policies", _policies), ("limits", _limits)):
        try:
            found.append(look(api))
        except _Unanswered as error:
            found.append(unseen(AREA, what, f"not told: {error}", "give the user the tag `monitoring`", asked=True))
    text = "the consumer timeout is in no API"
    found.append(
        unseen(AREA, "timeout", text, "`rabbitmqctl environment` shows consumer_timeout; 30 min or more will do")
    )
    return found


def _nodes(api: _Api) -> Finding:
    nodes = api.get("nodes")
    down = [str(node["name"]) for node in nodes if not node.get("running", True)]
    alarms = [f"{node['name']}: {kind}" for node in nodes for kind in ("mem", "disk_free") if node.get(f"{kind}_alarm")]
    if alarms:
        text = f"an alarm ({', '.join(alarms)}): nothing that is published is read"
        return problem(AREA, "nodes", text, "free memory or disk of that node")
    if down or any(node.get("partitions") for node in nodes):
        return problem(
            AREA, "nodes", f"down or cut off: {', '.join(down) or 'a partition'}", "`rabbitmqctl cluster_status`"
        )
    if len(nodes) == 2:
        return warning(AREA, "nodes", "two nodes: quorum queues need both of them", "use one, or three")
    return ok(AREA, "nodes", f"{len(nodes)}, no alarm")


def _policies(api: _Api) -> Finding:
    """A policy goes beside our arguments: of two limits the lower one counts."""
    biting: list[str] = []
    for policy in api.get("policies", api.broker.vhost):
        keys = [key for key in _BITES if key in policy.get("definition", {})]
        if keys and any(_matches(str(policy.get("pattern", "")), name) for name in _OURS):
            biting.append(f"{policy.get('name')} ({', '.join(keys)})")
    if biting:
        text = f"policies bear on our queues: {'; '.join(biting)}"
        return warning(AREA, "policies", text, "narrow their pattern: messages may vanish or be kept out")
    return ok(AREA, "policies", "none takes messages away from our queues")


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:  # Erlang's dialect has a little more
        return True


def _limits(api: _Api) -> Finding:
    user, vhost = api.broker.user, api.broker.vhost
    told = [*_values(api.get("vhost-limits", vhost)), *_values(api.get("user-limits", user))]
    few = [f"{name} {value}" for name, value in told if 0 <= value < 10]
    if few:
        text = f"of virtual host and user: {', '.join(few)}"
        return warning(AREA, "limits", text, "a process needs two connections, a daemon two queues, a manager three")
    return ok(AREA, "limits", ", ".join(f"{name} {value}" for name, value in told) or "none on virtual host and user")


def _values(limits: Any) -> list[tuple[str, int]]:
    return [(str(name), int(value)) for one in limits for name, value in one.get("value", {}).items()]
