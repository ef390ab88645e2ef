"""A broker that the user lends to the tests: CONTRACTNET_TEST_AMQP_URL. Needs its management plugin."""

from __future__ import annotations

import base64
import json
import os
import secrets
import urllib.error
import urllib.request
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import pytest

MANAGEMENT_VARIABLE = "CONTRACTNET_TEST_MANAGEMENT_URL"
TIMEOUT_S = 10.0


class OutsideBroker:
    """Makes and deletes vhosts over the HTTP API, by default on port 15672 of the broker's host."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._user = unquote(self._parts.username or "guest")
        self._password = unquote(self._parts.password or "guest")
        self._api = os.environ.get(MANAGEMENT_VARIABLE) or f"http://{self._parts.hostname}:15672"

    def vhost(self) -> str:
        name = f"contractnet-test-{secrets.token_hex(6)}"
        self._ask("PUT", f"/api/vhosts/{name}", {})
        rights = dict.fromkeys(("configure", "write", "read"), ".*")
        self._ask("PUT", f"/api/permissions/{name}/{quote(self._user, safe='')}", rights)
        return urlunsplit(self._parts._replace(path=f"/{name}"))

    def drop_vhost(self, url: str) -> None:
        self._ask("DELETE", f"/api/vhosts{urlsplit(url).path}", None)

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> None:
        login = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        request = urllib.request.Request(
            self._api.rstrip("/") + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
        )
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT_S).close()
        except (urllib.error.URLError, OSError) as error:
            pytest.fail(
                f"{method} {self._api}{path}: {error}. The lent broker needs its management plugin, and a user who may "
                f"make vhosts; {MANAGEMENT_VARIABLE} names its address where it is not port 15672."
            )
