"""The sample market of `contractnet demo`: fourteen small tasks of four skills, and the terms they are put out under.

Each shows something else that happens on a market. What happens is up to the agents of `sample_agents` and the visitor
of `sample_visitor`; nothing here decides it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from contractnet.market.task import Check, Task
from contractnet.market.terms import TermOptions

SUMMARISE, TRANSLATE, COUNT, CLASSIFY = "text.summarise", "text.translate", "text.count", "text.classify"
SKILLS: Final = (SUMMARISE, TRANSLATE, COUNT, CLASSIFY)

TICKET: Final = "The printer on the third floor prints blank pages. Changing the toner did not help."
CLAUSES: Final = (
    "The supplier keeps the machines in order. It comes within two working days of a call. Parts are paid by the "
    "customer, and work is not. The contract runs for three years. It ends earlier only where either side has broken "
    "it twice, in writing, and not mended it within thirty days."
)
POEM: Final = "the order is ready and the morning is good\n" * 8
LETTER: Final = "the order is ready since the morning and nobody has come for it " * 20
_SUMMARY: Final = {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}


@dataclass(frozen=True, slots=True)
class Lot:
    """A task and its terms."""

    task: Task
    terms: TermOptions = field(default_factory=TermOptions)
    cancel_after_s: float | None = None  #: no longer wanted so long after its award


def count(text: str) -> int:
    """Words of a text."""
    return len(text.split())


def _counts(text: str) -> Check:
    """A check of a result: that it counts the words of a text."""

    def check(result: dict[str, Any]) -> bool:
        return bool(result.get("words") == count(text))

    return check


def lots() -> list[Lot]:
    """The tasks, in the order in which they are put out."""
    note = "Counted by hand, this self-made note has more words than its hyphens let on."
    plain = "This one has none of them."
    return [
        Lot(_task("Summarise the ticket", SUMMARISE, TICKET, "0.05", result_schema=_SUMMARY)),
        Lot(_task("Translate a greeting", TRANSLATE, "good morning", "0.04", private={"customer": "4711"})),
        Lot(
            _task("Count the words of a note", COUNT, note, "0.01", check=_counts(note)),
            {"rule": "lowest-price"},
        ),
        Lot(_task("Classify a ticket in Spanish", CLASSIFY, "¿Dónde está mi pedido?", "0.03", language="es")),
        Lot(_task("Summarise three clauses", SUMMARISE, CLAUSES, "0.06", result_schema=_SUMMARY)),
        Lot(_task("Translate an outage notice, now", TRANSLATE, "the order is late", "0.08"), {"eta_cost": "0.0015"}),
        Lot(_task("Classify a complaint, at a low price", CLASSIFY, TICKET, "0.0105"), {"feedback": "rank"}),
        Lot(_task("Translate a poem, soon", TRANSLATE, POEM, "0.06"), {"reply_within": 1.5}),
        Lot(_task("Summarise the ticket, twice", SUMMARISE, TICKET, "0.03"), {"slots": 2}),
        Lot(
            _task("Classify a wish, below every price", CLASSIFY, "Could it be blue?", "0.006"),
            {"max_rounds": 1, "mediator": "arbiter", "mediation_limit": "0.02"},
        ),
        Lot(_task("Count the words of the archive", COUNT, plain, "0.02", pages=400), cancel_after_s=0.4),
        Lot(_task("Summarise a book for next to nothing", SUMMARISE, CLAUSES * 6, "0.002"), {"max_rounds": 1}),
        Lot(
            _task("Translate a letter that matters", TRANSLATE, LETTER, "0.20"),
            {"value": "1.00", "confidence": "stated"},
        ),
        Lot(_task("Count the words of a line", COUNT, plain, "0.01"), {"public_reserve": True}),
    ]


def _task(words: str, skill: str, text: str, reserve: str, **more: Any) -> Task:
    known = {name: more.pop(name) for name in ("private", "result_schema", "check") if name in more}
    return Task(words, skill, {"text": text, **more}, reserve=reserve, **known)
