"""Movements, followed from the text: a walk as sums by compass direction, a die by turning it in space."""

import re

Answers = set[str] | None
Vector = tuple[int, int, int]  # east, north, up

_WINDS = ("north", "east", "south", "west")
_TURNS = {"left": 3, "right": 1, "around": 2}


def walk(text: str) -> Answers:
    start = re.search(rf"(?:[Ff]acing|looking) ({'|'.join(_WINDS)})[.,]", text)
    steps = re.findall(r"walk (\d+) block|turn (left|right|around)", text)
    if not start or not steps:
        return None
    wind = _WINDS.index(start[1])
    walked = dict.fromkeys(_WINDS, 0)
    for blocks, turn in steps:
        if turn:
            wind = (wind + _TURNS[turn]) % 4
        else:
            walked[_WINDS[wind]] += int(blocks)
    north, east = walked["north"] - walked["south"], walked["east"] - walked["west"]
    if text.endswith("In which compass direction are you facing now?"):
        return {_WINDS[wind]}
    if text.endswith("How many blocks is the shortest way back along the streets?"):
        return {str(max(north, -north) + max(east, -east))}
    if text.endswith("Does your start lie to the northeast, northwest, southeast or southwest of you now?"):
        vertical = {"north"} if north < 0 else {"south"} if north > 0 else {"north", "south"}
        return {
            one + other
            for one in vertical
            for other in (("east",) if east < 0 else ("west",) if east else ("east", "west"))
        }
    return None


def die(text: str) -> Answers:
    """The dots are points in space, turned by a quarter about a level axis for each roll."""
    lies = re.search(r"(\d) (?:is )?on top, (\d) (?:facing|faces) north,? and (\d) (?:facing|faces) east", text)
    rolls = re.search(r"(?:these directions:|to the) ((?:north|east|south|west)(?:, then \w+)*)\.", text)
    asked = re.search(r"Which number (is on top|faces north|faces east) (?:now|at the end)\?$", text)
    if not (lies and rolls and asked):
        return None
    places: dict[Vector, int] = {}
    for (x, y, z), dots in zip(((0, 0, 1), (0, 1, 0), (1, 0, 0)), map(int, lies.groups()), strict=True):
        places[x, y, z], places[-x, -y, -z] = dots, 7 - dots
    if sorted(places.values()) != [1, 2, 3, 4, 5, 6]:
        return set()
    for roll in rolls[1].split(", then "):
        places = {_rolled(place, roll): dots for place, dots in places.items()}
    return {str(places[{"is on top": (0, 0, 1), "faces north": (0, 1, 0), "faces east": (1, 0, 0)}[asked[1]]])}


def _rolled(place: Vector, roll: str) -> Vector:
    """What was up comes to lie in the direction of the roll."""
    x, y, z = place
    return {"north": (x, z, -y), "south": (x, -z, y), "east": (z, y, -x), "west": (-z, y, x)}[roll]
