"""95 % intervals of shares and of rates whose observations come in clusters that belong together."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import ArrayLike

_Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: float, count: float) -> Estimate:
    """The share of successes with Wilson's score interval (1927); both may be effective numbers, not whole ones."""
    share = successes / count
    spread = _Z**2 / count
    centre = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return Estimate(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def clustered_share(correct: Sequence[bool], clusters: Sequence[Hashable]) -> Estimate:
    """The share of `correct` with Wilson's interval at the effective number of cases.

    Cases of one cluster (problems with the same operands) succeed and fail together, so there are fewer than there
    seem: their number is divided by the design effect, the variance of the share by clusters over that of independent
    cases (Kish 1965), at least 1. Where all or none are correct, each cluster counts once: the variance says nothing.
    """
    count = len(correct)
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    place = [numbers[cluster] for cluster in clusters]
    hits = numpy.bincount(place, weights=numpy.asarray(correct, dtype=float), minlength=len(numbers))
    sizes = numpy.bincount(place, minlength=len(numbers)).astype(float)
    share = float(hits.sum()) / count
    independent = share * (1 - share) / count
    if independent == 0 or len(numbers) == 1:
        effective = float(len(numbers))
    else:
        effective = count / max(1.0, _ratio_variance(hits, sizes) / independent)
    return wilson(share * effective, effective)


def rate(amounts: ArrayLike, sizes: ArrayLike) -> Estimate:
    """All `amounts` over all `sizes`, its interval from the scatter over the pairs (a normal approximation).

    With a single pair there is no scatter: the interval is the value.
    """
    above, below = numpy.asarray(amounts, dtype=float), numpy.asarray(sizes, dtype=float)
    value = float(above.sum() / below.sum())
    half = _Z * math.sqrt(_ratio_variance(above, below)) if len(above) > 1 else 0.0
    return Estimate(value, value - half, value + half)


def _ratio_variance(amounts: numpy.ndarray, sizes: numpy.ndarray) -> float:
    """The linearised variance of sum(amounts) / sum(sizes) over clusters."""
    residuals = amounts - amounts.sum() / sizes.sum() * sizes
    clusters = len(amounts)
    return float(clusters / (clusters - 1) * (residuals**2).sum() / sizes.sum() ** 2)
