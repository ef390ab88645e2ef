"""The experiments that there are, each loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from contractnet.arena.experiment import Experiment
from contractnet.errors import DefinitionError

#: name -> the module whose `EXPERIMENT` it is, in the order of the pages
EXPERIMENTS: Final = {
    "reserve": "contractnet.arena.awards.reserve",
    "optimal-reserve": "contractnet.arena.awards.optimal_reserve",
    "price-or-quality": "contractnet.arena.awards.price_or_quality",
    "price-rise": "contractnet.arena.awards.price_rise",
    "confidence": "contractnet.arena.awards.confidence",
    "boasters": "contractnet.arena.awards.boasters",
    "shill-and-cartel": "contractnet.arena.awards.collusion",
    "bundle-shill-and-cartel": "contractnet.arena.awards.bundle_collusion",
    "naive-or-reckoned": "contractnet.arena.bargaining.naive",
    "persona": "contractnet.arena.bargaining.persona",
    "scratchpad": "contractnet.arena.bargaining.scratchpad",
    "aggressive-and-fair": "contractnet.arena.bargaining.attitudes",
    "last-mover": "contractnet.arena.bargaining.last_mover",
    "with-mediator": "contractnet.arena.bargaining.with_mediator",
}


def experiment(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        DefinitionError: there is none; says which there are.
    """
    if name not in EXPERIMENTS:
        raise DefinitionError(f"experiment {name[:64]!r} is not known; there are: {', '.join(EXPERIMENTS)}")
    found = import_module(EXPERIMENTS[name]).EXPERIMENT
    assert isinstance(found, Experiment)
    return found
