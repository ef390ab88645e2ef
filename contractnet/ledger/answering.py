"""Takes the answers that `contractnet decide` has left beside a ledger, while decisions are pending."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from contractnet.errors import DefinitionError
from contractnet.ledger import answers
from contractnet.ledger.questions import Answered, Questions

#: how often it looks, seconds
LOOK_EVERY_S: Final = 0.5

#: records an answer, and calls what follows when it is durable; DefinitionError: it is none, or not possible
Decide = Callable[[Answered, Callable[[], None]], None]

_LOGGER: Final = logging.getLogger("contractnet.ledger")


async def take_answers(questions: Questions, ledger: Path, decide: Decide) -> None:
    """Until cancelled. An answer that is none, or not possible, is told in the log and dropped."""
    asked: set[Path] = set()  #: recorded, and perhaps not durable yet
    while True:
        if questions.open or asked:
            for file in answers.left(ledger):
                if file not in asked:
                    asked.add(file)
                    _take(decide, file)
            asked &= set(answers.left(ledger))
        await asyncio.sleep(LOOK_EVERY_S)


def _take(decide: Decide, file: Path) -> None:
    try:
        answered = msgspec.json.decode(answers.read(file), type=Answered)
        decide(answered, lambda: answers.taken(file))
    except (DefinitionError, msgspec.MsgspecError) as error:
        _LOGGER.warning("an answer was dropped: %s", error)
        answers.taken(file)
