"""A secret is used, and never shown."""

from __future__ import annotations

import json
import logging
import pickle

import msgspec
import pytest

from contractnet.errors import DefinitionError
from contractnet.llm.endpoint import Endpoint, key_from
from contractnet.llm.secret import Secret
from contractnet.messages.codec import canonical

KEY = "sk-canary-4711"


def test_it_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(KEY)
    assert secret.reveal() == KEY
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("any").warning("%s %r %s", secret, secret, [secret])
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        repr(Endpoint("http://x", "m", secret)),
    ]
    assert KEY not in caplog.text + "".join(shown)
    assert shown[0] == shown[2] == "***"


@pytest.mark.parametrize("write", [json.dumps, msgspec.json.encode, canonical, pickle.dumps, msgspec.to_builtins])
def test_no_codec_takes_it(write: object) -> None:
    assert callable(write)
    with pytest.raises((TypeError, DefinitionError)) as caught:
        write({"key": Secret(KEY)})
    assert KEY not in str(caught.value)


def test_a_key_comes_from_the_environment() -> None:
    assert key_from("K", {"K": f" {KEY}\n"}).reveal() == KEY
    for environment in ({}, {"K": " "}):
        with pytest.raises(DefinitionError, match="the environment variable K is not set"):
            key_from("K", environment)


def test_an_endpoint_is_called_without_its_login() -> None:
    assert Endpoint("http://ada:pw@127.0.0.1:8080/v1", "m").name == "127.0.0.1:8080/m"
