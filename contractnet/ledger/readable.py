"""What somebody else's code gave for a record, made fit to be recorded. Pure."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from contractnet.errors import DefinitionError
from contractnet.messages.codec import canonical
from contractnet.messages.plainly import in_words

S = TypeVar("S", bound=Struct)


def readable(given: S, what: str | None = None) -> S:
    """As a ledger gives it back. A value that it cannot give back would, recorded, keep the ledger from opening.

    Args:
        what: what it is to who gave it; None: the record's name.
    Raises:
        DefinitionError: a value is of another type than its field.
    """
    try:
        return msgspec.json.decode(canonical(given), type=type(given))
    except (msgspec.ValidationError, TypeError) as error:
        raise DefinitionError(f"{what or type(given).__name__}: {in_words(error)}") from error
