"""The verdict of a task's own check on a result: only when it is recorded the result counts, or does not (D11)."""

from __future__ import annotations

from collections.abc import Mapping

from contractnet.manager.award import credit
from contractnet.manager.call import Call, Step
from contractnet.manager.hearing import bad_result
from contractnet.manager.records import Checked
from contractnet.manager.state import Participant
from contractnet.messages.acts import Inform
from contractnet.messages.contents import FieldError


def checked(call: Call, step: Step, fact: Checked, results: Mapping[str, Inform]) -> None:
    """A verdict; of a result that no longer holds its slot it changes nothing."""
    slot = next(slot for slot in call.slots if slot.number == fact.slot)
    if not slot.checking or slot.epoch != fact.epoch or slot.holder is None or slot.result is None:
        return
    about = results[slot.result].reply_with
    _done(call, step, call.participants[slot.holder], fact.ok, fact.reason, about)


def _done(call: Call, step: Step, participant: Participant, ok: bool, reason: str, about: str | None) -> None:
    """The verdict of the task's check is recorded: only now it is row I25 or I26 (D11)."""
    if ok:
        call.move_one(step, participant, "?inform:result")
        credit(call, participant)
    else:
        fault = FieldError(path="$.content.result", text=reason[:200] or "the check said no")
        bad_result(call, step, participant, about, (fault,), "check")
