"""Spatial reasoning: solids, sheets, cuts, paths, dice and seats, told in words."""

from collections.abc import Callable
from datetime import date
from random import Random

from modelworks.livebench.generators import spatial_arrangements, spatial_counting, spatial_moving
from modelworks.livebench.generators.drawing import collect, make, masked
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.generators.spatial_item import Item
from modelworks.livebench.question import Question

TASK = "spatial"
CATEGORY = "reasoning"
LEVELS = (1, 2, 3)

FAMILIES: tuple[Callable[[Random, int], Item | None], ...] = (
    spatial_counting.painted_box,
    spatial_counting.towers,
    spatial_counting.rectangles,
    spatial_counting.cuts,
    spatial_counting.folded_sheet,
    spatial_moving.walk,
    spatial_moving.die,
)
ARRANGEMENTS = (spatial_arrangements.shelves, spatial_arrangements.round_table)


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release))


def oracle_answer(question: Question) -> str:
    return f"**{question.ground_truth}**"


def random_answer(question: Question, rng: Random) -> str:
    return f"**{rng.choice(question.extra['options'])}**"


def chance(question: Question) -> float:
    return 1 / len(question.extra["options"])


def _drawn(rng: Random, level: int, release: date) -> Question | None:
    def mine(*content: object) -> bool:
        return is_of_release(release, TASK, *content)

    which = rng.randrange(len(FAMILIES) + len(ARRANGEMENTS))
    if which < len(FAMILIES):
        item = FAMILIES[which](rng, level)
        item = item if item and mine(item.text) else None
    else:
        item = ARRANGEMENTS[which - len(FAMILIES)](rng, level, mine)
    if item is None:
        return None
    number = item.answer.isdigit()
    text = (
        f"{item.text} Think step by step, and then put your answer in **bold** as a single "
        f"{'integer (for example, **0**)' if number else f'word (for example, **{item.options[0]}**)'}. "
        "If you don't know, guess."
    )
    template = masked(text, item.names)
    return make(TASK, CATEGORY, text, item.answer, release, level, template, options=item.options, stem=item.text)
