"""How a command line writes a thing with parameters: `NAME` or `NAME:KEY=VALUE,KEY=VALUE`."""

from __future__ import annotations

from contractnet.errors import DefinitionError


def parameters(text: str, what: str) -> tuple[str, dict[str, str]]:
    """The name and its parameters.

    Args:
        what: what it is, for the words of an error.
    Raises:
        DefinitionError: it is not of that form, or a parameter is named twice.
    """
    name, colon, rest = text.partition(":")
    given: dict[str, str] = {}
    for part in rest.split(",") if rest else []:
        key, equals, value = (one.strip() for one in part.partition("="))
        if not (key and equals and value) or key in given:
            raise DefinitionError(f"{what} {text[:80]!r}: write NAME:KEY=VALUE,KEY=VALUE, each key once")
        given[key] = value
    if not name or (colon and not given):
        raise DefinitionError(f"{what} {text[:80]!r}: write NAME, or NAME:KEY=VALUE,KEY=VALUE")
    return name, given


def unknown(what: str, name: str, given: dict[str, str], known: tuple[str, ...]) -> None:
    """Refuse parameters that are not known.

    Raises:
        DefinitionError: there is one; says which are known.
    """
    for key in given:
        if key not in known:
            there = ", ".join(known) or "none"
            raise DefinitionError(f"{what} {name!r} has no parameter {key[:40]!r}; it has: {there}")
