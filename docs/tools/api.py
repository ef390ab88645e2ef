"""The page of the Python names, from their docstrings and signatures."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import contractnet
from contractnet.market.sync import SyncContract
from contractnet.market.terms import TermOptions
from contractnet.messages.contents import FieldError, LiveOffer, Terms
from docs.tools.source import class_of
from docs.tools.text import table, unwrapped

#: what the names of the package lead to
FURTHER: tuple[type, ...] = (TermOptions, SyncContract, Terms, LiveOffer, FieldError)
_SECTION = re.compile(r"^(Args|Returns|Raises[^:\n]*|Attributes|Source|Yields):[ ]*(.*)$")

_TITLES = {"Args": "Arguments"}


def api_page() -> str:
    """Every public name."""
    names: dict[str, Any] = {name: getattr(contractnet, name) for name in contractnet.__all__}
    names.update({one.__name__: one for one in FURTHER})
    parts = [", ".join(f"[`{name}`](#{name.lower()})" for name in names)]
    for name, value in names.items():
        where = f"`from {value.__module__} import {name}`\n\n" if value in FURTHER else ""
        parts.append(f"## {name}\n\n{where}{_class(value) if inspect.isclass(value) else _function(name, value)}")
    return "\n\n".join(parts)


def _class(cls: type) -> str:
    source = class_of(cls)
    parts = []
    if not issubclass(cls, Exception) and not hasattr(cls, "__total__") and cls is not contractnet.Market:
        parts.append(_signature(cls.__name__, cls, ""))
    parts.append(sections(source.meaning))
    fields = [one for one in source.fields if not one.name.startswith("_")]
    if fields:
        parts.append(table(("field", "type", "meaning"), [(f"`{f.name}`", f"`{f.type}`", f.meaning) for f in fields]))
    properties = [(name, one) for name, one in vars(cls).items() if isinstance(one, property) and _public(name)]
    if properties:
        rows = [(f"`{name}`", _return_type(one.fget), _first(one)) for name, one in properties]
        parts.append(table(("attribute", "type", "meaning"), rows))
    for name, member in _methods(cls):
        parts.append(f"### {cls.__name__}.{name}\n\n{_function(name, member)}")
    return "\n\n".join(parts)


def _methods(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, member in vars(cls).items():
        if isinstance(member, classmethod | staticmethod):
            yield name, member.__func__
        elif _public(name) and inspect.isfunction(member):
            yield name, member


def _public(name: str) -> bool:
    return not name.startswith("_")


def _function(name: str, function: Callable[..., Any]) -> str:
    word = "async " if inspect.iscoroutinefunction(function) else ""
    return f"{_signature(name, function, word)}\n\n{sections(inspect.getdoc(function) or '')}"


def _signature(name: str, value: Callable[..., Any], word: str) -> str:
    signature = inspect.signature(value)
    if dataclasses.is_dataclass(value):
        return ""  # users get such objects, and do not make them
    parameters = list(_parameters(signature))
    returns = _bare(signature.return_annotation)
    after = f" -> {returns}" if returns not in ("", "None") else ""
    text = f"{word}{name}({', '.join(parameters)}){after}"
    if len(text) > 90:
        text = f"{word}{name}(\n{''.join(f'    {one},{chr(10)}' for one in parameters)}){after}"
    return f"```text\n{text}\n```"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    starred = False
    for name, one in signature.parameters.items():
        if name in ("self", "cls"):
            continue
        if one.kind is one.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
        default = "" if one.default is one.empty else f" = {one.default!r}"
        yield f"{stars}{name}: {_bare(one.annotation)}{default}"


def _bare(annotation: Any) -> str:
    """An annotation as it is written."""
    if annotation is inspect.Signature.empty or annotation is None:
        return ""
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _return_type(getter: Callable[..., Any] | None) -> str:
    annotation = inspect.signature(getter).return_annotation if getter else ""
    return f"`{annotation}`"


def _first(value: object) -> str:
    return " ".join((inspect.getdoc(value) or "").split())


def sections(text: str) -> str:
    """A docstring in the project's form as Markdown: `Args`, `Raises` and the like become lists."""
    done: list[str] = []
    prose: list[str] = []
    items: list[str] | None = None
    for line in text.replace("\nTo do:", "\n\n**What to do:**").splitlines():
        found = _SECTION.match(line)
        if found:
            done += _flush(prose, items)
            prose, items = [f"**{_TITLES.get(found[1], found[1])}:** {found[2]}".strip()], []
        elif items is not None and line.startswith("    "):
            if re.match(r"    \S", line) and re.match(r"[\w, ]+: ", line.strip()):
                items.append(line.strip())
            elif items:
                items[-1] += " " + line.strip()
            else:
                prose.append(line.strip())
        elif items is not None and line.strip():
            done += _flush(prose, items)
            prose, items = [line], None
        else:
            prose.append(line)
    return "\n\n".join([*done, *_flush(prose, items)])


def _flush(prose: list[str], items: list[str] | None) -> list[str]:
    found = [unwrapped("\n".join(prose))] if any(line.strip() for line in prose) else []
    if items:
        named = [re.sub(r"^([\w, ]+): ", _as_code, item) for item in items]
        found.append("\n".join(f"- {item}" for item in named))
    return found


def _as_code(match: re.Match[str]) -> str:
    return ", ".join(f"`{name.strip()}`" for name in match[1].split(",")) + ": "
