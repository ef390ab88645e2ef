"""Exit codes and the words before them: one place for all commands.

0 ok; 1 the thing that was checked is wrong; 2 usage; 3 it could not be done; 130 interrupted. An error reads
"contractnet CMD: what was wrong, where, what to do". Tracebacks are only for our own bugs.
"""

from __future__ import annotations

import traceback
from typing import Final, NamedTuple

import click

from contractnet.errors import ContractNetError, DefinitionError, LedgerDamaged, ReplayDifference, cause_of

OK: Final = 0
WRONG: Final = 1
USAGE: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130
#: as a shell shows a program that ended by SIGPIPE
PIPE: Final = 141

#: the commands that check a ledger: what they find in it is their result
CHECKING: Final = frozenset({"contractnet replay", "contractnet audit"})


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a command that can say how to go on; its text says it."""


class Failure(NamedTuple):
    """How a command ends that did not do what it should."""

    code: int
    text: str


def no_stdout(what: str) -> Failure:
    """How a command ends that was started with a closed stdout, before it does anything."""
    return Failure(FAILED, f"{what}: stdout is closed: leave it open, or send it somewhere, such as > /dev/null")


def failure(what: str, error: BaseException) -> Failure:
    """The code and the words for an error.

    Args:
        what: the command, such as `contractnet call`.
    """
    error = cause_of(error)
    match error:
        case click.exceptions.NoArgsIsHelpError():
            return Failure(USAGE, error.format_message())
        case click.UsageError():
            return Failure(USAGE, f"{what}: {error.format_message().rstrip('.')}; see {what} --help")
        case click.ClickException():
            return Failure(USAGE, f"{what}: {error.format_message().rstrip('.')}")
        case Interrupted():
            return Failure(INTERRUPTED, f"{what}: interrupted; {error}")
        case KeyboardInterrupt() | click.Abort():
            return Failure(INTERRUPTED, f"{what}: interrupted; run the same command again to go on")
        case DefinitionError():
            return Failure(USAGE, f"{what}: {error}")
        case LedgerDamaged() | ReplayDifference() if what in CHECKING:
            return Failure(WRONG, f"{what}: {error}")
        case ContractNetError():
            return Failure(FAILED, f"{what}: {error}")
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return Failure(FAILED, f"{what}: {place}{error.strerror or error}")
        case _:
            trace = "".join(traceback.format_exception(error))
            return Failure(FAILED, f"{trace}{what}: this is a bug in contractnet: please report the lines above")
