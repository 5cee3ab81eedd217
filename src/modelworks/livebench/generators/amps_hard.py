"""AMPS_Hard: an expression in a box. Level 1 plain sums, 2 algebra and calculus in one step, 3 with larger objects."""

import random
import re
from datetime import date

from modelworks.livebench.generators import sums
from modelworks.livebench.generators.amps_kinds import ASKED, KINDS, WAYS
from modelworks.livebench.generators.drawing import collect, make
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.question import Question

TASK = "AMPS_Hard"
CATEGORY = "math"
LEVELS = (1, 2, 3)
_FORM = r" Put your final answer in a \boxed{}."
_SMALLEST, _LARGEST = 20, 198  # of two numbers of two digits


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions. Raises GenerationError."""
    asked: set[str] = set()
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release, asked))


def random_answer(question: Question, rng: random.Random) -> str:
    """A number that a sum of two numbers of two digits can be."""
    return rf"\boxed{{{rng.randint(_SMALLEST, _LARGEST)}}}"


def oracle_answer(question: Question) -> str:
    """The answer in a box."""
    return rf"\boxed{{{question.ground_truth}}}"


def chance(question: Question) -> float:
    """A guess among the numbers; elsewhere nothing is known to guess from."""
    answer = question.ground_truth
    known = re.fullmatch(r"\d+", answer) is not None and _SMALLEST <= int(answer) <= _LARGEST
    return 1 / (_LARGEST - _SMALLEST + 1) if known else 0.0


def _drawn(rng: random.Random, level: int, release: date, asked: set[str]) -> Question | None:
    if level == 1:
        found = sums.draw(rng, TASK, release, asked)
        if found is None:
            return None
        stem, value = found
        return _question(stem, str(value), level, release, kind="sum", stem=stem)
    kind, given, answer = rng.choice(KINDS)(rng, level == 3)
    identity = f"{kind}:{given}"
    if identity in asked or not is_of_release(release, TASK, identity):
        return None
    asked.add(identity)
    return _question(rng.choice(WAYS).format(ASKED[kind].format(given)), answer, level, release, kind=kind)


def _question(sentence: str, answer: str, level: int, release: date, **own: str) -> Question:
    template = re.sub(r"-?\d+", "N", sentence)
    return make(TASK, CATEGORY, sentence + _FORM, answer, release, level, template, **own)
