"""The award rules that are there: those that come with the package, and those that installed distributions bring."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from contractnet.errors import DefinitionError
from contractnet.mechanisms.awards.scored import AWARD_RULES, award_rule, joined
from contractnet.mechanisms.awards.shape import ENTRY_POINTS, AwardRule


def find_rule(name: str) -> AwardRule:
    """The rule of that name. Entry points are read where no built-in rule has it.

    Raises:
        DefinitionError: there is none, or what a distribution offers under its name is none; says which there are.
    """
    if name in AWARD_RULES:
        return AWARD_RULES[name]
    return _brought(name)


def rule_names() -> tuple[str, ...]:
    """The names of all rules that are there, sorted; nothing that a distribution brings is loaded."""
    return tuple(sorted({*AWARD_RULES, *(one.name for one in entry_points(group=ENTRY_POINTS))}))


@cache
def _brought(name: str) -> AwardRule:
    found = [one for one in entry_points(group=ENTRY_POINTS) if one.name == name]
    if not found:
        known = ", ".join(rule_names())
        raise DefinitionError(
            f"award rule {name[:64]!r} is not known; there are: {known}. Another distribution brings a rule as an "
            f"entry point of the group {ENTRY_POINTS}; is it installed here?"
        )
    if len(found) > 1:
        places = ", ".join(sorted(one.value for one in found))
        raise DefinitionError(f"award rule {name!r}: {len(found)} distributions bring one ({places}); remove one")
    try:
        rule = found[0].load()
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise DefinitionError(f"award rule {name!r}: {found[0].value} cannot be loaded: {cause}") from error
    return award_rule(name, joined({name: rule}))
