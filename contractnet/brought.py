"""What other distributions bring: objects that are found by their name in a group of entry points.

Groups: `contractnet.award_rules` (mechanisms.awards.brought), `contractnet.offer_generators`
(mechanisms.bargaining.brought), `contractnet.mediators` (mediators.rung) and `contractnet.bidders` (bidders.brought).
Each of these says what an object of its group must be. What comes with the package is looked for first, by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points

from contractnet.errors import DefinitionError


def brought_names(group: str) -> tuple[str, ...]:
    """The names of a group, sorted; nothing is loaded."""
    return tuple(sorted({one.name for one in entry_points(group=group)}))


def brought(group: str, name: str, what: str, own: Iterable[str] = ()) -> object:
    """The object that a distribution brings under that name.

    Args:
        what: what it is, for the words of an error, such as `award rule`.
        own: the names that come with the package.
    Raises:
        DefinitionError: there is none, or several; or it cannot be loaded. Says which there are, and where they are.
    """
    found = [one for one in entry_points(group=group) if one.name == name]
    if not found:
        first = list(own)
        known = ", ".join([*first, *(one for one in brought_names(group) if one not in first)])
        raise DefinitionError(
            f"{what} {name[:64]!r} is not known; there are: {known or 'none'}. Another distribution brings one as an "
            f"entry point of the group {group}; is it installed here?"
        )
    if len(found) > 1:
        places = ", ".join(sorted(one.value for one in found))
        raise DefinitionError(f"{what} {name!r}: {len(found)} distributions bring one ({places}); remove one")
    try:
        one: object = found[0].load()
    except (Exception, SystemExit) as error:  # somebody else's module: whatever it raises at its import is its fault
        cause = f"{type(error).__name__}: {error}"
        raise DefinitionError(f"{what} {name!r}: {found[0].value} cannot be loaded: {cause}") from error
    return one
