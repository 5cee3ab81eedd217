"""Which runs of words of questions occur in training text. Template text that questions share is no evidence.

A question is compared in each of its wordings (what is asked, and the stem that a base model is asked): run by run of
`words` words, or, where it has fewer, whole. Case and white space are ignored. A run that another question of the task
holds too is template text and is left out; if nothing else is left of a wording, it is compared whole. Of a short
question about one sum (`What is 47+85?`) the sum is what it is about: it counts wherever the training text has it,
however it is asked there, steps of a longer working included.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from modelworks.livebench.question import Question
from modelworks.lm.words import Hashes, find_words, grams

_SUM = re.compile(r"(?<![0-9])[0-9]+(?:[-+*/][0-9]+)+")
_LAST = numpy.array([(1 << 64) - 1], dtype=numpy.uint64)  # so that a search always ends on an element


@dataclass(frozen=True)
class Wording:
    """The runs of `size` words by which one wording of a question is told."""

    size: int
    runs: frozenset[int]


def wordings(questions: Sequence[Question], words: int) -> dict[str, list[Wording]]:
    """The wordings of each question, by its id, without template text."""
    texts = {one.question_id: _texts(one) for one in questions}
    shared = _shared(questions, texts, words)
    return {
        one.question_id: [_wording(text, words, shared[one.task]) for text in texts[one.question_id]]
        for one in questions
    }


def sums(questions: Sequence[Question], words: int) -> dict[str, str]:
    """The one sum that a question of fewer than `words` words is about, by its id."""
    found = {}
    for one in questions:
        text = _texts(one)[-1]
        asked = _SUM.findall(text)
        if len(asked) == 1 and len(text.split()) < words:
            found[one.question_id] = asked[0]
    return found


class Seen:
    """The runs and sums of all questions, and which of them the texts that were read so far hold."""

    def __init__(self, found: Mapping[str, Sequence[Wording]], sums: Mapping[str, str]) -> None:
        self._found = found
        self._sums = sums
        self._wanted_sums = set(sums.values())
        self._seen_sums: set[str] = set()
        by_size: dict[int, set[int]] = {}
        for wording in (one for some in found.values() for one in some):
            by_size.setdefault(wording.size, set()).update(wording.runs)
        self._wanted = {size: _sorted(runs) for size, runs in sorted(by_size.items())}
        self._hits = {size: numpy.zeros(len(wanted), dtype=numpy.bool_) for size, wanted in self._wanted.items()}

    def read(self, texts: Sequence[str]) -> None:
        """Look for the runs in some texts; memory does not grow with how many were read. Runs never span two texts."""
        if self._wanted_sums:
            for text in texts:
                self._seen_sums.update(self._wanted_sums.intersection(_SUM.findall(text)))
        content = [text.encode() for text in texts]
        begins = numpy.cumsum([0, *(len(text) + 1 for text in content)])[:-1]
        found = find_words(b"\n".join(content))
        starts = numpy.searchsorted(found.starts, begins)
        for size, wanted in self._wanted.items():
            hashes, _ = grams(found.hashes, starts, size)
            places = numpy.searchsorted(wanted, hashes)
            self._hits[size][places[wanted[places] == hashes]] = True

    def shares(self) -> dict[str, float]:
        """For each question the share of its runs that was seen: of the wording of which most was; 1 if its sum was."""
        held = {size: set(wanted[self._hits[size]].tolist()) for size, wanted in self._wanted.items()}
        return {
            name: 1.0
            if self._sums.get(name) in self._seen_sums
            else max((len(one.runs & held[one.size]) / len(one.runs) for one in some if one.runs), default=0.0)
            for name, some in self._found.items()
        }


def _texts(question: Question) -> list[str]:
    stem = question.extra.get("stem")
    return ["\n".join(question.turns), *([stem] if isinstance(stem, str) and stem.split() else [])]


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
