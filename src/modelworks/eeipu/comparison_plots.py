"""Two figures of a comparison: best value against cost, and candidates, for each problem and method."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from modelworks.eeipu.benchmark import METHODS, Run
from modelworks.eeipu.evidence import Progress, by_seed, candidates
from modelworks.lm import plots
from modelworks.lm.intervals import t_interval

_GRID = np.linspace(0.0, 1.0, 101)
_COLUMNS = 4
_STYLES = {
    "random": (plots.GREY, ":"),
    "ei": (plots.VERMILION, "-"),
    "tpe": (plots.GREEN, "--"),
    "eeipu": (plots.BLUE, "-"),
    "eeipu-unclamped": (plots.PURPLE, "-."),
}

Draw = Callable[[Any], None]


def size(runs: Sequence[Run]) -> tuple[float, float]:
    """Inches of a figure with a panel for each problem."""
    return 3.4 * _COLUMNS, 3.1 * math.ceil(len(_problems(runs)) / _COLUMNS)


def best_values(runs: Sequence[Run], confidence: float) -> Draw:
    """The mean over seeds of how far the best value has come, against cost, with the interval of the mean as a band."""
    progress = Progress(runs)

    def panel(axes: Any, problem: str) -> None:
        for method in _methods(runs, problem):
            curves = [progress.curve(run, _GRID) for run in runs if (run.problem, run.method) == (problem, method)]
            colour, line = _STYLES[method]
            axes.plot(_GRID, np.mean(curves, axis=0), color=colour, linestyle=line, linewidth=1.8, label=method)
            if len(curves) > 1:
                bounds = [t_interval(values, confidence) for values in np.transpose(curves)]
                low, high = ([getattr(one, end) for one in bounds] for end in ("low", "high"))
                axes.fill_between(_GRID, low, high, color=colour, alpha=0.13, linewidth=0)
        axes.set_ylim(0, 1)
        axes.set_xlim(0, 1)
        axes.set_xlabel("budget after the warm-up")

    return _figure(runs, panel, "way to the optimum")


def candidate_counts(runs: Sequence[Run], confidence: float) -> Draw:
    """How many candidates after the warm-up each method tries: every seed, and the mean with its interval."""
    counts = by_seed(runs, candidates)

    def panel(axes: Any, problem: str) -> None:
        methods = _methods(runs, problem)
        for place, method in enumerate(methods):
            colour, _ = _STYLES[method]
            values = list(counts[problem, method].values())
            spread = np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else [0.0]
            axes.plot(np.add(place, spread), values, "o", markersize=3, markerfacecolor="white", color=colour)
            if len(values) > 1:
                found = t_interval(values, confidence)
                axes.plot([place, place], [found.low, found.high], color=colour, linewidth=2)
            axes.plot(place, np.mean(values), "D", markersize=6, color=colour, label=method)
        axes.set_xticks(range(len(methods)), methods, rotation=35, ha="right", fontsize=10)
        axes.set_ylim(0, 1.05 * axes.get_ylim()[1])

    return _figure(runs, panel, "candidates")


def _figure(runs: Sequence[Run], panel: Callable[[Any, str], None], label: str) -> Draw:
    problems = _problems(runs)

    def draw(figure: Any) -> None:
        rows = math.ceil(len(problems) / _COLUMNS)
        for place, problem in enumerate(problems):
            axes = figure.add_subplot(rows, _COLUMNS, place + 1)
            panel(axes, problem)
            axes.set_title(problem, fontsize=11)
            if place % _COLUMNS == 0:
                axes.set_ylabel(label)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)

    return draw


def _problems(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(run.problem for run in runs))


def _methods(runs: Sequence[Run], problem: str) -> list[str]:
    found = {run.method for run in runs if run.problem == problem}
    return [method for method in METHODS if method in found]
