"""The command `contractnet`: a table of commands, each loaded when it is called.

`contractnet --help` imports click and nothing else of weight. A command's module defines one click command named
`command`; what it returns is the exit code (None: 0). Errors become words and codes in `exits`, in one place.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from typing import Final, NamedTuple, NoReturn

import click

import contractnet
from contractnet.cli import exits


class Listed(NamedTuple):
    """One command of the table."""

    module: str
    short: str  #: what `contractnet --help` says


COMMANDS: Final = {
    "demo": Listed("contractnet.cli.demo", "An embedded market on the sample tasks; writes a ledger."),
    "worker": Listed("contractnet.cli.worker", "A daemon for one agent or several."),
    "call": Listed("contractnet.cli.call", "Run tenders over a broker from the shell."),
    "agents": Listed("contractnet.cli.agents", "Who is there, with which skills and capacity."),
    "judge": Listed("contractnet.cli.judge", "A later verdict on a result; awards that follow go by it."),
    "log": Listed("contractnet.cli.log", "What a ledger holds: filtered, followed, or drawn."),
    "replay": Listed("contractnet.cli.replay", "Re-derive everything; exit 1 at the first difference."),
    "bargain": Listed("contractnet.cli.bargain", "Two players bargain, measured; or you, live, with an agent."),
    "arena": Listed("contractnet.cli.arena", "Experiments: rules, reserves and confidence, measured."),
    "decide": Listed("contractnet.cli.decide", "Which decisions are pending, and an answer to one."),
    "audit": Listed("contractnet.cli.audit", "Check a ledger and its money, beside what bidding cost."),
    "export": Listed("contractnet.cli.export", "A ledger as JSONL."),
    "doctor": Listed("contractnet.cli.doctor", "Broker, ledger, models and packages: what works, and what to do."),
    "schema": Listed("contractnet.cli.schema", "Regenerate protocols/, or check that it is current."),
}


class Commands(click.Group):
    """A group whose members are loaded when they are asked for."""

    #: what a member is loaded in
    loading: Callable[[], AbstractContextManager[None]] = nullcontext

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, listed in COMMANDS.items() if find_spec(listed.module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        with self.loading():
            command = import_module(COMMANDS[cmd_name].module).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].short) for name in self.list_commands(ctx)])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 what was checked is wrong, 2 usage, 3 it could not be done. Every option is also "
    "CONTRACTNET_<OPTION>, the same in every command.",
)
@click.version_option(contractnet.__version__, message="%(prog)s %(version)s")
def commands() -> None:
    """A task market for agents: a manager calls for proposals, contractors answer with sealed ones, a stated rule
    awards, and a ledger replays it all.

    \b
    Example:
      contractnet worker agents/summariser.toml
      contractnet call "Summarise this" --skill text.summarise --reserve 0.05
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code. The process is this command's alone."""
    commands.loading = _kept
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors are told on stderr."""
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    what = f"contractnet {name}" if name in COMMANDS else "contractnet"
    if sys.stdout is None:  # the interpreter's word for a descriptor that is closed
        click.echo(exits.no_stdout(what).text, err=True)
        return exits.FAILED
    try:
        # not commands.main(): it ends the process by itself where a pipe is closed
        with commands.make_context("contractnet", list(arguments)) as context:
            code = commands.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except BrokenPipeError:
        return _pipe_closed()
    except BaseException as error:  # the last place: every error becomes words and a code here
        failure = exits.failure(what, error)
        click.echo(failure.text, err=True)
        return failure.code
    return code if isinstance(code, int) else 0


@contextmanager
def _kept() -> Generator[None]:
    """What is loaded meanwhile stays to the end: the collector of cycles waits, and never looks at it. It would look
    at these modules again and again, while they are loaded and as the process ends, for an eighth of a short command.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _pipe_closed() -> int:
    """The reader went away, as `head` does: no words, and no complaint of the interpreter at its end either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.PIPE
