"""Counts, worked out from the text: cube by cube, by inclusion and exclusion, by Euler's formula, by unfolding."""

import re
from fractions import Fraction
from itertools import combinations, product
from math import comb

Answers = set[str] | None
Point = tuple[Fraction, Fraction]


def painted_box(text: str) -> Answers:
    """Every cube is looked at."""
    size = re.search(r"(\d+) cm wide, (\d+) cm deep and (\d+) cm high", text)
    asked = re.search(r"have (?:exactly (\d)|no) painted faces?\?$", text)
    painted = re.search(r" on (all six|only its ([a-z, ]+)) sides", text)
    if not (size and asked and painted):
        return None
    sides = set(re.findall(r"[a-z]+", painted[2])) - {"and"} if painted[2] else None
    lengths = [int(number) for number in size.groups()]
    ends = (("left", 0, 0), ("right", 0, -1), ("front", 1, 0), ("back", 1, -1), ("bottom", 2, 0), ("top", 2, -1))
    count = 0
    for cube in product(*map(range, lengths)):
        faces = [side for side, axis, end in ends if cube[axis] == range(lengths[axis])[end]]
        count += sum(sides is None or side in sides for side in faces) == int(asked[1] or 0)
    return {str(count)}


def towers(text: str) -> Answers:
    """Every cube is a point; looking along an axis, points in a line hide one another."""
    told = re.search(r"(?::|are) (\d+(?:[,;] \d+)*)\. ", text)
    size = re.search(r"(\d+) rows (?:and|of) (\d+) (?:columns|piles)|(\d+) by (\d+) squares", text)
    if not (told and size):
        return None
    heights = [[int(number) for number in row.split(", ")] for row in told[1].split("; ")]
    rows, columns = (int(number) for number in size.groups() if number)
    if [len(row) for row in heights] != [columns] * rows:
        return None
    cubes = {(r, c, h) for r, row in enumerate(heights) for c, height in enumerate(row) for h in range(height)}
    counts = {
        "How many cubes are there in all?": len(cubes),
        "Seen straight from the front, how many cube faces are visible?": len({(c, h) for _, c, h in cubes}),
        "Seen straight from the right, how many cube faces are visible?": len({(r, h) for r, _, h in cubes}),
        "How many of the cubes have another cube on top of them?": sum((r, c, h + 1) in cubes for r, c, h in cubes),
    }
    return next(({str(count)} for asked, count in counts.items() if text.endswith(asked)), None)


def rectangles(text: str) -> Answers:
    """The squares in exactly m of the rectangles, by inclusion and exclusion over their intersections' areas."""
    corner = r"\((\d+), (\d+)\)"
    shape = rf"rectangle [A-C] has its lower left corner at {corner} and its upper right corner at {corner}"
    found = [tuple(map(int, corners)) for corners in re.findall(shape, text)]
    asked = re.search(r"lie inside (both|all three|at least one of the|exactly one of the) rectangles\?$", text)
    if not found or not asked:
        return None
    count = len(found)
    areas = [0] * (count + 1)
    for size in range(1, count + 1):
        for some in combinations(found, size):
            (left, low), (right, high) = (
                [f(one[i] for one in some) for i in at] for f, at in ((max, (0, 1)), (min, (2, 3)))
            )
            areas[size] += max(0, right - left) * max(0, high - low)
    exactly = [
        sum((-1) ** (size - m) * comb(size, m) * areas[size] for size in range(m, count + 1))
        for m in range(1, count + 1)
    ]
    number = {"at least one of the": sum(exactly), "exactly one of the": exactly[0]}.get(asked[1], exactly[-1])
    return {str(number)} if {"both": 2, "all three": 3}.get(asked[1], count) == count else None


def cuts(text: str) -> Answers:
    """Euler's formula on the drawing, with the marks at points of the circle that make no three chords meet."""
    marks = re.search(r"numbered 1 to (\d+)", text)
    told = re.search(r"from (?:mark|point|post) (\d+ to [^.]+)\.", text)
    chords = [(int(a), int(b)) for a, b in re.findall(r"(\d+) to (\d+)", told[1])] if told else []
    if not marks or not chords or "No three" not in text or len(set(chords)) != len(chords):
        return None
    if any(not 1 <= mark <= int(marks[1]) for chord in chords for mark in chord):
        return None
    ends = [(_on_circle(a), _on_circle(b)) for a, b in chords]
    crossings: list[set[Point]] = [set() for _ in chords]
    for (i, one), (j, two) in combinations(enumerate(ends), 2):
        if point := _crossing(one, two):
            if point in crossings[i] or point in crossings[j]:
                return set()
            crossings[i].add(point)
            crossings[j].add(point)
    used = {mark for chord in chords for mark in chord}
    vertices = len(used) + len(set().union(*crossings))
    edges = len(used) + sum(len(on) + 1 for on in crossings)
    return {str(edges - vertices + 1)}


def _on_circle(mark: int) -> Point:
    """Rational points in order, at heights with no pattern."""
    t = Fraction(mark * mark * 7 + mark * 1009 + mark**3, 4096)
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)


def _crossing(one: tuple[Point, Point], two: tuple[Point, Point]) -> Point | None:
    """Where two segments cross inside the circle."""
    (ax, ay), (bx, by) = one
    (cx, cy), (dx, dy) = two
    across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    if across == 0:
        return None
    s = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / across
    t = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / across
    return (ax + s * (bx - ax), ay + s * (by - ay)) if 0 < s < 1 and 0 < t < 1 else None


def folded_sheet(text: str) -> Answers:
    """The holes are mirrored at each fold, last fold first."""
    size = re.search(r"(\d+) rows and (\d+) columns of squares\. ", text)
    folds = re.findall(r"the (\d+) (left|right|top|bottom)most (?:rows?|columns?) (?:is|are) folded over", text, re.I)
    holes = [(int(row) - 1, int(column) - 1) for row, column in re.findall(r"row (\d+), column (\d+)", text)]
    if not (size and folds and holes):
        return None
    shape = [int(size[1]), int(size[2])]
    shapes = []
    for moved, side in folds:
        shapes.append(tuple(shape))
        shape[side in ("left", "right")] -= int(moved)
    if len(set(holes)) != len(holes) or any(not (row < shape[0] and column < shape[1]) for row, column in holes):
        return set()
    points = set(holes)
    for (moved, side), before in zip(reversed(folds), reversed(shapes), strict=True):
        axis = int(side in ("left", "right"))
        edge = int(moved)
        unfolded = set()
        for point in points:
            place = list(point)
            if side in ("left", "top"):
                place[axis] += edge
            unfolded.add(tuple(place))
            crease = edge if side in ("left", "top") else before[axis] - edge
            place[axis] = 2 * crease - 1 - place[axis]
            if 0 <= place[axis] < before[axis]:
                unfolded.add(tuple(place))
        points = {(row, column) for row, column in unfolded}
    return {str(len(points))}
