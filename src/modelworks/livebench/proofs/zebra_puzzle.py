"""Zebra puzzles: the clues are read from the text, and SAT decides that they leave one arrangement."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from pysat.card import CardEnc, EncType
from pysat.solvers import Solver

from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

# The shapes of clues, their values written @, and what each says of the values' places a, b, c, of the number of
# places n, and of the number k that it names.
_SHAPES: list[tuple[str, int, Callable[..., bool]]] = [
    (r"@ is at position (?P<k>\d+)|at position (?P<j>\d+) is @", 1, lambda n, k, a: a == k),
    (r"@ is at the far left|no \w+ is further left than @", 1, lambda n, k, a: a == 1),
    (r"@ is at the far right|no \w+ is further right than @", 1, lambda n, k, a: a == n),
    (r"@ is not at the far left or far right|@ is not at either end", 1, lambda n, k, a: a not in (1, n)),
    (r"@ is in an even position|@ has an even number", 1, lambda n, k, a: a in (2, 4, 6, 8)),
    (r"@ is in an odd position|@ has an odd number", 1, lambda n, k, a: a in (1, 3, 5, 7, 9)),
    (r"@ is also @|@ is the same \w+ as @", 2, lambda n, k, a, b: a == b),
    (r"@ is not @|@ and @ are different", 2, lambda n, k, a, b: a != b),
    (r"@ is on the immediate left of @|@ is directly left of @", 2, lambda n, k, a, b: b - a == 1),
    (r"@ is on the immediate right of @|@ is directly right of @", 2, lambda n, k, a, b: a - b == 1),
    (r"@ is somewhere to the left of @|@ is further left than @", 2, lambda n, k, a, b: a < b),
    (r"@ is somewhere to the right of @|@ is further right than @", 2, lambda n, k, a, b: b < a),
    (r"@ is next to @|@ and @ are neighbors", 2, lambda n, k, a, b: a - b in (1, -1)),
    (r"there is exactly one \w+ between @ and @", 2, lambda n, k, a, b: a - b in (2, -2)),
    (r"@ and @ are different and not neighbors", 2, lambda n, k, a, b: a - b not in (-1, 0, 1)),
    (
        r"@ is somewhere between @ and @|@ is to the right of one and to the left of the other of @ and @",
        3,
        lambda n, k, a, b, c: b < a < c or c < a < b,
    ),
]
_PATTERNS = [(re.compile(shape), arity, holds) for shape, arity, holds in _SHAPES]


@dataclass(frozen=True)
class _Puzzle:
    size: int
    attributes: dict[str, list[str]]
    clues: list[str]
    questions: list[str]

    def masked(self, clue: str) -> tuple[str, list[str]]:
        """The clue with each value's phrase as @, and the values in order."""
        values = "|".join(re.escape(value) for known in self.attributes.values() for value in known)
        phrase = re.compile(rf"the (?:person that|\w+ whose \w+) (?:[a-z]+ ){{1,2}}?({values})\b")
        return phrase.sub("@", clue), phrase.findall(clue)


def prove(question: Question) -> None:
    """Raise ProofError unless exactly one arrangement satisfies the clues and gives the ground truth."""

    def fail(reason: str) -> ProofError:
        return ProofError(question.question_id, reason)

    puzzle = _read(question.turns[0], fail)
    numbers = {
        (value, place): number
        for number, (value, place) in enumerate(
            product([v for known in puzzle.attributes.values() for v in known], range(1, puzzle.size + 1)), 1
        )
    }
    with Solver("glucose4") as solver:
        for clause in _rules(puzzle, numbers):
            solver.add_clause(clause)
        for clue in puzzle.clues:
            for clause in _excluded(puzzle, clue, numbers, fail):
                solver.add_clause(clause)
        if not solver.solve():
            raise fail("no arrangement satisfies the clues")
        true = set(solver.get_model())
        found = {value: place for (value, place), number in numbers.items() if number in true}
        solver.add_clause([-numbers[value, place] for value, place in found.items()])
        if solver.solve():
            raise fail("more than one arrangement satisfies the clues")
    answers = [_answer(puzzle, asked, found, fail) for asked in puzzle.questions]
    if ",".join(answers) != question.ground_truth:
        raise fail(f"the clues give {','.join(answers)}, not {question.ground_truth}")


def _read(text: str, fail: Callable[[str], ProofError]) -> _Puzzle:
    size = re.search(r"numbered 1 through (\d+)", text)
    head, _, rest = text.partition("\n\nGiven the following premises about ")
    clues, _, asked = rest.partition("\n\nAnswer the following question")
    attributes = {
        name: values.split(", ") for name, values in re.findall(r"^- ([a-z ]+): (.+)$", head, flags=re.MULTILINE)
    }
    questions = re.findall(r"^\d+\. (.+)$", asked, flags=re.MULTILINE)
    if not (size and attributes and questions) or any(len(v) != int(size[1]) for v in attributes.values()):
        raise fail("the text is not a zebra puzzle")
    return _Puzzle(int(size[1]), attributes, re.findall(r"^- (.+)$", clues, flags=re.MULTILINE), questions)


def _rules(puzzle: _Puzzle, numbers: dict[tuple[str, int], int]) -> Iterator[list[int]]:
    places = range(1, puzzle.size + 1)
    for values in puzzle.attributes.values():
        groups = [[numbers[value, place] for place in places] for value in values]
        groups += [[numbers[value, place] for value in values] for place in places]
        for group in groups:
            yield from CardEnc.equals(lits=group, bound=1, encoding=EncType.pairwise).clauses


def _excluded(
    puzzle: _Puzzle, clue: str, numbers: dict[tuple[str, int], int], fail: Callable[[str], ProofError]
) -> Iterator[list[int]]:
    shape, values = puzzle.masked(clue)
    for pattern, arity, holds in _PATTERNS:
        match = pattern.fullmatch(shape)
        if match and len(values) == arity:
            named = int(next((number for number in match.groupdict().values() if number), 0))
            for places in product(range(1, puzzle.size + 1), repeat=arity):
                if not holds(puzzle.size, named, *places):
                    yield [-numbers[value, place] for value, place in zip(values, places, strict=True)]
            return
    raise fail(f"a clue was not understood: {clue}")


def _answer(puzzle: _Puzzle, asked: str, found: dict[str, int], fail: Callable[[str], ProofError]) -> str:
    shape, values = puzzle.masked(asked)
    if len(values) == 1:
        place = found[values[0]]
        if shape == f"What position is @ at? Answer with a number from 1 to {puzzle.size}.":
            return str(place)
        wanted = re.fullmatch(r"What is the ([a-z ]+) (?:of|at|on|in) @\?", shape)
        if wanted and wanted[1] in puzzle.attributes:
            return next(value for value in puzzle.attributes[wanted[1]] if found[value] == place)
    raise fail(f"a question was not understood: {asked}")
