"""The chain of segments: each trains one chunk of the order, from the checkpoint of the segment before it.

With the stable schedule the last chunks are trained twice over runs of different lengths: a branch with a falling
learning rate leaves the chain, so a longer run reuses every segment of the chain and makes a branch of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Segment:
    """One link: it trains `chunk` from `previous` (None: from random weights).

    `number` counts the segments from 1. `decay` is None, or (first, last) of the branch's segments: from the first to
    the last the learning rate falls.
    """

    name: str
    number: int
    chunk: str
    previous: str | None
    decay: tuple[int, int] | None


def chunk_names(run: Mapping[str, Any]) -> list[str]:
    """Every chunk of the order, those of the base phase first: "001", "002", ..."""
    return [f"{number:03d}" for number in range(1, run["base_chunks"] + run["long_chunks"] + 1)]


def trained_chunks(run: Mapping[str, Any]) -> list[str]:
    """The chunks in the order in which they are trained: those of `moved` last, each phase for itself."""
    names = chunk_names(run)
    phases = names[: run["base_chunks"]], names[run["base_chunks"] :]
    return [
        name
        for phase in phases
        for name in [n for n in phase if n not in run["moved"]] + [n for n in run["moved"] if n in phase]
    ]


def segments(run: Mapping[str, Any], schedule: str) -> list[Segment]:
    """The segments of a run in order; `run` and `schedule` are k2.run and k2.train.schedule."""
    chunks = trained_chunks(run)
    last = len(chunks)
    first_falling = last - run["decay_chunks"] + 1 if schedule == "stable" else last + 1
    found: list[Segment] = []
    for number, chunk in enumerate(chunks, 1):
        falls = number >= first_falling
        name = f"{number:03d}-of-{last:03d}" if falls else f"{number:03d}"
        previous = found[-1].name if found else None
        found.append(Segment(name, number, chunk, previous, (first_falling, last) if falls else None))
    return found
