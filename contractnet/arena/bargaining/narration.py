"""Words around an act, for experiments without a model: sentences of a persona, spoken by whoever narrates.

Rules:

1. The narrator's input is `Spoken`: the act and its bound price, all of it public. A reservation, a scratchpad or a
   budget has no way in, by type.
2. A number in a sentence that is not the bound price is a promise that nobody made: then the template stands instead.
3. A scratchpad is never forwarded. `leaked` forwards it on purpose, for the experiment that shows what that costs.
"""

from __future__ import annotations

import re
from typing import Final, cast

from msgspec import Struct, field

from contractnet.bargaining.wording import beside
from contractnet.bargaining.words import Spoken, template
from contractnet.mechanisms.bargaining.guard import Decision
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mechanisms.bargaining.session import Bargainer
from contractnet.mechanisms.bargaining.shape import Rules, View
from contractnet.messages.values import show_amount

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


class Voice(Struct, frozen=True, kw_only=True):
    """A persona's sentences. `{price}` is where the bound price goes."""

    name: str
    offers: tuple[str, ...]  #: taken in turn
    accept: str
    quit: str


VOICES: Final = tuple(
    Voice(name=name, offers=offers, accept=accept, quit=quit_)
    for name, offers, accept, quit_ in (
        (
            "desperate",
            ("Please, I need this: {price}.", "I would go to 999 if I had to, but say {price}.", "{price}, I beg you."),
            "Yes! {price}, thank you.",
            "Then I am lost.",
        ),
        (
            "aggressive",
            ("{price}. Take it or leave it.", "Nobody gives you more than {price}.", "You waste my time: {price}."),
            "{price}. Finally.",
            "This is over.",
        ),
        (
            "fair",
            ("I think {price} is fair to both of us.", "Let us meet: {price}.", "Half of 100 is 50, so {price}."),
            "{price} is fair. Agreed.",
            "We do not meet; no hard feelings.",
        ),
        (
            "warm",
            ("Lovely to talk to you! Would {price} do?", "I do like this; {price}?", "How about {price}, my friend?"),
            "{price}, with pleasure.",
            "Another time, gladly.",
        ),
        (
            "dominant",
            ("I decide here: {price}.", "You will take {price}.", "My word is {price}."),
            "I grant you {price}.",
            "I end this.",
        ),
    )
)


def narrated(voice: Voice, spoken: Spoken) -> tuple[str, bool]:
    """The words for an act, and whether the template had to stand in for a sentence with another number."""
    sentences = {"accept": voice.accept, "quit": voice.quit}
    sentence = sentences.get(spoken.act) or voice.offers[spoken.turn // 2 % len(voice.offers)]
    text = sentence.replace("{price}", spoken.price or "")
    kept = beside(text, spoken)
    return (template(spoken), True) if kept is None else (kept, False)


def _silence() -> tuple[list[str], list[str]]:
    return [], []


class Heard(Struct):
    """All the words of one session, as both hear them."""

    texts: tuple[list[str], list[str]] = field(default_factory=_silence)  #: by who spoke: 0 moves first
    replaced: int = 0  #: sentences that the template replaced

    def numbers(self, by: int) -> set[str]:
        """Every number that one side said."""
        return {found for text in self.texts[by] for found in _NUMBER.findall(text)}


class Narrating:
    """A player whose acts are put into words. The words come after the act, and change nothing of it.

    Args:
        leaked: whether its scratchpad is forwarded with them: for the experiment alone.
    """

    def __init__(self, player: Bargainer, voice: Voice, heard: Heard, *, leaked: bool = False) -> None:
        self.mandate: Mandate = player.mandate
        self._player = player
        self._voice = voice
        self._heard = heard
        self._leaked = leaked

    def check(self, rules: Rules, me: int) -> None:
        self._player.check(rules, me)

    def move(self, view: View) -> Decision:
        decision = self._player.move(view)
        terms = decision.said.terms
        price = show_amount(cast("Terms", terms)[0]) if isinstance(terms, tuple) else None  # the guard's own
        spoken = Spoken(act=decision.said.act, price=price, unit=view.rules.agenda.issues[0].unit, turn=view.turn)
        text, replaced = narrated(self._voice, spoken)
        self._heard.replaced += replaced
        self._heard.texts[view.me].append(f"{text} [{scratchpad(view)}]" if self._leaked else text)
        return decision


def scratchpad(view: View) -> str:
    """What a model thinks to itself before it speaks: its limit, and what it would like."""
    mine = view.mandate.preferences
    assert isinstance(mine, PricePreferences)  # narration here is of a price
    word = "pay at most" if mine.side == "buyer" else "take at least"
    return f"my limit is private: I {word} {show_amount(mine.limit)}"
