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
    axes.plot(tokens, bits, color="#9ecae1", linewidth=0.8)
    axes.plot(tokens, _smooth(bits), color="#08519c", linewidth=1.6, label="training batches, running mean")
    axes.plot(
        *curve.held_out, color="#a63603", marker="o", markersize=5, linewidth=1.6, label=f"{curve.held_out_name} text"
    )
    best = min(zip(curve.held_out[1], curve.held_out[0], strict=True))
    axes.annotate(
        f"{best[0]:.3f}", (best[1], best[0]), xytext=(0, 8), textcoords="offset points", ha="center", color="#a63603"
    )
    right = max(*tokens, *curve.held_out[0])
    for name, value in curve.baselines.items():
        axes.axhline(value, color="#525252", linewidth=0.9, linestyle=(0, (4, 3)))
        label = f"{name.replace('_', ' ')} {value:.2f}"
        axes.text(right * 1.01, value, label, va="bottom", ha="right", fontsize=8.5, color="#333333")
    low = min(*bits, *curve.held_out[1], *curve.baselines.values())
    axes.set_xlim(0, right * 1.01)
    axes.set_ylim(max(0.0, low - 0.25), max(*curve.held_out[1], *curve.baselines.values()) + 0.35)
    axes.set_xlabel("training tokens")
    axes.set_ylabel("bits per byte")
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    axes.legend(frameon=False, loc="upper right")


def _smooth(values: Sequence[float]) -> list[float]:
    """The mean of each value and those before it, at most one fiftieth of all."""
    window = max(1, len(values) // 50)
    sums = numpy.concatenate([[0.0], numpy.cumsum(numpy.asarray(values, dtype=numpy.float64))])
    ends = numpy.arange(1, len(values) + 1)
    starts = numpy.maximum(0, ends - window)
    return list((sums[ends] - sums[starts]) / (ends - starts))


def _short(value: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
