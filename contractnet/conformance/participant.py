"""A participant's log: table P, its offers, and the award it works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contractnet.conformance.envelope import OTHER
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.hidden_initiator import HiddenInitiator
from contractnet.conformance.lines import Header, Line, Message
from contractnet.conformance.one_table import OneTable
from contractnet.conformance.tables import Protocols, Row
from contractnet.conformance.terms import bundle_prices
from contractnet.conformance.walk import SEEN_ROUND, plain_event

#: reasons of rows P19 and P20
OF_A_DEAD_ACCEPT: Final = frozenset({"offer-expired", "withdrawn", "unknown-offer", "closed"})


@dataclass
class Offer:
    """One that the participant made."""

    message: Message
    until: int  #: instant to which it stands for certain; the grace after it is the participant's own (G4)
    live: bool = True
    fate: str = ""  #: why an accept of it is dead, where the rules say so (README, section 2)


class ParticipantWalk(OneTable):
    """Where a participant stands."""

    def __init__(self, header: Header, protocols: Protocols) -> None:
        tables = (protocols.table(name, header.protocol) for name in ("C", "I"))
        super().__init__(header, protocols, "P", HiddenInitiator(*tables))
        self._offers: dict[str, Offer] = {}
        self._cfp: Message | None = None
        self._bid_until = 0
        self._round = 0
        self._known = False  #: something was heard in this conversation
        self._accept: Message | None = None
        self._dead_accept: Message | None = None
        self._accepted_at = 0

    @property
    def guards(self) -> Mapping[str, bool]:
        return {"live_offer": bool(self._live)}

    @property
    def _live(self) -> set[str]:
        return {name for name, offer in self._offers.items() if offer.live}

    # ---- what is taken

    def read(self, line: Line) -> tuple[str, ...]:
        """The gate's classification (README, section 3)."""
        message = line.spoken
        performative, content = message["performative"], message["content"]
        if performative == "cfp":
            if content["round"] <= self._round:
                return (SEEN_ROUND,)
            overtaken = self._round == 0 and self.table.step(self.state, "?cfp") is not None
            return ("?cfp:next",) if self._known and not (overtaken and self.state != self.table.start) else ("?cfp",)
        if performative == "accept-proposal":
            return ("?accept:live",) if self._is_live(content) else ("?accept:dead",)
        if performative == "reject-proposal":
            last = self.state in self.table.having["offered"] and self._live == {content.get("offer")}
            return ("?reject:end",) if "offer" not in content or last else ("?reject:one",)
        if performative == "not-understood":
            of_ours = content["reason"] == "schema" and self._about(message)
            return ("?not-understood",) if of_ours else (OTHER,)
        return (plain_event(message),)

    def _is_live(self, content: Message) -> bool:
        offer = self._offers.get(content["offer"])
        again = self._accept is not None and self._accept["content"]["offer"] == content["offer"]
        return again or (offer is not None and offer.live and self._offered(offer, content))

    def _offered(self, offer: Offer, award: Message) -> bool:
        """Whether an award is what was offered, or better."""
        cfp = None if self._cfp is None else self._cfp["content"]
        if cfp is not None and "items" in cfp["terms"]:
            prices = bundle_prices(award, offer.message["content"], cfp)
            return bool(prices and award["price"] >= min(prices))
        whole = 1 if cfp is None else cfp["terms"].get("parts", 1)
        parts, asked = award.get("parts", whole), offer.message["content"]
        return bool(parts <= min(asked.get("parts", whole), whole) and award["price"] >= parts * asked["price"])

    def taking(self, event: str, message: Message, at: int) -> None:
        content, self._known = message["content"], True
        named = content.get("offer")
        if event in ("?cfp", "?cfp:next"):
            self._round, self._cfp, self._bid_until = content["round"], message, at + content["reply_within_ms"]
            self._drop(self._live - {named}, "offer-expired")
        elif event == "?accept:live" and self._accept is None:
            self._accept, self._accepted_at = message, at
        elif event == "?accept:dead":
            self._dead_accept = message
        elif event == "?not-understood":
            about = message["in_reply_to"]
            self._drop(
                {name for name, one in self._offers.items() if one.message["reply_with"] == about}, "unknown-offer"
            )
        elif event in ("?reject:one", "?reject:end"):
            self._drop(self._live if named is None else self._live & {named}, "unknown-offer")

    def _about(self, message: Message) -> set[str]:
        """The own offer whose proposal a message answers."""
        meant = message.get("in_reply_to")
        return {name for name, offer in self._offers.items() if offer.message["reply_with"] == meant}

    def _drop(self, offers: set[str], fate: str = "") -> None:
        for name in offers:
            if self._offers[name].live:
                self._offers[name].live, self._offers[name].fate = False, fate

    # ---- what it decides

    def own(self, line: Line) -> None:
        if line.event == "@offer-lapse":
            ends = {line.offer} & self._live if line.offer is not None else self._live
            if any(line.at < self._offers[name].until for name in ends) or not ends:
                raise BrokenRuleError("early", {"G4", "P16"}, "no offer has come to its end")
            self._drop(ends, "offer-expired")
            if self._live or self.state in self.table.having["deliberating"]:
                return  # others stand, or a bid is still due: the table has no row, the offer alone has ended
        super().own(line)

    def judge(self, event: str, row: Row, at: int) -> None:
        terms: Any = self._accept["content"] if self._accept is not None else {}
        if event in ("@result-due", "#finish"):
            over = at >= self._accepted_at + terms["work_within_ms"]
            if over is not (event == "@result-due"):
                kind, text = ("late", "is overdue") if over else ("early", "is not overdue")
                raise BrokenRuleError(kind, {"G6", "P24", "R10"}, f"the result {text}")
        if event == "@lease-lost" and at < self._accepted_at + terms["lease_ms"]:
            raise BrokenRuleError("early", {"G7", "P24"}, "the first lease runs")
        if event == "#bid" and at >= self._bid_until:
            raise BrokenRuleError("late", {"R1", "P2", "P6", "P7"}, "the bid is known to be late")
        if event == "#withdraw":
            self._drop(self._live, "withdrawn")

    def move(self, row: Row, event: str) -> None:
        super().move(row, event)
        if self.state not in self.table.having["deliberating"] | self.table.having["offered"]:
            self._drop(self._live)

    # ---- what it says

    def telling(self, message: Message, at: int) -> None:
        performative, content = message["performative"], message["content"]
        if performative == "propose":
            self._proposed(message, at)
        award = self._accept
        if performative == "failure" and content["reason"] in OF_A_DEAD_ACCEPT:
            award = self._dead_accept
            self._why_dead(content["reason"])
        for name in {"slot", "epoch"} & content.keys():
            if award is not None and content[name] != award["content"][name]:
                raise BrokenRuleError("envelope", {"G8", *self.last_rules}, f"names another {name} than the award")

    def _proposed(self, message: Message, at: int) -> None:
        content = message["content"]
        if content["round"] != self._round:
            raise BrokenRuleError("envelope", {"P2", "G14"}, f"bids for round {content['round']}, not {self._round}")
        if content["offer"] in self._offers:
            raise BrokenRuleError("envelope", {"P2"}, "an offer id is used for two offers")
        if self._cfp is not None and content["unit"] != self._cfp["content"]["terms"]["unit"]:
            raise BrokenRuleError("envelope", {"R2", "P2"}, "bids in another unit than the call's")
        self._offers[content["offer"]] = Offer(message, at + content["valid_for_ms"])

    def _why_dead(self, reason: str) -> None:
        """Row P19: why the offer that was accepted is dead."""
        assert self._dead_accept is not None  # the table has no other way to these reasons
        if reason == "closed":
            return
        content = self._dead_accept["content"]
        offer = self._offers.get(content["offer"])
        if offer is None or not self._offered(offer, content):
            possible = frozenset({"unknown-offer"})
        else:
            possible = frozenset({offer.fate}) if offer.fate else OF_A_DEAD_ACCEPT
        if reason not in possible:
            raise BrokenRuleError("untrue", {"P19", "G4", "G5"}, f"{reason}, and it is {' or '.join(possible)}")
