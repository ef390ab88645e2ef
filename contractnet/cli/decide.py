"""`contractnet decide`: which decisions are pending, and an answer to one."""

from __future__ import annotations

import getpass
import time
from contextlib import closing
from typing import Final

import click
import msgspec

from contractnet.cli import exits, options, output
from contractnet.cli.options import option
from contractnet.contractor.ports import micros
from contractnet.errors import DefinitionError, LedgerUnusable
from contractnet.ledger import answers
from contractnet.ledger.founding import Kind, founding
from contractnet.ledger.jsonl import JsonlReader
from contractnet.ledger.lock import holder
from contractnet.ledger.urls import file_of, filled, open_reader
from contractnet.manager.limits import RESERVED
from contractnet.manager.questions import Answered, Pending, Questions
from contractnet.messages.codec import canonical
from contractnet.messages.values import plain_text, show_amount

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
    many slots as there is money for, `wait` waits for the next grant. The market that runs takes the answer at once;
    where none runs, the next one on this ledger.

    \b
    Example:
      contractnet decide contractnet.db
      contractnet decide contractnet.db q1 grant 0.50
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
    questions.require(answered)
    _leave(ledger, answered)
    return exits.OK


def _read(ledger: str) -> Questions:
    """The decisions of a manager's ledger."""
    questions = Questions()
    with closing(filled(open_reader(ledger), ledger)) as reader:
        if isinstance(reader, JsonlReader):
            raise LedgerUnusable(f"{ledger} is an exported copy, which no market runs on: name the ledger itself")
        for entry in reader.entries():
            if entry.position == 1 and founding(entry, ledger).kind is not Kind.LEDGER:
                raise DefinitionError(f"{ledger} is a daemon's journal: name a manager's ledger")
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
    else:
        head = ("DECISION", "WHAT", "GRANTED", "HELD", "SPENT", "LEFT", "WAITING", "MAY NEED", "CHOICES")
        output.table(head, [_row(one) for one in pending])


def _row(one: Pending) -> tuple[str, ...]:
    names = ("granted", "held", "spent", "released")
    amounts = [show_amount(one.told[name]) if isinstance(one.told.get(name), int) else "" for name in names]
    needs = one.told.get("needs")
    about = f"{one.kind} of account {one.about}" if one.about else f"{one.kind} of the market"
    more = show_amount(needs) if isinstance(needs, int) else ""
    return (one.id, about, *amounts, str(one.told.get("waiting", "")), more, " ".join(one.choices))


def _amount(choice: str, amount: str | None) -> int | None:
    if choice != "grant":
        if amount is not None:
            raise DefinitionError(f"{choice} takes no amount")
        return None
    if amount is None or not (found := micros(amount, "amount")):
        raise DefinitionError("grant needs an amount over 0, such as: grant 0.50")
    return found


def _leave(ledger: str, answered: Answered) -> None:
    """Beside the ledger, for its one writer; then see whether that has taken it."""
    path = file_of(ledger)
    assert path is not None  # it was read
    file = answers.leave(path, canonical(answered))
    if holder(path.resolve()) is None:
        click.echo(f"{answered.id}: {answered.choice}; no market runs on {ledger}: the next one that does takes it")
        return
    until = time.monotonic() + WAIT_S
    while file.exists() and time.monotonic() < until:
        time.sleep(0.05)
    if file.exists():
        click.echo(f"{answered.id}: {answered.choice}; the market that runs has not taken it yet")
        return
    found = _read(ledger).all[answered.id].answered
    if found != answered:
        raise DefinitionError(f"{answered.id}: the market did not take {answered.choice}: its log says why")
    click.echo(f"{answered.id}: {answered.choice}, taken")


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "contractnet decide"
