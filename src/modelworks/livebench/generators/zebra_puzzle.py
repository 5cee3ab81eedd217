"""Zebra puzzles: a row of places, each with one of each attribute's values, and clues that leave one arrangement."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations, product
from random import Random

from pysat.solvers import Solver

from modelworks.livebench.generators.drawing import collect, make, masked
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.lexicon import words
from modelworks.livebench.question import Question

TASK = "zebra_puzzle"
CATEGORY = "reasoning"
SIZES = {1: (3, 2, 1), 2: (4, 3, 3), 3: (5, 4, 4), 4: (6, 5, 5)}  # level: places, attributes, things asked
LEVELS = tuple(SIZES)

Value = tuple[int, int]  # attribute, value


@dataclass(frozen=True)
class Kind:
    """A kind of clue: whether it holds for the places (from 1) of its values in a row of n, and how it is said."""

    arity: int
    holds: Callable[..., bool]
    said: tuple[str, ...]
    level: int = 1
    once: bool = False


KINDS = (
    Kind(1, lambda n, k, a: a == k, ("{0} is at position {k}", "at position {k} is {0}"), once=True),
    Kind(1, lambda n, k, a: a == 1, ("{0} is at the far left", "no {unit} is further left than {0}"), once=True),
    Kind(1, lambda n, k, a: a == n, ("{0} is at the far right", "no {unit} is further right than {0}"), once=True),
    Kind(1, lambda n, k, a: 1 < a < n, ("{0} is not at the far left or far right", "{0} is not at either end")),
    Kind(1, lambda n, k, a: a % 2 == 0, ("{0} is in an even position", "{0} has an even number"), level=2),
    Kind(1, lambda n, k, a: a % 2 == 1, ("{0} is in an odd position", "{0} has an odd number"), level=2),
    Kind(2, lambda n, k, a, b: a == b, ("{0} is also {1}", "{0} is the same {unit} as {1}")),
    Kind(2, lambda n, k, a, b: a != b, ("{0} is not {1}", "{0} and {1} are different")),
    Kind(2, lambda n, k, a, b: a + 1 == b, ("{0} is on the immediate left of {1}", "{0} is directly left of {1}")),
    Kind(2, lambda n, k, a, b: a == b + 1, ("{0} is on the immediate right of {1}", "{0} is directly right of {1}")),
    Kind(2, lambda n, k, a, b: a < b, ("{0} is somewhere to the left of {1}", "{0} is further left than {1}")),
    Kind(2, lambda n, k, a, b: a > b, ("{0} is somewhere to the right of {1}", "{0} is further right than {1}")),
    Kind(2, lambda n, k, a, b: abs(a - b) == 1, ("{0} is next to {1}", "{0} and {1} are neighbors"), level=2),
    Kind(2, lambda n, k, a, b: abs(a - b) == 2, ("there is exactly one {unit} between {0} and {1}",), level=2),
    Kind(2, lambda n, k, a, b: a != b and abs(a - b) != 1, ("{0} and {1} are different and not neighbors",), level=3),
    Kind(
        3,
        lambda n, k, a, b, c: min(b, c) < a < max(b, c),
        (
            "{0} is somewhere between {1} and {2}",
            "{0} is to the right of one and to the left of the other of {1} and {2}",
        ),
        level=3,
    ),
)


@dataclass(frozen=True)
class Clue:
    kind: Kind
    about: tuple[Value, ...]
    number: int  # of the place, where the kind names one

    def allows(self, size: int, places: tuple[int, ...]) -> bool:
        return self.kind.holds(size, self.number, *places)


@dataclass(frozen=True)
class Row:
    """A setting, its attributes, their values in the order listed, and the place (from 1) of each value."""

    setting: dict[str, str]
    attributes: list[dict[str, str]]
    values: list[list[str]]
    places: dict[Value, int]

    @property
    def size(self) -> int:
        return len(self.values[0])

    def phrase(self, value: Value) -> str:
        attribute, which = value
        return f"{self.setting['subject']} {self.attributes[attribute]['verb']} {self.values[attribute][which]}"


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release))


def oracle_answer(question: Question) -> str:
    return f"<solution>{', '.join(question.ground_truth.split(','))}</solution>"


def random_answer(question: Question, rng: Random) -> str:
    """For each thing asked, one of the values that it may have."""
    return f"<solution>{', '.join(rng.choice(options) for options in question.extra['options'])}</solution>"


def chance(question: Question) -> float:
    """Half for all right at once, half for the share that is right."""
    parts = [1 / len(options) for options in question.extra["options"]]
    together = 1.0
    for part in parts:
        together *= part
    return (together + sum(parts) / len(parts)) / 2


def _drawn(rng: Random, level: int, release: date) -> Question | None:
    size, width, asked = SIZES[level]
    row = _row(rng, size, width)
    arrangement = [
        sorted((value, row.places[a, v]) for v, value in enumerate(values)) for a, values in enumerate(row.values)
    ]
    if not is_of_release(release, TASK, row.setting["unit"], sorted(arrangement)):
        return None
    clues = enough(rng, row, level)
    return None if clues is None else _asked(rng, row, clues, asked, level, release)


def _row(rng: Random, size: int, width: int) -> Row:
    material = words(TASK)
    attributes = rng.sample(material["attributes"], width)
    values = [rng.sample(attribute["values"], size) for attribute in attributes]
    places = {(a, v): place for a in range(width) for v, place in enumerate(rng.sample(range(1, size + 1), size))}
    return Row(rng.choice(material["settings"]), attributes, values, places)


def enough(rng: Random, row: Row, level: int) -> list[Clue] | None:
    """True clues that leave one arrangement, none of them superfluous; None if those drawn leave more."""
    clues = list(_true_clues(rng, row, level))
    with Solver("cadical153") as solver:
        for clause in _constraints(row):
            solver.add_clause(clause)
        first = len(row.places) * row.size + 1
        for number, clue in enumerate(clues, first):
            for clause in _clauses(row, clue):
                solver.add_clause([-number, *clause])
        solver.add_clause([-_variable(row, value, place) for value, place in row.places.items()])
        if solver.solve(assumptions=list(range(first, first + len(clues)))):
            return None
        kept = list(solver.get_core())
        for number in list(kept):
            rest = [other for other in kept if other != number]
            if not solver.solve(assumptions=rest):
                kept = rest
    chosen = [clues[number - first] for number in kept]
    rng.shuffle(chosen)
    return chosen


def _true_clues(rng: Random, row: Row, level: int) -> Iterator[Clue]:
    """Kinds evenly, values at random; those that name a place outright once each."""
    kinds = [kind for kind in KINDS if kind.level <= level]
    seen: set[tuple[int, tuple[Value, ...]]] = set()
    for _ in range(40 * len(row.places)):
        which = rng.randrange(len(kinds))
        kind = kinds[which]
        about = tuple(rng.sample(list(row.places), kind.arity))
        one_attribute = len({attribute for attribute, _ in about}) == 1 and kind.arity == 2
        trivial = one_attribute and kind.said[0] in ("{0} is also {1}", "{0} is not {1}")
        clue = Clue(kind, about, row.places[about[0]])
        mark = (which, () if kind.once else about)
        if mark in seen or trivial or not clue.allows(row.size, tuple(row.places[value] for value in about)):
            continue
        seen.add(mark)
        yield clue


def _variable(row: Row, value: Value, place: int) -> int:
    attribute, which = value
    return (attribute * row.size + which) * row.size + place


def _constraints(row: Row) -> Iterator[list[int]]:
    """Each value has one place, and each place one value of an attribute."""
    places = range(1, row.size + 1)
    for attribute in range(len(row.values)):
        for one in range(row.size):
            yield [_variable(row, (attribute, one), place) for place in places]
            for place, other in combinations(places, 2):
                yield [-_variable(row, (attribute, one), place), -_variable(row, (attribute, one), other)]
        for place in places:
            for one, two in combinations(range(row.size), 2):
                yield [-_variable(row, (attribute, one), place), -_variable(row, (attribute, two), place)]


def _clauses(row: Row, clue: Clue) -> Iterator[list[int]]:
    for places in product(range(1, row.size + 1), repeat=clue.kind.arity):
        if not clue.allows(row.size, places):
            yield [-_variable(row, value, place) for value, place in zip(clue.about, places, strict=True)]


def _asked(rng: Random, row: Row, clues: list[Clue], asked: int, level: int, release: date) -> Question:
    setting = row.setting
    told = [
        rng.choice(clue.kind.said).format(*map(row.phrase, clue.about), k=clue.number, unit=setting["unit"])
        for clue in clues
    ]
    questions, answers, options = _questions(rng, row, asked)
    names = [attribute["name"] for attribute in row.attributes]
    text = "\n".join(
        [
            rng.choice(setting["intros"]).format(n=row.size),
            f"{setting['each']}: {', '.join(names)}.",
            "The attributes have the following possible values:",
            *(f"- {name}: {', '.join(values)}" for name, values in zip(names, row.values, strict=True)),
            setting["one"],
            "",
            f"Given the following premises about {setting['about']}:",
            *(f"- {clue}" for clue in told),
            "",
            "Answer the following question:" if asked == 1 else "Answer the following questions:",
            *(f"{number}. {one}" for number, one in enumerate(questions, 1)),
            "",
            "Think step by step, and then return your answers in order as a comma-separated list in "
            f"<solution></solution> tags: <solution>{', '.join(f'answer{n}' for n in range(1, asked + 1))}</solution>",
        ]
    )
    template = masked(text, [value for values in row.values for value in values])
    return make(TASK, CATEGORY, text, ",".join(answers), release, level, template, options=options)


def _questions(rng: Random, row: Row, asked: int) -> tuple[list[str], list[str], list[list[str]]]:
    questions, answers, options = [], [], []
    for value in rng.sample(list(row.places), asked):
        attribute = rng.randrange(len(row.values))
        if attribute == value[0]:
            questions.append(f"What position is {row.phrase(value)} at? Answer with a number from 1 to {row.size}.")
            answers.append(str(row.places[value]))
            options.append([str(place) for place in range(1, row.size + 1)])
        else:
            name = row.attributes[attribute]["name"]
            questions.append(f"What is the {name} {row.setting['of']} {row.phrase(value)}?")
            there = [v for (a, v), place in row.places.items() if a == attribute and place == row.places[value]]
            answers.append(row.values[attribute][there[0]])
            options.append(sorted(row.values[attribute]))
    return questions, answers, options
