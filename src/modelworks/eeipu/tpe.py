"""Optuna's tree-structured Parzen estimator as a method; its study is rebuilt from the history at each proposal."""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from modelworks.eeipu.observations import Cube, objective_table
from modelworks.eeipu.parameter import identity
from modelworks.eeipu.trial import History, Pipeline, Proposal, Values

ASKS = 20  # Optuna may propose again what has been tried


@dataclass(frozen=True)
class Options:
    """TPE has none here: Optuna's defaults, but for the number of start-up trials, which is the sweep's warm-up."""


class Tpe:
    """Each active key is a float of the unit interval or a choice; an inactive key is no parameter of its trial."""

    def __init__(self, space: Cube, seed: int, options: Options) -> None:
        self.space, self.seed, self.options = space, seed, options
        self.distributions: dict[str, BaseDistribution] = {
            key: FloatDistribution(0.0, 1.0) if width == 1 else CategoricalDistribution(range(width))
            for key in space.keys
            for width in [len(range(space.width)[space.columns(key)])]
        }

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        """The candidate for trial `number`."""
        study = self._study(history, number)
        for _ in range(ASKS):
            values = self._ask(study)
            if identity(values) not in history.tried:
                break
        return Proposal(values, {"method": "tpe"})

    def _study(self, history: History, number: int) -> optuna.Study:
        """The history as a study: failed trials count as the worst that finished, those that run as constant liars."""
        warm_up = sum(trial.warm_up for trial in history.trials)
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        sampler = optuna.samplers.TPESampler(n_startup_trials=warm_up, constant_liar=True, seed=seed)
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        optuna.logging.set_verbosity(level)
        for trial, value in zip(history.trials, objective_table(self.space, history).y.tolist(), strict=True):
            study.add_trial(self._frozen(trial.values, value))
        for trial in history.pending:
            study.add_trial(self._frozen(trial.values, None))
        return study

    def _frozen(self, values: Values, value: float | None) -> FrozenTrial:
        point = self.space.to_unit(values)
        parts = {key: point[self.space.columns(key)] for key in self.space.keys if key in values}
        found = create_trial(
            state=TrialState.RUNNING if value is None else TrialState.COMPLETE,
            value=value,
            params={key: float(part[0]) if len(part) == 1 else int(part.argmax()) for key, part in parts.items()},
            distributions={key: self.distributions[key] for key in parts},
        )
        found.datetime_start = found.datetime_start or datetime.datetime(2000, 1, 1)
        return found

    def _ask(self, study: optuna.Study) -> dict[str, Any]:
        """One suggestion: keys in the space's order, each once it is active."""
        trial = study.ask()
        point = np.full(self.space.width, 0.5)
        suggested: set[str] = set()
        while True:
            values = self.space.from_unit(point)
            key = next((key for key in values if key not in suggested), None)
            if key is None:
                return values
            suggested.add(key)
            part = point[self.space.columns(key)]
            if len(part) == 1:
                part[:] = trial.suggest_float(key, 0.0, 1.0)
            else:
                part[:] = np.eye(len(part))[trial.suggest_categorical(key, range(len(part)))]
