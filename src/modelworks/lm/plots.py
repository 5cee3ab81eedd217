"""Figures as SVG to put into a page: equal bytes each time, letters drawn as paths of matplotlib's own font."""

import html
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

BLUE, VERMILION, GREEN, PURPLE, SKY, AMBER, GREY = (
    "#0072b2",
    "#d55e00",
    "#008060",
    "#b0528b",
    "#3c9bd0",
    "#b27a00",
    "#5a5a5a",
)
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, SKY, AMBER)
_SIZE = (5.2, 3.7)


def svg(draw: Callable[[Any], None], name: str, description: str, size: tuple[float, float] = _SIZE) -> str:
    """What `draw` puts on the axes it is given, as an element for HTML. `name` is unique in its page."""
    return panels(lambda figure: draw(figure.add_subplot()), name, description, size)


def panels(draw: Callable[[Any], None], name: str, description: str, size: tuple[float, float]) -> str:
    """What `draw` puts on the figure it is given, with axes of its own making, as an element for HTML.

    The font is large against `size` (inches), so that it can still be read when the figure is 350 pixels wide.
    """
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    import matplotlib  # after MPLCONFIGDIR is set: matplotlib writes a font cache there
    from matplotlib.figure import Figure
    from matplotlib.font_manager import fontManager

    own = matplotlib.get_data_path()
    fontManager.ttflist = [font for font in fontManager.ttflist if font.fname.startswith(own)]
    style: dict[Any, Any] = {
        **matplotlib.rcParamsDefault,
        "svg.hashsalt": name,
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "hatch.linewidth": 0.7,
    }
    buffer = io.StringIO()
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(buffer.getvalue(), description)


def _inline(document: str, description: str) -> str:
    """The svg element alone, as wide as its place, with a description for those who do not see it."""
    element = re.sub(r"<metadata>.*?</metadata>", "", document[document.index("<svg") :], count=1, flags=re.DOTALL)
    head, rest = element.split(">", 1)
    head = re.sub(r'\s(width|height|version)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{html.escape(description)}">{rest}'


def token_axis(axes: Any, tokens: Iterable[float]) -> None:
    """A horizontal axis of training tokens from 0 to the most of `tokens`."""
    axes.set_xlim(0, max(tokens) * 1.02)
    axes.set_xlabel("training tokens")
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: short(value))


def with_interval(
    axes: Any, x: Sequence[float], rows: Sequence[tuple[float, float, float]], colour: str, dashed: bool = False
) -> None:
    """A line through the values of (value, low, high), with bars from low to high."""
    value, low, high = (numpy.asarray(column, dtype=float) for column in zip(*rows, strict=True))
    axes.errorbar(
        x,
        value,
        yerr=[value - low, high - value],
        color=colour,
        marker="s" if dashed else "o",
        markersize=4,
        linewidth=1.6,
        linestyle="--" if dashed else "-",
        elinewidth=1,
    )


def hatched(axes: Any, column: int, row: int) -> None:
    """Hatch one cell of a matrix of cells of size 1."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((column, row), 1, 1, fill=False, hatch="////", edgecolor="white", linewidth=0))


def label_right(axes: Any, labels: Sequence[tuple[float, str, str]], gap: float) -> None:
    """Write (height, text, colour) beside the right end, at least `gap` of the axes' height apart."""
    transform = axes.transData + axes.transAxes.inverted()
    known = sorted((float(transform.transform((0, height))[1]), text, colour) for height, text, colour in labels)
    places = _apart([height for height, _, _ in known], gap)
    for (_, text, colour), place in zip(known, places, strict=True):
        axes.annotate(
            text, (1.02, place), xycoords="axes fraction", annotation_clip=False, va="center", fontsize=10, color=colour
        )


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending `heights`, moved as little as needed so that neighbours are `gap` apart and none is above 1."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    limit = 1.0
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - gap
    return placed


def running_mean(values: Sequence[float]) -> list[float]:
    """The mean of each value and its neighbours, about one fortieth of all; fewer at both ends."""
    reach = len(values) // 80
    sums = numpy.concatenate([[0.0], numpy.cumsum(numpy.asarray(values, dtype=numpy.float64))])
    places = numpy.arange(len(values))
    starts, ends = numpy.maximum(0, places - reach), numpy.minimum(len(values), places + reach + 1)
    return list((sums[ends] - sums[starts]) / (ends - starts))


def short(value: float) -> str:
    """A number of tokens: 1.5M."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
