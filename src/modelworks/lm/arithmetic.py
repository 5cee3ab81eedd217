"""Arithmetic problems with worked answers: generated, verifiable, split by their operands before anything is generated.

A document is a question, its working and its answer: `What is 7+5-3?\\n<think>7+5=12;12-3=9</think>9`. A multiset of
operands belongs to one part, whatever the order, the operators, the wording and the level. No working of a training
example holds an operation on operands that are held out, but of the tables that every working is made of
(`worked.is_table`), which are not asked as cases. No number in a problem is negative. The level `easy` (three digits,
a+b-c) has 220 multisets: a fifth held out leaves about 44 of them and 170 problems in order, asked in 12 ways, from
which 1,000 different prompts are drawn; its interval has to be clustered by multiset.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modelworks.lm.permutation import Permutation, seeded_number
from modelworks.lm.phrasings import ask, count
from modelworks.lm.worked import expression, is_table, operations, work_out

Part = Literal["train", "validation"]

_OPEN, _CLOSE = "\n<think>", "</think>"
_MOST_ATTEMPTS = 100_000
_ANSWER = re.compile(r"\s*(-?[0-9]+)[^\S\n]*(?:\n.*)?", re.DOTALL)


@dataclass(frozen=True)
class Problem:
    """A question with its working and answer."""

    operands: tuple[int, ...]
    prompt: str
    working: str
    answer: str

    @property
    def text(self) -> str:
        """The whole worked document."""
        return f"{self.prompt}{self.working}{_CLOSE}{self.answer}"


@dataclass(frozen=True)
class Case(Problem):
    """A problem of a level; `id` is unique among all levels' examples and held-out cases."""

    level: str
    id: str


class Problems:
    """The training examples of all levels, by index, and the cases of each level on held-out multisets of operands.

    A level is {terms, digits, operations, words, examples, cases}: `terms` operands of at most `digits` digits between
    the operators of `operations` (alternatives are separated by spaces), asked as a sum or in words. Examples are drawn
    uniformly over the problems in order, without repeats as far as there are enough problems.
    """

    def __init__(self, levels: Mapping[str, Mapping[str, Any]], held_out_fraction: float, seed: int) -> None:
        self._levels = [_Level(name, dict(level), held_out_fraction, seed) for name, level in levels.items()]
        self._ends = list(itertools.accumulate(level.examples for level in self._levels))

    def __len__(self) -> int:
        """How many training examples there are over all levels."""
        return self._ends[-1] if self._ends else 0

    def example(self, index: int) -> Case:
        """The training example of that index, levels in their order. Raises IndexError outside range(len)."""
        if not 0 <= index < len(self):
            raise IndexError(f"example {index} is outside range({len(self)})")
        for level, end in zip(self._levels, self._ends, strict=True):
            if index < end:
                place = index - (end - level.examples)
                return Case(**vars(level.example(place)), level=level.name, id=f"{level.name}/{place:06d}")
        raise AssertionError

    def cases(self) -> list[Case]:
        """The held-out cases, levels in their order, the cases of a level in a seeded order and with unequal prompts.

        A case's `prompt`, which ends with the opening of `<think>`, is what a model is given. They do not depend on
        `examples`. Raises ValueError naming the level if its held-out multisets do not give that many prompts.
        """
        return [case for level in self._levels for case in level.held_out()]

    def operand_sets(self, part: Part) -> dict[str, set[tuple[int, ...]]]:
        """Level -> the sorted operands of each training example (of each case) that is generated."""
        return {level.name: {tuple(sorted(problem.operands)) for problem in level.all(part)} for level in self._levels}


class _Level:
    def __init__(self, name: str, level: dict[str, Any], held_out_fraction: float, seed: int) -> None:
        self.name = name
        self.examples: int = level["examples"]
        self._cases: int = level["cases"]
        self._terms: int = level["terms"]
        self._words: bool = level["words"]
        self._operations: list[str] = level["operations"].split()
        self._numbers = 10 ** level["digits"]
        self._fraction = held_out_fraction
        self._seed = seed
        self._check()
        size = self._numbers**self._terms * len(self._operations) * count(self._words)
        if size > 1 << 64:
            raise ValueError(
                f"level {name}: it could ask {size:.0e} problems, which is above 2^64: lower terms or digits"
            )
        self._order = Permutation(size, f"{seed}:{name}")

    def _check(self) -> None:
        """Raise ValueError unless every alternative has an operator between any two terms."""
        wrong = [one for one in self._operations if len(one) != self._terms - 1 or not set(one) <= set("+-*")]
        if wrong or not self._operations:
            raise ValueError(
                f"level {self.name}: operations must be {self._terms - 1} of + - * for its {self._terms} terms, "
                f"alternatives separated by spaces, got {' '.join(wrong)!r}"
            )

    def example(self, index: int) -> Problem:
        """The first training problem at places index, index + examples, ...: two examples never meet at a place."""
        for place in itertools.islice(range(index, self._order.size, max(1, self.examples)), _MOST_ATTEMPTS):
            problem = self._problem(self._order(place), "train")
            if problem is not None:
                return problem
        for attempt in range(_MOST_ATTEMPTS):
            drawn = seeded_number(f"{self._seed}:{self.name}:{index}:{attempt}") % self._order.size
            problem = self._problem(drawn, "train")
            if problem is not None:
                return problem
        raise ValueError(
            f"level {self.name}: no training problem is left in {_MOST_ATTEMPTS} draws: lower held_out_fraction, raise "
            "terms or digits, or set examples to 0"
        )

    def held_out(self) -> Iterator[Case]:
        found = missed = place = 0
        while found < self._cases and place < self._order.size and missed < _MOST_ATTEMPTS:
            problem = self._problem(self._order(place), "validation")
            place, missed = place + 1, missed + 1
            if problem is not None:
                yield Case(**vars(problem), level=self.name, id=f"{self.name}/case-{found:06d}")
                found, missed = found + 1, 0
        if found < self._cases:
            raise ValueError(
                f"level {self.name}: the held-out operands give {found} prompts, not the {self._cases} cases wanted: "
                "lower cases, or raise held_out_fraction, terms or digits"
            )

    def all(self, part: Part) -> Iterator[Problem]:
        if part == "train":
            return (self.example(index) for index in range(self.examples))
        return self.held_out()

    def _problem(self, number: int, part: Part) -> Problem | None:
        """Problem `number` of all that the level can ask, if it is of that part and natural throughout."""
        operands = []
        for _ in range(self._terms):
            number, operand = divmod(number, self._numbers)
            operands.append(operand)
        if (part == "validation") != self._is_held_out(tuple(sorted(operands))):
            return None
        way, operation = divmod(number, len(self._operations))
        operators = self._operations[operation]
        worked = work_out(operands, operators)
        if worked is None:
            return None
        steps, result = worked
        if part == "validation" and is_table(operands, operators):
            return None
        if part == "train" and any(map(self._is_held_out, operations(steps))):
            return None
        working = f"{expression(operands, operators)};{steps}" if self._words else steps
        prompt = ask(operands, operators, self._words, way) + _OPEN
        return Problem(tuple(operands), prompt, working, str(result))

    def _is_held_out(self, operands: tuple[int, ...]) -> bool:
        """Whether these sorted operands are validation, at every level."""
        return _draw(operands, self._seed) < self._fraction * 2**64


@functools.lru_cache(maxsize=1 << 16)
def _draw(operands: tuple[int, ...], seed: int) -> int:
    return seeded_number(f"{seed}:operands:{operands}")


def parse_answer(completion: str) -> str | None:
    """The number that stands alone on its line after the first `</think>`; None if there is none.

    White space around it does not matter, nor what is on later lines. `completion` may hold the prompt too.
    """
    _, closed, rest = completion.partition(_CLOSE)
    found = _ANSWER.fullmatch(rest) if closed else None
    return found[1] if found else None


def is_correct(completion: str, answer: str) -> bool:
    """Whether the parsed answer is `answer`, digit for digit."""
    return parse_answer(completion) == answer
