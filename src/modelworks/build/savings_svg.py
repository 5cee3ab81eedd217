"""A small chart of what a build after another has saved: steps over time."""

import calendar
import time
from collections.abc import Callable, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 170, 10, 10, 34, 26
_MOST_DOTS = 60
_TIME = "%Y-%m-%dT%H:%M:%SZ"

Point = tuple[str, float]


def draw(points: Sequence[Point], title: str, written: Callable[[float], str]) -> str:
    """The SVG of amounts that only grow: (time as UTC in ISO 8601, sum until then), as `written` out.

    Its looks (classes `axis`, `area`, `steps`, `dot`) are the surrounding page's.
    """
    times = [calendar.timegm(time.strptime(started, _TIME)) for started, _ in points]
    first, span = times[0], max(times[-1] - times[0], 1)
    largest = max(points[-1][1], 1e-12)
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    places = [
        (_LEFT + (right - _LEFT - 8) * (moment - first) / span, bottom - (bottom - _TOP) * amount / largest)
        for moment, (_, amount) in zip(times, points, strict=True)
    ]
    steps = f"M{_LEFT} {bottom}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in places) + f"H{right}"
    dots = "".join(
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{escape(started)}: '
        f"{escape(written(amount))}</title></circle>"
        for (x, y), (started, amount) in zip(places[-_MOST_DOTS:], points[-_MOST_DOTS:], strict=True)
    )
    begin, end = points[0][0], points[-1][0]
    same = begin[:10] == end[:10]
    labels = [f"{one[11:16]} UTC" if same else one[:10] for one in (begin, end)]
    last = (
        "" if begin == end else f'<text class="axis" x="{right}" y="{_HEIGHT - 8}" text-anchor="end">{labels[1]}</text>'
    )
    total = written(points[-1][1])
    return (
        f'<svg role="img" aria-label="{escape(f"{title}: {total} after {len(points)} builds")}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><text class="title" x="{_LEFT}" y="18">{escape(title)}: '
        f'<tspan class="total">{escape(total)}</tspan></text>'
        f'<path class="area" d="{steps}V{bottom}Z"/><path class="steps" d="{steps}"/>{dots}'
        f'<path class="base" d="M{_LEFT} {bottom}H{right}"/>'
        f'<text class="axis" x="{_LEFT}" y="{_HEIGHT - 8}">{labels[0]}</text>{last}</svg>'
    )
