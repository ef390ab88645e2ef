"""From `[model]` parts to agents' bidders and performers. All agents of a process share one `Model` for one endpoint.

Rules:

1. An endpoint is its address and its model's name. Two agents that name the same one must say the same of it: limits
   belong to the endpoint, not to an agent.
2. Recorded answers are an agent's own: each has a model of its own then, and no endpoint.
"""

from __future__ import annotations

from contractnet.agent.bargain_table import BargainPart
from contractnet.agent.model_table import ModelPart
from contractnet.bargaining.player import AnyPlayer
from contractnet.bargaining.strategist import Strategist
from contractnet.bidders.bargainer import MovingModel, WordingModel
from contractnet.bidders.complaints import Complain
from contractnet.bidders.cost import CostModel
from contractnet.bidders.estimator import Estimator
from contractnet.bidders.model import ModelBidder
from contractnet.bidders.narrator import Narrator
from contractnet.bidders.performer import ModelPerformer
from contractnet.errors import DefinitionError
from contractnet.ledger.urls import open_reader
from contractnet.llm.client import OpenAIChat
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.llm.recording import recorded, recorded_model


class Models:
    """The models of one process."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, str], tuple[Endpoint, str, Model]] = {}

    def of(self, agent: str, part: ModelPart, where: str) -> Model:
        """The model that an agent asks.

        Raises:
            DefinitionError: another agent says otherwise of the endpoint; openai is not installed; the recording is
                not there or holds nothing of this agent.
        """
        endpoint = part.endpoint
        if part.answers is not None:
            reader = open_reader(str(part.answers))
            try:
                return recorded_model(endpoint, recorded(reader.entries(), agent, f"{where}: {part.answers}"))
            finally:
                reader.close()
        key = (endpoint.base_url, endpoint.model)
        if (found := self._models.get(key)) is None:
            model = Model(endpoint, OpenAIChat(endpoint))
            self._models[key] = (endpoint, where, model)
            return model
        known, origin, model = found
        if known != endpoint or (known.key and known.key.reveal()) != (endpoint.key and endpoint.key.reveal()):
            raise DefinitionError(
                f"{where} and {origin} name the same endpoint, {endpoint.name}, with other limits, prices or keys: "
                "limits belong to the endpoint; write the same in both"
            )
        return model


def bidder(model: Model, part: ModelPart, cost: CostModel, complain: Complain) -> ModelBidder:
    """The bidder of an agent."""
    return ModelBidder(
        cost,
        Estimator(model, part.prompts, cost if part.mode == "bounded" else None),
        Narrator(model, part.prompts),
        least_pct=part.least_pct,
        reads_task=part.reads_task,
        prompt=part.prompts.digest,
        name=part.endpoint.model,
        complain=complain,
    )


def player(
    part: BargainPart | None,
    asked: ModelPart | None = None,
    model: Model | None = None,
    complain: Complain | None = None,
) -> AnyPlayer | None:
    """Who bargains for an agent; None: nobody does.

    Args:
        asked: `[model]`, whose voice counts where `[bargain]` names none of its own.
    """
    if part is None:
        return None
    planner = part.stance.plan
    if asked is None or model is None or complain is None:
        return Strategist(planner, "none" if part.words == "none" else "template")
    if part.words == "model":
        voice = asked.prompts.persona.voice if part.voice is None else part.voice
        words: Strategist = WordingModel(planner, model, voice, complain)
    else:
        words = Strategist(planner, part.words)
    return MovingModel(planner, model, words, complain) if part.mode == "bounded" else words


def performer(model: Model, part: ModelPart, complain: Complain) -> ModelPerformer:
    """The performer of an agent."""
    return ModelPerformer(model, part.prompts, part.most_tokens, complain)
