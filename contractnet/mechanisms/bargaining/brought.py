"""The strategies that are there: those that come with the package, and generators that installed distributions bring.

A generator that is brought takes an offer that is worth as much as its own next one; the guard stays the last word.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from contractnet.brought import brought, brought_names
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import ENTRY_POINTS, OfferGenerator, Rules, Strategy

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def find_strategy(name: str) -> Strategy:
    """The strategy of that name. Entry points are read where no built-in strategy has it.

    Raises:
        DefinitionError: there is none, or what a distribution offers under its name is none; says which there are.
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    return _brought(name)


def check_strategy(name: str, rules: Rules, mandate: Mandate) -> None:
    """Refuse what the strategy of that name cannot play, as far as that must be the same whenever it is asked: one
    that another distribution brought is found, and not asked. So what follows from it can be derived again.

    Raises:
        DefinitionError: there is no strategy of that name.
        MechanismError: it cannot play it.
    """
    strategy = find_strategy(name)
    if name in STRATEGIES:
        strategy.generator.check(rules, mandate)


def strategy_names() -> tuple[str, ...]:
    """The names of all strategies that are there, the built-in ones first; nothing that is brought is loaded."""
    return (*STRATEGIES, *(name for name in brought_names(ENTRY_POINTS) if name not in STRATEGIES))


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
    found = brought(ENTRY_POINTS, name, "strategy", STRATEGIES)
    return Strategy(is_generator(found, name), AcceptNext())
