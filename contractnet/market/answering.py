"""Takes the answers that `contractnet decide` has left beside the ledger, while decisions are pending."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

import msgspec

from contractnet.errors import DefinitionError
from contractnet.ledger import answers
from contractnet.manager.manager import Manager
from contractnet.manager.questions import Answered

#: how often it looks, seconds
LOOK_EVERY_S: Final = 0.5

_LOGGER: Final = logging.getLogger("contractnet.market")


async def take_answers(manager: Manager, ledger: Path) -> None:
    """Until cancelled. An answer that is none, or not possible, is told in the log and dropped."""
    asked: set[Path] = set()  #: recorded, and perhaps not durable yet
    while True:
        if manager.book.questions.open or asked:
            for file in answers.left(ledger):
                if file not in asked:
                    asked.add(file)
                    _take(manager, file)
            asked &= set(answers.left(ledger))
        await asyncio.sleep(LOOK_EVERY_S)


def _take(manager: Manager, file: Path) -> None:
    try:
        answered = msgspec.json.decode(answers.read(file), type=Answered)
        manager.decide(answered, then=lambda: answers.taken(file))
    except (DefinitionError, msgspec.MsgspecError) as error:
        _LOGGER.warning("an answer was dropped: %s", error)
        answers.taken(file)
