"""The winners sought: each slot has one holder at a time, and an epoch that goes up with every award (G8, G17).

The parts of a divisible task are slots, too; an award of several takes its slot and the next open ones. So are the
items of a call, in their order; an award of a bundle takes those that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Message

OPEN, HELD, FREED, DONE, GIVEN_UP = "open", "held", "freed", "done", "given up"


@dataclass
class Slot:
    """One of the winners sought."""

    epoch: int = 0  #: of its last award
    state: str = OPEN
    lead: int = 0  #: the slot that its award names


class Slots:
    """All of one conversation."""

    def __init__(self, numbers: Iterable[int], most_awards: int) -> None:
        self._most_awards = most_awards
        self._slots = {number: Slot(lead=number) for number in numbers}

    def award(self, content: Message, items: Sequence[str] = ()) -> None:
        """A slot is given.

        Args:
            content: of the accept-proposal.
            items: that the call is for.
        Raises:
            BrokenRuleError: `envelope`: there is no such slot, it is taken, or its epoch does not go up; or there are
                not so many parts left.
        """
        slot = self._slots.get(content["slot"])
        if slot is None or slot.state != OPEN:
            raise BrokenRuleError("envelope", {"G8", "G17"}, "the slot does not exist or is taken")
        if content["epoch"] <= slot.epoch:
            raise BrokenRuleError("envelope", {"G8"}, "the slot's epoch does not go up")
        follow = [number for number in self._open if number > content["slot"]]
        together = [content["slot"], *follow[: content.get("parts", 1) - 1]]
        if "items" in content:
            of = dict(zip(items, self._slots, strict=False))
            together = [of.get(item, 0) for item in content["items"]]
            if content["slot"] not in together or not {*together} <= {content["slot"], *self._open}:
                raise BrokenRuleError("envelope", {"G17"}, "an item is not there or is taken")
        if len(together) < content.get("parts", 1):
            raise BrokenRuleError("envelope", {"G17"}, "more parts than are left")
        for number in together:
            self._slots[number].state, self._slots[number].lead = HELD, content["slot"]
        slot.epoch = content["epoch"]

    @property
    def _open(self) -> list[int]:
        return [number for number, slot in self._slots.items() if slot.state == OPEN]

    def left(self, content: Message, credited: bool) -> None:
        """The holder has left: with a result that counts, or without."""
        for slot in self._together(content["slot"]):
            slot.state = DONE if credited else FREED

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._slots)

    def any(self, state: str) -> bool:
        """Whether one of them is in this state."""
        return any(slot.state == state for slot in self._slots.values())

    def only(self, *states: str) -> bool:
        """Whether they are in these states, and one at least in each."""
        return {slot.state for slot in self._slots.values()} == set(states)

    @property
    def may_be_awarded_again(self) -> bool:
        """Whether the slot that was freed first has not had its share of awards."""
        return next(slot.epoch < self._most_awards for slot in self._slots.values() if slot.state == FREED)

    def pass_on(self, again: bool) -> None:
        """The slot that was freed first is awarded again or given up."""
        first = next(slot for slot in self._slots.values() if slot.state == FREED)
        for number, slot in self._slots.items():
            if slot.lead == first.lead:
                slot.state, slot.lead = OPEN if again else GIVEN_UP, number

    def give_up_open(self) -> None:
        """Those that the decision left without a winner."""
        for slot in self._slots.values():
            if slot.state == OPEN:
                slot.state = GIVEN_UP

    def _together(self, lead: int) -> list[Slot]:
        """A slot, and those that went with its award."""
        return [slot for slot in self._slots.values() if slot.lead == lead]
