"""The strategies that are there: those that come with the package, and generators that installed distributions bring.

A generator that is brought takes an offer that is worth as much as its own next one; the guard stays the last word.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.shape import ENTRY_POINTS, OfferGenerator, Strategy

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def find_strategy(name: str) -> Strategy:
    """The strategy of that name. Entry points are read where no built-in strategy has it.

    Raises:
        DefinitionError: there is none, or what a distribution offers under its name is none; says which there are.
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    return _brought(name)


def strategy_names() -> tuple[str, ...]:
    """The names of all strategies that are there, the built-in ones first; nothing that is brought is loaded."""
    brought = {one.name for one in entry_points(group=ENTRY_POINTS)} - STRATEGIES.keys()
    return (*STRATEGIES, *sorted(brought))


def is_generator(found: object, name: str) -> OfferGenerator:
    """What a distribution offers, if it has the shape of a generator and its name.

    Raises:
        DefinitionError: it has not; says what is wrong.
    """
    if isinstance(found, type) or not isinstance(found, OfferGenerator):
        raise DefinitionError(
            f"offer generator {name!r}: {type(found).__name__} is none; it has a name, check() and propose(), and the "
            "entry point names an object, not a class"
        )
    if found.name != name or not _NAME.fullmatch(name):
        raise DefinitionError(
            f"offer generator {name!r}: it calls itself {found.name!r}; both are the same, lower-case words joined by "
            "hyphens"
        )
    return found


@cache
def _brought(name: str) -> Strategy:
    found = [one for one in entry_points(group=ENTRY_POINTS) if one.name == name]
    if not found:
        raise DefinitionError(
            f"strategy {name[:64]!r} is not known; there are: {', '.join(strategy_names())}. Another distribution "
            f"brings a generator as an entry point of the group {ENTRY_POINTS}; is it installed here?"
        )
    if len(found) > 1:
        places = ", ".join(sorted(one.value for one in found))
        raise DefinitionError(f"offer generator {name!r}: {len(found)} distributions bring one ({places}); remove one")
    try:
        generator = found[0].load()
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise DefinitionError(f"offer generator {name!r}: {found[0].value} cannot be loaded: {cause}") from error
    return Strategy(is_generator(generator, name), AcceptNext())
