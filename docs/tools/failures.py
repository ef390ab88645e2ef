"""The page of the errors, from contractnet/errors.py and from what the commands make of each."""

from __future__ import annotations

import inspect

from contractnet import errors
from contractnet.cli import exits
from docs.tools.source import docstring
from docs.tools.text import table, unwrapped

_NEVER = "ever raised itself"


def error_classes() -> list[type[errors.ContractNetError]]:
    """Every class of the tree, in the order of the file."""
    found = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, errors.ContractNetError)]
    return [one for one in found if one.__module__ == errors.__name__]


def exit_code(cls: type[errors.ContractNetError], command: str) -> int:
    """With which code a command ends that the error ends."""
    return exits.failure(f"contractnet {command}", cls.__new__(cls)).code


def error_page() -> str:
    """The tree, then each class."""
    tree = docstring("contractnet/errors.py").partition("\n\n")[2]
    raised = [one for one in error_classes() if not _is_base(one)]
    codes = [(f"[`{one.__name__}`](#{one.__name__.lower()})", _code(one)) for one in raised]
    parts = [f"```text\n{tree}\n```\n", table(("error", "exit code"), codes)]
    return "\n".join([*parts, *(f"## {one.__name__}\n\n{_told(one)}\n" for one in error_classes())])


def _is_base(cls: type[errors.ContractNetError]) -> bool:
    return _NEVER in (cls.__doc__ or "") or cls is errors.ContractNetError


def _code(cls: type[errors.ContractNetError]) -> str:
    plain, checking = exit_code(cls, "call"), exit_code(cls, "replay")
    return f"{plain}" if plain == checking else f"{plain}; {checking} where a ledger is being checked"


def _told(cls: type[errors.ContractNetError]) -> str:
    text = inspect.cleandoc(cls.__doc__ or "")
    said, _, attributes = text.partition("Attributes:\n")
    parents = [one.__name__ for one in cls.__mro__[1:] if issubclass(one, errors.ContractNetError)]
    lines = [unwrapped(said.replace("\nTo do:", "\n\n**What to do:**"))]
    if attributes:
        rows = [
            (f"`{name.strip()}`", meaning)
            for name, _, meaning in (line.partition(": ") for line in _joined(attributes))
        ]
        lines.append(table(("attribute", "what it holds"), rows))
    if parents:
        lines.append("Is a " + ", ".join(f"[`{one}`](#{one.lower()})" for one in parents) + ".")
    return "\n\n".join(lines)


def _joined(text: str) -> list[str]:
    """The items of a list in a docstring, each on one line: what is indented further goes on."""
    lines = inspect.cleandoc(text).splitlines()
    found: list[str] = []
    for line in lines:
        if line.startswith(" ") and found:
            found[-1] += " " + line.strip()
        elif line.strip():
            found.append(line)
    return found
