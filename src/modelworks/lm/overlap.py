"""How many of the validation text's runs of words also occur in the training text, counted in bounded memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from modelworks.lm.words import Hashes, find_words, grams

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


class OverlapCounter:
    """First `hold` all validation texts, then `search` all training texts; case and white space are ignored.

    Runs of `words` words never span two texts. Of more than 2,097,152 runs only those count whose hash is a multiple of
    `one_in`, a power of two: a sample that does not depend on the order of the texts.
    """

    def __init__(self, words: int) -> None:
        self.one_in = 1
        self._words = words
        self._held: dict[str, Hashes] = {}
        self._wanted = numpy.empty(0, dtype=numpy.uint64)
        self._seen = numpy.empty(0, dtype=numpy.bool_)
        self._filter = numpy.empty(0, dtype=numpy.bool_)

    def hold(self, source: str, texts: Sequence[str]) -> None:
        """Add validation texts of a source."""
        before = self._held.get(source, numpy.empty(0, dtype=numpy.uint64))
        self._held[source] = numpy.concatenate([before, self._grams(texts)])
        while sum(map(len, self._held.values())) > _MOST_GRAMS:
            self.one_in *= 2
            self._held = {source: self._sampled(found) for source, found in self._held.items()}
        self._filter = numpy.empty(0, dtype=numpy.bool_)

    def search(self, texts: Sequence[str]) -> None:
        """Look for what is held in training texts."""
        if not len(self._filter):
            self._prepare()
        found = self._grams(texts)
        found = found[self._filter[found >> _FILTER_SHIFT]]
        places = numpy.searchsorted(self._wanted, found)
        self._seen[places[self._wanted[places] == found]] = True

    def by_source(self) -> dict[str, Overlap]:
        """What was found of each source's validation texts."""
        if not len(self._filter):
            self._prepare()
        return {
            source: Overlap(int(self._seen[numpy.searchsorted(self._wanted, held)].sum()), len(held))
            for source, held in sorted(self._held.items())
        }

    def _prepare(self) -> None:
        self._wanted = numpy.unique(numpy.concatenate([_LAST, *self._held.values()]))
        self._seen = numpy.zeros(len(self._wanted), dtype=numpy.bool_)
        self._filter = numpy.zeros(1 << 24, dtype=numpy.bool_)
        self._filter[self._wanted >> _FILTER_SHIFT] = True

    def _grams(self, texts: Sequence[str]) -> Hashes:
        content = [text.encode() for text in texts]
        begins = numpy.cumsum([0, *(len(text) + 1 for text in content)])[:-1]
        found = find_words(b"\n".join(content))
        return self._sampled(grams(found.hashes, numpy.searchsorted(found.starts, begins), self._words)[0])

    def _sampled(self, found: Hashes) -> Hashes:
        return found[found % numpy.uint64(self.one_in) == 0] if self.one_in > 1 else found
