"""The pages of the commands and of the environment, from click's own commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence

import click

from contractnet.cli.main import COMMANDS, commands
from docs.tools.source import ROOT
from docs.tools.text import table, unwrapped

#: pictures of commands: `NAME-COLUMNS.svg`
SCREENS = ROOT / "docs" / "screens"

#: an address in a help text, which the site would take for a link
_ADDRESS = re.compile(r"(?<!`)\b(?:https?|amqps?)://[^\s`,;)]*[^\s`,;.)]")


def _loaded(group: click.Group = commands, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it, those of a group after the group."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield before + name, command
        if isinstance(command, click.Group):
            yield from _loaded(command, f"{before}{name} ")


def found(words: Sequence[str]) -> click.Command | None:
    """The command that a line of words calls, without `contractnet`; None: there is none of that name."""
    every = dict(_loaded())
    return next((every[" ".join(words[:count])] for count in (2, 1) if " ".join(words[:count]) in every), None)


def options(command: click.Command) -> list[click.Option]:
    """The options that the help shows."""
    return [one for one in command.params if isinstance(one, click.Option) and not one.hidden]


def command_pages() -> str:
    """Every command: what it does, how it is called, its options."""
    parts = [table(("command", "what it does"), [(_ref(name), _short(name, command)) for name, command in _loaded()])]
    for name, command in _loaded():
        with click.Context(command, info_name=f"contractnet {name}") as context:
            usage = command.get_usage(context).removeprefix("Usage: ")
            rows = [_row(one, context) for one in options(command)]
        parts.append(f"## contractnet {name}\n\n{_help(command)}\n\n```text\n{usage}\n```\n")
        if rows:
            parts.append(table(("option", "what it means", "default"), rows))
    return "\n".join(parts)


def screens() -> str:
    """The pictures of commands, wide and narrow."""
    found = [
        (name, columns)
        for name, _ in _loaded()
        for columns in (140, 80)
        if (SCREENS / f"{name}-{columns}.svg").is_file()
    ]
    return "\n".join(
        f"## {name}, {columns} columns\n\n![contractnet {name} in a terminal of {columns} columns]"
        f"(../screens/{name}-{columns}.svg)\n"
        for name, columns in found
    )


def _ref(name: str) -> str:
    return f"[`contractnet {name}`](#{_anchor(name)})"


def _anchor(name: str) -> str:
    return f"contractnet-{name.replace(' ', '-')}"


def _short(name: str, command: click.Command) -> str:
    """A line: of the table of commands, or the first sentence of its help."""
    return COMMANDS[name].short if name in COMMANDS else command.get_short_help_str(200)


def _help(command: click.Command) -> str:
    """The help's paragraphs; an example becomes a block."""
    text, _, example = inspect.cleandoc(command.help or "").partition("\b\nExample:\n")
    said = unwrapped(text)
    example = example or (command.epilog or "").partition("Example: ")[2]
    if example:
        lines = "\n".join(line.strip() for line in example.strip().splitlines())
        said += f"\n\n```sh\n{lines}\n```"
    return said


def _row(one: click.Option, context: click.Context) -> tuple[str, str, str]:
    names = "/".join(one.opts)
    kind = "" if one.is_flag else " " + one.make_metavar(context)
    meaning, _, told = (one.help or "").partition("[default: ")
    default = told.rstrip("]") if told else _default(one)
    return f"`{names}{kind}`", _ADDRESS.sub(r"`\g<0>`", meaning.strip()), default


def _default(one: click.Option) -> str:
    value = one.default
    if one.is_flag or value is None or callable(value) or type(value).__name__ == "Sentinel":
        return ""
    return f"`{value}`"


def variables() -> dict[str, dict[str, click.Option]]:
    """Environment variable -> the commands that read it, each with its option."""
    found: dict[str, dict[str, click.Option]] = {}
    for name, command in _loaded():
        for one in options(command):
            if isinstance(one.envvar, str):
                found.setdefault(one.envvar, {})[name] = one
    return found


def variable_table() -> str:
    """Every option as an environment variable."""
    rows = []
    for variable, readers in sorted(variables().items()):
        first = next(iter(readers.values()))
        refs = ", ".join(f"[{name}](commands.md#{_anchor(name)})" for name in readers)
        rows.append((f"`{variable}`", f"`{first.opts[0]}`", refs))
    return table(("variable", "option", "read by"), rows)
