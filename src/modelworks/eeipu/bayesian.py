"""Bayesian optimisation of a sweep: EEIPU, what it is compared with, and its ablations, by a few switches."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch

from modelworks.eeipu.acquisition import Acquisition, cooling, standard_normals
from modelworks.eeipu.observations import (
    Cube,
    Table,
    columns_of,
    cost_table,
    objective_table,
    points,
    smallest_cost,
    total_cost_table,
)
from modelworks.eeipu.parameter import identity
from modelworks.eeipu.prefixes import Prefix, pool
from modelworks.eeipu.search import Candidate, Effort, rank, search
from modelworks.eeipu.surrogates import NEARLY_CONSTANT, Constant, Surrogate, as_tensor, fit
from modelworks.eeipu.trial import Foresight, Group, History, Pipeline, Proposal, Trial, ranked, value_of

ASKED = 3  # best candidates of which the memo is asked once more
ATTEMPTS = 200  # random candidates before a space counts as used up


@dataclass(frozen=True)
class Kind:
    """What a method takes into account. `costs`: of each group, of whole trials, or none.

    `prefixes`: also try what good rows' restorable parts allow; `only` them where there are any (beside free candidates
    EI would never take a clamped one). `memo`: groups that the memo has are cheap. `cooling`: the weight of cost falls
    to 0 with the budget, else it is 1.
    """

    name: str
    costs: Literal["groups", "total", "none"]
    prefixes: Literal["all", "only", "none"]
    memo: bool
    cooling: bool


@dataclass(frozen=True)
class Options:
    """`n_rows`: rows whose prefixes are tried. `epsilon`: least cost of a restored group, in units of the budget.

    `n_samples`: quasi-Monte Carlo samples of the costs. The others: see `search.Effort`.
    """

    n_rows: int = 5
    epsilon: float = 0.0
    n_samples: int = 128
    raw_samples: int = 64
    all_samples: int = 512
    restarts: int = 8
    steps: int = 50


@dataclass
class Models:
    """The surrogates of one proposal. `groups` are what `costs` are of."""

    objective: Surrogate
    groups: tuple[Group, ...]
    costs: tuple[Surrogate, ...]
    best: float
    notes: list[str] = field(default_factory=list)


class Bayesian:
    """A method (see trial.Method). It keeps nothing between proposals: all follows from the history, memo and seed."""

    def __init__(self, kind: Kind, space: Cube, seed: int, options: Options) -> None:
        self.kind, self.space, self.seed, self.options = kind, space, seed, options

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        """The candidate for trial `number`; random while fewer than two trials have ended well."""
        rng = np.random.default_rng([self.seed, number])
        known = set(history.tried)
        details: dict[str, Any] = {"method": self.kind.name}
        if sum(value_of(trial) is not None for trial in history.trials) < 2:
            details["note"] = "random: fewer than two trials have ended well"
            return Proposal(unseen(self.space, rng, known), details)
        begin = time.perf_counter()
        models = self._fit(history, number)
        fitted = time.perf_counter()
        acquisition = self._acquisition(models, history, pipeline, number)
        rows = ranked(history.trials, history.maximize)[: self.options.n_rows]
        prefixes = self._prefixes(history, rows, pipeline)
        given = self.options
        effort = Effort(given.raw_samples, given.all_samples, given.restarts, given.steps)
        near = points(self.space, rows)
        found = search(self.space, models.groups, acquisition, prefixes, near, known, rng, effort)
        if self.kind.memo and found:
            found = self._ask(models.groups, acquisition, pipeline, found, known)
        details["seconds"] = {"fit": fitted - begin, "search": time.perf_counter() - fitted}
        if models.notes:
            details["notes"] = models.notes
        if not found:
            details["note"] = "random: every candidate that was found has been tried"
            return Proposal(unseen(self.space, rng, known), details)
        details.update(describe(found[0], models, acquisition, history.maximize))
        return Proposal(found[0].values, details)

    def _fit(self, history: History, number: int) -> Models:
        """Surrogates; trials that run are believed to end as predicted (kriging believer, Ginsbourger et al., 2010)."""
        notes: list[str] = []
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        table = objective_table(self.space, history)
        objective = fit(table, list(range(self.space.width)), seed, notes, "objective")
        best = float(table.y.max())
        groups, tables = self._cost_tables(history)
        everything = [table.y for table in tables if len(table.y)]
        typical = float(np.concatenate(everything).mean()) if everything else 0.0
        costs = [
            self._fit_cost(group, table, seed, notes, typical) for group, table in zip(groups, tables, strict=True)
        ]
        if history.pending:
            x = as_tensor(points(self.space, history.pending))
            believed = objective.predict(x)[0]
            objective, best = objective.given(x, believed), max(best, float(believed.max()))
            costs = [cost.given(x, cost.predict(x)[0]) for cost in costs]
        return Models(objective, groups, tuple(costs), best, notes)

    def _cost_tables(self, history: History) -> tuple[tuple[Group, ...], list[Table]]:
        if self.kind.costs == "none":
            return (), []
        if self.kind.costs == "total":
            return (Group("total", self.space.keys, ()),), [total_cost_table(self.space, history)]
        return history.groups, [cost_table(self.space, history, group) for group in history.groups]

    def _fit_cost(self, group: Group, table: Table, seed: int, notes: list[str], typical: float) -> Surrogate:
        if not len(table.y):
            notes.append(f"cost of {group.name}: never measured, taken to be typical")
            return Constant(typical, 1.0)
        columns = columns_of(self.space, group.keys)
        return fit(table, columns, seed, notes, f"cost of {group.name}", least=NEARLY_CONSTANT)

    def _acquisition(self, models: Models, history: History, pipeline: Pipeline, number: int) -> Acquisition:
        floor = max(self.options.epsilon, smallest_cost(history))
        restores = [
            math.log(max(pipeline.restore_cost(group.name), floor)) if self.kind.memo else 0.0
            for group in models.groups
        ]
        running = () if history.unit == "trials" else history.pending
        spent = history.spent + sum(promised(self.space, trial, models) for trial in running)
        return Acquisition(
            objective=models.objective,
            best=models.best,
            costs=models.costs,
            restores=torch.tensor(restores, dtype=torch.float64),
            normals=standard_normals(self.options.n_samples, len(models.groups), self.seed),
            eta=cooling(history.budget, spent, history.spent_by_warm_up) if self.kind.cooling else 1.0,
        )

    def _prefixes(self, history: History, rows: Sequence[Trial], pipeline: Pipeline) -> list[Prefix]:
        found = [Prefix(frozenset(), {}, (), frozenset())]
        if self.kind.prefixes != "none":
            found = pool(self.space, history.groups, rows, pipeline)
        elif self.kind.memo:
            found = pool(self.space, [group for group in history.groups if not group.keys], rows[:1], pipeline)
        pinned = [prefix for prefix in found if prefix.keys]
        return pinned if self.kind.prefixes == "only" and pinned else found

    def _ask(
        self,
        groups: tuple[Group, ...],
        acquisition: Acquisition,
        pipeline: Pipeline,
        found: list[Candidate],
        known: set[str],
    ) -> list[Candidate]:
        """The best few once more, with what the memo says of exactly their values."""
        asked = []
        for candidate in found[:ASKED]:
            hits: Foresight = pipeline.foresee(candidate.values)
            keys = frozenset(self.space.keys)
            whole = Prefix(keys, candidate.values, candidate.prefix.rows, hits.hits)
            asked += [
                Candidate(again.values, again.point, candidate.prefix, again.hits, again.score)
                for again in rank(self.space, groups, acquisition, [(candidate.values, whole)], known)
            ]
        return sorted(asked, key=lambda candidate: -candidate.score)


def unseen(space: Cube, rng: np.random.Generator, known: set[str]) -> dict[str, Any]:
    """A random candidate, a new one if 200 draws find one."""
    drawn = space.sample(rng, ATTEMPTS)
    return next((values for values in drawn if identity(values) not in known), drawn[0])


def promised(space: Cube, trial: Trial, models: Models) -> float:
    """What a trial that runs is expected to cost: its groups that were not foreseen to be restored."""
    x = as_tensor(space.to_unit(trial.values)).unsqueeze(0)
    return sum(
        math.exp(float(cost.predict(x)[0]))
        for group, cost in zip(models.groups, models.costs, strict=True)
        if group.name not in trial.foresight.hits
    )


def describe(candidate: Candidate, models: Models, acquisition: Acquisition, maximize: bool) -> dict[str, Any]:
    """Why this candidate, as JSON; costs in units of the budget, each with an interval of 68 %."""
    x = as_tensor(candidate.point).unsqueeze(0)
    hits = torch.tensor([[group.name in candidate.hits for group in models.groups]], dtype=torch.bool)
    terms = acquisition.terms(x, hits)
    mean, variance = models.objective.predict(x)
    costs = {
        group.name: {"low": math.exp(log - sd), "median": math.exp(log), "high": math.exp(log + sd)}
        for group, log, sd in zip(
            models.groups, terms.log_costs[0].tolist(), terms.log_cost_sds[0].tolist(), strict=True
        )
    }
    return {
        "log_ei": float(terms.log_ei),
        "log_inverse_cost": float(terms.log_inverse_cost) if models.groups else None,
        "eta": acquisition.eta if models.groups else None,
        "prefix": sorted(candidate.prefix.keys),
        "from_trial": list(candidate.prefix.rows),
        "hits": sorted(candidate.hits),
        "costs": costs,
        "objective": {"mean": float(mean) * (1 if maximize else -1), "sd": float(variance.sqrt())},
    }
