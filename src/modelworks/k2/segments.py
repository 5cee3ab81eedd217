"""The chain of segments: each trains one chunk of the order, from the checkpoint of the segment before it.

With the stable schedule the last chunks are trained twice over runs of different lengths: a branch with a falling
learning rate leaves the chain, so a longer run reuses every segment of the chain and makes a branch of its own.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Segment:
    """One link: it trains `chunk` of `phase` from `previous` (None: from random weights).

    Its steps are those after `first` up to `last`, counted over the whole training. `falls`: the steps (begin, end)
    over which the learning rate falls, or None.
    """

    name: str
    chunk: str
    phase: str
    previous: str | None
    first: int
    last: int
    falls: tuple[int, int] | None

    @property
    def falling(self) -> str:
        """`falls` as the argument of a command: "none" or "begin:end"."""
        return "none" if self.falls is None else f"{self.falls[0]}:{self.falls[1]}"


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


def phase_of(chunk: str, run: Mapping[str, Any]) -> str:
    """`base` or `long`."""
    return "base" if int(chunk) <= run["base_chunks"] else "long"


def segments(run: Mapping[str, Any], order: Mapping[str, Any], train: Mapping[str, Any]) -> list[Segment]:
    """The segments of a run in order; `run`, `order` and `train` are the sections of k2 in params.yaml."""
    chunks = trained_chunks(run)
    ends = list(itertools.accumulate(order[phase_of(chunk, run)]["steps"] for chunk in chunks))
    starts = [0, *ends][: len(chunks)]
    stable = train["schedule"] == "stable"
    first_falling = len(chunks) - run["decay_chunks"] if stable else len(chunks)
    if not stable:
        falls = (train["warmup_steps"], train["horizon_steps"] or ends[-1])
    elif first_falling < len(chunks):
        falls = (starts[first_falling], ends[-1])
    found: list[Segment] = []
    for number, chunk in enumerate(chunks):
        branch = number >= first_falling
        name = f"{number + 1:03d}-of-{len(chunks):03d}" if branch else f"{number + 1:03d}"
        falling = falls if branch or not stable else None
        previous = found[-1].name if found else None
        found.append(Segment(name, chunk, phase_of(chunk, run), previous, starts[number], ends[number], falling))
    return found
