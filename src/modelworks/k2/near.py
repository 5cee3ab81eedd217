"""Find the pairs of near-duplicates among the documents that share a band of one bucket."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
import pyarrow
from numpy.typing import NDArray

from modelworks.lm.duplicates import candidates
from modelworks.lm.minhash import Signatures, similarity
from modelworks.lm.tables import TableWriter, bucket_rows, fixed_bytes, read_bucket, row_groups
from modelworks.lm.words import Hashes, Places
from modelworks.stage import Stage

_PASS_ROWS = 1 << 20

PAIRS = pyarrow.schema([("first", pyarrow.int64()), ("second", pyarrow.int64()), ("similarity", pyarrow.float64())])


def main(stage: Stage) -> None:
    """Inputs: bands, documents (of all shards). Output: pairs (Parquet: first, second, similarity). Arg: bucket.

    A bucket of more than 1,048,576 rows is worked through in several passes, so memory does not grow with it.
    """
    near, shards = stage.params["k2"]["corpus"]["near"], stage.params["k2"]["corpus"]["shards"]
    bucket = int(stage.args["bucket"])
    bands, documents = stage.inputs["bands"], stage.inputs["documents"]
    passes = max(1, -(-bucket_rows(bands, bucket) // _PASS_ROWS))
    with TableWriter(stage.output("pairs"), PAIRS) as writer:
        for number in range(passes):
            keys, numbers = _rows(bands, bucket, shards, passes, number)
            first, second = candidates(keys, numbers)
            involved = numpy.unique(numpy.concatenate([first, second]))
            signatures = _signatures(documents, involved, near["permutations"])
            alike = _similarity(signatures, involved, first, second)
            kept = alike >= near["threshold"]
            writer.write({"first": first[kept], "second": second[kept], "similarity": alike[kept]})


def _rows(paths: Sequence[Path], bucket: int, buckets: int, passes: int, number: int) -> tuple[Hashes, Places]:
    keys, numbers = [numpy.empty(0, numpy.uint64)], [numpy.empty(0, numpy.int64)]
    for rows in _groups(paths, bucket):
        chosen = rows["key"] // numpy.uint64(buckets) % numpy.uint64(passes) == number
        keys.append(rows["key"][chosen])
        numbers.append(rows["number"][chosen])
    return numpy.concatenate(keys), numpy.concatenate(numbers)


def _groups(paths: Sequence[Path], bucket: int) -> Iterator[dict[str, NDArray[Any]]]:
    for path in paths:
        yield from read_bucket(path, bucket, ["key", "number"])


def _signatures(paths: Sequence[Path], wanted: Places, permutations: int) -> Signatures:
    """The signatures of the documents `wanted` (ascending), uint16[documents, permutations]."""
    found = numpy.zeros((len(wanted), permutations), dtype=numpy.uint16)
    for path in paths if len(wanted) else ():
        for table in row_groups(path, ["number", "signature"]):
            numbers = table.column("number").to_numpy()
            places = numpy.minimum(numpy.searchsorted(wanted, numbers), len(wanted) - 1)
            here = wanted[places] == numbers
            found[places[here]] = fixed_bytes(table.column("signature"))[here].view("<u2")
    return found


def _similarity(signatures: Signatures, involved: Places, first: Places, second: Places) -> NDArray[numpy.float64]:
    alike = numpy.empty(len(first))
    for begin in range(0, len(first), 4096):
        part = slice(begin, begin + 4096)
        left, right = (signatures[numpy.searchsorted(involved, ends[part])] for ends in (first, second))
        alike[part] = similarity(left, right)
    return alike
