"""The page that shows every claim: what would have supported it, what came out, and where the interval lies."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.lm.page import page as frame

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
article { border-top: 1px solid #d0d0d0; padding: 1rem 0;
  display: grid; grid-template-columns: 1fr 22rem; gap: 0 2rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; }
.small { font-size: .875rem; color: #595959; }
.verdict { display: inline-block; padding: 0 .5rem; border-radius: .25rem; font-weight: 600; border: 1px solid; }
.supported { color: #0b5d1e; background: #eaf6ec; }
.not { color: #8f1d14; background: #fcecea; }
.inconclusive { color: #5c4a00; background: #fdf6dd; }
@media (max-width: 50rem) { article { grid-template-columns: 1fr; } }
"""
_LEAD = (
    "What the papers say, tried here at a small scale. The margin of each claim was declared in params.yaml before the "
    "run; the verdict follows from the interval and nothing else. An interval is at 95 % unless it says otherwise; "
    "where a question has several contrasts, the verdict uses a wider one (Holm)."
)
_WIDTH, _HEIGHT, _LEFT, _RIGHT = 352, 84, 16, 336
_COLOURS = {"supported": "#0b5d1e", "not supported": "#8f1d14", "inconclusive": "#5c4a00"}


def page(systems: Sequence[Mapping[str, Any]]) -> str:
    """HTML of the contents of claims.json files; everything that is not a number is escaped."""
    shown = "".join(
        f"<h2>{html.escape(one['system'])}</h2>\n" + "".join(_article(claim) for claim in one["claims"])
        for one in systems
    )
    return frame("Claims", _STYLE, f"<p>{_LEAD}</p>\n{shown}")


def number(value: float) -> str:
    """A figure for reading: three significant digits below 1, three decimals at most."""
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.3f}".rstrip("0").rstrip(".")


def _article(claim: Mapping[str, Any]) -> str:
    interval = claim["interval"]
    unit = html.escape(claim["unit"])
    measured = f"{_sentence(claim['metric'])}: {number(claim['estimate'])} {unit}"
    if claim["kind"] == "count":
        bound = "at least" if claim["direction"] == "above" else "at most"
        needed = f"{bound} {claim['margin']:g} of {claim['of']} seeds"
        measured = f"{_sentence(claim['metric'])}: {claim['count']} of {claim['of']} seeds"
        more = f"About seeds in general: {claim['beyond_these_seeds']}."
    else:
        needed = f"{claim['direction']} {number(claim['margin'])} {unit}"
        more = _wider(claim)
    reported = claim["reported_by_the_paper"]
    paper = (
        f"Reported by the paper: {html.escape(reported['text'])} ({html.escape(reported['source'])})"
        if reported
        else "The paper gives no figure"
    )
    shade = claim["verdict"].split()[0]
    return (
        f'<article id="{html.escape(claim["name"])}">\n<div>\n<h3>{html.escape(claim["claim"])}</h3>\n'
        f"<p>{measured}; {100 * interval['confidence']:g} % interval {number(interval['low'])} to"
        f" {number(interval['high'])}; declared: {needed}.</p>\n"
        f'<p class="small">{len(claim["seeds"])} seeds: {", ".join(map(html.escape, claim["seeds"]))}. {more}'
        f" {paper}.</p>\n"
        f'</div>\n<div>\n<span class="verdict {shade}">{claim["verdict"]}</span>\n{_drawing(claim)}</div>\n</article>\n'
    )


def _sentence(text: str) -> str:
    return html.escape(text[:1].upper() + text[1:])


def _wider(claim: Mapping[str, Any]) -> str:
    wider = claim["verdict_interval"]
    if wider == claim["interval"]:
        return ""
    return (
        f"Judged with the other contrasts of {html.escape(claim['family'])}: {100 * wider['confidence']:.3g} % interval"
        f" {number(wider['low'])} to {number(wider['high'])}."
    )


def _drawing(claim: Mapping[str, Any]) -> str:
    """The interval, the estimate, every seed's value and the margin on one axis, as SVG."""
    interval, wider, values = claim["interval"], claim["verdict_interval"], claim["values"]
    margin = claim["margin"] / claim["of"] if claim["kind"] == "count" else claim["margin"]
    ends = [*values, interval["low"], interval["high"], wider["low"], wider["high"], margin, 0.0]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * (value - low) / span, 1)

    colour = _COLOURS[claim["verdict"]]
    points = "".join(
        f'<circle cx="{place(value)}" cy="{52 + 4 * (index % 3)}" r="2.5" fill="none" stroke="#595959"/>'
        for index, value in enumerate(values)
    )
    ticks = "".join(
        f'<text x="{place(value)}" y="78" font-size="11" text-anchor="{anchor}" fill="#595959">{number(value)}</text>'
        for value, anchor in ((low, "start"), (high, "end"))
    )
    label_anchor = "start" if place(margin) < (_LEFT + _RIGHT) / 2 else "end"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" role="img" aria-label="interval, seeds and margin">'
        f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="66" y2="66" stroke="#b0b0b0"/>'
        f'<line x1="{place(margin)}" x2="{place(margin)}" y1="14" y2="66" stroke="#333" stroke-dasharray="3 3"/>'
        f'<text x="{place(margin)}" y="11" font-size="11" text-anchor="{label_anchor}" fill="#333">margin</text>'
        f'<line x1="{place(wider["low"])}" x2="{place(wider["high"])}" y1="34" y2="34" stroke="{colour}"/>'
        f'<line x1="{place(interval["low"])}" x2="{place(interval["high"])}" y1="34" y2="34" stroke="{colour}"'
        f' stroke-width="5"/><circle cx="{place(claim["estimate"])}"'
        f' cy="34" r="6" fill="#fff" stroke="{colour}" stroke-width="2"/>{points}{ticks}</svg>\n'
    )
