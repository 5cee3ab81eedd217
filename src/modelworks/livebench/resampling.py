"""Intervals of averages: a bootstrap over questions, drawn anew within each task (Efron and Tibshirani 1993).

Every model and every pair of models is measured on the same draws.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Floats = NDArray[numpy.float64]


@dataclass(frozen=True)
class Task:
    """The values [questions, models] of one task; NaN where a question does not count for a model."""

    category: str
    name: str
    values: Floats


@dataclass(frozen=True)
class Difference:
    """By how much the average of one model is above another's, on the questions that count for both.

    `p_value` is the two-sided one of the bootstrap: twice the share of draws with the other sign, or none.
    """

    estimate: float
    low: float
    high: float
    p_value: float
    questions: int


class Resampled:
    """Averages over `resamples` draws of the questions of a release."""

    def __init__(self, tasks: Sequence[Task], resamples: int, confidence: float, seed: int) -> None:
        self._tasks = list(tasks)
        self._tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        self._draws = [
            generator.multinomial(count, numpy.full(count, 1 / count), size=resamples).astype(numpy.float64)
            for generator, count in zip(_generators(tasks, seed), (len(task.values) for task in tasks), strict=True)
        ]

    def intervals(self) -> Iterator[tuple[str | None, str | None, Floats]]:
        """(category, task, low and high [2, models]) of overall (None, None), categories (task None) and tasks."""
        drawn = [_means(draws, task.values) for draws, task in zip(self._draws, self._tasks, strict=True)]
        yield None, None, self._interval(self._overall(drawn))
        for category, means in self._by_category(drawn).items():
            yield category, None, self._interval(means)
        for task, means in zip(self._tasks, drawn, strict=True):
            yield task.category, task.name, self._interval(means)

    def differences(self, model: int, others: Sequence[int]) -> list[Difference | None]:
        """Of a model to each of the others, all by column; None where no question counts for both."""
        values = [task.values[:, [model]] - task.values[:, list(others)] for task in self._tasks]
        questions = sum(numpy.isfinite(one).sum(axis=0) for one in values)
        whole = self._overall([_means(numpy.ones((1, len(one))), one) for one in values])[0]
        drawn = self._overall([_means(draws, one) for draws, one in zip(self._draws, values, strict=True)])
        return [
            self._difference(whole[place], drawn[:, place], int(count)) if count else None
            for place, count in enumerate(numpy.atleast_1d(questions))
        ]

    def _difference(self, estimate: float, drawn: Floats, questions: int) -> Difference:
        means = drawn[numpy.isfinite(drawn)]
        low, high = numpy.quantile(means, self._tails)
        beyond = min(int((means <= 0).sum()), int((means >= 0).sum()))
        p_value = min(1.0, 2 * (beyond + 1) / (len(means) + 1))
        return Difference(float(estimate), float(low), float(high), p_value, questions)

    def _overall(self, means: Sequence[Floats]) -> Floats:
        return _mean(list(self._by_category(means).values()))

    def _by_category(self, means: Sequence[Floats]) -> Mapping[str, Floats]:
        names = dict.fromkeys(task.category for task in self._tasks)
        grouped = {
            name: [mean for task, mean in zip(self._tasks, means, strict=True) if task.category == name]
            for name in names
        }
        return {name: _mean(some) for name, some in grouped.items()}

    def _interval(self, means: Floats) -> Floats:
        """NaN for a model that has no value."""
        found = numpy.full((2, means.shape[1]), numpy.nan)
        for model in range(means.shape[1]):
            column = means[:, model][numpy.isfinite(means[:, model])]
            if len(column):
                found[:, model] = numpy.quantile(column, self._tails)
        return found


def _generators(tasks: Sequence[Task], seed: int) -> Iterator[numpy.random.Generator]:
    """One for each task that depends on no other task."""
    for task in tasks:
        salt = list(f"{task.category}/{task.name}".encode())
        yield numpy.random.default_rng([seed, *salt])


def _means(draws: Floats, values: Floats) -> Floats:
    """Of the values [questions, models] for each draw [draws, questions]; NaN where none was drawn."""
    counts = numpy.isfinite(values)
    with numpy.errstate(invalid="ignore", divide="ignore"):
        means: Floats = (draws @ numpy.where(counts, values, 0.0)) / (draws @ counts.astype(numpy.float64))
    return means


def _mean(parts: Sequence[Floats]) -> Floats:
    """The mean of those parts [draws, models] that have a value."""
    stacked = numpy.stack(parts)
    counts = numpy.isfinite(stacked)
    with numpy.errstate(invalid="ignore", divide="ignore"):
        means: Floats = numpy.where(counts, stacked, 0.0).sum(axis=0) / counts.sum(axis=0)
    return means
