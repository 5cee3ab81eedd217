"""Loss spikes in a training log: found by robust z-scores, told apart by whether the loss recovers.

After K2-65B's rule (arXiv 2501.07124, as reported by others): a spike is benign if the gradient norm is large and
the loss soon is what it was, malignant if the loss stays up for `persistence` steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[numpy.float64]

_SIGMA = 1.4826  # of a normal distribution in units of its median absolute deviation
_BLOCK = 4096  # steps at a time, so that memory stays flat over a long log
_LEAST_RELATIVE_SCALE = 1e-3  # a loss that hardly varies would make a spike of any change


@dataclass(frozen=True)
class Detector:
    """What counts as a spike.

    A step raises an alarm if the z-score of its loss is above `loss_threshold`, or that of the logarithm of its
    gradient norm above `norm_threshold`, against the median and the deviation of the `window` steps before it. The loss
    is up while it is more than `elevation` deviations above the median before the alarm; an event ends with the last
    such step, once `calm` steps in a row are not. Malignant is an event in which it is up for `persistence` steps.
    """

    window: int
    loss_threshold: float
    norm_threshold: float
    elevation: float
    calm: int
    persistence: int


@dataclass(frozen=True)
class Event:
    """A spike: places (from 0) of its first, worst and last step in the log, and what was seen there.

    `elevated` counts the steps with the loss up; `over` is False if the log ends first. `loss_before` is the median
    loss of the window before the event; `loss_score` and `norm_score` are its largest z-scores.
    """

    start: int
    peak: int
    end: int
    kind: Literal["benign", "malignant"]
    elevated: int
    over: bool
    loss_before: float
    peak_loss: float
    loss_score: float
    norm_score: float


def robust_scores(values: ArrayLike, window: int) -> Floats:
    """The z-score of each value against the `window` values before it, float64 [n]: NaN for the first `window`.

    (value - median) / (1.4826 MAD); the deviation is taken as at least a thousandth of the median's size.
    """
    data = numpy.asarray(values, dtype=numpy.float64)
    scores = numpy.full(len(data), numpy.nan)
    for first in range(window, len(data), _BLOCK):
        block = data[first - window : first + _BLOCK]
        before = numpy.lib.stride_tricks.sliding_window_view(block, window)[: len(block) - window]
        median, scale = _centre_and_scale(before)
        scores[first : first + _BLOCK] = (block[window:] - median) / scale
    return scores


def scores(loss: ArrayLike, gradient_norm: ArrayLike, window: int) -> tuple[Floats, Floats]:
    """The z-scores of the loss and of the logarithm of the gradient norm (a norm varies by factors).

    Raises ValueError if the two differ in length or hold what is not finite.
    """
    losses, norms = (numpy.asarray(values, dtype=numpy.float64) for values in (loss, gradient_norm))
    if losses.shape != norms.shape or losses.ndim != 1:
        raise ValueError(f"a log needs as many losses as gradient norms, got {losses.shape} and {norms.shape}")
    if not (numpy.isfinite(losses).all() and numpy.isfinite(norms).all()):
        raise ValueError("a log must hold finite losses and gradient norms only")
    return robust_scores(losses, window), robust_scores(numpy.log(numpy.maximum(norms, 1e-30)), window)


def find_spikes(loss: ArrayLike, gradient_norm: ArrayLike, detector: Detector) -> list[Event]:
    """The events of a log, in order; alarms within `calm` steps after an event belong to it."""
    losses = numpy.asarray(loss, dtype=numpy.float64)
    loss_scores, norm_scores = scores(losses, gradient_norm, detector.window)
    alarms = (loss_scores > detector.loss_threshold) | (norm_scores > detector.norm_threshold)
    found: list[Event] = []
    place = 0
    while (starts := numpy.flatnonzero(alarms[place:])).size:
        start = place + int(starts[0])
        median, scale = _centre_and_scale(losses[start - detector.window : start])
        up = losses > median + detector.elevation * scale
        end, over = _end(start, up, alarms, detector.calm)
        within = slice(start, end + 1)
        elevated = int(up[within].sum())
        peak = start + int(losses[within].argmax())
        found.append(
            Event(
                start=start,
                peak=peak,
                end=end,
                kind="malignant" if elevated >= detector.persistence else "benign",
                elevated=elevated,
                over=over,
                loss_before=float(median),
                peak_loss=float(losses[peak]),
                loss_score=float(loss_scores[within].max()),
                norm_score=float(norm_scores[within].max()),
            )
        )
        place = end + 1
    return found


def smallest_without_alarm(largest_scores: Sequence[float], grid: Sequence[float], margin: float) -> float | None:
    """The smallest threshold of `grid` that is `margin` times above every run's largest score; None if none is."""
    wanted = margin * max(largest_scores)
    return min((threshold for threshold in grid if threshold >= wanted), default=None)


def _end(start: int, up: NDArray[numpy.bool_], alarms: NDArray[numpy.bool_], calm: int) -> tuple[int, bool]:
    """The last step of an event, and whether `calm` steps without alarm and with the loss down follow it."""
    end = start
    for place in range(start + 1, len(up)):
        if up[place] or alarms[place]:
            end = place
        elif place - end >= calm:
            return end, True
    return end, False


def _centre_and_scale(windows: Floats) -> tuple[Floats, Floats]:
    """Median and deviation over the last axis."""
    median = numpy.median(windows, axis=-1)
    deviation = numpy.median(numpy.abs(windows - median[..., None]), axis=-1)
    return median, numpy.maximum(_SIGMA * deviation, _LEAST_RELATIVE_SCALE * numpy.abs(median) + 1e-12)
