"""What somebody else's code gave for a record, made fit to be recorded. Pure."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from contractnet.errors import DefinitionError
from contractnet.messages.codec import canonical

S = TypeVar("S", bound=Struct)


def readable(given: S) -> S:
    """As a ledger gives it back. A value that it cannot give back would, recorded, keep the ledger from opening.

    Raises:
        DefinitionError: a value is of another type than its field.
    """
    try:
        return msgspec.json.decode(canonical(given), type=type(given))
    except (msgspec.ValidationError, TypeError) as error:
        raise DefinitionError(f"{type(given).__name__}: {error}; give a value of that type") from error
