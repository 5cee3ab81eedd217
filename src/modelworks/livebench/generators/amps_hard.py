"""AMPS_Hard: an expression in a box. Level 1 plain sums, 2 algebra and calculus in one step, 3 with larger objects."""

import random
import re
from datetime import date
from typing import Any

from modelworks.livebench.generators import sums
from modelworks.livebench.generators.amps_kinds import ASKED, KINDS, WAYS
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.question import Question, question_id

TASK = "AMPS_Hard"
CATEGORY = "math"
LEVELS = (1, 2, 3)
_FORM = r" Put your final answer in a \boxed{}."
_SMALLEST, _LARGEST = 20, 198  # of two numbers of two digits


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions. Raises ValueError for an unknown level."""
    if level not in LEVELS:
        raise ValueError(f"{TASK} has levels {LEVELS}, not {level}")
    rng = random.Random(f"{TASK}:{seed}:{level}:{release.isoformat()}")
    found: dict[str, Question] = {}
    while len(found) < count:
        stem, answer, own = _drawn(rng, level)
        identity = stem if level == 1 else own["identity"]
        if identity in found or not is_of_release(f"{TASK}:{identity}", release):
            continue
        own.pop("identity", None)
        turns = [stem + _FORM]
        extra = {"level": level, "template": re.sub(r"-?\d+", "N", stem), **own}
        found[identity] = Question(
            question_id(TASK, turns, answer), CATEGORY, TASK, turns, answer, release, extra=extra
        )
    return list(found.values())


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


def _drawn(rng: random.Random, level: int) -> tuple[str, str, dict[str, Any]]:
    if level == 1:
        stem, value = sums.draw(rng)
        return stem, str(value), {"stem": stem, "kind": "sum"}
    kind, given, answer = rng.choice(KINDS)(rng, level == 3)
    stem = rng.choice(WAYS).format(ASKED[kind].format(given))
    return stem, answer, {"kind": kind, "identity": f"{kind}:{given}"}
