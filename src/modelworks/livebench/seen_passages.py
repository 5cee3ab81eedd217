"""How near questions are to passages of training text, by sentence embeddings, beside the others of their task."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from safetensors.numpy import load_file

_BLOCK = 4096


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


def near(
    questions: NDArray[numpy.float32], tasks: Sequence[str], passages: Sequence[NDArray[numpy.float16]], margin: float
) -> Near:
    """Compare every question with every passage; a block of passages is held at a time."""
    cosine = numpy.full(len(questions), -1.0, dtype=numpy.float32)
    excess = numpy.full(len(questions), -2.0, dtype=numpy.float32)
    groups = [numpy.flatnonzero([task == one for one in tasks]) for task in sorted(set(tasks))]
    for table in passages:
        for begin in range(0, len(table), _BLOCK):
            block = table[begin : begin + _BLOCK].astype(numpy.float32).T
            for rows in groups:
                found = questions[rows] @ block
                over = found - _others(found)
                _keep(cosine, excess, rows, found, over, margin)
    return Near(cosine, excess)


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
