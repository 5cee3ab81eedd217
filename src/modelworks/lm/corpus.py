"""Paragraphs, sections and the split of documents into training and validation text."""

import hashlib
import re
from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

from modelworks.lm.words import Hashes, mix

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")

TRAIN, VALIDATION, BOTH = 0, 1, 2


def paragraphs(text: str) -> list[str]:
    """The parts of `text` between blank lines, without empty ones; indentation and inner line breaks are kept."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [part for part in _BLANK_LINES.split(text.strip("\n")) if part and not part.isspace()]


def sections(parts: Sequence[str], most_bytes: int) -> list[list[str]]:
    """Group paragraphs into texts of at most `most_bytes` with the blank lines between; a paragraph stays whole."""
    if 4 * sum(map(len, parts)) + 2 * len(parts) <= most_bytes:
        return [list(parts)]
    cut: list[list[str]] = [[]]
    size = 0
    for part in parts:
        length = byte_count(part) + 2
        if cut[-1] and size + length > most_bytes + 2:
            cut.append([])
            size = 0
        cut[-1].append(part)
        size += length
    return cut


def byte_count(text: str) -> int:
    """UTF-8 bytes of a text."""
    return len(text) if text.isascii() else len(text.encode())


def name_hash(name: str) -> int:
    """64 bits that stand for a document's name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def split(
    names: Hashes, sources: NDArray[numpy.int16], sizes: NDArray[numpy.int64], fraction: float, seed: int
) -> NDArray[numpy.int8]:
    """Each row's part: validation gets at least `fraction` of the bytes of each source, and names stay together.

    Rows of one name (`names`: hashes of names) are one document, in whichever sources, and get one part. Documents are
    tried in an order fixed by `seed` and their names, so that adding one moves few others. One that would lift
    validation above twice `fraction` of a source is passed over; where the small ones are not enough, the smallest
    large one is held instead of them. A source that is one document alone gets BOTH: it is to be cut by its sections.
    A source whose documents are all in another source too is split as those are, and may miss the share.
    """
    parts = numpy.zeros(len(names), dtype=numpy.int8)
    lone = _alone(names, sources)
    parts[numpy.isin(sources, lone)] = BOTH
    order = numpy.lexsort((names, mix(names ^ mix(numpy.array([seed], dtype=numpy.uint64)))))
    order = order[parts[order] != BOTH]
    documents = _Documents(names, sources, sizes, order, fraction)
    for index in documents.hold():
        parts[documents.rows(index)] = VALIDATION
    return parts


def _alone(names: Hashes, sources: NDArray[numpy.int16]) -> list[int]:
    """The sources with one name only, which no other source has."""
    alone = []
    for source in numpy.unique(sources):
        own = numpy.unique(names[sources == source])
        if len(own) == 1 and not (names[sources != source] == own[0]).any():
            alone.append(int(source))
    return alone


class _Documents:
    """Documents in the order in which they are tried, each one or more rows: for each of its sources."""

    def __init__(
        self,
        names: Hashes,
        sources: NDArray[numpy.int16],
        sizes: NDArray[numpy.int64],
        order: NDArray[numpy.int64],
        share: float,
    ) -> None:
        self._order, self._sources, self._sizes = order, sources, sizes
        ordered = names[order]
        self._bounds = numpy.flatnonzero(numpy.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
        if not len(order):
            self._bounds = self._bounds[:1]
        self._target = share * numpy.bincount(sources[order], sizes[order])
        self._size = numpy.zeros(len(self._target))

    def rows(self, index: int) -> NDArray[numpy.int64]:
        """The rows of a document."""
        return self._order[self._bounds[index] : self._bounds[index + 1]]

    def hold(self) -> set[int]:
        """The documents of validation."""
        held: set[int] = set()
        for index in range(len(self._bounds) - 1):
            if not (self._size < self._target).any():
                break
            added = self._added(index)
            own = added > 0
            if (self._size[own] < self._target[own]).any() and (self._size + added <= 2 * self._target)[own].all():
                held.add(index)
                self._size += added
        for source in numpy.flatnonzero(self._size < self._target):
            self._top_up(int(source), held)
        return held

    def _top_up(self, source: int, held: set[int]) -> None:
        """Hold the smallest large documents of a source instead of its small ones, which were not enough."""
        own = [i for i in range(len(self._bounds) - 1) if (self._sources[self.rows(i)] == source).any()]
        waiting = sorted((i for i in own if i not in held), key=lambda i: self._added(i)[source])
        for index in own:
            if index in held and numpy.count_nonzero(self._added(index)) == 1:
                held.discard(index)
                self._size -= self._added(index)
        training = sum(index not in held for index in own)
        for index in waiting:
            if self._size[source] < self._target[source] and training > 1:
                held.add(index)
                self._size += self._added(index)
                training -= 1

    def _added(self, index: int) -> NDArray[numpy.float64]:
        """Bytes of a document by source."""
        rows = self.rows(index)
        added: NDArray[numpy.float64] = numpy.zeros(len(self._target))
        numpy.add.at(added, self._sources[rows], self._sizes[rows])
        return added
