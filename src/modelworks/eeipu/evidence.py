"""What the runs of a comparison show: candidates, best values, best value against cost, and paired contrasts.

Everything is counted after the warm-up, whose points are the same for all methods of a seed, and within the budget: a
trial that ends beyond it counts for nothing. A best value is told as the share of the way from the best of the warm-up
to the optimum that has been gone (`closed`), so that problems of different scales can be averaged; where the optimum is
not known, it is the best value of any run.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelworks.eeipu.benchmark import Run, Tried
from modelworks.eeipu.problems import PROBLEMS
from modelworks.lm.intervals import Interval, paired_interval, t_p_value

Floats = NDArray[np.float64]
Measure = Callable[[Run], float]
Values = dict[tuple[str, str], dict[int, float]]


@dataclass(frozen=True)
class Contrast:
    """A method against another on one problem: paired by seed, with the p-value adjusted by Holm (1979)."""

    problem: str
    measure: str
    method: str
    against: str
    interval: Interval
    p_value: float
    adjusted: float


def within_budget(run: Run) -> list[tuple[float, Tried]]:
    """The trials that end within the budget, each with what has been spent by its end."""
    ends = itertools.accumulate(trial.charged for trial in run.trials)
    return [(end, trial) for end, trial in zip(ends, run.trials, strict=True) if end <= run.budget * (1 + 1e-9)]


def candidates(run: Run) -> float:
    """How many trials after the warm-up end within the budget."""
    return float(sum(not trial.warm_up for _, trial in within_budget(run)))


def restored(run: Run) -> float:
    """The share of the stages of these trials that the memo restored."""
    counted = [trial for _, trial in within_budget(run) if not trial.warm_up]
    stages = sum(trial.stages for trial in counted)
    return sum(trial.restored for trial in counted) / stages if stages else 0.0


def end_value(run: Run) -> float:
    """The best objective at the end of the budget."""
    return _sign(run) * _best(run, [trial for _, trial in within_budget(run)])


def warm_up_value(run: Run) -> float:
    """The best objective of the warm-up."""
    return _sign(run) * _best(run, [trial for trial in run.trials if trial.warm_up])


class Progress:
    """How far runs have come: best values as shares of the way from the warm-up's best to the optimum."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._optima: dict[str, float] = {}
        for run in runs:
            known = PROBLEMS[run.problem].optimum if run.problem in PROBLEMS else None
            seen = _sign(run) * end_value(run)
            self._optima[run.problem] = max(seen, self._optima.get(run.problem, seen)) if known is None else known

    def closed(self, run: Run) -> float:
        """The share at the end of the budget."""
        return self._share(run, end_value(run))

    def curve(self, run: Run, grid: Floats) -> Floats:
        """The share at each of `grid` [points], shares of the budget that the warm-up left: a step at each trial."""
        start = sum(trial.charged for trial in run.trials if trial.warm_up)
        left = max(run.budget - start, 1e-12)
        found = np.zeros(len(grid))
        best = _sign(run) * warm_up_value(run)
        for end, trial in within_budget(run):
            if not trial.warm_up and trial.value is not None and _sign(run) * trial.value > best:
                best = _sign(run) * trial.value
                found[grid >= (end - start) / left - 1e-12] = self._share(run, _sign(run) * best)
        return found

    def area(self, run: Run) -> float:
        """The area under the curve, from 0 (nothing ever found) to 1 (the optimum at once)."""
        start = sum(trial.charged for trial in run.trials if trial.warm_up)
        left = max(run.budget - start, 1e-12)
        edges = [min(max((end - start) / left, 0.0), 1.0) for end, trial in within_budget(run) if not trial.warm_up]
        bounds = np.array([0.0, *edges, 1.0])
        return float(self.curve(run, bounds[:-1]) @ np.diff(bounds))

    def _share(self, run: Run, value: float) -> float:
        warm = _sign(run) * warm_up_value(run)
        way = self._optima[run.problem] - warm
        return min(1.0, (_sign(run) * value - warm) / way) if way > 0 else 1.0


def by_seed(runs: Iterable[Run], measure: Measure) -> Values:
    """(problem, method) -> seed -> the measure."""
    found: Values = {}
    for run in runs:
        found.setdefault((run.problem, run.method), {})[run.seed] = measure(run)
    return found


def over_problems(
    values: Mapping[tuple[str, str], Mapping[int, float]],
    problems: Sequence[str],
    method: str,
    against: str,
    ratio: bool,
) -> dict[int, float]:
    """Seed -> the mean over the problems of the difference, or the geometric mean of the ratio, of two methods.

    Raises ValueError where the methods were not run with the same seeds on every problem.
    """
    seeds = {frozenset(values[problem, one]) for problem in problems for one in (method, against)}
    if len(seeds) != 1:
        raise ValueError(f"{method} and {against} were not run with the same seeds on each of {', '.join(problems)}")
    found = {}
    for seed in sorted(next(iter(seeds))):
        pairs = [(values[problem, method][seed], values[problem, against][seed]) for problem in problems]
        if ratio:
            found[seed] = float(np.exp(np.mean([np.log(max(own, 0.5) / max(other, 0.5)) for own, other in pairs])))
        else:
            found[seed] = float(np.mean([own - other for own, other in pairs]))
    return found


def contrasts(
    runs: Sequence[Run], name: str, measure: Measure, method: str, ratio: bool, confidence: float
) -> list[Contrast]:
    """A method against each of the others on every problem; Holm's adjustment is over all of them together."""
    values = by_seed(runs, measure)
    pairs = [(problem, other) for problem, other in values if other != method and (problem, method) in values]
    found = [over_problems(values, [problem], method, other, ratio) for problem, other in pairs]
    p_values = [t_p_value(list(one.values()), 1.0 if ratio else 0.0) for one in found]
    rows = zip(pairs, found, p_values, holm_adjusted(p_values), strict=True)
    return [
        Contrast(problem, name, method, other, _interval(one, confidence), p_value, adjusted)
        for (problem, other), one, p_value, adjusted in rows
    ]


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """The p-values by Holm (1979): each times how many are left at its turn, never below one before it, at most 1."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _interval(values: Mapping[int, float], confidence: float) -> Interval:
    return paired_interval([[value] for value in values.values()], confidence, 0)


def _sign(run: Run) -> float:
    return 1.0 if run.maximize else -1.0


def _best(run: Run, trials: Iterable[Tried]) -> float:
    """The largest value, turned so that more is better; -inf where no trial has one."""
    return max((_sign(run) * trial.value for trial in trials if trial.value is not None), default=-np.inf)
