"""Players as a command line names them: a strategy, its parameters, and how its mandate opens and ends.

`boulware:beta=0.1,margin=0`. Shares and exponents are decimals, prices amounts, counts whole numbers. What a player is
worth is never said here: the reservation price comes with each scenario, and the guard keeps it.
"""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import fields, replace

from contractnet.arena.bargaining.words import parameters, unknown
from contractnet.errors import ContractNetError, DefinitionError, StrategyFailed
from contractnet.mechanisms.bargaining.brought import find_strategy
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.guard import Decision
from contractnet.mechanisms.bargaining.preferences import Mandate, Preferences, PricePreferences
from contractnet.mechanisms.bargaining.session import Bargainer, Player
from contractnet.mechanisms.bargaining.shape import OfferGenerator, Rules, Strategy, View
from contractnet.messages.values import PPM, parse_amount

#: parameters of the mandate, whatever the strategy
MANDATE: Final = ("opening", "closing", "margin")
#: fields of the built-in generators that are ppm, and those that are micros
_SHARES: Final = frozenset({"beta", "k", "start", "end", "own", "other"})
_AMOUNTS: Final = frozenset({"rival", "most_random"})
_WHOLE: Final = re.compile(r"-?\d{1,9}")


class Named(Struct, frozen=True, kw_only=True):
    """A player of many bargainings, either side of each."""

    label: str  #: as it was written
    strategy: Strategy
    opening: int | None = None  #: micros; None: the public bound on its side
    closing: int | None = None  #: micros; None: the margin decides
    brought: bool = False  #: its generator comes from another distribution
    margin: int = 50_000  #: ppm of the way at which its schedules end short of the reservation

    def mandate(self, preferences: Preferences) -> Mandate:
        """What it may do in one bargaining.

        Raises:
            DefinitionError: it has a price to open or close at, and there are several issues.
        """
        if not isinstance(preferences, PricePreferences) and (self.opening, self.closing) != (None, None):
            raise DefinitionError(f"player {self.label}: opening and closing are prices, and several issues have none")
        return Mandate(preferences=preferences, opening=self.opening, closing=self.closing, margin=self.margin)

    def side(self, preferences: Preferences) -> Bargainer:
        """It, as one side of one bargaining."""
        if self.brought:
            return BroughtPlayer(self.strategy, self.mandate(preferences), self.label)
        return Player(self.strategy, self.mandate(preferences))


class BroughtPlayer(Player, frozen=True):
    """A side whose generator another distribution brought: what it raises is said with its name."""

    label: str

    def check(self, rules: Rules, me: int) -> None:
        try:
            super().check(rules, me)
        except ContractNetError:  # it cannot play this, and says so
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(error) from error

    def move(self, view: View) -> Decision:
        try:
            return super().move(view)
        except (Exception, SystemExit) as error:
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> StrategyFailed:
        said = " ".join(str(error).split())[:200]
        return StrategyFailed(f"strategy {self.label}: it raised {type(error).__name__}: {said}")


def named(text: str) -> Named:
    """The player that a text names.

    Raises:
        DefinitionError: its strategy or a parameter is not known, or a value is out of its bounds.
    """
    name, given = parameters(text, "player")
    strategy = find_strategy(name)
    own = _own(strategy.generator)
    unknown("strategy", name, given, (*own, *MANDATE))
    changed = {key: _value(f"player {name}: {key}", key, given[key], own[key]) for key in own if key in given}
    if changed and isinstance(strategy.generator, Struct):
        strategy = Strategy(replace(strategy.generator, **changed), strategy.acceptance)
    return Named(
        label=text,
        strategy=strategy,
        brought=name not in STRATEGIES,
        opening=_amount(given, "opening", name),
        closing=_amount(given, "closing", name),
        margin=_share(f"player {name}: margin", given["margin"]) if "margin" in given else 50_000,
    )


def _own(generator: OfferGenerator) -> dict[str, object]:
    """The parameters of a generator and their types: the fields of a Struct that a text can say."""
    if not isinstance(generator, Struct):
        return {}
    types = get_type_hints(type(generator))
    found = {field.name: types[field.name] for field in fields(generator) if field.name not in MANDATE}
    return {name: plain for name, type_ in found.items() if (plain := _plain(type_)) is not None}


def _plain(type_: Any) -> object | None:
    """A type that a text can say: int, bool or choices; None: it is another."""
    if get_origin(type_) in (Union, UnionType):
        type_ = next((one for one in get_args(type_) if one is not type(None)), None)
    return type_ if type_ in (int, bool) or get_origin(type_) is Literal else None


def _value(what: str, key: str, text: str, type_: object) -> object:
    if type_ is bool:
        if text not in ("true", "false"):
            raise DefinitionError(f"{what}: {text[:40]!r} is neither true nor false")
        return text == "true"
    if type_ is not int:
        choices = get_args(type_)
        if text not in choices:
            raise DefinitionError(f"{what}: {text[:40]!r} is none of {', '.join(map(str, choices))}")
        return text
    if key in _SHARES:
        return _share(what, text, most=1_000 * PPM)
    if key in _AMOUNTS:
        return parse_amount(text, what)
    if not _WHOLE.fullmatch(text):
        raise DefinitionError(f"{what}: {text[:40]!r} is no whole number")
    return int(text)


def _amount(given: dict[str, str], key: str, name: str) -> int | None:
    return parse_amount(given[key], f"player {name}: {key}") if key in given else None


def _share(what: str, text: str, most: int = PPM) -> int:
    """A decimal as ppm."""
    share = parse_amount(text, what)
    if share > most:
        raise DefinitionError(f"{what}: {text[:40]!r} is over {most // PPM}")
    return share
