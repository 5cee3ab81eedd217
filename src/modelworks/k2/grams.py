"""Collect the runs of words of the validation text, which training text must not hold."""

import numpy
import pyarrow

from modelworks.lm.overlap import Grams
from modelworks.lm.tables import TableWriter, row_groups
from modelworks.stage import Stage

GRAMS = pyarrow.schema([("hash", pyarrow.uint64())])


def main(stage: Stage) -> None:
    """Input: validation (all shards). Output: grams (Parquet: hash, ascending; `one_in` is in its metadata).

    Of more than 2,097,152 runs every 2nd, 4th, ... by their hash: a copied passage of some length still holds one.
    """
    found = Grams(stage.params["k2"]["corpus"]["overlap_words"])
    for path in stage.inputs["validation"]:
        for table in row_groups(path, ["text"]):
            found.add("", table.column("text").to_pylist())
    hashes = numpy.sort(found.held.get("", numpy.empty(0, numpy.uint64)))
    with TableWriter(stage.output("grams"), GRAMS) as writer:
        writer.note("one_in", found.one_in)
        writer.write({"hash": hashes})
