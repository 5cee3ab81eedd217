"""How near questions are to passages of training text, by embeddings of sentences, beside the others of their task.

A sentence of a question is as near to a passage as to the nearest sentence in it; a question, as its sentences on
average. Pieces of like length are compared, so what stands around a question in a passage does not dilute it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from safetensors.numpy import load_file

_BLOCK = 1024  # passages


@dataclass(frozen=True)
class Sentences:
    """Of questions or passages: `embeddings` [sentences, size], and `owners` int64[sentences], whose each is.

    Owners are 0, 1, ... in ascending order, each with at least one sentence.
    """

    embeddings: NDArray[Any]
    owners: NDArray[numpy.int64]

    def __len__(self) -> int:
        """How many questions or passages."""
        return int(self.owners[-1]) + 1 if len(self.owners) else 0

    def chosen(self, which: NDArray[numpy.int64]) -> "Sentences":
        """Those of some owners, in that order."""
        bounds = numpy.searchsorted(self.owners, numpy.arange(len(self) + 1))
        places = [numpy.arange(bounds[one], bounds[one + 1]) for one in which]
        owners = numpy.repeat(numpy.arange(len(which)), [len(one) for one in places])
        return Sentences(self.embeddings[numpy.concatenate([numpy.empty(0, numpy.int64), *places])], owners)


def joined(parts: Sequence[Sentences]) -> Sentences:
    """The owners of one part after the other."""
    offsets = numpy.cumsum([0, *map(len, parts)])[:-1]
    owners = [part.owners + offset for part, offset in zip(parts, offsets, strict=True)]
    return Sentences(numpy.concatenate([part.embeddings for part in parts]), numpy.concatenate(owners))


@dataclass(frozen=True)
class Near:
    """float32[questions]: the cosine to the nearest passage, and by how much no other question of the task is as near.

    A passage that is as near to another question is about their template, not about this one. Of all passages with at
    least the margin the nearest counts; where there is none, `cosine` is that of the largest excess.
    """

    cosine: NDArray[numpy.float32]
    excess: NDArray[numpy.float32]


def read(path: Path) -> dict[str, NDArray[Any]]:
    """What `modelworks.livebench.passages` wrote, in memory: 776 bytes for each passage that was embedded."""
    return load_file(path)


def sentences(tensors: Mapping[str, NDArray[Any]]) -> Sentences:
    """The sentences of a file that was read."""
    return Sentences(tensors["embeddings"], tensors["owners"])


def near(questions: Sentences, tasks: Sequence[str], passages: Sequence[Sentences], margin: float) -> Near:
    """Compare every question with every passage; a block of passages is held at a time."""
    cosine = numpy.full(len(questions), -1.0, dtype=numpy.float32)
    excess = numpy.full(len(questions), -2.0, dtype=numpy.float32)
    groups = [numpy.flatnonzero([task == one for one in tasks]) for task in sorted(set(tasks))]
    grouped = [(rows, questions.chosen(rows)) for rows in groups]
    for table in passages:
        for begin in range(0, len(table), _BLOCK):
            block = table.chosen(numpy.arange(begin, min(len(table), begin + _BLOCK)))
            for rows, mine in grouped:
                found = _cosines(mine, block)
                over = _others(found)
                _keep(cosine, excess, rows, found, found - over, margin)
    return Near(cosine, excess)


def _cosines(questions: Sentences, passages: Sentences) -> NDArray[numpy.float32]:
    """float32[questions, passages]."""
    every = questions.embeddings.astype(numpy.float32) @ passages.embeddings.astype(numpy.float32).T
    nearest = numpy.maximum.reduceat(every, _starts(passages), axis=1)
    summed = numpy.add.reduceat(nearest, _starts(questions), axis=0)
    return numpy.asarray(summed / numpy.bincount(questions.owners)[:, None], dtype=numpy.float32)


def _starts(found: Sentences) -> NDArray[numpy.int64]:
    return numpy.searchsorted(found.owners, numpy.arange(len(found)))


def _others(found: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    """[questions, passages]: the cosine of the nearest other question of the task to each passage, -1 without any."""
    if len(found) < 2:
        return numpy.full_like(found, -1.0)
    second, first = numpy.partition(found, len(found) - 2, axis=0)[-2:]
    nearest = numpy.zeros(found.shape, dtype=numpy.bool_)
    nearest[found.argmax(axis=0), numpy.arange(found.shape[1])] = True
    return numpy.where(nearest, second, first)


def _keep(
    cosine: NDArray[numpy.float32],
    excess: NDArray[numpy.float32],
    rows: NDArray[numpy.int64],
    found: NDArray[numpy.float32],
    over: NDArray[numpy.float32],
    margin: float,
) -> None:
    """Take over the best passage of the block for each question of `rows` where it is better than what is known."""
    # Passages with the margin come before those without, those by their cosine and these by their excess.
    rank = numpy.where(over >= margin, 10 + found, over)
    place = rank.argmax(axis=1)
    each = numpy.arange(len(rows))
    known = numpy.where(excess[rows] >= margin, 10 + cosine[rows], excess[rows])
    better = rank[each, place] > known
    cosine[rows[better]] = found[each, place][better]
    excess[rows[better]] = over[each, place][better]
