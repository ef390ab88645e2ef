"""One OpenAI-compatible endpoint as an operator describes it: address, model, key, limits and prices."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

from contractnet.errors import DefinitionError
from contractnet.llm.secret import Secret
from contractnet.messages.values import MAX_MICROS

#: the longest answer taken from an endpoint, bytes
MAX_REPLY_BYTES: Final = 1_048_576

#: how structure is asked for, best first (`ladder`)
Rung = Literal["json_schema", "function", "json_object", "prompt"]
#: how the limit on an answer's tokens is called: the second is older, and some endpoints know one of them alone
LimitAs = Literal["max_completion_tokens", "max_tokens"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Of all that is asked of one endpoint by one process. None: no such limit."""

    concurrency: int = 4  #: requests at once
    requests_per_min: int | None = None
    tokens_per_min: int | None = None  #: prompt and answer together
    budget: int | None = None  #: micros, over the life of the journal


@dataclass(frozen=True, slots=True)
class Prices:
    """What the endpoint costs, micros per thousand tokens."""

    in_per_1k: int = 0
    out_per_1k: int = 0
    unit: str = "USD"

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """Micros, rounded up."""
        return min(MAX_MICROS, -(-(tokens_in * self.in_per_1k + tokens_out * self.out_per_1k) // 1000))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is asked."""

    base_url: str
    model: str
    key: Secret | None = field(default=None, compare=False)
    limits: Limits = Limits()
    prices: Prices = Prices()
    timeout_s: float = 60.0  #: the longest one request may take
    structured: Rung | None = None  #: None: the best that works, found out once
    limit_as: LimitAs | None = None  #: None: found out with the rung
    record: bool = False  #: whether bodies are written down

    @property
    def name(self) -> str:
        """For people and for the record: host, port and model, nothing of a login or a path."""
        parts = urlsplit(self.base_url)
        place = parts.netloc.rpartition("@")[2]
        return f"{place}/{self.model}"[:200]


def key_from(variable: str, environment: Mapping[str, str] = os.environ) -> Secret:
    """The key that an environment variable holds.

    Raises:
        DefinitionError: it is not set or empty.
    """
    value = environment.get(variable, "").strip()
    if not value:
        raise DefinitionError(f"the environment variable {variable} is not set: put the endpoint's API key there")
    return Secret(value)
