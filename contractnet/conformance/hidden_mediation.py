"""Tables MI and MP behind the messages of a mediation: the side that asks, and the mediator."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.conformance.hidden import Hidden, Move, Said
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Table, after

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

    def drifts(self, now: Standing) -> Iterator[Standing]:
        yield from ()

    def says(self, before: Standing, move: Move[Standing], said: Said) -> Standing | None:
        return move.after

    def events(self, message: Message) -> tuple[str, ...]:
        """What it may take a message for."""
        if message["performative"] == "not-understood" and message["content"]["reason"] != "schema":
            return ("?not-understood:other",)
        return (f"?{message['performative']}",)


class HiddenAsker(HiddenMediator):
    """Table MI."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._request: Message = {"offers": [], "choices": []}  #: content of the request

    def remember(self, message: Message) -> None:
        if message["performative"] == "request":
            self._request = message["content"]

    def events(self, message: Message) -> tuple[str, ...]:
        performative, content = message["performative"], message["content"]
        if performative == "inform" and content["kind"] == "choice":
            good = is_possible(content, self._request)  # an offer of the list may have ended since
            return ("?inform:choice", "?inform:badchoice") if good else ("?inform:badchoice",)
        if performative in ("inform", "failure"):
            return (f"?{performative}:{content['kind']}",)
        return super().events(message)


def is_possible(choice: Message, request: Message) -> bool:
    """Whether a choice is one of those that the request allows, and names an offer of its list, or none.

    Args:
        choice: content of the inform.
        request: content of the request.
    """
    if choice["choice"] not in request["choices"]:
        return False
    listed = {offer["offer"] for offer in request["offers"]}
    return choice.get("offer") in listed if choice["choice"] == "offer" else "offer" not in choice
