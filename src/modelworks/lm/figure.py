"""Figures as SVG text whose bytes depend on nothing but what is drawn."""

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def drawing(width: float, height: float, rows: int = 1, columns: int = 1, **options: Any) -> Iterator["Drawing"]:
    """A matplotlib figure of inches `width` x `height` with a grid of axes; its `svg` is there after the block.

    Letters are drawn as paths of the font that travels with matplotlib: equal bytes everywhere.
    """
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
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        drawn = Drawing(figure.subplots(rows, columns, squeeze=False, **options))
        yield drawn
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        drawn.svg = text.getvalue()


class Drawing:
    """`axes` [rows][columns] while it is drawn, then `svg`."""

    def __init__(self, axes: Any) -> None:
        self.axes = axes
        self.svg = ""

    def inline(self, label: str) -> str:
        """The SVG element for an HTML page, as wide as its place; `label` is what it shows, without quotes."""
        element = self.svg[self.svg.index("<svg") :]
        return re.sub(
            r"<svg [^>]*?viewBox", f'<svg role="img" aria-label="{label}" width="100%" viewBox', element, count=1
        )
