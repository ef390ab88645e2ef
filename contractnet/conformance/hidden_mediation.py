"""Tables MI and MP behind the messages of a mediation: the side that asks, and the mediator."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.conformance.hidden import Hidden, Mark, Move, Said
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, Table, after

#: a standing is the state of the one table
Standing = str


class HiddenMediator(Hidden[Standing]):
    """Table MP."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, table.start)

    def arrives(self, now: Standing, message: Message) -> Iterator[Move[Standing]]:
        for event in self.events(message):
            row = self.table.step(now, event)
            yield Move(row, now if row is None else after(row, now))

    def decides(self, now: Standing) -> Iterator[Move[Standing]]:
        for row in self.table.rows:
            if now in row.states and any(event[0] in "#@" for event in row.events):
                yield Move(row, after(row, now))

    def fits(self, row: Row, mark: Mark, about: Message | None, said: Said) -> bool:
        return True

    def events(self, message: Message) -> tuple[str, ...]:
        """What it may take a message for."""
        if message["performative"] == "not-understood" and message["content"]["reason"] != "schema":
            return ("?not-understood:other",)
        return (f"?{message['performative']}",)


class HiddenAsker(HiddenMediator):
    """Table MI."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._dispute = Dispute()

    def remember(self, message: Message) -> None:
        self._dispute.said(message)

    def events(self, message: Message) -> tuple[str, ...]:
        performative, content = message["performative"], message["content"]
        if performative == "inform" and content["kind"] in ("choice", "settled"):
            return self._dispute.events(content)
        if performative in ("inform", "failure"):
            return (f"?{performative}:{content['kind']}",)
        return super().events(message)


class Dispute:
    """What a mediator may answer: by the request, and by the list as it was sent again (row MI5)."""

    def __init__(self) -> None:
        self._joint: Message | None = None  #: the request, where it is about a bargaining
        self._choices: list[str] = []
        self._prices: dict[str, int] = {}  #: offer -> price, micros
        self._limit: int | None = None

    def said(self, message: Message) -> None:
        """The side that asks said this."""
        content = message["content"]
        if message["performative"] == "request" and content["kind"] == "bargaining":
            self._joint = content
            return
        if message["performative"] == "request":
            self._choices, self._limit = content["choices"], content.get("limit")
        if message["performative"] == "request" or content.get("reason") == "schema":
            listed: list[Message] = content.get("offers", [])
            self._prices = {offer["offer"]: offer["price"] for offer in listed}

    def events(self, choice: Message) -> tuple[str, ...]:
        """What a choice may be taken for; a possible one may be bad all the same, when the offer has ended since.

        Args:
            choice: content of the inform.
        """
        return ("?inform:choice", "?inform:badchoice") if self.allows(choice) else ("?inform:badchoice",)

    def allows(self, choice: Message) -> bool:
        """Whether a choice is one of those allowed; an offer: of the list, and within the limit."""
        if self._joint is not None or choice["kind"] == "settled":
            return self._joint is not None and choice["kind"] == "settled" and _settles(self._joint, choice)
        named = choice.get("offer")
        if choice.get("choice") not in self._choices:
            return False
        if choice["choice"] != "offer":
            return named is None
        return named in self._prices and (self._limit is None or self._prices[named] <= self._limit)


def _settles(asked: Message, settled: Message) -> bool:
    """Whether a bargaining can have ended so, by what its side that asks knows."""
    terms, rung, certificate = settled.get("terms"), settled.get("rung"), settled.get("certificate")
    if rung is None:
        return terms is None and certificate is None and settled.get("offer") is None
    if rung not in asked["ladder"]:
        return False
    if settled.get("offer") is not None:
        on_record = {one["offer"]: one["terms"] for one in asked["offers"]}
        if terms is None or on_record.get(settled["offer"]) != terms:
            return False
    if certificate is not None and not _certifies(asked, certificate, terms):
        return False
    return terms is None or _on_grid(asked["issues"], terms)


def _certifies(asked: Message, certificate: Message, terms: object) -> bool:
    """It is of the number that this side told, and says what the terms say."""
    told = asked.get("confidence", {}).get("commitment")
    own = certificate["buyer" if asked.get("buyer") == asked["side"] else "seller"]
    price = certificate.get("price")
    return told == own and terms == (None if price is None else [price])


def _on_grid(issues: list[Message], terms: list[int]) -> bool:
    if len(terms) != len(issues):
        return False
    return all(
        one["low"] <= value <= one["high"] and not (value - one["low"]) % one.get("tick", 1)
        for one, value in zip(issues, terms, strict=True)
    )
