"""Of each cluster of equal or nearly equal documents all but the first are removed."""

import numpy
import pyarrow

from modelworks.lm.duplicates import firsts, lowest_connected
from modelworks.lm.tables import TableWriter, read
from modelworks.stage import Stage

REMOVED = pyarrow.schema([("number", pyarrow.int64()), ("kept", pyarrow.int64()), ("exact", pyarrow.bool_())])


def main(stage: Stage) -> None:
    """Inputs: documents (of all shards), pairs (of all buckets). Output: removed (Parquet: number, kept, exact).

    `kept` is the first document of the cluster; `exact` says that an earlier one has the very same words.
    """
    documents = read(stage.inputs["documents"], ["number", "hash", "bytes"])
    full = documents["bytes"] > 0
    order = numpy.argsort(documents["number"][full])
    numbers, hashes = (documents[name][full][order] for name in ("number", "hash"))
    equal = firsts(hashes, numbers)
    pairs = read(stage.inputs["pairs"], ["first", "second"])
    first, second = (
        numpy.concatenate([ends, more]) for ends, more in ((pairs["first"], equal), (pairs["second"], numbers))
    )
    kept = lowest_connected(numbers, first, second)
    removed = kept != numbers
    with TableWriter(stage.output("removed"), REMOVED) as writer:
        writer.write({"number": numbers[removed], "kept": kept[removed], "exact": (equal != numbers)[removed]})
