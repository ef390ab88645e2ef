"""Where `agents/` and `protocols/` are found: in the wheel's data, else beside the package in a checkout.

Rules:

1. `contractnet/_data/KIND` counts first: that is where a wheel holds them.
2. A folder beside the package counts only where `pyproject.toml` lies beside it too. Without that test an installed
   contractnet would take the package of another project called `agents` for its own samples.
3. An operator's own folder is always an explicit argument, never guessed from the working directory.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from contractnet.errors import DefinitionError

Kind = Literal["agents", "protocols"]


def folder(kind: Kind) -> Traversable:
    """The data folder of that kind. It need not be in the file system: a wheel may be zipped.

    Raises:
        DefinitionError: it is in neither place.
    """
    return find(files("contractnet"), kind)


def checkout(kind: Kind) -> Path | None:
    """The folder of that kind in a checkout, where it may be written; None in an installed package."""
    return _beside(files("contractnet"), kind)


def find(package: Traversable, kind: Kind) -> Traversable:
    """The data folder of a contractnet that lies in `package`.

    Raises:
        DefinitionError: it is in neither place.
    """
    packed = package / "_data" / kind
    if packed.is_dir():
        return packed
    beside = _beside(package, kind)
    if beside is not None:
        return beside
    raise DefinitionError(
        f"the {kind} that come with contractnet are neither in {packed} (an installed package) nor beside {package} "
        "with a pyproject.toml (a checkout): install it again"
    )


def _beside(package: Traversable, kind: Kind) -> Path | None:
    if not isinstance(package, Path):
        return None
    beside = package.parent / kind
    return beside if beside.is_dir() and (package.parent / "pyproject.toml").is_file() else None
