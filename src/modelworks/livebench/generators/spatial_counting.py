"""Spatial questions whose answer is a count: painted boxes, towers, rectangles, cuts, folded sheets."""

from itertools import combinations
from random import Random

import numpy
from numpy.typing import NDArray

from modelworks.livebench.generators.drawing import listed
from modelworks.livebench.generators.spatial_item import Item, numbered

_SIDES = (("left", "right"), ("front", "back"), ("bottom", "top"))


def painted_box(rng: Random, level: int) -> Item:
    """A painted box cut into unit cubes, some of whose faces are painted: polynomials count them, axis by axis."""
    largest = {1: 4, 2: 6, 3: 9}[level]
    lengths = [rng.randint(2, largest) for _ in range(3)]
    sides = [side for pair in _SIDES for side in pair]
    painted = sides if level == 1 and rng.random() < 0.5 else sorted(rng.sample(sides, rng.randint(2, 5)))
    counts = numpy.ones(1, dtype=int)  # of cubes by the number of painted faces
    for length, pair in zip(lengths, _SIDES, strict=True):
        ends = sum(side in painted for side in pair)
        counts = numpy.convolve(counts, [length - ends, ends])
    asked = rng.randrange(min(4, len(counts)))
    which = "no painted face" if asked == 0 else f"exactly {asked} painted face{'s' if asked > 1 else ''}"
    where = "all six sides" if len(painted) == 6 else f"only its {listed(painted)} sides"
    width, depth, height = lengths
    size = f"{width} cm wide, {depth} cm deep and {height} cm high"
    said = rng.choice(
        (
            "A wooden block is {size}. It is painted on {where} and then sawn into cubes of 1 cm. "
            "How many of the cubes have {which}?",
            "A cheese is {size}. Red wax covers it on {where}; wax counts as paint. It is cut into cubes with edges "
            "of 1 cm. How many cubes have {which}?",
            "Somebody glues 1 cm cubes into a solid block that is {size}, paints the block on {where}, and breaks it "
            "up again. Of how many cubes can it be said that they have {which}?",
        )
    )
    volume = width * depth * height
    return numbered(said.format(size=size, where=where, which=which), int(counts[asked]), volume)


def towers(rng: Random, level: int) -> Item:
    """Stacks of cubes on a grid, seen from one side or counted."""
    rows, columns, highest = {1: (2, 2, 3), 2: (3, 3, 4), 3: (4, 5, 6)}[level]
    heights = numpy.array([[rng.randint(0, highest) for _ in range(columns)] for _ in range(rows)])
    total = int(heights.sum())
    asked, answer = rng.choice(
        (
            ("How many cubes are there in all?", total),
            ("Seen straight from the front, how many cube faces are visible?", int(heights.max(axis=0).sum())),
            ("Seen straight from the right, how many cube faces are visible?", int(heights.max(axis=1).sum())),
            ("How many of the cubes have another cube on top of them?", total - int((heights > 0).sum())),
        )
    )
    told = "; ".join(", ".join(map(str, row)) for row in heights)
    said = rng.choice(
        (
            "Cubes of the same size are stacked on a floor of {rows} rows and {columns} columns of squares. "
            "From the back row to the front row, each from left to right, the stacks have these heights: {told}.",
            "A child builds towers of equal cubes on a board of {rows} by {columns} squares. The heights of the "
            "towers, a row at a time from the back to the front and from left to right in a row, are {told}.",
            "Equal boxes, all cubes, stand in {rows} rows of {columns} piles, the piles side by side without gaps. "
            "Counted in boxes, the piles are this high, the back row first, each row from left to right: {told}.",
        )
    )
    text = f"{said.format(rows=rows, columns=columns, told=told)} {asked}"
    return numbered(text, answer, rows * columns * highest)


def rectangles(rng: Random, level: int) -> Item:
    """Rectangles on squared paper, and the squares under them."""
    count, size = {1: (2, 5), 2: (2, 9), 3: (3, 12)}[level]
    names = "ABC"[:count]
    cover = numpy.zeros((size, size), dtype=int)
    told = []
    for name in names:
        (left, right), (low, high) = (sorted(rng.sample(range(size + 1), 2)) for _ in range(2))
        cover[left:right, low:high] += 1
        told.append(
            f"rectangle {name} has its lower left corner at ({left}, {low}) and its upper right corner at "
            f"({right}, {high})"
        )
    asked, answer = rng.choice(
        (
            (f"lie inside {'both' if count == 2 else 'all three'} rectangles", (cover == count).sum()),
            ("lie inside at least one of the rectangles", (cover > 0).sum()),
            ("lie inside exactly one of the rectangles", (cover == 1).sum()),
        )
    )
    said = rng.choice(
        (
            "On squared paper, {told}. How many of the unit squares {asked}?",
            "Lines at whole numbers divide a plane into unit squares. In it, {told}. How many unit squares {asked}?",
            "Somebody draws on a sheet ruled into squares of side 1: {told}. How many of these squares {asked}?",
        )
    )
    return numbered(said.format(told=listed(told), asked=asked), int(answer), size * size)


def cuts(rng: Random, level: int) -> Item:
    """Chords of a circle: each adds a piece, and so does each crossing."""
    marks, count = {1: (6, 3), 2: (9, 5), 3: (12, 8)}[level]
    marks += rng.randrange(3)
    chords = rng.sample(list(combinations(range(1, marks + 1), 2)), rng.randint(2, count) if level == 1 else count)
    crossings = sum(a < c < b < d or c < a < d < b for (a, b), (c, d) in combinations(chords, 2))
    told = listed([f"{a} to {b}" for a, b in chords])
    said = rng.choice(
        (
            "The rim of a round cake has {marks} marks, numbered 1 to {marks} clockwise. The cake is cut straight "
            "from mark {told}. No three cuts meet at a point inside the cake. Into how many pieces is it cut?",
            "There are {marks} points on a circle, numbered 1 to {marks} in clockwise order. Straight lines are drawn "
            "from point {told}. No three lines meet at a point inside the circle. Into how many regions do the lines "
            "divide the inside of the circle?",
            "Around a circular pond stand {marks} posts, numbered 1 to {marks} clockwise. Straight ropes are stretched "
            "over the water from post {told}. No three ropes cross at one point above the water. Into how many parts "
            "do the ropes divide the surface of the pond?",
        )
    )
    most = 1 + count + count * (count - 1) // 2
    return numbered(said.format(marks=marks, told=told), 1 + len(chords) + crossings, most)


def folded_sheet(rng: Random, level: int) -> Item:
    """A sheet that is folded and punched: `layers` counts what lies on each square."""
    height, width = (rng.randint(*{1: (2, 4), 2: (4, 6), 3: (6, 9)}[level]) for _ in range(2))
    layers = numpy.ones((height, width), dtype=int)
    steps = []
    for _ in range({1: 1, 2: 2, 3: 4}[level]):
        side = rng.choice([side for side in ("left", "right", "top", "bottom") if _span(layers, side) > 1])
        moved = rng.randint(1, _span(layers, side) // 2)
        layers = _folded(layers, side, moved)
        what, where = {
            "left": ("column", "right"),
            "right": ("column", "left"),
            "top": ("row", "bottom"),
            "bottom": ("row", "top"),
        }[side]
        lines = f"{what}s are" if moved > 1 else f"{what} is"
        steps.append(f"the {moved} {side}most {lines} folded over towards the {where}")
    squares = [(row, column) for row in range(layers.shape[0]) for column in range(layers.shape[1])]
    punched = rng.sample(squares, min(len(squares), level))
    told = "; ".join(f"row {row + 1}, column {column + 1}" for row, column in sorted(punched))
    said = rng.choice(
        (
            "A sheet of paper is ruled into {height} rows and {width} columns of squares. {Steps}. In the folded "
            "sheet, rows are counted from the top and columns from the left. A hole is punched through all "
            "layers in the "
            "middle of each of these squares of the folded sheet: {told}. The sheet is unfolded. How many holes "
            "does it have?",
            "A napkin is checked with {height} rows and {width} columns of squares. {Steps}. With the rows of the "
            "folded napkin counted from the top and the columns from the left, a needle goes through all layers "
            "at the centre "
            "of each of these squares: {told}. How many holes does the unfolded napkin have?",
        )
    )
    told_steps = ". Then ".join(steps)
    steps_text = f"{told_steps[0].upper()}{told_steps[1:]}"
    answer = int(sum(layers[square] for square in punched))
    return numbered(said.format(height=height, width=width, Steps=steps_text, told=told), answer, height * width)


def _span(layers: NDArray[numpy.int_], side: str) -> int:
    return int(layers.shape[1 if side in ("left", "right") else 0])


def _folded(layers: NDArray[numpy.int_], side: str, moved: int) -> NDArray[numpy.int_]:
    """Fold at most half of the sheet over, its first rows after turning it so that `side` comes first."""
    turns = {"top": 0, "right": 1, "bottom": 2, "left": 3}[side]
    turned = numpy.rot90(layers, turns).copy()
    turned[moved : 2 * moved] += turned[:moved][::-1]
    return numpy.rot90(turned[moved:], -turns).copy()
