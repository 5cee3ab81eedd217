"""Spatial questions about something that moves: a walk on a grid of streets, a rolling die."""

from random import Random

from modelworks.livebench.generators.spatial_item import Item, numbered

_COMPASS = {1j: "north", 1 + 0j: "east", -1j: "south", -1 + 0j: "west"}
_TURNS = {"left": 1j, "right": -1j, "around": -1 + 0j}


def walk(rng: Random, level: int) -> Item | None:
    """Where a walk ends, as a complex number: east is 1, north is i."""
    facing = start = rng.choice(list(_COMPASS))
    place = 0j
    steps = []
    longest = 5 if level == 1 else 9
    for number in range({1: 3, 2: 6, 3: 10}[level]):
        if number:
            turn = rng.choice(("left", "right", "left", "right", "around"))
            facing *= _TURNS[turn]
            steps.append(f"turn {turn}")
        blocks = rng.randint(1, longest)
        place += blocks * facing
        steps.append(f"walk {blocks} block{'s' if blocks > 1 else ''}")
    said = rng.choice(
        (
            "You stand at a crossing of a town whose streets form a square grid, facing {start}. You {steps}.",
            "In a city laid out as a grid of square blocks you start at a corner, looking {start}. You {steps}.",
            "A grid of streets runs north to south and east to west. Facing {start}, you {steps}.",
        )
    ).format(start=_COMPASS[start], steps=f"{', '.join(steps[:-1])}, and finally {steps[-1]}")
    east, north = int(place.real), int(place.imag)
    asked = rng.randrange(3)
    if asked == 0:
        return Item(f"{said} In which compass direction are you facing now?", _COMPASS[facing], list(_COMPASS.values()))
    if asked == 1:
        most = longest * (len(steps) // 2 + 1)
        return numbered(
            f"{said} How many blocks is the shortest way back along the streets?", abs(east) + abs(north), most
        )
    if not (east and north):
        return None
    way = ("north" if north > 0 else "south") + ("east" if east > 0 else "west")
    ways = ["northeast", "northwest", "southeast", "southwest"]
    return Item(
        f"{said} Does your start lie to the northeast, northwest, southeast or southwest of you now?",
        _opposite(way),
        ways,
    )


def _opposite(way: str) -> str:
    return ("south" if way.startswith("north") else "north") + ("west" if way.endswith("east") else "east")


_ROLLS = {  # what comes on top, to the north and to the east, of the sides (top, north, east) and those opposite
    "north": lambda top, north, east: (7 - north, top, east),
    "south": lambda top, north, east: (north, 7 - top, east),
    "east": lambda top, north, east: (7 - east, north, top),
    "west": lambda top, north, east: (east, north, 7 - top),
}


def die(rng: Random, level: int) -> Item:
    """A die rolled over its edges."""
    start = top, north, east = rng.choice(
        [
            (a, b, c)
            for a in range(1, 7)
            for b in range(1, 7)
            for c in range(1, 7)
            if len({a, b, c, 7 - a, 7 - b, 7 - c}) == 6
        ]
    )
    sides = start
    rolls = [rng.choice(list(_ROLLS)) for _ in range({1: rng.randint(2, 3), 2: 5, 3: 9}[level])]
    for roll in rolls:
        sides = _ROLLS[roll](*sides)
    asked = rng.randrange(3)
    face = ("is on top", "faces north", "faces east")[asked]
    said = rng.choice(
        (
            "On any side of a die and the opposite side there are 7 dots in all. A die lies with {top} on top, {north} "
            "facing north and {east} facing east. It is rolled over its edge by a quarter turn each time, in these "
            "directions: {rolls}. Which number {face} now?",
            "The numbers on opposite sides of a die add up to 7. One lies on a table: {top} is on top, {north} faces "
            "north, and {east} faces east. Somebody tips it over, always onto the neighboring side, to the {rolls}. "
            "Which number {face} at the end?",
        )
    )
    text = said.format(top=top, north=north, east=east, rolls=", then ".join(rolls), face=face)
    return Item(text, str(sides[asked]), [str(number) for number in range(1, 7)])
