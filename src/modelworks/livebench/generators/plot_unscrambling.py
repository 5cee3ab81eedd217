"""Plots to unscramble: a chain of sentences, each of which takes up what the one before brought in."""

import functools
import re
from dataclasses import dataclass
from datetime import date
from random import Random

from modelworks.livebench.generators.drawing import collect, make, masked, with_article
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.lexicon import words
from modelworks.livebench.question import Question

TASK = "plot_unscrambling"
CATEGORY = "language"
SENTENCES = {1: 4, 2: 6, 3: 8}
LEVELS = tuple(SENTENCES)
_SAMPLES = 2000

_REQUEST = (
    "The following plot summary of a movie has had the sentences randomly reordered. Rewrite the plot summary with the "
    "sentences correctly ordered. Begin the plot summary with <PLOT_SUMMARY>.\n\n"
)


@dataclass(frozen=True)
class Step:
    """A sentence that takes up the noun `takes` and brings in the noun `brings`."""

    text: str
    takes: str | None
    brings: str | None


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release))


def oracle_answer(question: Question) -> str:
    return f"<PLOT_SUMMARY>{question.ground_truth}"


def random_answer(question: Question, rng: Random) -> str:
    sentences = re.findall(r"[^.]+\.", question.ground_truth)
    return f"<PLOT_SUMMARY>{' '.join(one.strip() for one in rng.sample(sentences, len(sentences)))}"


def chance(question: Question) -> float:
    """Measured over seeded random orders: 1 less the edit distance to the right order, as a share."""
    return _measured(question.ground_truth.count("."))


@functools.cache
def _measured(count: int) -> float:
    rng = Random(count)
    right = list(range(count))
    return sum(1 - _edits(right, rng.sample(right, count)) / count for _ in range(_SAMPLES)) / _SAMPLES


def _edits(one: list[int], other: list[int]) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _drawn(rng: Random, level: int, release: date) -> Question | None:
    steps = chain(rng, SENTENCES[level])
    if steps is None:
        return None
    material = words(TASK)
    names = {
        "H": rng.choice(material["names"]),
        "job": rng.choice(material["jobs"]),
        "town": rng.choice(material["towns"]),
    }
    if not is_of_release(release, TASK, [step.text for step in steps], names["H"]):
        return None
    times = ["", *(rng.choice(material["times"]) for _ in steps[1:-1]), ""]
    told = [_told(step, time, names) for step, time in zip(steps, times, strict=True)]
    shown = rng.sample(told, len(told))
    if shown == told:
        return None
    text = _REQUEST + " ".join(shown)
    return make(TASK, CATEGORY, text, " ".join(told), release, level, masked(text, names.values()))


def chain(rng: Random, count: int) -> list[Step] | None:
    """Steps in the order of the story, no noun brought in twice; None if it ran into a dead end."""
    steps = [rng.choice(_steps("first"))]
    told = {steps[0].brings}
    while len(steps) < count - 1:
        going_on = [one for one in _steps("steps") if one.takes == steps[-1].brings and one.brings not in told]
        if len(steps) < count - 2:
            takers = {one.takes for one in _steps("steps")}
            going_on = [one for one in going_on if one.brings in takers]
        if not going_on:
            return None
        steps.append(rng.choice(going_on))
        told.add(steps[-1].brings)
    end = rng.choice(words(TASK)["ends"]).replace("<X>", f"<{steps[-1].brings}>")
    return [*steps, Step(end, steps[-1].brings, None)]


@functools.cache
def _steps(kind: str) -> list[Step]:
    return [
        Step(text, *((re.findall(pattern, text) or [None])[0] for pattern in (r"<(\w+)>", r"\[(\w+)\]")))
        for text in words(TASK)[kind]
    ]


def _told(step: Step, time: str, names: dict[str, str]) -> str:
    """The sentence; what the hero does may be dated."""
    text = re.sub(r"\[(\w+)\]", lambda match: with_article(match[1]), re.sub(r"<(\w+)>", r"the \1", step.text))
    text = time + text if text.startswith("{H}") else text[0].upper() + text[1:]
    return text.format_map(names)
