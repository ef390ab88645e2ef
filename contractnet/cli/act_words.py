"""What an act says, in one line of words: its performative and its key terms. Private input is not shown."""

from __future__ import annotations

import msgspec

from contractnet.messages.acts import (
    AcceptProposal,
    AnyAct,
    Cancel,
    Cfp,
    Failure,
    Inform,
    NotUnderstood,
    Propose,
    Refuse,
    RejectProposal,
    Request,
)
from contractnet.messages.bargaining import AnyMessage
from contractnet.messages.contents import (
    AcceptContent,
    CancelFailureContent,
    CancelledContent,
    ChoiceContent,
    ProgressContent,
    ProposeContent,
    RequestContent,
    ResultContent,
)
from contractnet.messages.joint import DealTerms, JointRequestContent, SettledContent
from contractnet.messages.values import PPM, show_amount

#: of a text or a result, characters shown
SHOWN = 80


def performative(act: AnyMessage) -> str:
    """As FIPA spells it."""
    return str(act.__struct_config__.tag)


def words_of(act: AnyAct) -> str:
    """The act in one line."""
    name = performative(act)
    match act:
        case Cfp():
            return f"{name} {_call(act)}"
        case Propose():
            terms = act.content
            return (
                f"{name} {show_amount(terms.price)} {terms.unit}{_offered(terms)}, eta {terms.eta} s, "
                f"confidence {percent(terms.confidence)}{more(terms.rationale)}"
            )
        case Refuse():
            return f"{name} {act.content.reason.value}{more(act.content.text)}"
        case AcceptProposal():
            award = act.content
            return (
                f"{name} at {show_amount(award.price)}{_given(award)}, slot {award.slot} epoch {award.epoch}, "
                f"result within {duration(award.work_within_ms)}, lease {duration(award.lease_ms)}"
            )
        case RejectProposal():
            late = act.content.late_by_ms
            return f"{name} {act.content.reason.value}" + (f" by {duration(late)}" if late is not None else "")
        case Cancel():
            return f"{name} {act.content.reason.value}"
        case Inform():
            return f"{name} {_informed(act)}"
        case Failure():
            kind = "cancel " if isinstance(act.content, CancelFailureContent) else ""
            return f"{name} {kind}{act.content.reason.value}{more(act.content.text)}"
        case NotUnderstood():
            faults = "; ".join(f"{field.path}: {field.text}" for field in act.content.fields)
            return f"{name} {act.content.about}, {act.content.reason.value}{more(faults)}"
        case Request(content=JointRequestContent() as joint):
            within = duration(joint.reply_within_ms)
            return f"{name} by the {joint.side} of a bargaining: {', '.join(joint.ladder)}, answer within {within}"
        case Request(content=RequestContent() as asked):
            choices = ", ".join(asked.choices)
            within = duration(asked.reply_within_ms)
            return f"{name} choice among {len(asked.offers)} offers: {choices}, answer within {within}"
        case _:
            return name


def _call(act: Cfp) -> str:
    content, terms = act.content, act.content.terms
    reserve = "" if terms.reserve is None else f", reserve {show_amount(terms.reserve)} {terms.unit}"
    again = f" round {content.round} of {content.max_rounds}" if content.round > 1 else ""
    return f"{content.skill}{again}, answers within {duration(content.reply_within_ms)}{reserve}{more(content.task)}"


def _informed(act: Inform) -> str:
    match act.content:
        case ResultContent():
            return f"result {shorten(msgspec.json.encode(act.content.result).decode())}"
        case ProgressContent():
            return f"progress{more(act.content.text)}"
        case CancelledContent():
            return f"cancelled{more(act.content.text)}"
        case ChoiceContent():
            return f"choice {act.content.choice}" + (f" {act.content.offer}" if act.content.offer else "")
        case SettledContent():
            terms = "no deal" if act.content.terms is None else f"at {terms_in_words(act.content.terms, None)}"
            return f"settled {terms}" + (f" by {act.content.rung}" if act.content.rung else "")


# ---- tools


def terms_in_words(terms: DealTerms, unit: str | None) -> str:
    """A single value as an amount, several as they are."""
    first, *others = terms
    if others:
        return f"({', '.join(map(str, terms))})"
    return f"{show_amount(first)}{f' {unit}' if unit else ''}"


def shorten(text: str) -> str:
    """One line of at most SHOWN characters."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."


def _offered(terms: ProposeContent) -> str:
    """Behind the price, what it is for, where it is not for the whole task."""
    if terms.bundles:
        named = [f"{'+'.join(one.items)} {show_amount(one.price)}" for one in terms.bundles]
        return f" at least, one of {', '.join(named)}"
    return f" a part, at most {terms.parts} parts" if terms.parts else ""


def _given(award: AcceptContent) -> str:
    """As well, for what is awarded."""
    if award.items:
        return f" for {', '.join(award.items)}"
    return f" for {award.parts} parts" if award.parts else ""


def more(text: str) -> str:
    """Behind what it belongs to."""
    return f": {shorten(text)}" if text else ""


def duration(ms: int) -> str:
    """`20 s`, `1.5 s`, `0.041 s`."""
    return f"{ms / 1000:g} s"


def percent(ppm: int) -> str:
    """`90 %`, `12.5 %`."""
    return f"{100 * ppm / PPM:g} %"
