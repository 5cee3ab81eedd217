"""A graph as an SVG: boxes in layers from raw data on the left to the target on the right, lines between them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from html import escape

from modelworks.build.layered import Edge, Place, layout
from modelworks.build.lineage import Lineage

_CHARACTER, _PADDING, _LINE, _FOLD = 7.8, 9, 17, 9
_LONGEST = 36
_STYLE = (
    "text{font:12px sans-serif}.note{font:10px monospace;fill:#666}path{stroke:#9aa;fill:none}"
    "rect,polygon{fill:#e6eef8;stroke:#9aa}.raw polygon{fill:#f4f1e8}.background{fill:#fff;stroke:none}"
)


@dataclass(frozen=True)
class Box:
    """What a node shows: its name, a line below it, a text for whoever points at it, and its CSS classes.

    What no stage makes (`raw`) is drawn as a sheet with a folded corner.
    """

    name: str
    note: str
    title: str
    kind: str = ""
    raw: bool = False


def draw(lineage: Lineage) -> str:
    """The SVG text of a lineage, to stand by itself: a box for each stage and raw file, with its hash."""
    boxes = {path: Box(path, lineage.raw[path][:32], path, raw=True) for path in sorted(lineage.raw)}
    boxes |= {name: Box(name, stage["outs"][0]["md5"][:32], name) for name, stage in lineage.stages.items()}
    return graph(boxes, lineage.edges, title=lineage.target, style=_STYLE) + "\n"


def graph(
    boxes: Mapping[str, Box],
    edges: Collection[Edge],
    title: str,
    marked: Collection[Edge] = (),
    style: str = "",
) -> str:
    """The SVG of boxes, each given after those that it depends on, and edges, those `marked` last and of that class.

    Without a `style` its looks are the surrounding page's: it has its width as `--width`.
    """
    sizes = {node: (_width(box), 2 * _LINE + _PADDING) for node, box in boxes.items()}
    laid = layout(sizes, edges)
    drawn = sorted(edges, key=lambda edge: (edge in marked, edge))
    lines = [_line(laid.routes[edge], edge in marked) for edge in drawn]
    shapes = [_box(box, laid.places[node]) for node, box in boxes.items()]
    size = f'width="{laid.width}" height="{laid.height}"'
    space = ' xmlns="http://www.w3.org/2000/svg"' if style else ""
    natural = f'style="--width:{laid.width}px"'
    ground = f'<style>{style}</style><rect class="background" {size}/>' if style else ""
    return (
        f'<svg{space} role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {laid.width} {laid.height}" {size if style else natural}>'
        f"<title>{escape(title)}</title>{ground}{''.join(lines)}{''.join(shapes)}</svg>"
    )


def _width(box: Box) -> int:
    longest = max(len(_shown(box.name)) + 2, len(box.note) * 0.85)  # names may be bold
    return round(longest * _CHARACTER + 2 * _PADDING) + (_FOLD if box.raw else 0)


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _line(points: list[tuple[int, int]], marked: bool) -> str:
    """A curve from one layer to the next, straight where it passes one."""
    (x, y), *rest = points
    steps = [f"M{x} {y}"]
    for number, (end, level) in enumerate(rest):
        middle = (x + end) // 2
        steps.append(f"C{middle} {y} {middle} {level} {end} {level}" if number % 2 == 0 else f"H{end}")
        x, y = end, level
    kind = ' class="marked"' if marked else ""
    return f'<path{kind} d="{"".join(steps)}"/>'


def _box(box: Box, place: Place) -> str:
    x, y, right, bottom = place.x, place.y, place.x + place.width, place.y + place.height
    shape = f'<rect x="{x}" y="{y}" width="{place.width}" height="{place.height}" rx="5"/>'
    if box.raw:
        corner = f"{right - _FOLD},{y} {right},{y + _FOLD}"
        shape = (
            f'<polygon points="{x},{y} {corner} {right},{bottom} {x},{bottom}"/>'
            f'<polygon points="{corner} {right - _FOLD},{y + _FOLD}"/>'
        )
    kind = f"{box.kind} raw" if box.raw else box.kind
    return (
        f'<g class="{escape(kind)}"><title>{escape(box.title)}</title>{shape}'
        f'<text x="{x + _PADDING}" y="{y + _LINE}">{escape(_shown(box.name))}</text>'
        f'<text class="note" x="{x + _PADDING}" y="{y + 2 * _LINE}">{escape(box.note)}</text></g>'
    )
