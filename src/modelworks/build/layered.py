"""A layered layout of a graph: columns from left to right, each box beside what it is made from.

The method of Sugiyama, Tagawa and Toda (1981): layers by longest path, the order in a layer by the mean place of
neighbours, then heights as near to the neighbours' as the order and the gaps allow.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[str, str]
# A node, or the place where a line from a node passes a layer.
_Item = str | tuple[str, int]
_SWEEPS = 6


@dataclass(frozen=True)
class Place:
    """A box: its upper left corner and size, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Layout:
    """Where boxes lie; for each edge the points (x, y) that its line passes, two for each layer; the size of all."""

    places: dict[str, Place]
    routes: dict[Edge, list[tuple[int, int]]]
    width: int
    height: int


def layout(
    sizes: Mapping[str, tuple[int, int]], edges: Collection[Edge], gap: tuple[int, int] = (40, 14), margin: int = 16
) -> Layout:
    """Lay out boxes of these sizes (width, height), each given after those that it depends on.

    An edge against that order (the rules of a graph may need one another in turn) does not count for the layers.
    """
    layers = _layers(list(sizes), edges)
    columns, neighbours = _columns(sizes, layers, edges)
    _order(columns, neighbours)
    heights = {item: sizes[item][1] if isinstance(item, str) else 2 for column in columns for item in column}
    centres = _centres(columns, neighbours, heights, gap[1])
    top = min((centres[item] - heights[item] / 2 for item in centres), default=0.0)
    places, starts, x = dict[str, Place](), list[tuple[int, int]](), margin
    for column in columns:
        width = max((sizes[item][0] for item in column if isinstance(item, str)), default=0)
        starts.append((x, width))
        for item in column:
            if isinstance(item, str):
                y = round(centres[item] - heights[item] / 2 - top) + margin
                places[item] = Place(x, y, width, heights[item])
        x += width + gap[0]
    passing = {item: round(centre - top) + margin for item, centre in centres.items()}
    routes = {edge: _route(edge, layers, places, passing, starts) for edge in edges}
    height = max((place.y + place.height for place in places.values()), default=0) + margin
    return Layout(places, routes, x - gap[0] + margin, max([height, *(y + margin for y in passing.values())]))


def _layers(nodes: Sequence[str], edges: Collection[Edge]) -> dict[str, int]:
    """How many steps lie before a node, at most; what nothing leads to stands right before the first it leads to."""
    position = {node: number for number, node in enumerate(nodes)}
    before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for source, target in edges:
        if position[source] < position[target]:
            before[target].append(source)
            after[source].append(target)
    layers = dict[str, int]()
    for node in nodes:
        layers[node] = max((layers[source] + 1 for source in before[node]), default=0)
    for node in nodes:
        if not before[node] and after[node]:
            layers[node] = min(layers[target] for target in after[node]) - 1
    return layers


def _columns(
    nodes: Collection[str], layers: Mapping[str, int], edges: Collection[Edge]
) -> tuple[list[list[_Item]], tuple[dict[_Item, list[_Item]], dict[_Item, list[_Item]]]]:
    """The items of each layer, and what each is joined to in the layer before and after."""
    columns: list[list[_Item]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for node in nodes:
        columns[layers[node]].append(node)
    left, right = defaultdict[_Item, list[_Item]](list), defaultdict[_Item, list[_Item]](list)
    joined = set[tuple[_Item, _Item]]()
    for source, target in sorted(edges):
        if layers[source] >= layers[target]:
            continue
        chain: list[_Item] = [source, *((source, layer) for layer in range(layers[source] + 1, layers[target])), target]
        for layer, pair in enumerate(pairwise(chain), layers[source] + 1):
            if pair in joined:
                continue
            joined.add(pair)
            left[pair[1]].append(pair[0])
            right[pair[0]].append(pair[1])
            if isinstance(pair[1], tuple):
                columns[layer].append(pair[1])
    return columns, (left, right)


def _order(
    columns: list[list[_Item]], neighbours: tuple[Mapping[_Item, list[_Item]], Mapping[_Item, list[_Item]]]
) -> None:
    """Sort each column by the mean position of its neighbours, to and fro."""
    position = {item: number for column in columns for number, item in enumerate(column)}
    for sweep in range(_SWEEPS):
        known = neighbours[sweep % 2]
        for column in columns if sweep % 2 == 0 else reversed(columns):
            means = {item: _mean([position[other] for other in known.get(item, [])], position[item]) for item in column}
            column.sort(key=lambda item: means[item])
            position |= {item: number for number, item in enumerate(column)}


def _centres(
    columns: list[list[_Item]],
    neighbours: tuple[Mapping[_Item, list[_Item]], Mapping[_Item, list[_Item]]],
    heights: Mapping[_Item, int],
    gap: int,
) -> dict[_Item, float]:
    """The height of each item's middle, near the mean of its neighbours' in turn before and after it."""
    centres = dict[_Item, float]()
    for column in columns:
        centres |= zip(column, _apart([0.0] * len(column), [heights[item] for item in column], gap), strict=True)
    for sweep in range(_SWEEPS):
        known = neighbours[sweep % 2]
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = [_mean([centres[other] for other in known.get(item, [])], centres[item]) for item in column]
            centres |= zip(column, _apart(wanted, [heights[item] for item in column], gap), strict=True)
    return centres


def _apart(wanted: Sequence[float], heights: Sequence[int], gap: int) -> list[float]:
    """The middles nearest to those wanted (least squares) in the given order and a gap apart: isotonic regression."""
    offsets, reached = list[float](), 0.0
    for number, height in enumerate(heights):
        reached += (heights[number - 1] + height) / 2 + gap if number else 0.0
        offsets.append(reached)
    blocks = list[list[float]]()
    for want, offset in zip(wanted, offsets, strict=True):
        blocks.append([want - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (mean, count), (other, more) = blocks.pop(-2), blocks.pop()
            blocks.append([(mean * count + other * more) / (count + more), count + more])
    flat = [mean for mean, count in blocks for _ in range(int(count))]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]


def _route(
    edge: Edge,
    layers: Mapping[str, int],
    places: Mapping[str, Place],
    passing: Mapping[_Item, int],
    starts: Sequence[tuple[int, int]],
) -> list[tuple[int, int]]:
    source, target = edge
    points = [(places[source].x + places[source].width, passing[source])]
    for layer in range(layers[source] + 1, layers[target]):
        x, width = starts[layer]
        y = passing[(source, layer)]
        points += [(x, y), (x + width, y)]
    return [*points, (places[target].x, passing[target])]


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
