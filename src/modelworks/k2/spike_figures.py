"""The figures of the spike report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import polars

from modelworks.k2.spike_arms import BRANCHES, PREFIX, fault_arm
from modelworks.lm.figure import drawing

_COLOURS = {"clean": "#6b6b6b", "fault": "#b2182b", "moved": "#08519c", "again": "#b2182b", "reshuffled": "#c77700"}
_KINDS = {"benign": "#e8c468", "malignant": "#d6604d"}
_NAMES = {"moved": "moved to the end", "again": "the same data again", "reshuffled": "reshuffled"}


def main_run(log: polars.DataFrame, events: Sequence[Mapping[str, Any]]) -> str:
    """Loss and gradient norm of the main run, its events marked."""
    with drawing(8, 4, rows=2, sharex=True) as drawn:
        for axes, column, label in zip(
            drawn.axes[:, 0], ("loss", "gradient_norm"), ("loss (nats per token)", "gradient norm"), strict=True
        ):
            axes.plot(log["step"], log[column], color="#08519c", linewidth=0.7)
            axes.set_ylabel(label)
            _mark(axes, events)
        drawn.axes[1, 0].set_yscale("log")
        drawn.axes[1, 0].yaxis.set_major_formatter("{x:g}")
        drawn.axes[1, 0].yaxis.set_minor_formatter("{x:g}")
        drawn.axes[1, 0].set_xlabel("step")
    return drawn.inline("loss and gradient norm of the main run")


def planted(logs: polars.DataFrame, results: Mapping[str, Any]) -> str:
    """For each seed the training loss with and without the fault that is rolled back, with what was found."""
    arm = fault_arm(results["fault"]["branch_strength"])
    seeds = results["seeds"]
    with drawing(8, 1.5 * len(seeds) + 0.4, rows=len(seeds), sharex=True, sharey=True) as drawn:
        for axes, seed in zip(drawn.axes[:, 0], seeds, strict=True):
            for name, colour, label in ((arm, _COLOURS["fault"], "with the fault"), ("clean", "#6b6b6b", "without")):
                run = logs.filter((polars.col("seed") == seed) & polars.col("arm").is_in([PREFIX, name])).sort("step")
                axes.plot(run["step"], run["loss"], color=colour, linewidth=1, label=label)
            _mark(axes, results["runs"][arm][str(seed)]["events"])
            axes.set_ylabel(f"seed {seed}")
        drawn.axes[0, 0].legend(loc="upper right", ncols=2)
        drawn.axes[-1, 0].set_xlabel("step")
    return drawn.inline("training loss of each seed with and without the planted fault")


def detection(rows: Sequence[Mapping[str, Any]]) -> str:
    """The share of seeds in which the fault was found, over its strength, with exact intervals."""
    strengths, shares = [row["strength"] for row in rows], [row["share"] for row in rows]
    errors = [[row["share"] - row["low"] for row in rows], [row["high"] - row["share"] for row in rows]]
    with drawing(8, 3) as drawn:
        axes = drawn.axes[0, 0]
        axes.errorbar(
            strengths, shares, yerr=errors, fmt="o-", color="#08519c", ecolor="#9ecae1", capsize=3, label="found"
        )
        malignant = [row["malignant"] / row["of"] for row in rows]
        axes.plot(strengths, malignant, "s--", color="#d6604d", markersize=4, label="and called malignant")
        axes.set_xlabel("share of the chunk's rows that is corrupted (0: clean runs, any alarm)")
        axes.set_ylabel("share of seeds")
        axes.set_ylim(-0.05, 1.05)
        axes.legend(loc="lower right")
    return drawn.inline("share of seeds in which the fault was found over its strength")


def branches(logs: polars.DataFrame, scores: polars.DataFrame, results: Mapping[str, Any]) -> str:
    """Training loss and held-out bits per byte of the original and of the three branches: each seed, and their mean."""
    original = fault_arm(results["fault"]["branch_strength"])
    shown = {original: ("original", "#6b6b6b", "-"), **{arm: (_NAMES[arm], _COLOURS[arm], "--") for arm in BRANCHES}}
    shown["moved"] = (_NAMES["moved"], _COLOURS["moved"], "-")
    with drawing(8, 5.6, rows=2, sharex=True) as drawn:
        for arm, (label, colour, style) in shown.items():
            _bundle(drawn.axes[0, 0], logs.filter(polars.col("arm") == arm), "loss", label, colour, style)
            both = scores.filter(polars.col("arm").is_in([arm, PREFIX]) & (polars.col("step") > 0))
            _bundle(drawn.axes[1, 0], both, "bits_per_byte", label, colour, style)
        drawn.axes[0, 0].set_ylabel("training loss (nats per token)")
        drawn.axes[1, 0].set_ylabel("held-out bits per byte")
        drawn.axes[1, 0].set_xlabel("step")
        drawn.axes[0, 0].legend(loc="upper center", ncols=4, bbox_to_anchor=(0.5, 1.2))
    return drawn.inline("training loss and held-out bits per byte of the original and of the branches")


def _bundle(axes: Any, table: polars.DataFrame, column: str, label: str, colour: str, style: str) -> None:
    runs = [one.sort("step") for _, one in table.group_by("seed", maintain_order=True)]
    for one in runs:
        axes.plot(one["step"], one[column], color=colour, linewidth=0.5, alpha=0.35)
    mean = numpy.mean([one[column].to_numpy() for one in runs], axis=0)
    axes.plot(runs[0]["step"], mean, color=colour, linewidth=1.8, linestyle=style, label=label)


def _mark(axes: Any, events: Sequence[Mapping[str, Any]]) -> None:
    for event in events:
        axes.axvspan(event["start"] - 0.5, event["end"] + 0.5, color=_KINDS[event["kind"]], alpha=0.3, linewidth=0)
