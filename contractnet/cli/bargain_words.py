"""What is said and done in a bargaining, in one line of words. Limits and preferences of a side are not shown."""

from __future__ import annotations

from contractnet.bargaining import records as bargaining
from contractnet.cli.act_words import duration, more, shorten, terms_in_words
from contractnet.ledger.records import Record
from contractnet.messages.bargaining import (
    AcceptanceContent,
    AgreedContent,
    AnyBargainAct,
    BargainAccept,
    BargainAgree,
    BargainCancel,
    BargainFailure,
    BargainInform,
    BargainNotUnderstood,
    BargainPropose,
    BargainRefuse,
    BargainReject,
    BargainRequest,
    BargainRequestContent,
    OfferContent,
)
from contractnet.messages.contents import CancelFailureContent
from contractnet.messages.values import show_amount


def words_of_turn(act: AnyBargainAct) -> str:
    """The act in one line."""
    name = str(act.__struct_config__.tag)
    match act:
        case BargainRequest():
            return f"{name} to bargain over {_asked(act.content)}"
        case BargainAgree():
            return f"{name} to bargain"
        case BargainRefuse():
            return f"{name} {act.content.reason.value}{more(act.content.text)}"
        case BargainPropose() | BargainAccept():
            return f"{name} {_offer(act.content)}, turn {act.content.turn + 1}{more(act.content.text)}"
        case BargainReject():
            late = act.content.late_by_ms
            by = "" if late is None else f" by {duration(late)}"
            return f"{name} {act.content.reason.value}{by}{more(act.content.text)}"
        case BargainCancel():
            return f"{name} {act.content.reason.value}"
        case BargainInform(content=AgreedContent() as agreed):
            return f"{name} agreed {terms_in_words(agreed.terms, None)}"
        case BargainInform():
            return f"{name} cancelled"
        case BargainFailure():
            kind = "cancel " if isinstance(act.content, CancelFailureContent) else ""
            return f"{name} {kind}{act.content.reason.value}{more(act.content.text)}"
        case BargainNotUnderstood():
            faults = "; ".join(f"{field.path}: {field.text}" for field in act.content.fields)
            return f"{name} {act.content.about}, {act.content.reason.value}{more(faults)}"


def tell_bargaining(record: Record) -> str | None:
    """What a side did, in words; None: it is no record of a bargaining."""
    match record:
        case bargaining.BargainOpened():
            return f"bargains with {record.peer} over {_asked(record.request)}, by {record.plan.strategy}"
        case bargaining.BargainTaken():
            return f"takes the request to bargain, by {record.plan.strategy}"
        case bargaining.BargainDeclined():
            return f"does not bargain: {record.reason.value}{more(record.text)}"
        case bargaining.TurnTaken():
            by = "its strategy" if record.act is None else "what a model proposed"
            return f"turn {record.turn + 1} made by {by}"
        case bargaining.TurnDecided():
            terms = "" if record.terms is None else f" {terms_in_words(record.terms, None)}"
            guard = "" if record.corrected is None else f", corrected by the guard ({record.corrected})"
            kept = "" if record.overruled is None else f", the guard did not take turn {record.overruled + 1}"
            return f"turn {record.turn + 1}: {record.act}{terms}{guard}{kept}"
        case bargaining.BargainCalledOff():
            return f"calls the bargaining off: {record.reason.value}"
        case bargaining.BargainEnded():
            terms = "" if record.terms is None else f" at {terms_in_words(record.terms, None)}"
            return f"bargaining ended: {record.state}{terms}"
        case bargaining.BargainMediated():
            terms = "no deal" if record.terms is None else terms_in_words(record.terms, None)
            taken = "" if record.taken or record.terms is None else ", which the own guard does not take"
            return f"mediated: {terms}{f' by {record.rung}' if record.rung else ''}{taken}{more(record.why)}"
        case _:
            return None


def _offer(content: OfferContent | AcceptanceContent) -> str:
    return terms_in_words(content.terms, content.unit)


def _asked(request: BargainRequestContent) -> str:
    """What it is about: a price with its bounds, or the names of the issues."""
    issues = request.issues
    if request.buyer is not None:
        one = issues[0]
        what = f"{one.name} {show_amount(one.low)} to {show_amount(one.high)} {one.unit or ''}".rstrip()
    else:
        what = ", ".join(one.name for one in issues)
    turns = "1 turn" if request.turns == 1 else f"{request.turns} turns"
    return f"{what} in {turns} of {duration(request.turn_within_ms)}: {shorten(request.subject)}"
