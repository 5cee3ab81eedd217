"""The figures of the spike report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import polars

from modelworks.k2.spike_arms import BRANCHES, PREFIX, fault_arm
from modelworks.lm.plots import AMBER, BLUE, GREY, SKY, VERMILION, panels, svg

_KINDS = {"benign": AMBER, "malignant": VERMILION}
_BRANCHES = {
    "moved": ("moved to the end", BLUE, "-"),
    "again": ("the same data again", VERMILION, "--"),
    "reshuffled": ("reshuffled", AMBER, "--"),
}
_WIDTH = 10


def main_run(log: polars.DataFrame, events: Sequence[Mapping[str, Any]]) -> str:
    """Loss and gradient norm of the main run, its events marked."""

    def draw(figure: Any) -> None:
        loss, norm = figure.subplots(2, 1, sharex=True)
        for axes, column, label in ((loss, "loss", "loss (nats per token)"), (norm, "gradient_norm", "gradient norm")):
            axes.plot(log["step"], log[column], color=BLUE, linewidth=0.8)
            axes.set_ylabel(label)
            _mark(axes, events)
        norm.set_xlabel("step")

    return panels(draw, "main-run", "loss and gradient norm of the main run", (_WIDTH, 5))


def planted(logs: polars.DataFrame, results: Mapping[str, Any]) -> str:
    """For each seed the training loss with and without the fault that is rolled back, with what was found."""
    arm = fault_arm(results["fault"]["branch_strength"])
    seeds = results["seeds"]

    def draw(figure: Any) -> None:
        column = figure.subplots(len(seeds), 1, sharex=True, sharey=True)
        for axes, seed in zip(column, seeds, strict=True):
            for name, colour, label in ((arm, VERMILION, "with the fault"), ("clean", GREY, "without")):
                run = logs.filter((polars.col("seed") == seed) & polars.col("arm").is_in([PREFIX, name])).sort("step")
                axes.plot(run["step"], run["loss"], color=colour, linewidth=1.2, label=label)
            _mark(axes, results["runs"][arm][str(seed)]["events"])
            axes.set_ylabel(f"seed {seed}")
        column[0].legend(loc="upper right", ncols=2, frameon=False)
        column[-1].set_xlabel("step")

    description = "training loss of each seed with and without the planted fault"
    return panels(draw, "planted", description, (_WIDTH, 1.7 * len(seeds) + 0.5))


def detection(rows: Sequence[Mapping[str, Any]]) -> str:
    """The share of seeds in which the fault was found, over its strength, with exact intervals."""
    strengths, shares = [row["strength"] for row in rows], [row["share"] for row in rows]
    errors = [[row["share"] - row["low"] for row in rows], [row["high"] - row["share"] for row in rows]]
    malignant = [row["malignant"] / row["of"] for row in rows]

    def draw(axes: Any) -> None:
        axes.errorbar(strengths, shares, yerr=errors, fmt="o-", color=BLUE, ecolor=SKY, capsize=3, label="found")
        axes.plot(strengths, malignant, "s--", color=VERMILION, markersize=5, label="and called malignant")
        axes.set_xlabel("share of the chunk's rows that is corrupted (0: clean runs, any alarm)")
        axes.set_ylabel("share of seeds")
        axes.set_ylim(-0.05, 1.05)
        axes.legend(loc="lower right", frameon=False)

    return svg(draw, "detection", "share of seeds in which the fault was found over its strength", (_WIDTH, 4))


def branches(logs: polars.DataFrame, scores: polars.DataFrame, results: Mapping[str, Any]) -> str:
    """Training loss and held-out bits per byte of the original and of the three branches: each seed, and their mean."""
    shown = {fault_arm(results["fault"]["branch_strength"]): ("original", GREY, "-")}
    shown |= {arm: _BRANCHES[arm] for arm in BRANCHES}

    def draw(figure: Any) -> None:
        training, held_out = figure.subplots(2, 1, sharex=True)
        for arm, style in shown.items():
            _bundle(training, logs.filter(polars.col("arm") == arm), "loss", *style)
            both = scores.filter(polars.col("arm").is_in([arm, PREFIX]) & (polars.col("step") > 0))
            _bundle(held_out, both, "bits_per_byte", *style)
        training.set_ylabel("training loss\n(nats per token)")
        held_out.set_ylabel("held-out bits per byte")
        held_out.set_xlabel("step")
        training.legend(loc="lower center", ncols=4, bbox_to_anchor=(0.5, 1.0), frameon=False)

    description = "training loss and held-out bits per byte of the original and of the branches"
    return panels(draw, "branches", description, (_WIDTH, 7))


def _bundle(axes: Any, table: polars.DataFrame, column: str, label: str, colour: str, style: str) -> None:
    """A thin line for each seed and a thick one for their mean."""
    runs = [one.sort("step") for _, one in table.group_by("seed", maintain_order=True)]
    for one in runs:
        axes.plot(one["step"], one[column], color=colour, linewidth=0.5, alpha=0.35)
    mean = numpy.mean([one[column].to_numpy() for one in runs], axis=0)
    axes.plot(runs[0]["step"], mean, color=colour, linewidth=2, linestyle=style, label=label)


def _mark(axes: Any, events: Sequence[Mapping[str, Any]]) -> None:
    for event in events:
        axes.axvspan(event["start"] - 0.5, event["end"] + 0.5, color=_KINDS[event["kind"]], alpha=0.25, linewidth=0)
