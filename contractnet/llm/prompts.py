"""Prompts and personas: files that an operator edits, and the hash by which a bid says which ones it was made with.

Rules:

1. `prompts/NAME.toml` has `system` and `user`; `personas/NAME.toml` has `judgement`, `voice` and `care`: the persona's
   words to who estimates, who narrates and who works. A file beside the agent's own counts before the one that comes
   with contractnet.
2. What others wrote is put into the user's turn only, as a JSON string in a block whose name nobody can guess: it holds
   a hash of the content. So a text cannot close its own block, and a new line in it begins no line of the prompt.
3. Characters that are not seen are taken out, such as tags and marks of direction: a reader would not know of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from contractnet.errors import DefinitionError
from contractnet.messages.codec import canonical
from contractnet.messages.plainly import in_words
from contractnet.messages.values import seen_text
from contractnet.resources import folder as shipped

MAX_PROMPT_BYTES: Final = 65_536
_PROMPTS: Final = ("estimate", "narrate", "perform")
T = TypeVar("T", bound=Struct)


class Persona(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an agent estimates, speaks and works, in an operator's words."""

    judgement: str = ""
    voice: str = ""
    care: str = ""


class Prompt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one use of a model."""

    system: str
    user: str

    def filled(self, system: Mapping[str, str], user: Mapping[str, str]) -> tuple[str, str]:
        """Both turns, with what is put in. Of the system's turn that is never others' words."""
        told, asked = Template(self.system).safe_substitute(system), Template(self.user).safe_substitute(user)
        return told.strip(), asked.strip()


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts of one agent, and its persona."""

    persona: Persona
    estimate: Prompt
    narrate: Prompt
    perform: Prompt
    digest: str  #: SHA-256 of all of it, hex


def load_prompts(persona: str, beside: Path | None = None) -> Prompts:
    """The prompts of an agent.

    Args:
        persona: its name: an id, without `.toml`.
        beside: the folder of the agent's file.
    Raises:
        DefinitionError: a file is missing or wrong.
    """
    manner = _decoded(_find("personas", persona, beside), Persona)
    found = {name: _decoded(_find("prompts", name, beside), Prompt) for name in _PROMPTS}
    digest = hashlib.sha256(canonical({"persona": manner, **found})).hexdigest()
    return Prompts(manner, found["estimate"], found["narrate"], found["perform"], digest)


def load_prompt(name: str) -> tuple[Prompt, str]:
    """One of the prompts that come with contractnet, and its SHA-256, hex."""
    found = _decoded(_find("prompts", name, None), Prompt)
    return found, hashlib.sha256(canonical(found)).hexdigest()


def data(label: str, value: str | Mapping[str, Any]) -> str:
    """Others' words as data: a labelled block that they cannot close."""
    text = canonical(visible(value)).decode()
    name = f"data-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return f'<{name} what="{label}">\n{text}\n</{name}>'


def visible(value: object) -> object:
    """The same value without characters that are not seen."""
    if isinstance(value, str):
        return seen_text(value)
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)  # a payload's names are strings
        return {str(visible(name)): visible(one) for name, one in members.items()}
    if isinstance(value, list | tuple):
        return [visible(one) for one in cast("list[object]", value)]  # isinstance tells no parameter
    return value


def _find(kind: str, name: str, beside: Path | None) -> Traversable:
    own = beside / kind / f"{name}.toml" if beside is not None else None
    if own is not None and own.is_file():
        return own
    found = shipped("agents") / kind / f"{name}.toml"
    if not found.is_file():
        there = ", ".join(sorted(one.name.removesuffix(".toml") for one in (shipped("agents") / kind).iterdir()))
        more = f" in {own.parent}" if own is not None else ""
        raise DefinitionError(f"{kind}/{name}.toml is not there{more}; those that come with contractnet are {there}")
    return found


def _decoded(path: Traversable, kind: type[T]) -> T:
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_PROMPT_BYTES:
            raise DefinitionError(f"{path} is over {MAX_PROMPT_BYTES} bytes")
        return msgspec.toml.decode(raw, type=kind)
    except OSError as error:
        raise DefinitionError(f"{path} cannot be read ({error.strerror})") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: {in_words(error)}") from None
