"""`contractnet export`: a ledger in its portable form."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from contractnet.cli import exits, options, output
from contractnet.cli.options import option
from contractnet.errors import DefinitionError
from contractnet.ledger.jsonl import export
from contractnet.ledger.port import LedgerReader
from contractnet.ledger.targets import writing
from contractnet.ledger.urls import file_of, filled, open_reader


@click.command("export")
@options.ledger_argument()
@option("out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Where to.  [default: stdout]")
def command(ledger: str, out: Path | None) -> int:
    """Write a ledger as JSONL, one entry a line, hashes included; the chain is checked on the way.

    LEDGER is a ledger URL, a SQLite file (it may be in use), or an exported file. What is private is in the copy, too:
    reserves, the private part of tasks, limits of bargainings.

    \b
    Example:
      contractnet export contractnet.db --out contractnet.jsonl
    """
    with closing(open_reader(ledger)) as reader:
        filled(reader, ledger)
        count = export(reader, sys.stdout.buffer) if out is None else _to_file(reader, ledger, out)
    output.note("export", f"{count} entries of {ledger}" + (f" in {out}" if out else ""))
    return exits.OK


def _to_file(reader: LedgerReader, ledger: str, out: Path) -> int:
    """Put in its place when it is whole, and never in the ledger's."""
    source = file_of(ledger)
    try:
        with writing(out, never=[] if source is None else [source]) as file:
            return export(reader, file)
    except DefinitionError as error:
        raise DefinitionError(f"--out {error}") from None
    except OSError as error:
        raise DefinitionError(f"{out} cannot be written ({error.strerror}): name another file with --out") from None
