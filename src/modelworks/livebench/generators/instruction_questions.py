"""Questions that give a text, a task on it, and instructions whose keeping can be verified.

Levels by the number of instructions. The text is an article from a grammar of our own, or one that the caller gives.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from modelworks.livebench.generators import instruction_wording as ids
from modelworks.livebench.generators.articles import Article, write_article
from modelworks.livebench.generators.drawing import collect
from modelworks.livebench.generators.instruction_answers import Plan, compose
from modelworks.livebench.generators.instruction_arguments import bounded, draw_arguments
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.question import Question, question_id
from modelworks.livebench.scorers.instruction_following import judge_instructions

CATEGORY = "instruction_following"
LEVELS = (1, 2, 3)

_INSTRUCTIONS = {1: (1, 1), 2: (2, 3), 3: (4, 5)}
_OPENINGS = (
    "The following are the beginning sentences of a news article.",
    "Below are the first sentences of a report in a local newspaper.",
    "Here is the beginning of a news article.",
    "The text between the lines is the start of a newspaper article.",
)
_GENERAL = ("The text reports on recent events.", "Some people were part of them.", "There is more to come.")


@dataclass(frozen=True)
class Task:
    """A task of instruction following: its name, what it asks for, and how an answer to it begins."""

    name: str
    ask: str
    lead: str

    def generate(
        self, seed: int, level: int, count: int, release: date, sources: Sequence[str] | None = None
    ) -> list[Question]:
        """`count` distinct questions of a level; those of releases of different months are disjoint.

        With `sources`, texts of the caller's, each question is about one of them: keeping these apart is the caller's.
        """
        return collect(
            self.name, LEVELS, seed, level, count, release, lambda rng: self._draw(rng, level, release, sources)
        )

    def _draw(self, rng: Random, level: int, release: date, sources: Sequence[str] | None) -> Question | None:
        article = _given(rng.choice(sources)) if sources else write_article(rng)
        if not sources and not is_of_release(release, self.name, article.text):
            return None
        chosen = _chosen(rng, rng.randint(*_INSTRUCTIONS[level]))
        plain = (self.lead, *article.plain)
        drawn = draw_arguments(rng, chosen, article.text, " ".join(plain))
        amount, start = rng.randint(2, 4), rng.randrange(12)
        plan = Plan(plain, drawn, amount, start)
        arguments = bounded(rng, drawn, compose(plan), {one: compose(plan, one) for one in chosen})
        if arguments is None:
            return None
        opening = rng.choice(_OPENINGS)
        wanted = [self.ask, *(ids.said(one, arguments[one]) for one in chosen if one != ids.REPEAT)]
        request = f"{opening}\n-------\n{article.text}\n-------\n{' '.join(wanted)}"
        if ids.REPEAT in chosen:
            arguments[ids.REPEAT] = {"prompt_to_repeat": request}
        text = f"{request} {ids.said(ids.REPEAT, {})}" if ids.REPEAT in chosen else request
        plan = Plan(plain, arguments, amount, start)
        if not _is_right(compose(plan), chosen, arguments):
            return None
        asked = " ".join(ids.masked(one, arguments[one], _mask) for one in chosen)
        extra = {
            "level": level,
            "template": f"{opening}\n-------\nTEXT\n-------\n{self.ask} {asked}",
            "instruction_id_list": list(chosen),
            "kwargs": [arguments[one] for one in chosen],
            "task_prompt": self.ask,
            "witness": compose(plan),
            "violators": [compose(plan, one) for one in chosen],
            "guesses": list(article.sentences),
        }
        own = question_id(self.name, [text], None)
        return Question(own, CATEGORY, self.name, [text], None, release, extra=extra)


def _given(text: str) -> Article:
    sentences = tuple(re.split(r"(?<=[.!?])\s+", " ".join(text.split())))
    return Article(sentences, _GENERAL, text)


def _chosen(rng: Random, count: int) -> tuple[str, ...]:
    """Instructions that one answer can follow; the request to repeat comes last."""
    while True:
        chosen: list[str] = []
        for one in rng.sample(ids.ALL, len(ids.ALL)):
            if len(chosen) < count and all(ids.can_join(one, other) for other in chosen):
                chosen.append(one)
        if len(chosen) == count:
            return tuple(sorted(chosen, key=lambda one: one == ids.REPEAT))


def _is_right(witness: str, chosen: Sequence[str], arguments: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the scorer gives the witness all: it may take a few words in capitals for another language."""
    judged = judge_instructions(witness, chosen, [arguments[one] for one in chosen])
    return judged.score == 1 and judged.strict == 1


def _mask(value: object) -> object:
    return "NUMBER" if isinstance(value, int) else value if value in ("at least", "less than") else "NAME"


def random_answer(question: Question, rng: Random) -> str:
    """The first sentences of the text, as many as it falls out, evenly from one to all."""
    guesses = list(question.extra["guesses"])
    return " ".join(guesses[: rng.randint(1, len(guesses))])


def oracle_answer(question: Question) -> str:
    """The witness: it follows all instructions."""
    return str(question.extra["witness"])


def chance(question: Question) -> float:
    """The expected score of `random_answer`."""
    guesses = list(question.extra["guesses"])
    identifiers, arguments = question.extra["instruction_id_list"], question.extra["kwargs"]
    answers = (" ".join(guesses[:count]) for count in range(1, len(guesses) + 1))
    scores = [judge_instructions(answer, identifiers, arguments).score or 0.0 for answer in answers]
    return sum(scores) / len(scores)
