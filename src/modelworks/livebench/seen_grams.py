"""By which runs of words questions are told, and where text holds them. Template text is no evidence.

A question is told by each of its wordings (what is asked, and the stem that a base model is asked): run by run of
`words` words, or, where it has fewer, whole. Case and white space are ignored. A run that another question of the task
holds too is template text and is left out; if nothing else is left of a wording, it is compared whole. Of a short
question about one sum (`What is 47+85?`) the sum is what it is about: it counts wherever the text has it, however it is
asked there, the operands in any order in which they may stand (`modelworks.livebench.seen_sums`), steps of a longer
working included.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from modelworks.livebench.question import Question
from modelworks.livebench.seen_sums import sums_of
from modelworks.lm.words import Hashes, Places, find_words, grams

SUM = 0  # the size of a wording that is a sum
_LAST = numpy.array([(1 << 64) - 1], dtype=numpy.uint64)  # so that a search always ends on an element


@dataclass(frozen=True)
class Wording:
    """The runs of `size` words by which one wording of a question is told."""

    size: int
    runs: frozenset[int]


def wordings(questions: Sequence[Question], words: int, *, sums: bool = True) -> dict[str, list[Wording]]:
    """The wordings of each question, by its id, without template text; the sum of a short one only if `sums`."""
    texts = {one.question_id: _texts(one) for one in questions}
    shared = _shared(questions, texts, words)
    return {
        one.question_id: [
            *(_wording(text, words, shared[one.task]) for text in texts[one.question_id]),
            *(_sum(texts[one.question_id][-1], words) if sums else ()),
        ]
        for one in questions
    }


class Search:
    """Finds the runs and sums of some wordings in texts; `clues` are those, (size, hash), in ascending order."""

    def __init__(self, wanted: Iterable[Wording]) -> None:
        by_size: dict[int, set[int]] = {}
        for one in wanted:
            by_size.setdefault(one.size, set()).update(one.runs)
        self.clues = [(size, run) for size in sorted(by_size) for run in sorted(by_size[size])]
        sums = sorted(by_size.pop(SUM, ()))
        self._sums = {number: place for place, number in enumerate(sums)}
        self._runs: list[tuple[int, int, Hashes]] = []
        first = len(sums)
        for size, runs in sorted(by_size.items()):
            self._runs.append((size, first, _sorted(runs)))
            first += len(runs)

    def find(self, texts: Sequence[str]) -> NDArray[numpy.int64]:
        """int64[found, 2]: which clue is in which of the texts, each pair once. No run spans two texts."""
        pairs = [(self._sums[one], place) for place, text in enumerate(texts) for one in self._sums_of(text)]
        parts = [numpy.asarray(pairs, dtype=numpy.int64).reshape(-1, 2)]
        content = [text.encode() for text in texts]
        begins = numpy.cumsum([0, *(len(text) + 1 for text in content)])[:-1]
        found = find_words(b"\n".join(content))
        starts = numpy.searchsorted(found.starts, begins)
        for size, first, wanted in self._runs:
            parts.append(_held(*grams(found.hashes, starts, size), starts, first, wanted))
        return numpy.unique(numpy.concatenate(parts), axis=0)

    def _sums_of(self, text: str) -> set[int]:
        return self._sums.keys() & set(sums_of(text)) if self._sums else set()


def _held(hashes: Hashes, words: Places, starts: Places, first: int, wanted: Hashes) -> NDArray[numpy.int64]:
    places = numpy.searchsorted(wanted, hashes)
    hit = wanted[places] == hashes
    texts = numpy.searchsorted(starts, words[hit], side="right") - 1
    return numpy.stack([first + places[hit], texts], axis=1)


def _texts(question: Question) -> list[str]:
    stem = question.extra.get("stem")
    return ["\n".join(question.turns), *([stem] if isinstance(stem, str) and stem.split() else [])]


def _sum(text: str, words: int) -> list[Wording]:
    """The one sum that a text of fewer than `words` words is about."""
    found = sums_of(text)
    return [Wording(SUM, frozenset(found))] if len(found) == 1 and len(text.split()) < words else []


def _runs(text: str, size: int) -> frozenset[int]:
    found = find_words(text.encode())
    hashes, _ = grams(found.hashes, numpy.zeros(1, dtype=numpy.int64), size)
    return frozenset(hashes.tolist())


def _shared(questions: Sequence[Question], texts: Mapping[str, Sequence[str]], words: int) -> dict[str, set[int]]:
    """The runs that several questions of a task hold, by task."""
    counts: dict[str, Counter[int]] = {}
    for one in questions:
        runs = {run for text in texts[one.question_id] for run in _runs(text, words)}
        counts.setdefault(one.task, Counter()).update(runs)
    return {task: {run for run, count in found.items() if count > 1} for task, found in counts.items()}


def _wording(text: str, words: int, shared: set[int]) -> Wording:
    own = _runs(text, words) - shared
    if own:
        return Wording(words, own)
    size = len(find_words(text.encode()).starts)
    return Wording(max(1, size), _runs(text, max(1, size)))


def _sorted(runs: set[int]) -> Hashes:
    return numpy.concatenate([numpy.sort(numpy.fromiter(runs, dtype=numpy.uint64, count=len(runs))), _LAST])
