"""Column type annotation: which of the listed classes a few values of a column belong to.

Levels by the number of classes, and by how many of them have values of the same kind (numbers, words, dates), of which
some, but never all, fit the sample too.
"""

import json
from datetime import date
from random import Random

from modelworks.livebench.generators.cta_types import TYPES, ColumnType
from modelworks.livebench.generators.drawing import collect, make
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.question import Question

TASK = "cta"
CATEGORY = "data_analysis"
LEVELS = (1, 2, 3)

_CLASSES = {1: 4, 2: 8, 3: 14}
_NEAR = {1: 0, 2: 3, 3: 9}  # classes of the kind of the right one, at most
_OVERLAPPING = ("whole", "real", "slashed")  # kinds of which, at level 3, a value must fit a wrong class too
_VALUES = {1: 5, 2: 5, 3: 6}
_OPENINGS = (
    "Pick the column's class based on the provided column sample.",
    "Decide which class the column belongs to, going by the sample of its values.",
    "A column of a table lost its header. Find its class from some of its values.",
    "Annotate the column with its class; a sample of its values is given.",
    "The sample below comes from one column of a table. Name the class of that column.",
    "Read the column sample and find the class that describes the column.",
)
_MIDDLES = (
    "Choose exactly one of the listed classes.",
    "Exactly one of the listed classes is right: choose it.",
    "Choose exactly one of the listed classes; all values of the sample belong to it.",
    "Only one of the listed classes holds all the values: choose exactly that one.",
    "One of the listed classes is the column's, and exactly one: choose it.",
)
_LAST = "Please respond only with the name of the class."
_STYLES = ("title", "snake", "camel", "plain")


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions of a level; those of releases of different months are disjoint."""
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _draw(rng, level, release))


def _draw(rng: Random, level: int, release: date) -> Question | None:
    right = rng.choice(TYPES)
    values = [right.draw(rng) for _ in range(_VALUES[level])]
    others = [one for one in rng.sample(TYPES, len(TYPES)) if one is not right]
    near = [one for one in others if one.kind == right.kind and not all(map(one.fits, values))]
    far = [one for one in others if one.kind != right.kind]
    overlap = any(one.fits(value) for one in near for value in values)
    if len(set(values)) < 4 or (level == 3 and right.kind in _OVERLAPPING and not overlap):
        return None
    near = sorted(near, key=lambda one: -sum(map(one.fits, values)))[: _NEAR[level]]
    chosen = [right, *near, *far][: _CLASSES[level]]
    rng.shuffle(chosen)
    style = rng.choice(_STYLES)
    classes = [_styled(one, style) for one in chosen]
    if not is_of_release(release, TASK, values, classes):
        return None
    head = f"{rng.choice(_OPENINGS)} {rng.choice(_MIDDLES)} {_LAST}"
    sample = json.dumps([[value] for value in values], ensure_ascii=False)
    listed = "[" + " ".join(f"'{name}'" for name in classes) + "]"
    stem = f"Column sample: {sample}\nClasses: {listed}\nOutput:\n"
    template = f"{head}\nColumn sample: VALUES\nClasses: CLASSES\nOutput:\n"
    truth = _styled(right, style)
    return make(TASK, CATEGORY, f"{head}\n{stem}", truth, release, level, template, stem=stem, classes=classes)


def _styled(one: ColumnType, style: str) -> str:
    if style == "snake":
        return "_".join(one.words)
    if style == "plain":
        return " ".join(one.words)
    capital = [word.capitalize() for word in one.words]
    return " ".join(capital) if style == "title" else "".join([one.words[0], *capital[1:]])


def random_answer(question: Question, rng: Random) -> str:
    """One of the classes, evenly."""
    return str(rng.choice(question.extra["classes"]))


def oracle_answer(question: Question) -> str:
    """The class."""
    return str(question.ground_truth)


def chance(question: Question) -> float:
    """One in as many as there are classes."""
    return 1 / len(question.extra["classes"])
