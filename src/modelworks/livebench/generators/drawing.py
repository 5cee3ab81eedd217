"""What generators share: seeded draws that end, questions of one turn, templates."""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date
from random import Random
from typing import Any

from modelworks.build.errors import ModelworksError
from modelworks.livebench.question import Question, question_id

_TRIES = 5000  # draws in a row that give nothing new, until the space counts as exhausted

Draw = Callable[[Random], Question | None]


class GenerationError(ModelworksError):
    """A generator was asked for what it cannot make."""


def collect(
    task: str, levels: Collection[int], seed: int, level: int, count: int, release: date, draw: Draw
) -> list[Question]:
    """`count` distinct questions in the order drawn; `draw` may give None. Raises GenerationError."""
    if level not in levels:
        raise GenerationError(f"{task}: level must be one of {', '.join(map(str, levels))}, got {level}")
    rng = Random(f"{task}:{seed}:{level}:{release.isoformat()}")
    found: dict[str, Question] = {}
    idle = 0
    while len(found) < count:
        one = draw(rng)
        if one is None or one.question_id in found:
            idle += 1
            if idle == _TRIES:
                raise GenerationError(
                    f"{task}: level {level} has only {len(found)} questions for {release}: ask for at most as many"
                )
            continue
        idle = 0
        found[one.question_id] = one
    return list(found.values())


def make(
    task: str, category: str, text: str, truth: str, release: date, level: int, template: str, **extra: Any
) -> Question:
    """A question of one turn."""
    own = question_id(task, [text], truth)
    fields = {"level": level, "template": template, **extra}
    return Question(own, category, task, [text], truth, release, extra=fields)


def masked(text: str, names: Iterable[str]) -> str:
    """`text` with each whole occurrence of a name as NAME and each number as NUMBER."""
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    if longest_first:
        text = re.sub(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", "NAME", text)
    return re.sub(r"\d+", "NUMBER", text)


def with_article(noun: str) -> str:
    """`a map`, `an island`: by the first letter, so words like hour and union stay out of the lists."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def listed(items: list[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
