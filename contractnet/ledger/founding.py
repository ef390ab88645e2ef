"""The first entry of every ledger: whose it is and what it is for.

It has the type `Founded`, stands in the conversation `ledger` of the owner, and its body is a `Founding`. So a ledger
that is opened again gives its owner the id it had before, and nobody writes into another's.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from contractnet.errors import LedgerUnusable
from contractnet.ledger.port import Draft, Entry

FOUNDED = "Founded"
#: the conversation of a ledger's own entries
CONVERSATION = "ledger"
#: how entries and bodies are to be read; a change of it is a change of every entry
FORMAT = 1


class Kind(StrEnum):
    """Who writes it."""

    LEDGER = "ledger"  #: a manager
    JOURNAL = "journal"  #: a daemon that hosts agents


class Founding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of the first entry."""

    format: int  #: FORMAT of the version that wrote it
    kind: Kind  #: ledger or journal
    owner: str  #: the manager's id, or the daemon's name


def founding_draft(kind: Kind, owner: str, now: int) -> Draft:
    """The first entry of a new ledger, at `now` (milliseconds since the Unix epoch)."""
    body = msgspec.json.encode(Founding(format=FORMAT, kind=kind, owner=owner), order="sorted").decode()
    return Draft(agent=owner, conversation=CONVERSATION, version=1, type=FOUNDED, at=now, body=body)


def founding(first: Entry | None, name: str) -> Founding:
    """Read the first entry of the ledger called `name` in messages.

    Raises:
        LedgerUnusable: it is none, or one of a format this version does not know.
    """
    if first is None or first.type != FOUNDED:
        raise LedgerUnusable(
            f"{name} does not begin with a `{FOUNDED}` entry: it is no ledger of contractnet's; name another"
        )
    try:
        found = msgspec.json.decode(first.body, type=Founding)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if found is None or found.format != FORMAT:
        raise LedgerUnusable(
            f"{name} was written in a format that this version of contractnet does not read (it reads {FORMAT}): "
            "use the version that wrote it, or a newer one"
        )
    return found


def same_owner(found: Founding, kind: Kind, owner: str | None, name: str) -> None:
    """Refuse a ledger that is of another kind or belongs to another.

    Raises:
        LedgerUnusable: it says both kinds, or both owners.
    """
    if found.kind is not kind:
        raise LedgerUnusable(
            f"{name} is a {found.kind.value} (of {found.owner}), and a {kind.value} is wanted: name another file; "
            "a manager and a daemon never share one"
        )
    if owner is not None and found.owner != owner:
        raise LedgerUnusable(
            f"{name} belongs to {found.owner}, not to {owner}: name another file, or start as {found.owner}"
        )
