"""Intervals of an effect that is measured once a seed: Student's t for few seeds, a bootstrap for many, exact shares.

Which one: with fewer than `MANY_SEEDS` seeds `t_interval` of the seeds' paired differences, since a percentile
bootstrap of five numbers is too narrow (it covers about 83 % where it says 95 %); from there on `bootstrap_interval`,
which assumes no distribution and takes the items within a seed into account.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import ArrayLike, NDArray
from scipy import stats

MANY_SEEDS = 20


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval at `confidence`."""

    estimate: float
    low: float
    high: float
    confidence: float


def t_interval(values: ArrayLike, confidence: float) -> Interval:
    """Student's t interval of the mean of `values` [seeds]. Raises ValueError for fewer than two values."""
    data = _at_least_two(values)
    mean, error = float(data.mean()), float(data.std(ddof=1) / math.sqrt(len(data)))
    half = float(stats.t.ppf(0.5 + confidence / 2, len(data) - 1)) * error
    return Interval(mean, mean - half, mean + half, confidence)


def t_p_value(values: ArrayLike, against: float) -> float:
    """The two-sided p-value of the mean of `values` [seeds] being `against`."""
    data = _at_least_two(values)
    error = float(data.std(ddof=1) / math.sqrt(len(data)))
    distance = abs(float(data.mean()) - against)
    if error == 0:
        return 1.0 if distance == 0 else 0.0
    return float(2 * stats.t.sf(distance / error, len(data) - 1))


def bootstrap_interval(groups: Sequence[ArrayLike], confidence: float, seed: int, resamples: int = 10_000) -> Interval:
    """Percentile bootstrap (Efron 1979) of the mean over seeds of the mean over items.

    `groups` holds an array [items] of paired differences for each seed. Seeds are drawn anew, then items within each
    drawn seed; groups of one item make it the plain bootstrap over seeds.
    """
    data = [numpy.asarray(group, dtype=numpy.float64).ravel() for group in groups]
    _at_least_two([float(group.mean()) for group in data])
    generator = numpy.random.default_rng(seed)
    if all(len(group) == 1 for group in data):
        means = numpy.concatenate(data)[generator.integers(len(data), size=(resamples, len(data)))].mean(axis=1)
    else:
        means = numpy.empty(resamples)
        for turn in range(resamples):
            drawn = [data[one] for one in generator.integers(len(data), size=len(data))]
            means[turn] = numpy.mean([one[generator.integers(len(one), size=len(one))].mean() for one in drawn])
    low, high = numpy.quantile(means, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Interval(float(numpy.mean([group.mean() for group in data])), float(low), float(high), confidence)


def paired_interval(groups: Sequence[ArrayLike], confidence: float, seed: int) -> Interval:
    """The interval of paired differences, an array [items] for each seed: which kind, says the module."""
    if len(groups) < MANY_SEEDS:
        return t_interval([float(numpy.mean(numpy.asarray(group))) for group in groups], confidence)
    return bootstrap_interval(groups, confidence, seed)


def share_interval(count: int, of: int, confidence: float) -> Interval:
    """The exact interval of a share (Clopper and Pearson 1934) that was seen as `count` of `of`."""
    if not 0 <= count <= of or of < 1:
        raise ValueError(f"{count} of {of} is no share")
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(stats.beta.ppf(tail, count, of - count + 1))
    high = 1.0 if count == of else float(stats.beta.ppf(1 - tail, count + 1, of - count))
    return Interval(count / of, low, high, confidence)


def holm_confidences(p_values: Sequence[float], confidence: float) -> list[float]:
    """The confidence at which each of several contrasts is judged, so that all together hold at `confidence`.

    Holm (1979): the smallest p-value is held against error / m, the next against error / (m - 1), and so on up to the
    first that fails; all after it are judged as that one is, and fail too.
    """
    error, left = 1 - confidence, len(p_values)
    levels = [0.0] * left
    level, failed = 0.0, False
    for place in sorted(range(len(p_values)), key=lambda index: p_values[index]):
        if not failed:
            level = error / left
            failed = p_values[place] > level
            left -= 1
        levels[place] = 1 - level
    return levels


def _at_least_two(values: ArrayLike) -> NDArray[numpy.float64]:
    data = numpy.asarray(values, dtype=numpy.float64)
    if data.ndim != 1 or len(data) < 2:
        raise ValueError(f"an interval over seeds needs the values of at least two seeds, got {data.size}")
    return data
