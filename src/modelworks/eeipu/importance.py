"""How much each searched key matters, by the trials of a sweep: permutation importance of a random forest.

A forest is fitted on four fifths of the trials; on the last fifth one key's values are permuted, and the share of the
variance that the forest then explains less is the key's importance (Breiman 2001, "Random Forests", section 10; on
held-out trials). Trials are not a sample of the space: a method that looks near the best has seen little else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

FEW = 20
_LEAST = 10
_FOLDS, _TREES, _REPEATS = 5, 100, 20


@dataclass(frozen=True)
class Importance:
    """Per key the mean over folds of the loss in explained variance, and the standard error of it.

    `explained` is the share of the variance of held-out trials that the forest explains; it may be negative.
    """

    keys: tuple[str, ...]
    mean: tuple[float, ...]
    error: tuple[float, ...]
    explained: float
    trials: int


def measure(values: Sequence[Mapping[str, Any]], objective: Sequence[float], seed: int) -> Importance | None:
    """The importance of each key of `values` (one mapping a trial). None below ten trials or without any variance."""
    targets = numpy.asarray(objective, dtype=numpy.float64)
    keys = tuple(dict.fromkeys(key for one in values for key in one))
    if len(targets) < _LEAST or not keys or float(numpy.ptp(targets)) == 0.0:
        return None
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    table = numpy.column_stack([_column([one.get(key) for one in values]) for key in keys])
    rng = numpy.random.default_rng(seed)
    predicted, losses = numpy.empty_like(targets), []
    for train, test in KFold(_FOLDS, shuffle=True, random_state=seed).split(table):
        forest = RandomForestRegressor(_TREES, min_samples_leaf=2, random_state=seed, n_jobs=1)
        forest.fit(table[train], targets[train])
        # All permutations of all keys at once: a forest takes as long for one row as for a thousand.
        rows = numpy.concatenate([table[test], _permuted(table[test], rng)])
        errors = (forest.predict(rows).reshape(-1, len(test)) - targets[test]) ** 2
        predicted[test] = forest.predict(rows[: len(test)])
        worse = errors[1:].mean(axis=1).reshape(len(keys), _REPEATS).mean(axis=1) - errors[0].mean()
        losses.append(worse / targets.var())
    explained = 1.0 - float(((targets - predicted) ** 2).mean() / targets.var())
    means, errors = numpy.mean(losses, axis=0), numpy.std(losses, axis=0, ddof=1) / _FOLDS**0.5
    return Importance(keys, tuple(map(float, means)), tuple(map(float, errors)), explained, len(targets))


def _permuted(table: numpy.ndarray, rng: numpy.random.Generator) -> numpy.ndarray:
    """Copies of a table below one another, the repeats of each column in turn, with that column's values permuted."""
    copies = numpy.tile(table, (table.shape[1], _REPEATS, 1, 1))
    for column, repeats in enumerate(copies):
        for copy in repeats:
            copy[:, column] = rng.permutation(copy[:, column])
    return copies.reshape(-1, table.shape[1])


def _column(values: Sequence[Any]) -> numpy.ndarray:
    """Numbers as they are, which trees split the same on any scale; names by rank; a key that is not active is -1."""
    given = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        low = min(map(float, given)) - 1.0
        return numpy.asarray([low if value is None else float(value) for value in values])
    names = sorted(set(map(repr, given)))
    return numpy.asarray([-1.0 if value is None else float(names.index(repr(value))) for value in values])
