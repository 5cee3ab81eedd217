"""How near questions are to passages of training text, by sentence embeddings, less what their whole task has of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

_BLOCK = 4096
_LEAST = 5  # questions of a task, below which its median says nothing


@dataclass(frozen=True)
class Near:
    """float32[questions]: the cosine to the nearest passage, and by how much it is above the median of the task there.

    A passage that is as near to half of a task's questions is about their template, not about one of them. Of all
    passages with at least the margin the nearest counts; where there is none, `cosine` is that of the largest excess.
    """

    cosine: NDArray[numpy.float32]
    excess: NDArray[numpy.float32]


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
                over = found - numpy.median(found, axis=0) if len(rows) >= _LEAST else found + 1.0
                _keep(cosine, excess, rows, found, over, margin)
    return Near(cosine, excess)


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
