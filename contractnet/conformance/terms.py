"""The terms of an answer to an offer: what is paid, what is said of the reserve, what is told (R2, G10, G12)."""

from __future__ import annotations

from collections.abc import Iterable

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Message


def judge_accept(message: Message, offer: Message | None, cfp: Message | None, chosen: bool) -> None:
    """Whether an accept-proposal keeps the terms.

    Args:
        offer: the proposal on file.
        cfp: content of the newest call.
        chosen: by a mediator, who has a limit of its own.
    Raises:
        BrokenRuleError: `envelope`: the price is below the offer's or over a published reserve, for as many parts as
            the award is for, or these are more than the offer's; the round is not the offer's; or the salt of an
            announced digest is missing.
    """
    content = message["content"]
    reserve = None if cfp is None else cfp["terms"].get("reserve")
    parts, whole = content.get("parts"), None if cfp is None else cfp["terms"].get("parts")
    if (parts is None) is not (whole is None):
        raise BrokenRuleError(
            "envelope", {"G17", "I19"}, "says parts of a task of one piece, or none of a divisible one"
        )
    if offer is not None and parts is not None and parts > offer["content"].get("parts", whole):
        raise BrokenRuleError("envelope", {"G17", "R2", "R4", "I19"}, "is for more parts than were offered")
    if ("items" in content) is not (cfp is not None and "items" in cfp["terms"]):
        raise BrokenRuleError("envelope", {"G17", "I19"}, "names items where there are none, or none where there are")
    if offer is not None and "items" in content:
        judge_bundle(content, offer["content"], cfp)
    elif offer is not None and content["price"] < offer["content"]["price"] * (parts or 1):
        raise BrokenRuleError("envelope", {"R2", "R4", "I19"}, "pays less than was asked")
    if offer is not None and content["round"] != offer["content"]["round"]:
        raise BrokenRuleError("envelope", {"I19", "G14"}, "names another round than the offer's")
    if reserve is not None and content["price"] > reserve * (parts or 1) and not chosen:
        raise BrokenRuleError("envelope", {"G12", "I19"}, "pays more than the published reserve")
    if cfp is not None and "spec_digest" in cfp and "salt" not in content:
        raise BrokenRuleError("envelope", {"G10", "I19"}, "the call has a digest, and the accept not its salt")


def judge_bundle(award: Message, offer: Message, cfp: Message | None) -> None:
    """Whether an accept is of a bundle that was offered, at its price or more. Raises BrokenRuleError (`envelope`)."""
    prices = bundle_prices(award, offer, cfp)
    if not prices:
        raise BrokenRuleError("envelope", {"G17", "R2", "R4", "I19"}, "no such bundle was offered")
    if award["price"] < min(prices):
        raise BrokenRuleError("envelope", {"R2", "R4", "I19"}, "pays less than was asked")


def bundle_prices(award: Message, offer: Message, cfp: Message | None) -> list[int]:
    """What an offer asks for the items of an award; empty: it has no such bundle. One without bundles is for all."""
    whole: list[str] = [] if cfp is None else cfp["terms"].get("items", [])
    bundles: list[Message] = offer.get("bundles") or [{"items": whole, "price": offer["price"]}]
    return [one["price"] for one in bundles if {*one["items"]} == {*award.get("items", whole)}]


def judge_reject(message: Message, prices: Iterable[int], cfp: Message | None) -> None:
    """Whether a reject-proposal says what it must, and what is so.

    Args:
        prices: of the last valid proposals of those whom it is for.
        cfp: content of the newest call.
    Raises:
        BrokenRuleError: `envelope`: it says `late`, and not by how much. `untrue`: it says `over-reserve`, and an offer
            was within the published reserve.
    """
    content = message["content"]
    if content["reason"] == "late" and "late_by_ms" not in content:
        raise BrokenRuleError("envelope", {"R6", "I35", "I36"}, "does not say by how much it was late")
    reserve = None if cfp is None else cfp["terms"].get("reserve")
    if content["reason"] == "over-reserve" and reserve is not None and any(price <= reserve for price in prices):
        raise BrokenRuleError("untrue", {"G12", "I20"}, "the offer is within the published reserve")
