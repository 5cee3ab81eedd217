"""The arms of the spike experiment: what each does with the faulty chunk after the same beginning.

All arms of a seed go on from one checkpoint, that before the faulty chunk. `clean` has no fault; `fault-S` has it at
strength S; `brief` only in its first steps. Three roll the fault of the branch strength back: `moved` trains the faulty
chunk last and changes nothing else; `again`, the first control, trains the same rows in the same order, with fresh
dropout; `reshuffled`, the second, trains them in another order, with fresh dropout.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy
from numpy.typing import NDArray

PREFIX = "prefix"
BRANCHES = ("moved", "again", "reshuffled")
Rows = NDArray[numpy.int64]
Kind = Literal["random", "repeated", "shuffled"]


def fault_arm(strength: float) -> str:
    """The name of the arm with a fault of this strength."""
    return f"fault-{strength:g}"


def arms(strengths: Sequence[float]) -> list[str]:
    """All arms, in the order of the report."""
    return ["clean", *map(fault_arm, strengths), "brief", *BRANCHES]


def chunk_order(arm: str, chunks: int, faulty: int) -> list[int]:
    """The chunks, from 1, that an arm trains, in order; for `prefix` those before the faulty one."""
    if arm == PREFIX:
        return list(range(1, faulty))
    rest = list(range(faulty, chunks + 1))
    return [*rest[1:], faulty] if arm == "moved" else rest


def strength_of(arm: str, branch_strength: float) -> float:
    """The share of the faulty chunk's rows that is corrupted in an arm; not for `brief`, whose first rows all are."""
    if arm in (PREFIX, "clean"):
        return 0.0
    return float(arm.removeprefix("fault-")) if arm.startswith("fault-") else branch_strength


def plant(arm: str, rows: Rows, fault: Mapping[str, Any], batch_rows: int, vocab_size: int, seed: int) -> Rows:
    """The faulty chunk's rows [rows, context + 1] in an arm; with one seed a stronger fault holds the weaker one."""
    generator = numpy.random.default_rng(seed)
    bad = corrupted(rows, fault["kind"], vocab_size, generator)
    places = generator.permutation(len(rows))
    if arm == "brief":
        chosen = numpy.arange(fault["brief_steps"] * batch_rows)
    else:
        chosen = places[: round(strength_of(arm, fault["branch_strength"]) * len(rows))]
    planted = rows.copy()
    planted[chosen] = bad[chosen]
    return planted


def corrupted(rows: Rows, kind: Kind, vocab_size: int, generator: numpy.random.Generator) -> Rows:
    """Rows of the same shape without what can be learned in them; token 0, end-of-text, is never drawn."""
    if kind == "random":
        return generator.integers(1, vocab_size, rows.shape)
    if kind == "repeated":
        return numpy.repeat(generator.integers(1, vocab_size, (len(rows), 1)), rows.shape[1], axis=1)
    return generator.permuted(rows, axis=1)
