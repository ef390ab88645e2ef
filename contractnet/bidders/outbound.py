"""What a model may not say to others, whatever it was talked into: its instructions, and the key of its endpoint.

Rules: words that repeat RUN words of the operator's instructions in a row are not sent, nor words with the key in them.
It is the last of several walls: a model is told nothing of costs or estimates where it speaks to others, so there is
nothing else it could repeat. A model that wants to hide its instructions in other words cannot be kept from it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final, cast

from contractnet.llm.endpoint import Endpoint
from contractnet.llm.prompts import visible

#: so many words in a row are a quotation
RUN: Final = 5
_WORD: Final = re.compile(r"\w+")


def leaks(said: Any, system: str, endpoint: Endpoint) -> bool:
    """Whether a text or a result repeats what stays inside.

    Args:
        said: a text, or decoded JSON.
        system: what the model was told by its operator.
    """
    text = "\n".join(_texts(said))
    if endpoint.key is not None and endpoint.key.reveal() in text:
        return True
    told, heard = _words(system), _words(text)
    runs = {tuple(told[at : at + RUN]) for at in range(len(told) - RUN + 1)}
    return any(tuple(heard[at : at + RUN]) in runs for at in range(len(heard) - RUN + 1))


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", str(visible(text))).casefold())


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)  # decoded JSON
        return [text for name, one in members.items() for text in (name, *_texts(one))]
    if isinstance(value, list):
        return [text for one in cast("list[object]", value) for text in _texts(one)]  # decoded JSON
    return []
