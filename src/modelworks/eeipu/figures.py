"""The four figures of a sweep, each a heading, an SVG and a sentence or two on what it shows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelworks.eeipu import calibration, importance
from modelworks.eeipu.record import Record, hits
from modelworks.eeipu.trial import value_of
from modelworks.lm import plots

_RESTORED, _RAN, _ABSENT = plots.BLUE, "#e3c79a", "#ffffff"


@dataclass(frozen=True)
class Figure:
    """`name` is that of its file; `svg` is None where there is nothing to draw yet, and `caption` says why."""

    name: str
    title: str
    svg: str | None
    caption: str


def figures(record: Record) -> list[Figure]:
    """Best value against cost, what was reused, what matters, and how costs were foreseen."""
    drawn: tuple[Callable[[Record], Figure], ...] = (_best, _reused, _importance, _calibration)
    return [draw(record) for draw in drawn]


def _best(record: Record) -> Figure:
    title = f"Best {record.sweep['objective']['key']} against what was spent"
    points = [(spent, value_of(trial), trial.warm_up) for spent, trial in zip(record.spent, record.trials, strict=True)]
    if not any(value is not None for _, value, _ in points):
        return Figure("best", title, None, "No trial has a value yet.")

    def draw(axes: Any) -> None:
        # Far outliers would press the line flat: they are drawn at the edge, as the trials without a value are.
        values = sorted(value for _, value, _ in points if value is not None)
        worst = (
            values[int(0.9 * (len(values) - 1))] if not record.maximize else values[math.ceil(0.1 * (len(values) - 1))]
        )
        best = values[-1] if record.maximize else values[0]
        room = abs(worst - best) or abs(best) or 1.0
        edge = best + (-1.15 if record.maximize else 1.15) * room
        for warm_up in (True, False):
            some = [(x, y) for x, y, warm in points if warm == warm_up and y is not None and _inside(y, edge, best)]
            face = "white" if warm_up else plots.SKY
            axes.plot(*_columns(some), "o", markersize=5, markerfacecolor=face, markeredgecolor=plots.SKY, zorder=2)
        off = [x for x, y, _ in points if y is None or not _inside(y, edge, best)]
        axes.plot(off, [edge] * len(off), "x", markersize=6, color=plots.VERMILION, clip_on=False, zorder=4)
        line = [(x, y) for (x, _, _), y in zip(points, record.best_so_far(), strict=True) if y is not None]
        line.append((max(points[-1][0], record.budget), line[-1][1]))
        axes.plot(*_columns(line), drawstyle="steps-post", color=plots.BLUE, linewidth=2, zorder=3)
        axes.axvline(record.budget, color=plots.GREY, linewidth=0.8, linestyle=":")
        axes.set_ylim(*sorted((edge, best + (0.08 if record.maximize else -0.08) * room)))
        axes.set_xlim(left=0)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(f"{record.unit} spent")
        axes.set_ylabel(record.sweep["objective"]["key"].rpartition(".")[2])

    caption = (
        "The line is the best so far; each ring is a trial of the warm-up, each dot one that the method chose. "
        "A cross at the edge failed, diverged, or lies beyond what is drawn. The dotted line is the budget."
    )
    return Figure("best", title, plots.svg(draw, "best", title), caption)


def _inside(value: float, edge: float, best: float) -> bool:
    return min(edge, best) <= value <= max(edge, best)


def _columns(rows: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in rows], [y for _, y in rows]


def _reused(record: Record) -> Figure:
    title = "What each trial reused"
    groups = [group for group in record.groups if group.stages]
    if not record.trials or not groups:
        return Figure("reused", title, None, "No trial has ended yet.")
    reached = [hits(trial, record.groups) for trial in record.trials]

    def draw(axes: Any) -> None:
        from matplotlib.patches import Patch

        colours = {True: _RESTORED, False: _RAN, None: _ABSENT}
        for column, (trial, found) in enumerate(zip(record.trials, reached, strict=True)):
            for row, group in enumerate(groups):
                hit = found.get(group.name)
                axes.add_patch(_cell(column, row, colours[hit]))
                if hit is not None and hit != (group.name in trial.foresight.hits):
                    axes.plot(column + 0.5, row + 0.5, "x", color=plots.VERMILION, markersize=5)
        axes.set_xlim(0, len(record.trials))
        axes.set_ylim(len(groups), 0)
        axes.set_yticks([row + 0.5 for row in range(len(groups))], [_short(group.name) for group in groups])
        axes.locator_params(axis="x", nbins=6, integer=True)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("trials, in the order of their end")
        legend = [Patch(color=_RESTORED, label="restored"), Patch(color=_RAN, label="ran")]
        axes.legend(handles=legend, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, borderaxespad=0)

    right, wrong = record.judged()
    reused = record.reused
    caption = (
        f"Each column is a trial, each row a group of stages. {right} of {right + wrong} groups were restored or "
        f"run as foreseen{'; a cross marks the others' if wrong else ''}."
        + ("" if reused is None else f" Restored was {100 * reused:.0f} % of all cost.")
    )
    size = (5.2, max(1.9, 1.1 + 0.34 * len(groups)))
    return Figure("reused", title, plots.svg(draw, "reused", title, size), caption)


def _cell(column: int, row: int, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.6)


def _importance(record: Record) -> Figure:
    title = "Which keys matter"
    found = importance.measure(
        [trial.values for trial in record.ok],
        [value for trial in record.ok if (value := value_of(trial)) is not None],
        seed=int(record.sweep["seed"]) % 2**32,
    )
    if found is None:
        return Figure("importance", title, None, "This needs at least ten trials whose values differ.")
    order = sorted(range(len(found.keys)), key=lambda index: found.mean[index])

    def draw(axes: Any) -> None:
        rows = range(len(order))
        axes.barh(rows, [max(0.0, found.mean[index]) for index in order], color=plots.SKY, height=0.6)
        for row, index in zip(rows, order, strict=True):
            mean, error = found.mean[index], found.error[index]
            axes.plot([mean - error, mean + error], [row, row], color=plots.GREY, linewidth=1.2)
        axes.axvline(0, color=plots.GREY, linewidth=0.8)
        axes.set_yticks(list(rows), [_short(found.keys[index]) for index in order])
        axes.tick_params(axis="y", length=0)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel("share of variance lost")

    caption = (
        f"How much less of the objective's variance a random forest explains on held-out trials when the key's values "
        f"are permuted; grey: one standard error over five folds. The forest explains "
        f"{100 * max(0.0, found.explained):.0f} % of it, of {found.trials} trials."
    )
    if found.explained < 0.2:
        caption += " That is so little that the order of the bars means nothing."
    elif found.trials < 2 * importance.FEW:
        caption += " Of so few trials this is a hint, no more."
    size = (5.2, max(1.9, 0.9 + 0.36 * len(order)))
    return Figure("importance", title, plots.svg(draw, "importance", title, size), caption)


def _calibration(record: Record) -> Figure:
    title = "What groups were foreseen to cost, and did"
    found = calibration.foreseen(record)
    if not found:
        return Figure("calibration", title, None, "No proposal has foreseen a cost: the method has no cost models.")
    names = sorted({one.group for one in found})
    colours = {name: plots.COLOURS[index % len(plots.COLOURS)] for index, name in enumerate(names)}
    unit = record.cost_unit

    def draw(axes: Any) -> None:
        for name in names:
            own = [one for one in found if one.group == name]
            low, middle, high = (
                [math.exp(one.mean + sign * 1.96 * one.deviation) for one in own] for sign in (-1, 0, 1)
            )
            errors = [
                [m - a for m, a in zip(middle, low, strict=True)],
                [b - m for m, b in zip(middle, high, strict=True)],
            ]
            axes.errorbar(
                middle, [math.exp(one.actual) for one in own], xerr=errors, fmt="o", markersize=4, elinewidth=0.7,
                color=colours[name], alpha=0.8, label=_short(name),
            )  # fmt: skip
        ends = [math.exp(value) for one in found for value in (one.mean, one.actual)]
        axes.plot([min(ends), max(ends)], [min(ends), max(ends)], color=plots.GREY, linewidth=0.8)
        for axis, reach in ((axes.xaxis, 1.6), (axes.yaxis, 1.3)):
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})
            axis.axes.set(**{f"{axis.axis_name}lim": (min(ends) / reach, max(ends) * reach)})
            _plain_ticks(axis, max(ends) / min(ends))
        axes.set_xlabel(f"foreseen, {unit}")
        axes.set_ylabel(f"actual, {unit}")
        if len(names) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize=10, borderaxespad=0)

    measured = calibration.figures(found)
    within_95, within_80 = (f"{100 * measured[f'within_{percent}']:.0f} %" for percent in (95, 80))
    caption = (
        f"{len(found)} predictions of what ran, with the models' 95 % intervals: {within_95} of the actual costs lie "
        f"within them, {within_80} within the 80 % intervals. A typical error is a factor of "
        f"{math.exp(measured['rms_error_of_log_cost']):.3g}."
    )
    return Figure("calibration", title, plots.svg(draw, "calibration", title, (5.2, 4.4)), caption)


def _plain_ticks(axis: Any, ratio: float) -> None:
    """Ticks of a logarithmic axis as plain numbers, few enough to read."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ratio < 50 else (1.0,)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_locator(NullLocator())


def _short(name: str) -> str:
    """The last parts of a dotted or long name."""
    short = ".".join(name.split(".")[-2:]) if "." in name else name
    return short if len(short) <= 24 else f"…{short[-23:]}"
