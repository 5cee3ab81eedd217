"""A small chart of what a build after another has saved: steps over time."""

import calendar
import time
from collections.abc import Callable, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 170, 10, 10, 34, 26
_MOST_DOTS = 60
_TIME = "%Y-%m-%dT%H:%M:%SZ"

Point = tuple[str, float]


def draw(points: Sequence[Point], span: tuple[str, str], title: str, written: Callable[[float], str]) -> str:
    """The SVG of amounts that only grow: (time as UTC in ISO 8601, sum until then), as `written` out.

    The time axis spans from first to last. Looks (classes `axis`, `area`, `steps`, `dot`) are the surrounding page's.
    """
    begin, end = map(_seconds, span)
    times = [_seconds(started) for started, _ in points]
    largest = max(points[-1][1], 1e-12)
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    places = [
        (_LEFT + (right - _LEFT) * (moment - begin) / max(end - begin, 1), bottom - (bottom - _TOP) * amount / largest)
        for moment, (_, amount) in zip(times, points, strict=True)
    ]
    steps = f"M{_LEFT} {bottom}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in places) + f"H{right}"
    dots = "".join(
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{escape(started)}: '
        f"{escape(written(amount))}</title></circle>"
        for (x, y), (started, amount) in zip(places[-_MOST_DOTS:], points[-_MOST_DOTS:], strict=True)
    )
    same_day = span[0][:10] == span[1][:10]
    labels = [f"{moment[11:16]} UTC" if same_day else moment[:10] for moment in span]
    total = written(points[-1][1])
    return (
        f'<svg role="img" aria-label="{escape(f"{title}: {total} after {len(points)} builds")}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><text class="title" x="{_LEFT}" y="18">{escape(title)}: '
        f'<tspan class="total">{escape(total)}</tspan></text>'
        f'<path class="area" d="{steps}V{bottom}Z"/><path class="steps" d="{steps}"/>{dots}'
        f'<path class="base" d="M{_LEFT} {bottom}H{right}"/>'
        f'<text class="axis" x="{_LEFT}" y="{_HEIGHT - 8}">{labels[0]}</text>'
        f'<text class="axis" x="{right}" y="{_HEIGHT - 8}" text-anchor="end">{labels[1]}</text></svg>'
    )


def _seconds(moment: str) -> int:
    return calendar.timegm(time.strptime(moment, _TIME))
