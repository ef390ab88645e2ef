"""Who sits at a live bargaining for an agent: a strategy alone, or one with a model that words or moves.

Rules:

1. `og`: the strategy decides; a model, if it has a part, words the act, and is told the act and its bound price alone.
2. `bounded`: the model proposes act and price, in private; the guard has the last word. Its move is worded as in `og`,
   by a question of its own that knows nothing of the limit.
3. No usable answer in time: for a move the strategy plays the turn, for words the template stands. Several issues are
   played by the strategy and worded by the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, cast

from contractnet.bargaining.player import Asking, Move, Owed, OwnTurn, Refusal
from contractnet.bargaining.records import Plan
from contractnet.bargaining.strategist import Planner, Strategist
from contractnet.bargaining.words import plain, spoken
from contractnet.bidders.complaints import Complain
from contractnet.bidders.moves import move_form, move_question, price_in, wording_question
from contractnet.bidders.stance import Stance
from contractnet.bidders.wording import of_model
from contractnet.errors import DefinitionError, ModelError
from contractnet.llm.ask import ask, say
from contractnet.llm.model import Asking as Question
from contractnet.llm.model import Model
from contractnet.llm.prompts import load_prompt
from contractnet.mechanisms.bargaining.brought import find_strategy
from contractnet.mechanisms.bargaining.guard import bounded
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.messages.given import Amount, micros
from contractnet.messages.values import require

Words = Literal["none", "template", "model"]
#: less time than this is no time for a model
LEAST_S: Final = 0.2
#: of the time left, what a move may take; the words get the rest
_MOVE_SHARE: Final = 0.6
#: of the time left, what is kept for what comes after
_KEPT_SHARE: Final = 0.1


class WordingModel(Strategist):
    """A strategy decides, a model words it in the voice of a persona: `og`."""

    def __init__(self, planner: Planner, model: Model, voice: str, complain: Complain) -> None:
        super().__init__(planner, "template")
        self._model = model
        self._voice = voice
        self._complain = complain
        self._prompt, self._digest = load_prompt("wording")

    async def word(self, owed: Owed) -> str:
        within_s = owed.time_left_s * (1 - _KEPT_SHARE)
        if owed.rules.buyer is None or within_s < LEAST_S:
            return plain(owed)
        act = spoken(owed)
        question = wording_question(act, self._voice, self._prompt)
        try:
            words = await say(self._model, question, within_s, Question("narrate", self._digest, owed.note))
        except ModelError as error:
            self._complain(error)
            return plain(owed)
        return of_model(words, question.system, self._model.endpoint, act) or plain(owed)


class MovingModel:
    """A model proposes act and price within the own limit, the guard has the last word: `bounded`.

    Args:
        words: who words the move; it never sees what the proposer saw.
    """

    def __init__(self, planner: Planner, model: Model, words: Strategist, complain: Complain) -> None:
        self._planner = planner
        self._model = model
        self._words = words
        self._complain = complain
        self._prompt, self._digest = load_prompt("bargain")

    async def consider(self, asked: Asking) -> Plan | Refusal:
        return self._planner(asked)

    async def propose(self, own: OwnTurn) -> Move | None:
        form = None if own.view.rules.buyer is None else move_form(own.view)
        within_s = own.time_left_s * _MOVE_SHARE
        if form is None or within_s < LEAST_S:
            return None
        asking = Question("estimate", self._digest, own.note)
        try:
            found = await ask(self._model, move_question(own.view, self._prompt), form, within_s, asking)
        except ModelError as error:
            self._complain(error)
            return None
        terms = price_in(found, own.view.rules.agenda.issues[0])
        return await self._worded(own, str(found["act"]), terms)

    async def _worded(self, own: OwnTurn, act: str, proposed: Terms) -> Move:
        """The words go with what the guard makes of the move."""
        said = bounded(own.view, act, proposed).said
        terms = None if said.terms is None else cast("Terms", said.terms)  # the guard's own
        left_s = own.time_left_s * (1 - _MOVE_SHARE)
        owed = Owed(
            agent=own.agent,
            peer=own.peer,
            conversation=own.conversation,
            subject=own.subject,
            rules=own.view.rules,
            me=own.view.me,
            turn=own.view.turn,
            mine=own.view.mine,
            theirs=own.view.theirs,
            act=_act(said.act),
            terms=terms,
            time_left_s=left_s,
            note=own.note,
        )
        return Move(_act(act), proposed, await self._words.word(owed), words_for=terms)


def seller(
    least: Amount,
    *,
    strategy: str | None = None,
    words: Literal["none", "template"] = "none",
    unit: str = "USD",
    margin_pct: int = 5,
    mediators: Sequence[str] = (),
) -> Strategist:
    """Who bargains for an agent written in Python: `@bidder(skill=…, bargain=seller("0.02"))`.

    Args:
        least: the reservation price: nothing under it is offered or taken. Never told.
        strategy: the name of a strategy; `linear` where it is left out.
        mediators: ids of those who may be told `least` in confidence where a request names them; nobody else is.
        margin_pct: of the way from the opening price to `least` at which the strategy's schedule ends short of it.
    Raises:
        DefinitionError: no amount, no such strategy, no unit, or a margin that is none.
    """
    if strategy is not None:
        find_strategy(strategy)
    if isinstance(margin_pct, bool) or not 0 <= margin_pct <= 100:
        raise DefinitionError(f"margin_pct: {margin_pct!r} is not a whole number from 0 to 100")
    floor = micros(least, "least")
    stance = Stance(
        unit=require("unit", unit, "unit"),
        least=floor,
        strategy=strategy,
        margin_ppm=margin_pct * 10_000,
        mediators=tuple(require("id", one, "mediators") for one in mediators),
    )
    return Strategist(stance.plan, words)


def _act(name: str) -> Literal["offer", "accept", "quit"]:
    return "offer" if name == "offer" else "accept" if name == "accept" else "quit"
