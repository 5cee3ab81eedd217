"""The learning curve: bits per byte of training and held-out text over training tokens, beside the baselines."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy


@dataclass(frozen=True)
class Curve:
    """Everything that is drawn. `train` and `held_out` are (tokens, bits per byte) sequences of equal length each."""

    train: tuple[Sequence[float], Sequence[float]]
    held_out: tuple[Sequence[float], Sequence[float]]
    baselines: Mapping[str, float]
    held_out_name: str


def draw(curve: Curve, path: Path) -> None:
    """Write the SVG. Letters are drawn as paths of the font that travels with matplotlib: equal bytes everywhere."""
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    import matplotlib  # after MPLCONFIGDIR is set: matplotlib writes a font cache there
    from matplotlib.figure import Figure
    from matplotlib.font_manager import fontManager

    own = matplotlib.get_data_path()
    fontManager.ttflist = [font for font in fontManager.ttflist if font.fname.startswith(own)]

    style: dict[Any, Any] = {
        **matplotlib.rcParamsDefault,
        "svg.hashsalt": "modelworks",
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(8, 4.8), layout="constrained")
        axes = figure.add_subplot()
        _draw(axes, curve)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw(axes: Any, curve: Curve) -> None:
    tokens, bits = curve.train
    axes.plot(tokens, bits, color="#9ecae1", linewidth=0.8, label="training batches")
    axes.plot(tokens, _smooth(bits), color="#08519c", linewidth=1.6, label="their running mean")
    style = {"color": "#a63603", "marker": "o", "markersize": 5, "linewidth": 1.6}
    axes.plot(*curve.held_out, **style, label=f"checkpoints on the {curve.held_out_name} text")

    right = max(*tokens, *curve.held_out[0])
    everything = [*bits, *curve.held_out[1], *curve.baselines.values()]
    low, high = min(everything), max(everything)
    margin = 0.05 * (high - low)
    axes.set_xlim(0, right * 1.02)
    axes.set_ylim(low - margin, high + margin)

    named = sorted((value, name.replace("_", " ")) for name, value in curve.baselines.items())
    for value, _ in named:
        axes.axhline(value, color="#525252", linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    last = curve.held_out[1][-1]
    labels = sorted([*((value, name, "#333333") for value, name in named), (last, "model, last", "#a63603")])
    for (value, name, colour), height in zip(labels, _apart([label[0] for label in labels], margin), strict=True):
        text = f"{name} {value:.2f}"
        axes.annotate(text, (right * 1.03, height), annotation_clip=False, va="center", fontsize=9, color=colour)

    axes.set_xlabel("training tokens")
    axes.set_ylabel("bits per byte (lower is better)")
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending `heights`, raised where needed so that neighbours are at least `gap` apart."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    return placed


def _smooth(values: Sequence[float]) -> list[float]:
    """The mean of each value and its neighbours, about one fortieth of all; fewer at both ends."""
    reach = len(values) // 80
    sums = numpy.concatenate([[0.0], numpy.cumsum(numpy.asarray(values, dtype=numpy.float64))])
    places = numpy.arange(len(values))
    starts, ends = numpy.maximum(0, places - reach), numpy.minimum(len(values), places + reach + 1)
    return list((sums[ends] - sums[starts]) / (ends - starts))


def _short(value: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
