"""`contractnet schema`: the generated half of protocols/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from contractnet.cli import exits
from contractnet.cli.options import option
from contractnet.errors import DefinitionError
from contractnet.interaction.drawing.files import FOLDER, diagrams
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
    """Regenerate the JSON Schemas, the AsyncAPI document and the state diagrams in protocols/.

    The diagrams are drawn from the tables, as SVG and as Mermaid.

    \b
    Example:
      contractnet schema
      contractnet schema --check
    """
    if folder is None:
        folder = checkout("protocols")
    if folder is None:
        raise DefinitionError("this contractnet is installed, not a checkout: name a folder with --folder")
    files = {**generate(), **diagrams()}
    if not check:
        write(folder, files)
    faults = [*drift(folder, files), *_left_over(folder, files)]
    for fault in faults:
        click.echo(fault)
    if not faults:
        click.echo(f"{folder}: {len(files)} generated files are current")
    return exits.WRONG if faults else exits.OK


def _left_over(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Diagrams of tables that are no more."""
    there = sorted(path for kind in ("*.mmd", "*.svg") for path in (folder / FOLDER).glob(kind))
    return [f"{path} is of no table; remove it" for path in there if f"{FOLDER}/{path.name}" not in files]
