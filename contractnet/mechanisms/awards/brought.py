"""The award rules that are there: those that come with the package, and those that installed distributions bring."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from contractnet.brought import brought
from contractnet.errors import DefinitionError
from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.awards.shape import ENTRY_POINTS, AwardRule

#: as terms may write it
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def find_rule(name: str) -> AwardRule:
    """The rule of that name. Entry points are read where no built-in rule has it, so none takes a built-in one's name.

    Raises:
        DefinitionError: there is none, or what a distribution offers under its name is none; says which there are.
    """
    return AWARD_RULES[name] if name in AWARD_RULES else _brought(name)


def is_rule(found: object, name: str) -> AwardRule:
    """What a distribution offers, if it has the shape of an award rule and its name.

    Raises:
        DefinitionError: it has not; says what is wrong.
    """
    if isinstance(found, type) or not isinstance(found, AwardRule):
        raise DefinitionError(f"award rule {name!r}: the entry point names no AwardRule; see mechanisms.awards.shape")
    if not _NAME.fullmatch(name):
        raise DefinitionError(f"award rule {name[:64]!r}: a name is lower-case words joined by hyphens")
    if found.name != name:
        raise DefinitionError(f"award rule {name!r}: the object calls itself {str(found.name)[:64]!r}")
    return found


@cache
def _brought(name: str) -> AwardRule:
    return is_rule(brought(ENTRY_POINTS, name, "award rule", sorted(AWARD_RULES)), name)
