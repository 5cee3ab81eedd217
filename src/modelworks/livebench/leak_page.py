"""The page of the leak experiment: the gap over the dose, with and without the excluded questions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.lm import plots
from modelworks.lm.page import page
from modelworks.stage import Stage

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
svg { display: block; margin: 1.5rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem 0 .25rem 1.25rem; text-align: right; vertical-align: top; border-bottom: 1px solid #d0d0d0; }
th { vertical-align: bottom; }
th:first-child, td:first-child { padding-left: 0; }
td { white-space: nowrap; }
td span { color: #5a5a5a; }
.table { overflow-x: auto; }
@media (max-width: 40rem) {
  table { font-size: .875rem; width: 100%; }
  th, td { padding-left: .5rem; }
  td span { display: block; font-size: .75rem; }
}
"""
_LEAD = (
    "Small models were trained on arithmetic. Some of a release's questions stood in their training text, with the "
    "answer, as many times as the dose says; all arms are equally long. The gap is the accuracy on that release less "
    "that on a fresh release of the same generator. Bars: {confidence:g} % intervals (bootstrap over seeds and "
    "questions). The blue line leaves out the questions that runs of words found in the training text."
)


def main(stage: Stage) -> None:
    """Input: results. Output: page (HTML)."""
    results = json.loads(stage.input("results").read_text(encoding="utf-8"))
    stage.output("page").write_text(shown(results), encoding="utf-8", newline="\n")


def shown(results: Mapping[str, Any]) -> str:
    """The page."""
    doses = results["doses"]
    drawing = plots.svg(lambda axes: _draw(axes, doses), "gap", "The gap between releases over the dose of the leak")
    lead = _LEAD.format(confidence=100 * results["confidence"])
    return page("A leaked release", _STYLE, f"<p>{lead}</p>\n{drawing}\n{_table(doses)}")


def _draw(axes: Any, doses: Sequence[Mapping[str, Any]]) -> None:
    places = list(range(len(doses)))
    axes.axhline(0, color=plots.GREY, linewidth=0.8)
    labels = []
    for name, label, colour, shift in (
        ("gap", "all questions", plots.VERMILION, -0.04),
        ("gap_without_excluded", "without excluded", plots.BLUE, 0.04),
    ):
        rows = [tuple(100 * one[name][key] for key in ("estimate", "low", "high")) for one in doses]
        plots.with_interval(axes, [place + shift for place in places], rows, colour)
        labels.append((rows[-1][0], label, colour))
    axes.set_xticks(places, [str(one["dose"]) for one in doses])
    axes.set_xlabel("times each leaked question was read")
    axes.set_ylabel("gap, percentage points")
    plots.label_right(axes, labels, 0.09)


def _table(doses: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("dose", "leaked, %", "fresh, %", "gap, points", "without excluded"))
    rows = "".join(
        f"<tr><td>{one['dose']}</td><td>{100 * one['leaked']:.1f}</td><td>{100 * one['fresh']:.1f}</td>"
        f"<td>{_bounds(one['gap'])}</td><td>{_bounds(one['gap_without_excluded'])}</td></tr>\n"
        for one in doses
    )
    return f'<div class="table"><table>\n<tr>{head}</tr>\n{rows}</table></div>\n'


def _bounds(interval: Mapping[str, float]) -> str:
    value, low, high = (100 * interval[name] for name in ("estimate", "low", "high"))
    return f"{value:+.1f} <span>({low:+.1f} to {high:+.1f})</span>".replace("-", "\N{MINUS SIGN}")
