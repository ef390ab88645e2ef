"""`contractnet export`: a ledger in its portable form."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import click

from contractnet.cli import exits, options, output
from contractnet.cli.options import option
from contractnet.errors import DefinitionError
from contractnet.ledger.jsonl import export
from contractnet.ledger.port import LedgerReader
from contractnet.ledger.urls import open_reader


@click.command("export")
@options.ledger_argument()
@option("out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Where to.  [default: stdout]")
def command(ledger: str, out: Path | None) -> int:
    """Write a ledger as JSONL, one entry a line, hashes included; the chain is checked on the way.

    LEDGER is a ledger URL, a SQLite file (it may be in use), or an exported file.

    \b
    Example:
      contractnet export contractnet.db --out contractnet.jsonl
    """
    with closing(open_reader(ledger)) as reader:
        count = export(reader, sys.stdout.buffer) if out is None else _to_file(reader, out)
    output.note("export", f"{count} entries of {ledger}" + (f" in {out}" if out else ""))
    return exits.OK


def _to_file(reader: LedgerReader, out: Path) -> int:
    """Written beside it and put in its place when it is whole."""
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            count = export(reader, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    except OSError as error:
        raise DefinitionError(f"{out} cannot be written ({error.strerror}): name another file with --out") from None
    finally:
        beside.unlink(missing_ok=True)
    return count
