"""A lineage as an SVG: layers from raw data on the left to the target on the right."""

from collections import defaultdict
from html import escape

from modelworks.build.lineage import Lineage

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 250, 34, 70, 12, 20


def draw(lineage: Lineage) -> str:
    """The SVG text: a box for each stage and raw file, with its hash, and a line for each dependency."""
    layers = _layers(lineage)
    places: dict[str, tuple[int, int]] = {}
    columns: dict[int, int] = defaultdict(int)
    for name in [*sorted(lineage.raw), *lineage.stages]:
        layer = layers[name]
        places[name] = (
            _MARGIN + layer * (_WIDTH + _GAP_X),
            _MARGIN + columns[layer] * (_HEIGHT + _GAP_Y),
        )
        columns[layer] += 1
    width = 2 * _MARGIN + (max(columns) + 1) * (_WIDTH + _GAP_X) - _GAP_X
    height = 2 * _MARGIN + max(columns.values()) * (_HEIGHT + _GAP_Y) - _GAP_Y
    lines = [_line(places[source], places[target]) for source, target in sorted(lineage.edges)]
    boxes = [_box(name, places[name], lineage) for name in places]
    style = "text{font:12px sans-serif}.hash{font:10px monospace;fill:#666}line,path{stroke:#9aa;fill:none}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{escape(lineage.target)}</title><style>{style}</style>"
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(lines)}{"".join(boxes)}</svg>\n'
    )


def _layers(lineage: Lineage) -> dict[str, int]:
    """How many steps lie before a stage, at most; raw files stand right before the first that reads them."""
    layers: dict[str, int] = {}
    for stage in lineage.stages:
        before = [layers.get(source, 0) for source, target in lineage.edges if target == stage]
        layers[stage] = max(before, default=0) + 1
    for path in lineage.raw:
        layers[path] = min(layers[target] for source, target in lineage.edges if source == path) - 1
    return layers


def _line(source: tuple[int, int], target: tuple[int, int]) -> str:
    x, y = source[0] + _WIDTH, source[1] + _HEIGHT // 2
    end, top = target[0], target[1] + _HEIGHT // 2
    middle = (x + end) // 2
    return f'<path d="M{x} {y} C{middle} {y} {middle} {top} {end} {top}"/>'


def _box(name: str, place: tuple[int, int], lineage: Lineage) -> str:
    x, y = place
    stage = lineage.stages.get(name)
    digest = lineage.raw[name] if stage is None else stage["outs"][0]["md5"]
    colour = "#f4f1e8" if stage is None else "#e6eef8"
    shown = name if len(name) <= 36 else f"…{name[-35:]}"
    return (
        f'<g><title>{escape(name)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4" '
        f'fill="{colour}" stroke="#9aa"/><text x="{x + 8}" y="{y + 14}">{escape(shown)}</text>'
        f'<text class="hash" x="{x + 8}" y="{y + 27}">{escape(digest[:32])}</text></g>'
    )
