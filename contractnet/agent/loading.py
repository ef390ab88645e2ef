"""From what the command line names to agents: `FILE.toml`, or `module:name` of a decorated function."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from contractnet.agent.definition import Definition, read
from contractnet.agent.mediate_table import MediatorDefinition
from contractnet.agent.models import Models, bidder, performer, player
from contractnet.bidders.brought import Brought
from contractnet.bidders.command import CommandPerformer, Log
from contractnet.bidders.complaints import complaints
from contractnet.bidders.cost import CostPlus
from contractnet.contractor.ports import Agent, Bidder, Hostable, Performer
from contractnet.errors import ContractNetError, DefinitionError
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung as BuiltInRung
from contractnet.mediators.closed_choice import ClosedChoice
from contractnet.mediators.decorator import FunctionMediator
from contractnet.mediators.human import Human
from contractnet.mediators.ladder import COMPUTED, Ladder
from contractnet.mediators.rung import Rung, find_rung


def load_agents(references: Sequence[str], log: Log) -> list[Agent]:
    """The agents of one daemon, in the order they are named.

    Args:
        references: each a TOML file or `module:name`; modules are looked for in the working directory too.
        log: takes lines for the operator.
    Raises:
        DefinitionError: one cannot be loaded, or two have one id.
    """
    agents: list[Agent] = []
    origins: dict[str, str] = {}
    models = Models()
    for reference in references:
        agent = load_agent(reference, log, models)
        if agent.id in origins:
            raise DefinitionError(
                f"{reference} and {origins[agent.id]} are both the agent {agent.id}: one daemon hosts an agent once; "
                "give one of them another id"
            )
        origins[agent.id] = reference
        agents.append(agent)
    return agents


def load_agent(reference: str, log: Log, models: Models | None = None) -> Agent:
    """One agent.

    Args:
        models: of the process; None: the agent's are its own.
    Raises:
        DefinitionError: the file or the module is wrong, or it is neither.
    """
    module, colon, name = reference.partition(":")
    path = Path(module)
    if path.suffix == ".py" or (colon and path.parent != Path() and path.with_suffix(".py").exists()):
        where = "" if path.parent == Path() else f"in the folder {path.parent}, "
        raise DefinitionError(
            f"{reference}: an agent in a Python file is named as module:name: {where}{path.stem}:{name or 'NAME'}, "
            f"where {name or 'NAME'} is the function that @bidder decorates"
        )
    if reference.endswith(".toml") or "/" in reference or Path(reference).exists():
        return from_definition(read(Path(reference)), reference, log, models or Models())
    if colon and module and name:
        return _from_module(reference, module, name)
    raise DefinitionError(
        f"{reference}: there is no such file, and it is not of the form module:name: name an agent's TOML file, or the "
        "function that @bidder decorates, such as my_agents:summariser"
    )


def from_definition(definition: Definition | MediatorDefinition, origin: str, log: Log, models: Models) -> Agent:
    """The agent that a TOML file describes: scripted, with a model, or a mediator.

    Raises:
        DefinitionError: its model cannot be asked.
    """
    if isinstance(definition, MediatorDefinition):
        return _mediator(definition, origin, log, models)
    part = definition.model
    model = None if part is None else models.of(definition.id, part, origin)
    perform: Performer = CommandPerformer(definition.command, definition.folder, log, definition.timeout_s)
    if definition.cost is None:
        return _brought(definition, perform, origin)
    bid: Bidder = CostPlus(definition.cost)
    complain = complaints(definition.id, log)
    if part is not None and model is not None:
        bid = bidder(model, part, definition.cost, complain)
        perform = perform if definition.command else performer(model, part, complain)
    return Agent(
        id=definition.id,
        skills=definition.skills,
        capacity=definition.capacity,
        bid=bid,
        perform=perform,
        bargain=player(definition.bargain, part, model, complain),
        remind=None if model is None else model.remind,
        close=None if model is None else model.close,
    )


def _brought(definition: Definition, perform: Performer, origin: str) -> Agent:
    """The agent whose bidder another distribution brings."""
    try:
        found = Brought(definition.bidder or "")
        perform = perform if definition.command else found.perform
    except DefinitionError as error:
        raise DefinitionError(f"{origin}: bid.bidder: {error}") from None
    return Agent(
        id=definition.id,
        skills=definition.skills,
        capacity=definition.capacity,
        bid=found.bid,
        perform=perform,
        bargain=player(definition.bargain),
    )


def _mediator(definition: MediatorDefinition, origin: str, log: Log, models: Models) -> Agent:
    part = definition.model
    model = None if part is None else models.of(definition.id, part, origin)
    own: dict[str, Callable[[], Rung]] = {**COMPUTED, BuiltInRung.HUMAN: partial(Human, definition.human_within_s)}
    if model is not None:
        own[BuiltInRung.CLOSED_CHOICE] = partial(ClosedChoice, model, definition.within_s)
    try:
        rungs = [find_rung(name, own) for name in definition.ladder]
    except DefinitionError as error:
        raise DefinitionError(f"{origin}: mediate.ladder: {error}") from None
    ladder = Ladder(rungs, definition.within_s, log)
    found = FunctionMediator(ladder.settle, definition.id, ladder.between).agent()
    return found if model is None else replace(found, remind=model.remind, close=model.close)


def _from_module(reference: str, module: str, name: str) -> Agent:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name, None)
        if isinstance(found, Hostable):
            return found.agent()
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise DefinitionError(f"{reference}: {module} needs the module {error.name}, which is not there") from None
        raise DefinitionError(
            f"{reference}: there is no module {error.name} in {here} or among what is installed"
        ) from None
    except ContractNetError as error:
        raise DefinitionError(f"{reference}: {error}") from None
    except Exception as error:  # the user's module: whatever it raises at its import is its fault
        raise DefinitionError(f"{reference}: {_place(error)}: {type(error).__name__}: {error}") from None
    if isinstance(found, Agent):
        return found
    if found is None:
        raise DefinitionError(f"{reference}: {module} has no {name}: name the function that @bidder decorates")
    raise DefinitionError(
        f"{reference} is of type {type(found).__name__}, not an agent: name the function that @bidder decorates"
    )


def _place(error: Exception) -> str:
    """Where in the user's code it was raised."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}"
