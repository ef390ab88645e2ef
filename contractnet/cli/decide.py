"""`contractnet decide`: which decisions are pending, and an answer to one."""

from __future__ import annotations

import getpass
import time
from contextlib import closing
from typing import Any, Final

import click
import msgspec

from contractnet.cli import exits, options, output
from contractnet.cli.options import option
from contractnet.contractor.persons import MEDIATION
from contractnet.errors import DefinitionError, LedgerUnusable
from contractnet.ledger import answers
from contractnet.ledger.jsonl import JsonlReader
from contractnet.ledger.lock import holder
from contractnet.ledger.questions import RESERVED, Answered, Pending, Questions
from contractnet.ledger.urls import file_of, filled, open_reader
from contractnet.manager.limits import LIMIT
from contractnet.messages.codec import canonical
from contractnet.messages.given import micros
from contractnet.messages.values import PPM, plain_text, show_amount

#: a running market takes an answer within half a second; it is waited for a little longer
WAIT_S: Final = 5.0


def _named(by: str) -> str:
    """Who decides."""
    if (name := plain_text(by)) in RESERVED:
        raise DefinitionError(f"--by {name}: that is how a market names its own decisions; use another name")
    return name


@click.command("decide")
@options.ledger_argument()
@click.argument("decision", required=False)
@click.argument("choice", required=False)
@click.argument("amount", required=False)
@option("by", metavar="WHO", help="Who decides.  [default: your user name]")
@option("why", metavar="TEXT", default="", help="Why, for the record.")
@options.as_json("Pending decisions")
def command(
    ledger: str, decision: str | None, choice: str | None, amount: str | None, by: str | None, why: str, as_json: bool
) -> int:
    """Show the decisions that a ledger waits for, or answer one.

    A market whose budget is not enough asks what to do, with `call --at-limit ask` and nobody at its terminal, or with
    `wait`. The answers: `grant AMOUNT` adds so much, `stop` cancels what does not fit, `hand-back` puts it out for as
    many slots as there is money for, `wait` waits for the next grant.

    A mediator with the rung `human` in its ladder asks in the journal of its worker: choose an offer by its letter,
    `round` for one more round, `none` for no deal, `pass` for the next rung.

    The process that runs takes the answer at once; where none runs, the next one on this ledger.

    \b
    Example:
      contractnet decide contractnet.db
      contractnet decide contractnet.db q1 grant 0.50
      contractnet decide arbiter.journal.db q1 B --why "the usual price"
    """
    questions = _read(ledger)
    if decision is None:
        _show(questions.open, as_json=as_json)
        return exits.OK
    if choice is None:
        pending = questions.all[decision].pending if decision in questions.all else None
        choices = ", ".join(pending.choices) if pending else "one of its choices"
        raise DefinitionError(f"decision {decision}: say what: {choices}")
    answered = Answered(
        id=decision,
        choice=choice,
        by=_named(by or _me()),
        amount=_amount(choice, amount),
        why=plain_text(why),
    )
    pending = questions.require(answered)
    _leave(ledger, answered, "worker" if pending.kind == MEDIATION else "market")
    return exits.OK


def _read(ledger: str) -> Questions:
    """The decisions of a manager's ledger, or of a daemon's journal."""
    questions = Questions()
    with closing(filled(open_reader(ledger), ledger)) as reader:
        if isinstance(reader, JsonlReader):
            raise LedgerUnusable(f"{ledger} is an exported copy, which no market runs on: name the ledger itself")
        for entry in reader.entries():
            if entry.type == Pending.__name__:
                questions.ask(msgspec.json.decode(entry.body, type=Pending), entry.at)
            elif entry.type == Answered.__name__:
                questions.answer(msgspec.json.decode(entry.body, type=Answered), entry.at)
    return questions


def _show(pending: list[Pending], *, as_json: bool) -> None:
    if as_json:
        for one in pending:
            output.json_line(one)
    elif not pending:
        output.note("decide", "nothing is pending")
    limits = [] if as_json else [one for one in pending if one.kind == LIMIT]
    if limits:
        head = ("DECISION", "WHAT", "GRANTED", "HELD", "SPENT", "LEFT", "WAITING", "MAY NEED", "CHOICES")
        output.table(head, [_row(one) for one in limits])
    for one in pending:
        if one.kind == MEDIATION and not as_json:
            _show_deadlock(one)


def _row(one: Pending) -> tuple[str, ...]:
    names = ("granted", "held", "spent", "released")
    amounts = [show_amount(one.told[name]) if isinstance(one.told.get(name), int) else "" for name in names]
    needs = one.told.get("needs")
    about = f"{one.kind} of account {one.about}" if one.about else f"{one.kind} of the market"
    more = show_amount(needs) if isinstance(needs, int) else ""
    return (one.id, about, *amounts, str(one.told.get("waiting", "")), more, " ".join(one.choices))


def _show_deadlock(one: Pending) -> None:
    """A deadlock that is before a person: what may be chosen."""
    told, unit = one.told, str(one.told.get("unit", ""))
    about = f"call {told.get('call')}" if told.get("of") == "call" else f"bargaining {told.get('bargaining')}"
    more = f": {plain_text(str(told['subject']))}" if told.get("subject") else ""
    until = f" until {output.second(told['until'])}" if isinstance(told.get("until"), int) else ""
    click.echo(f"{one.id}: the deadlock of {about}{more}; answer{until} with one of {' '.join(one.choices)}")
    issues: list[dict[str, Any]] = told.get("issues", [])
    head = ("CHOICE", *((str(issue["name"]).upper() for issue in issues) if issues else ("PRICE", "ETA", "CONFIDENCE")))
    output.table(head, [_offered(offer, issues, unit) for offer in told.get("offers", [])])


def _offered(offer: dict[str, Any], issues: list[dict[str, Any]], unit: str) -> tuple[str, ...]:
    if not issues:
        sure = f"{offer['confidence'] * 100 // PPM} %"
        return (offer["choice"], f"{show_amount(offer['price'])} {unit}", f"{offer['eta']} s", sure)
    return (offer["choice"], *(_value(issue, value) for issue, value in zip(issues, offer["terms"], strict=True)))


def _value(issue: dict[str, Any], value: int) -> str:
    if issue["options"]:
        return plain_text(str(issue["options"][value]))
    return f"{show_amount(value)} {issue['unit']}" if issue["unit"] else str(value)


def _amount(choice: str, amount: str | None) -> int | None:
    if choice != "grant":
        if amount is not None:
            raise DefinitionError(f"{choice} takes no amount")
        return None
    if amount is None or not (found := micros(amount, "amount")):
        raise DefinitionError("grant needs an amount over 0, such as: grant 0.50")
    return found


def _leave(ledger: str, answered: Answered, what: str) -> None:
    """Beside the ledger, for its one writer; then see whether that has taken it."""
    path = file_of(ledger)
    assert path is not None  # it was read
    file = answers.leave(path, canonical(answered))
    if holder(path.resolve()) is None:
        click.echo(f"{answered.id}: {answered.choice}; no {what} runs on {ledger}: the next one that does takes it")
        return
    until = time.monotonic() + WAIT_S
    while file.exists() and time.monotonic() < until:
        time.sleep(0.05)
    if file.exists():
        click.echo(f"{answered.id}: {answered.choice}; the {what} that runs has not taken it yet")
        return
    found = _read(ledger).all[answered.id].answered
    if found != answered:
        raise DefinitionError(f"{answered.id}: the {what} did not take {answered.choice}: its log says why")
    click.echo(f"{answered.id}: {answered.choice}, taken")


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "contractnet decide"
