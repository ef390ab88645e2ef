"""`contractnet schema`: the generated half of protocols/."""

from __future__ import annotations

from pathlib import Path

import click

from contractnet.cli import exits
from contractnet.cli.options import option
from contractnet.errors import DefinitionError
from contractnet.messages.schemas import drift, generate, write
from contractnet.resources import checkout


@click.command("schema")
@option("check", is_flag=True, help="Write nothing; exit 1 where a file is not current.")
@option(
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the files are.  [default: protocols/ of the checkout]",
)
def command(check: bool, folder: Path | None) -> int:
    """Regenerate the JSON Schemas and the AsyncAPI document in protocols/.

    \b
    Example:
      contractnet schema
      contractnet schema --check
    """
    if folder is None:
        folder = checkout("protocols")
    if folder is None:
        raise DefinitionError("this contractnet is installed, not a checkout: name a folder with --folder")
    if not check:
        write(folder)
        click.echo(f"{folder}: {', '.join(sorted(generate()))} are current")
        return exits.OK
    faults = drift(folder)
    for fault in faults:
        click.echo(fault)
    if not faults:
        click.echo(f"{folder}: {', '.join(sorted(generate()))} are current")
    return exits.WRONG if faults else exits.OK
