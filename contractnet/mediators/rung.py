"""The rungs of a mediation ladder: each looks at a deadlock, and settles it or passes it on.

A rung that another distribution brings is an entry point of the group `contractnet.mediators`, by the rung's name: an
object of the shape of `Rung`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Final, Protocol, runtime_checkable

from contractnet.contractor.ports import Choice, Dispute
from contractnet.errors import DefinitionError

#: the group of entry points
ENTRY_POINTS: Final = "contractnet.mediators"


@runtime_checkable
class Rung(Protocol):
    """One way to settle a deadlock."""

    @property
    def name(self) -> str:
        """As a ladder names it: lower-case words joined by hyphens."""
        ...

    @property
    def reveals(self) -> str:
        """What it lets whom see that they did not see before; who must be trusted with what."""
        ...

    async def __call__(self, dispute: Dispute) -> Choice | None:
        """Settle it; None: pass it on. An offer is named by its recorded id, and nothing of it is written again."""
        ...


def find_rung(name: str, own: Mapping[str, Callable[[], Rung]]) -> Rung:
    """The rung of that name.

    Args:
        own: those that come with the package, by name.
    Raises:
        DefinitionError: there is none, or what a distribution offers under its name is none; says which there are.
    """
    if name in own:
        return own[name]()
    brought = entry_points(group=ENTRY_POINTS)
    found = [one for one in brought if one.name == name]
    if not found:
        known = ", ".join([*own, *sorted(one.name for one in brought)])
        raise DefinitionError(f"rung {name[:64]!r} is not known; there are: {known}")
    if len(found) > 1:
        places = ", ".join(sorted(one.value for one in found))
        raise DefinitionError(f"rung {name!r}: {len(found)} distributions bring one ({places}); remove one")
    try:
        rung = found[0].load()
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise DefinitionError(f"rung {name!r}: {found[0].value} cannot be loaded: {cause}") from error
    if isinstance(rung, type) or not isinstance(rung, Rung):
        raise DefinitionError(f"rung {name!r}: {found[0].value} is no Rung; see mediators.rung")
    return rung


def legal(dispute: Dispute, choice: Choice) -> bool:
    """Whether the manager would take the choice."""
    if choice.choice == "offer":
        return any(one.offer == choice.offer for one in dispute.possible)
    return choice.choice in dispute.choices
