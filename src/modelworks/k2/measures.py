"""The long table of what is measured: a row for each checkpoint, benchmark and item of the benchmark."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import polars

from modelworks.lm.shares import Estimate

BENCHMARKS = ("bits_per_byte", "arithmetic", "cloze", "copied", "chunk_loss")
SCHEMA = {
    "checkpoint": polars.String,
    "step": polars.Int64,
    "training_tokens": polars.Int64,
    "benchmark": polars.String,
    "item": polars.String,
    "count": polars.Int64,
    "bytes": polars.Int64,
    "nats": polars.Float64,
    "value": polars.Float64,
    "low": polars.Float64,
    "high": polars.Float64,
    "seen": polars.Boolean,
}


@dataclass(frozen=True)
class Measure:
    """One result: `count` tokens, cases or word runs; `bytes` and `nats` where they were summed.

    `estimate` is None where nothing could be counted; `seen` says of a chunk whether the checkpoint has trained on it.
    """

    benchmark: str
    item: str
    count: int
    estimate: Estimate | None
    bytes: int | None = None
    nats: float | None = None
    seen: bool | None = None


def table(progress: Mapping[str, Any], measures: Iterable[Measure]) -> polars.DataFrame:
    """The rows of one checkpoint, whose progress.json is `progress`."""
    rows = []
    for measure in measures:
        found = measure.estimate
        values = (found.value, found.low, found.high) if found else (None, None, None)
        rows.append(
            (
                progress["segment"],
                progress["step"],
                progress["training_tokens"],
                measure.benchmark,
                measure.item,
                measure.count,
                measure.bytes,
                None if measure.nats is None else round(measure.nats, 3),
                *(None if value is None else round(value, 6) for value in values),
                measure.seen,
            )
        )
    return polars.DataFrame(rows, schema=SCHEMA, orient="row")


def seen_effect(table: polars.DataFrame) -> float | None:
    """By how many nats per token a chunk's loss is lower for checkpoints that have trained on it.

    Least squares over the cells of the matrix, with a level for each chunk and one for each checkpoint: neither a hard
    chunk nor a late checkpoint counts as memory. None where no chunk is both seen and unseen.
    """
    rows = table.filter(polars.col("benchmark") == "chunk_loss")
    seen = rows["seen"].to_numpy().astype(float)
    dummies = rows.select("item", "checkpoint").to_dummies().to_numpy().astype(float)
    fitted = dummies @ numpy.linalg.lstsq(dummies, numpy.column_stack([seen, rows["value"]]), rcond=None)[0]
    left_seen, left_loss = seen - fitted[:, 0], rows["value"].to_numpy() - fitted[:, 1]
    scatter = float(left_seen @ left_seen)
    return None if scatter < 1e-9 else -float(left_seen @ left_loss) / scatter
