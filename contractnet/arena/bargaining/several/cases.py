"""What is bargained over where there are several issues: the options of each, and what they are worth to both sides.

Rules:

1. The prior `issues` draws them from the seed. What one side likes the other dislikes, in every issue, but they weigh
   the issues differently: so there is something to trade. Of high reservations some cases have no zone of agreement.
2. A file has one JSON object a line: `issues` with their options, and for `buyer` and `seller` the `weights` of the
   issues, the `worth` of their options, and what no deal is worth (`reservation`). Weights and reservations are
   decimals in quotation marks; a deal is worth the sum of weight times worth over the largest worth of the issue.

Source: Genius and ANAC domains, for the form of the utilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from contractnet.arena.bargaining.words import parameters, unknown
from contractnet.arena.draws import Draws
from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda, agenda, choice
from contractnet.mechanisms.bargaining.preferences import Additive, weighted
from contractnet.messages.plainly import in_words
from contractnet.messages.values import PPM, parse_amount

#: how the command line calls the prior
PRIOR: Final = "issues"
SAYS: Final = "several issues, liked in opposite order and weighed differently: something to trade, few have no zone"
#: deals of one scenario of the prior; a file may have more
MOST_DRAWN: Final = 10_000
_DEFAULTS: Final = {"count": 3, "options": 4, "low": 300_000, "high": 600_000}
_WHOLE: Final = ("count", "options")


class Case(Struct, frozen=True, kw_only=True):
    """One thing to be bargained over, with both sides' preferences: only an experiment knows both."""

    name: str
    agenda: Agenda
    buyer: Additive
    seller: Additive

    @property
    def sides(self) -> tuple[Additive, Additive]:
        """Buyer's, seller's."""
        return self.buyer, self.seller


def is_prior(text: str | None) -> bool:
    """Whether a prior is that of several issues."""
    return text is not None and text.partition(":")[0] == PRIOR


def drawn_cases(text: str, seed: int, count: int) -> Iterator[Case]:
    """So many scenarios of the prior, such as `issues:count=4,options=3,low=0.2,high=0.5`.

    Args:
        text: `count` issues of so many `options` each; reservations are uniform on `low` to `high`.
    Raises:
        DefinitionError: a parameter is not known or out of its bounds.
    """
    name, given = parameters(text, "prior")
    unknown("prior", name, given, tuple(_DEFAULTS))
    values = dict(_DEFAULTS)
    for key, value in given.items():
        if key in _WHOLE and not (value.isascii() and value.isdigit()):
            raise DefinitionError(f"prior {name}: {key} {value[:40]!r} is no whole number")
        values[key] = int(value[:9]) if key in _WHOLE else parse_amount(value, f"prior {name}: {key}")
    issues, options, low, high = (values[key] for key in _DEFAULTS)
    if not (1 <= issues <= 16 and 2 <= options <= 26 and options**issues <= MOST_DRAWN):
        raise DefinitionError(
            f"prior {text[:80]!r}: 1 to 16 issues of 2 to 26 options, no more than {MOST_DRAWN} deals together"
        )
    if not low <= high <= PPM:
        raise DefinitionError(f"prior {text[:80]!r}: low and high are shares up to 1, low not over high")
    return _stream(values, Draws(seed, "bargain", PRIOR), count)


def _stream(values: dict[str, int], draws: Draws, count: int) -> Iterator[Case]:
    options = [chr(ord("a") + place) for place in range(values["options"])]
    whole = agenda(*(choice(f"issue-{number + 1}", *options) for number in range(values["count"])))
    for number in range(count):
        buyer, seller = (_side(whole, values, draws, rising=rising) for rising in (True, False))
        yield Case(name=f"{PRIOR}-{number + 1}", agenda=whole, buyer=buyer, seller=seller)


def _side(whole: Agenda, values: dict[str, int], draws: Draws, *, rising: bool) -> Additive:
    lots = [draws.between(1, 100) for _ in whole.issues]
    worth = [sorted((draws.below(101) for _ in range(one.size)), reverse=not rising) for one in whole.issues]
    return weighted(
        whole, [PPM * lot // sum(lots) for lot in lots], worth, draws.between(values["low"], values["high"])
    )


class _Side(Struct, frozen=True, forbid_unknown_fields=True):
    weights: dict[str, str | int]
    worth: dict[str, list[int]]
    reservation: str | int = 0


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    issues: dict[str, list[str]]
    buyer: _Side
    seller: _Side
    name: str = ""


def is_of_issues(lines: Iterable[str]) -> bool:
    """Whether the first line of a file that has something in it is of several issues."""
    first = next((line for line in lines if line.strip()), "")
    try:
        found: object = msgspec.json.decode(first)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return isinstance(found, dict) and PRIOR in found


def read_cases(lines: Iterable[str], where: str) -> list[Case]:
    """The scenarios of a file; empty lines are passed over.

    Raises:
        DefinitionError: a line is none; names the line, and what is wrong in it.
    """
    found: list[Case] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{where}, line {number}"
        try:
            one = msgspec.json.decode(line, type=_Line)
            found.append(_case(one, place, one.name or f"line-{number}"))
        except (msgspec.MsgspecError, UnicodeError, MechanismError) as error:
            said = f"{place}: {in_words(error)}"
            raise DefinitionError(
                f'{said}; write such as {{"issues": {{"speed": ["slow", "fast"]}}, "buyer": {{"weights": '
                '{"speed": "1"}, "worth": {"speed": [0, 1]}, "reservation": "0.2"}, "seller": …}'
            ) from None
    return found


def _case(line: _Line, place: str, name: str) -> Case:
    whole = agenda(*(choice(key, *options) for key, options in line.issues.items()))
    for key, options in line.issues.items():
        if not options or len(set(options)) < len(options):
            raise DefinitionError(f"{place}: issue {key[:40]!r} has no option, or one twice")
    return Case(
        name=name,
        agenda=whole,
        buyer=_read(line.buyer, whole, f"{place}, buyer"),
        seller=_read(line.seller, whole, f"{place}, seller"),
    )


def _read(side: _Side, whole: Agenda, place: str) -> Additive:
    names = [one.name for one in whole.issues]
    for what, given in (("weights", side.weights), ("worth", side.worth)):
        if given.keys() != set(names):
            raise DefinitionError(f"{place}: {what} has one entry for each issue: {', '.join(names)}")
    weights = [parse_amount(str(side.weights[name]), f"{place}, weight of {name}") for name in names]
    reservation = parse_amount(str(side.reservation), f"{place}, reservation")
    return weighted(whole, weights, [side.worth[name] for name in names], reservation)
