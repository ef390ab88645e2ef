"""What `contractnet bargain --with AGENT` shows: each turn as it is made, who is waited for, and how it ended."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Final

from contractnet.bargaining.result import BargainResult
from contractnet.bargaining.side import Bargain
from contractnet.cli import output, screen
from contractnet.cli.act_words import more
from contractnet.cli.bargain_words import words_of_turn
from contractnet.cli.entry_words import printable
from contractnet.ledger.urls import file_of
from contractnet.mechanisms.bargaining.issues import Issue, Terms
from contractnet.messages.bargaining import (
    AgreedContent,
    AnyBargainAct,
    BargainAccept,
    BargainAgree,
    BargainCancel,
    BargainInform,
    BargainNotUnderstood,
    BargainPropose,
    BargainRefuse,
    BargainReject,
    BargainRequest,
)
from contractnet.messages.values import EndReason, show_amount

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

COMMAND: Final = "bargain"
#: who we are, in what is shown
WE: Final = "we"


class View:
    """What is shown of one bargaining.

    Args:
        agent: who it is with.
        ledger: where it is recorded.
        as_json: one JSON object at the end, and nothing before it.
    """

    def __init__(self, agent: str, ledger: str, *, as_json: bool) -> None:
        self._agent, self._file, self._as_json = agent, file_of(ledger), as_json
        self._shown = 0  #: acts
        self._bar: tuple[Progress, TaskID] | None = None

    @contextlib.contextmanager
    def waiting(self) -> Generator[None]:
        """A line that says who is waited for, on standard error where that is a terminal."""
        if not sys.stderr.isatty():
            yield
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # slow

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=screen.console(stderr=True), transient=True) as bar:
            self._bar = bar, bar.add_task(f"waiting until {self._agent} is heard", total=None)
            try:
                yield
            finally:
                self._bar = None

    @contextlib.contextmanager
    def _aside(self, *, shown: bool = True) -> Generator[None]:
        """The line steps aside for what is shown on its terminal."""
        bar = self._bar[0] if self._bar is not None and shown else None
        if bar is not None:
            bar.stop()
        yield
        if bar is not None:
            bar.start()

    def note(self, line: str) -> None:
        """Say something beside the output."""
        with self._aside():
            output.note(COMMAND, line)

    def turns(self, bargain: Bargain, acts: Sequence[AnyBargainAct]) -> None:
        """Show what was said since it was last looked at, and who is to move."""
        new = acts[self._shown :]
        self._shown = len(acts)
        if new and not self._as_json:
            width = max(len(WE), len(self._agent))
            with self._aside(shown=sys.stdout.isatty()):
                for act in new:
                    who = self._agent if act.sender == self._agent else WE
                    output.folded(f"{who:<{width}}  ", printable(_words(act, bargain)))
        if self._bar is not None:
            self._bar[0].update(self._bar[1], description=self._awaited(bargain))

    def end(self, result: BargainResult, bargain: Bargain, acts: Sequence[AnyBargainAct]) -> bool:
        """Show how it ended, and what to try next; returns whether nobody is called so."""
        words = printable(outcome(result, bargain, acts))
        nobody = result.status == "declined" and len(acts) == 1  # our request, which the broker gave back
        if self._as_json:
            output.json_line({**vars(result), "outcome": words})
            return nobody
        output.folded("", words)
        if nobody:
            self.note("`contractnet agents` shows who is there; --wait-for-agents S waits for one to come")
        if self._file is not None:
            log = f"contractnet log {self._file} --conversation {result.conversation_id}"
            self.note(f"all of it: {log}; each turn decided again: contractnet replay {self._file}")
        return nobody

    def left(self, bargain: Bargain | None) -> str:
        """What stands where a signal ended it at once."""
        if bargain is None:
            return "nothing was said yet"
        if self._file is None:
            return "the ledger was in memory: what came of it is recorded nowhere but in the lines above"
        if bargain.over:
            return f"how it ended: contractnet log {self._file} --conversation {bargain.conversation}"
        if bargain.machine.has("accepting"):
            return "we have accepted, and no word has come yet; run the same command again, and it waits for that"
        return "it has not ended yet; run the same command again, and it goes on"

    def _awaited(self, bargain: Bargain) -> str:
        """Who is waited for."""
        if bargain.rules is None or bargain.machine.state == "ASKING":
            return f"waiting for {self._agent} to take the request"
        if bargain.machine.finished:
            mediates = not bargain.over and bargain.request is not None
            return f"waiting for the mediator {bargain.request.mediator}" if mediates and bargain.request else "ending"
        number = f"turn {min(bargain.turn + 1, bargain.rules.turns)} of {bargain.rules.turns}"
        if bargain.machine.has("accepting"):
            return f"accepted; waiting for {self._agent}'s word"
        return f"{number}: {'our own' if bargain.machine.has('ours') else f'waiting for {self._agent}'}"


# ---- words


def outcome(result: BargainResult, bargain: Bargain, acts: Sequence[AnyBargainAct]) -> str:
    """How it ended, and why."""
    agent = result.agent
    match result.status:
        case "agreed":
            assert bargain.deal is not None
            how = f"in {_counted(result.turns)}" if result.rung is None else f"by the mediator's {result.rung}"
            return f"agreed with {agent}: {_terms(bargain.deal[1], bargain)}, {how}"
        case "declined":
            return f"declined: {_declined(agent, acts[-1])}"
        case "ended":
            return f"no agreement: {_ended(bargain, acts)}"
        case "expired":
            silent = (
                f"{agent} did not answer in time" if acts[-1].sender != agent else "our own turn was not made in time"
            )
            return f"no agreement: {silent}"
        case "cancelled":
            last = next((act for act in reversed(acts) if isinstance(act, BargainCancel)), None)
            theirs = last is not None and last.sender == agent
            return (
                f"no agreement: {f'{agent} called it off ({last.content.reason})' if theirs and last else 'called off'}"
            )
        case "unknown":
            assert bargain.taken is not None  # what we accepted
            taken = _terms(bargain.taken.terms, bargain)
            return f"unknown: we accepted {taken}, and no word came; {agent} may hold it for agreed"


def _declined(agent: str, last: AnyBargainAct) -> str:
    match last:
        case BargainRefuse():
            return f"{agent} does not bargain over this: {last.content.reason}{more(last.content.text)}"
        case BargainRequest():
            return f"nobody behind this broker is called {agent}"
        case _:
            return f"{agent} does not take the request: {words_of_turn(last)}"


def _ended(bargain: Bargain, acts: Sequence[AnyBargainAct]) -> str:
    last = next((act for act in reversed(acts) if isinstance(act, BargainReject) and act.content.offer is None), None)
    if last is not None and last.content.reason is EndReason.WALKED_AWAY and not bargain.stuck:
        who = f"{bargain.peer} walks" if last.sender == bargain.peer else "we walk"
        return f"{who} away{more(last.content.text)}"
    if not bargain.stuck:
        return "an act was wrong twice"
    after = ""
    if bargain.request is not None and bargain.request.mediator is not None:
        rung = bargain.settled.rung if bargain.settled is not None else None
        by = f" ({rung})" if rung else ""
        after = f", and the mediator {bargain.request.mediator} found nothing that both take{by}"
    return f"the turns are over{after}"


def _words(act: AnyBargainAct, bargain: Bargain) -> str:
    """One act, its terms by the names of the issues."""
    match act:
        case BargainRequest() | BargainAgree() | BargainNotUnderstood():
            return words_of_turn(act)
        case BargainPropose() | BargainAccept():
            of = "" if bargain.rules is None else f" of {bargain.rules.turns}"
            name = str(act.__struct_config__.tag)
            content = act.content
            return f"{name} {_terms(content.terms, bargain)}, turn {content.turn + 1}{of}{more(content.text)}"
        case BargainInform(content=AgreedContent() as agreed):
            return f"inform agreed {_terms(agreed.terms, bargain)}"
        case _:
            return words_of_turn(act)


def _terms(terms: Terms, bargain: Bargain) -> str:
    """A price with its unit, or each issue with its value; terms of another shape as they are."""
    if bargain.rules is None or len(issues := bargain.rules.agenda.issues) != len(terms):
        return str(terms)
    if bargain.rules.buyer is not None:
        return f"{show_amount(terms[0])} {issues[0].unit}".rstrip()
    return ", ".join(f"{issue.name} {_value(issue, value)}" for issue, value in zip(issues, terms, strict=True))


def _value(issue: Issue, value: int) -> str:
    if issue.options:
        return issue.options[value] if 0 <= value < len(issue.options) else str(value)
    return f"{value} {issue.unit}".rstrip()


def _counted(turns: int) -> str:
    return f"{turns} turn{'' if turns == 1 else 's'}"
