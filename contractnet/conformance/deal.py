"""What is bargained over, and what was offered: the public rules of a bargaining, which both sides can check.

Source: protocols/README.md, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from contractnet.conformance.lines import Message


@dataclass
class Offer:
    """One that was made."""

    message: Message
    by_initiator: bool
    turn: int
    until: int | None  #: instant to which it stands for certain; None: by the rules alone
    over: bool = False  #: called wrong, or replaced
    wrong: bool = False  #: called wrong

    @property
    def terms(self) -> object:
        return self.message["content"].get("terms")


class Deal:
    """The request, and the offers that were let through."""

    def __init__(self) -> None:
        self.request: Message | None = None  #: content
        self.offers: dict[str, Offer] = {}

    @property
    def turns(self) -> int:
        """In all; 0 before the request is known."""
        return 0 if self.request is None else int(self.request["turns"])

    @property
    def monotone(self) -> bool:
        """Whether it is agreed that no offer takes back what an earlier one gave."""
        return bool((self.request or {}).get("monotone"))

    def fault_of_request(self) -> str | None:
        """What is wrong with the rules themselves."""
        request = self.request or {}
        issues: list[Message] = request["issues"]
        if len({issue["name"] for issue in issues}) < len(issues):
            return "two issues have one name"
        for issue in issues:
            low, high, tick, options = _grid(issue)
            if high < low or (high - low) % tick or (options and (low, high, tick) != (0, len(options) - 1, 1)):
                return f"{issue['name']}: its bounds are no whole number of ticks, or not those of its options"
        single = len(issues) == 1 and not issues[0].get("options")
        if single is not ("buyer" in request):
            return "who buys is stated for a single price, and only there"
        if request.get("monotone") and not single:
            return "of several issues nobody can tell what takes back: monotone is for a single price"
        rungs = request.get("ladder", [])
        return "a rung stands in the ladder twice" if len({*rungs}) < len(rungs) else None

    def fault(self, content: Message, turn: int, by_initiator: bool) -> str | None:
        """What is wrong with an offer for this turn, by the rules that both know; None: nothing."""
        if content.get("turn") != turn:
            return f"turn {turn} is due"
        if content.get("offer") in self.offers:
            return "the offer id was used before"
        return self.off_grid(content) or self._takes_back(content, by_initiator)

    def off_grid(self, content: Message) -> str | None:
        """What is wrong with the terms or the unit; None: nothing."""
        issues: list[Message] = (self.request or {})["issues"]
        raw = content.get("terms")
        terms = cast("list[object]", raw) if isinstance(raw, list) else []
        if len(terms) != len(issues):
            return "one value for each issue"
        for issue, value in zip(issues, terms, strict=True):
            low, high, tick, _ = _grid(issue)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not low <= cast("int", value) <= high or (cast("int", value) - low) % tick:
                return f"{issue['name']}: {low} to {high} in steps of {tick}"
        unit = issues[0].get("unit") if "buyer" in (self.request or {}) else None
        return None if content.get("unit") == unit else f"unit: {unit or 'none'}"

    def _takes_back(self, content: Message, by_initiator: bool) -> str | None:
        request: dict[str, Any] = self.request or {}
        last = [one for one in self.offers.values() if one.by_initiator is by_initiator and not one.wrong]
        if not self.monotone or not last:
            return None
        before, now = cast("list[int]", last[-1].terms)[0], cast("list[int]", content["terms"])[0]
        buys = (request["buyer"] == "initiator") is by_initiator
        return "takes back what was offered before" if (now < before if buys else now > before) else None

    # ---- what happens

    def offered(self, message: Message, turn: int, by_initiator: bool, at: int) -> None:
        """An offer was let through: the other side's are over, and this side's older ones, unless offers stand."""
        if not (self.request or {}).get("standing"):
            for offer in self.offers.values():
                offer.over = True
        content = message["content"]
        life = content.get("valid_for_ms")
        until = None if life is None else at + int(life)
        self.offers[str(content.get("offer"))] = Offer(message, by_initiator, turn, until)

    def called_wrong(self, about: str | None) -> None:
        """The other side could not take the offer of this message."""
        for offer in self.offers.values():
            if offer.message["reply_with"] == about:
                offer.over = offer.wrong = True

    def live(self, of_initiator: bool, turn: int) -> dict[str, Offer]:
        """The offers of a side that may be accepted in this turn."""
        life = (self.request or {}).get("lifetime")
        return {
            name: offer
            for name, offer in self.offers.items()
            if offer.by_initiator is of_initiator and not offer.over and (life is None or turn - offer.turn <= life)
        }

    def accepted(self, content: Message, turn: int, of_initiator: bool) -> Offer | None:
        """The live offer of a side that an acceptance takes; None: it takes none."""
        offer = self.live(of_initiator, turn).get(str(content.get("offer")))
        if offer is None or content.get("terms") != offer.terms or content.get("turn") != turn:
            return None
        return offer if content.get("unit") == offer.message["content"].get("unit") else None


def _grid(issue: Message) -> tuple[int, int, int, list[str]]:
    return issue["low"], issue["high"], issue.get("tick", 1), issue.get("options", [])
