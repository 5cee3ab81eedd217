"""Runs of words that the validation text has in common with the training text, found in bounded memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from modelworks.lm.layout import Layout
from modelworks.lm.words import Hashes, Places, find_words, grams

_MOST_GRAMS = 1 << 21
_FILTER_SHIFT = numpy.uint64(40)
_LAST = numpy.array([(1 << 64) - 1], dtype=numpy.uint64)  # so that a search always ends on an element


@dataclass(frozen=True)
class Overlap:
    """`found` of `total` word runs, repeats counted."""

    found: int
    total: int

    @property
    def share(self) -> float:
        """`found / total`; 0 for a text that is too short to hold one run."""
        return self.found / self.total if self.total else 0.0

    def __add__(self, other: "Overlap") -> "Overlap":
        return Overlap(self.found + other.found, self.total + other.total)


class Grams:
    """The hashes of all runs of `words` words of the texts of some sources; case and white space are ignored.

    Runs never span two texts. Of more than 2,097,152 runs only those are held whose hash is a multiple of `one_in`, a
    power of two: a sample that does not depend on the order of the texts.
    """

    def __init__(self, words: int) -> None:
        self.words = words
        self.one_in = 1
        self.held: dict[str, Hashes] = {}

    def add(self, source: str, texts: Sequence[str]) -> None:
        """Add texts of a source."""
        content = [text.encode() for text in texts]
        begins = numpy.cumsum([0, *(len(text) + 1 for text in content)])[:-1]
        found = find_words(b"\n".join(content))
        hashes, _ = grams(found.hashes, numpy.searchsorted(found.starts, begins), self.words)
        before = self.held.get(source, numpy.empty(0, dtype=numpy.uint64))
        self.held[source] = numpy.concatenate([before, sampled(hashes, self.one_in)])
        while sum(map(len, self.held.values())) > _MOST_GRAMS:
            self.one_in *= 2
            self.held = {source: sampled(hashes, self.one_in) for source, hashes in self.held.items()}


class Index:
    """Finds which of the runs `wanted` (hashes, sampled by `one_in`) texts hold, and remembers those seen."""

    def __init__(self, wanted: Hashes, words: int, one_in: int) -> None:
        self._words, self._one_in = words, one_in
        self._wanted = numpy.concatenate([wanted, _LAST])
        self._wanted.sort()
        self._seen = numpy.zeros(len(self._wanted), dtype=numpy.bool_)
        self._filter = numpy.zeros(1 << 24, dtype=numpy.bool_)
        self._filter[self._wanted >> _FILTER_SHIFT] = True

    def search(self, layout: Layout) -> NDArray[numpy.bool_]:
        """For each paragraph of the texts whether a wanted run is in it or reaches into it."""
        hashes, places = grams(layout.words, layout.text_words, self._words)
        hits = numpy.flatnonzero(self._filter[hashes >> _FILTER_SHIFT])
        found = numpy.searchsorted(self._wanted, hashes[hits])  # of equal ones the first
        true = self._wanted[found] == hashes[hits]
        self._seen[found[true]] = True
        return _touched(layout, places[hits[true]], self._words)

    def count(self, hashes: Hashes) -> Overlap:
        """How many of `hashes`, which are all wanted ones, were seen."""
        return Overlap(int(self._seen[numpy.searchsorted(self._wanted, hashes)].sum()), len(hashes))


def sampled(hashes: Hashes, one_in: int) -> Hashes:
    """Those that are multiples of `one_in`."""
    return hashes[hashes % numpy.uint64(one_in) == 0] if one_in > 1 else hashes


def _touched(layout: Layout, begins: Places, words: int) -> NDArray[numpy.bool_]:
    """The paragraphs that runs of `words` words beginning at `begins` lie in."""
    changes = numpy.zeros(len(layout.sizes) + 1, dtype=numpy.int64)
    first, last = (numpy.searchsorted(layout.first_words, ends, side="right") for ends in (begins, begins + words - 1))
    numpy.add.at(changes, first - 1, 1)
    numpy.add.at(changes, last, -1)
    return numpy.cumsum(changes)[:-1] > 0
