"""Exact covers at least cost: which offers do every task once, at most one offer of each group, solved to the optimum.

The one module that knows the solver library (OR-tools CP-SAT, Apache-2.0; the extra `bundles`), which is loaded when
first needed. CP-SAT computes with 64-bit integers, so amounts of any allowed size are compared exactly; solvers that
compute with floats were seen to miss the optimum where totals of 10^12 micros differ by a few.

The answer depends on the problem alone, not on the solver's path: among covers of least cost the one that leaves the
fewest tasks undone, and among those the one that contains the earliest offers in the order given (lexicographically).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from contractnet.errors import MechanismError, TooLarge

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

#: the size up to which a cover is solved; beyond it `TooLarge`
MOST_TASKS: Final = 24
MOST_OFFERS: Final = 500
#: the work that one solve may take, in the solver's own deterministic unit (about a second), never of a clock
MOST_WORK: Final = 30.0
_CHUNK: Final = 30  # offers weighed in one solve of the order: their weights stay far under 2^63


class Choice(Struct, frozen=True, kw_only=True):
    """One offer to do some tasks."""

    group: str  #: at most one choice of a group is taken
    tasks: tuple[int, ...]  #: indices of tasks, each once, at least one
    cost: int


class Cover(Struct, frozen=True, kw_only=True):
    """A least-cost cover."""

    cost: int  #: of what is taken and of what is left undone
    taken: tuple[int, ...]  #: indices of choices, ascending
    undone: tuple[int, ...]  #: indices of tasks, ascending
    tied: tuple[int, ...] = ()  #: choices that some, but not all, equally good covers take; ascending


def least_cover(
    choices: Sequence[Choice], tasks: int, undone_costs: Sequence[int] | None, *, ties: bool = False
) -> Cover | None:
    """The least-cost cover; None where there is none.

    Args:
        choices: the earlier is preferred among equally good covers.
        tasks: how many there are.
        undone_costs: what each task costs if nobody does it; None: every task must be done.
        ties: whether to name the choices that are tied; without, the cost counts and `taken` is any of the best.
    Raises:
        TooLarge: beyond the stated size, or the optimum was not proved within the stated work.
        MechanismError: the solver library is not installed.
    """
    if tasks > MOST_TASKS or len(choices) > MOST_OFFERS:
        raise TooLarge(
            f"{tasks} tasks and {len(choices)} offers: solved exactly up to {MOST_TASKS} tasks and {MOST_OFFERS} offers"
        )
    if not tasks:
        return Cover(cost=0, taken=(), undone=())
    search = _Search(choices, tasks, undone_costs)
    taken = search.best()
    if taken is None:
        return None
    tied: frozenset[int] = search.tied(taken) if ties else frozenset()
    if tied:
        taken = _Search(choices, tasks, undone_costs).earliest(search.value, sorted(tied))
    done = {task for index in taken for task in choices[index].tasks}
    return Cover(
        cost=search.value // (tasks + 1),
        taken=tuple(sorted(taken)),
        undone=tuple(task for task in range(tasks) if task not in done),
        tied=tuple(sorted(tied)),
    )


def require_solver() -> None:
    """Raises MechanismError where the solver library is not installed; says what to install."""
    _library()


class _Search:
    """One model: solved for its least value, or for what the covers of a value have in common.

    The value is one integer for both aims: a unit of cost outweighs all tasks together, each undone task counts one.
    """

    def __init__(self, choices: Sequence[Choice], tasks: int, undone_costs: Sequence[int] | None) -> None:
        self._cp = _library()
        self._model = self._cp.CpModel()
        self._x = [self._model.new_bool_var(f"x{index}") for index in range(len(choices))]
        undone = [self._model.new_bool_var(f"u{task}") for task in range(tasks if undone_costs is not None else 0)]
        covering: list[list[cp_model.IntVar]] = [[one] for one in undone] or [[] for _ in range(tasks)]
        groups: dict[str, list[cp_model.IntVar]] = {}
        for variable, choice in zip(self._x, choices, strict=True):
            groups.setdefault(choice.group, []).append(variable)
            for task in choice.tasks:
                covering[task].append(variable)
        for one in covering:
            self._model.add_exactly_one(one)
        for group in groups.values():
            self._model.add_at_most_one(group)
        self._weights = [choice.cost * (tasks + 1) for choice in choices]
        self._weights += [cost * (tasks + 1) + 1 for cost in undone_costs or ()]
        self._total = self._cp.LinearExpr.weighted_sum([*self._x, *undone], self._weights)
        self._all = [*self._x, *undone]
        self.value = 0

    def best(self) -> frozenset[int] | None:
        """The choices of a cover of least value, to which the model is then bound; None where there is no cover."""
        self._model.minimize(self._total)
        found = self._solve()
        if found is not None:
            solution = zip(self._weights, self._all, strict=True)
            self.value = sum(weight for weight, one in solution if self._solver.boolean_value(one))
            self._model.add(self._total == self.value)
            self._model.clear_objective()
        return found

    def tied(self, first: frozenset[int]) -> frozenset[int]:
        """The choices that some, but not all, covers of that value take. Spends the model."""
        some, every = set(first), set(first)
        while True:  # each turn finds a cover with a choice not seen so far or without one that all had, or ends
            new = [variable for index, variable in enumerate(self._x) if index not in some]
            self._model.add_bool_or([*new, *(~self._x[index] for index in sorted(every))])
            found = self._solve()
            if found is None:
                return frozenset(some - every)
            some |= found
            every &= found

    def earliest(self, value: int, tied: Sequence[int]) -> frozenset[int]:
        """Of the covers of that value the one with the earliest choices."""
        self._model.add(self._total == value)
        found: frozenset[int] | None = None
        for start in range(0, len(tied), _CHUNK):
            chunk = tied[start : start + _CHUNK]
            weights = [1 << (len(chunk) - 1 - place) for place in range(len(chunk))]
            self._model.maximize(self._cp.LinearExpr.weighted_sum([self._x[index] for index in chunk], weights))
            found = self._solve()
            assert found is not None  # a cover of that value was found before
            for index in chunk:
                self._model.add(self._x[index] == int(index in found))
        assert found is not None  # there are tied choices
        return found

    def _solve(self) -> frozenset[int] | None:
        self._solver = self._cp.CpSolver()
        self._solver.parameters.num_workers = 1
        self._solver.parameters.random_seed = 0
        self._solver.parameters.max_deterministic_time = MOST_WORK
        status = self._solver.solve(self._model)
        if status == self._cp.INFEASIBLE:
            return None
        if status != self._cp.OPTIMAL:
            raise TooLarge(f"no optimum was proved within {MOST_WORK} units of work; ask for fewer tasks or offers")
        return frozenset(index for index, one in enumerate(self._x) if self._solver.boolean_value(one))


@cache
def _library() -> ModuleType:
    """OR-tools, imported when first needed: about a second."""
    try:
        return import_module("ortools.sat.python.cp_model")
    except ImportError as error:
        raise MechanismError("bundles need the solver OR-tools: pip install 'contractnet[bundles]'") from error
