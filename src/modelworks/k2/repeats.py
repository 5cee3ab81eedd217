"""Find the paragraphs of one bucket that occur in an earlier paragraph of a document that is kept."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
import pyarrow
from numpy.typing import NDArray

from modelworks.lm.duplicates import repeats
from modelworks.lm.tables import TableWriter, bucket_rows, read, read_bucket
from modelworks.lm.words import Places
from modelworks.stage import Stage

_PASS_ROWS = 1 << 20
_COLUMNS = ("hash", "number", "paragraph", "bytes")

REPEATS = pyarrow.schema([("number", pyarrow.int64()), ("paragraph", pyarrow.int32()), ("bytes", pyarrow.int32())])


def main(stage: Stage) -> None:
    """Inputs: paragraphs (of all shards), removed. Output: repeats (number, paragraph, bytes). Arg: bucket.

    A bucket of more than 1,048,576 rows is worked through in several passes, so memory does not grow with it.
    """
    bucket, buckets = int(stage.args["bucket"]), stage.params["k2"]["corpus"]["shards"]
    paths = stage.inputs["paragraphs"]
    removed = numpy.sort(read(stage.inputs["removed"], ["number"])["number"])
    passes = max(1, -(-bucket_rows(paths, bucket) // _PASS_ROWS))
    with TableWriter(stage.output("repeats"), REPEATS) as writer:
        for number in range(passes):
            rows = _rows(paths, bucket, buckets, passes, number, removed)
            repeated = numpy.flatnonzero(repeats(rows["hash"], rows["number"], rows["paragraph"]))
            order = repeated[numpy.lexsort((rows["paragraph"][repeated], rows["number"][repeated]))]
            writer.write({name: rows[name][order] for name in REPEATS.names})


def _rows(
    paths: Sequence[Path], bucket: int, buckets: int, passes: int, number: int, removed: Places
) -> dict[str, NDArray[Any]]:
    parts = list(_chosen(paths, bucket, buckets, passes, number, removed))
    empty = {
        name: numpy.empty(0, REPEATS.field(name).type.to_pandas_dtype() if name != "hash" else numpy.uint64)
        for name in _COLUMNS
    }
    return {name: numpy.concatenate([empty[name], *(part[name] for part in parts)]) for name in _COLUMNS}


def _chosen(
    paths: Sequence[Path], bucket: int, buckets: int, passes: int, number: int, removed: Places
) -> Iterator[dict[str, NDArray[Any]]]:
    for path in paths:
        for rows in read_bucket(path, bucket, _COLUMNS):
            chosen = rows["hash"] // numpy.uint64(buckets) % numpy.uint64(passes) == number
            chosen &= ~numpy.isin(rows["number"], removed)
            yield {name: column[chosen] for name, column in rows.items()}
