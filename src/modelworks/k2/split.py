"""Give every document that is left its part, training or validation, and count what each step has left."""

import sys
from typing import Any

import numpy
import pyarrow
from numpy.typing import NDArray

from modelworks.k2.sources import sources
from modelworks.lm.corpus import BOTH, TRAIN, split
from modelworks.lm.stable import write_json
from modelworks.lm.tables import TableWriter, read
from modelworks.lm.words import Places
from modelworks.stage import Stage

PARTS = pyarrow.schema([("number", pyarrow.int64()), ("part", pyarrow.int8()), ("occurrence", pyarrow.int32())])

_COLUMNS = ("number", "source", "name", "read_bytes", "bytes")


def main(stage: Stage) -> None:
    """Inputs: documents (of all shards), removed, repeats (of all buckets).

    Outputs: parts (Parquet: number, part, occurrence: which of the rows of its source with its name it is), counts
    (JSON: documents and bytes of each source as read, and after each deduplication).
    """
    params = stage.params["k2"]["corpus"]
    rows = read(stage.inputs["documents"], _COLUMNS)
    order = numpy.argsort(rows["number"])
    rows = {name: column[order] for name, column in rows.items()}
    removed = read(stage.inputs["removed"], ["number", "exact"])
    repeats = read(stage.inputs["repeats"], ["number", "bytes"])
    left = _left(rows["number"], rows["bytes"], repeats["number"], repeats["bytes"])
    exact = numpy.isin(rows["number"], removed["number"][removed["exact"]])
    gone = numpy.isin(rows["number"], removed["number"])
    names = [name for name, _ in sources(params)]
    steps = {
        "read": (rows["read_bytes"] >= 0, rows["read_bytes"]),
        "exact": (~exact & (rows["bytes"] > 0), rows["bytes"]),
        "near": (~gone & (rows["bytes"] > 0), rows["bytes"]),
        "paragraph": (~gone & (left > 0), left),
    }
    write_json(
        stage.output("counts"), {name: _counts(steps, rows["source"] == source) for source, name in enumerate(names)}
    )
    kept = steps["paragraph"][0]
    number, name, source = (rows[column][kept] for column in ("number", "name", "source"))
    parts = split(name, source, left[kept], params["validation_fraction"], stage.seed("split"))
    _check(parts, source, names)
    with TableWriter(stage.output("parts"), PARTS) as writer:
        writer.write({"number": number, "part": parts, "occurrence": _occurrences(source, name)})


def _left(
    numbers: Places, sizes: NDArray[numpy.int64], repeated: Places, repeated_sizes: NDArray[numpy.int32]
) -> NDArray[numpy.int64]:
    """The bytes of each document without its repeated paragraphs, each with a blank line; negative if none is left."""
    left = sizes.copy()
    numpy.subtract.at(left, numpy.searchsorted(numbers, repeated), repeated_sizes.astype(numpy.int64) + 2)
    return left


def _counts(steps: dict[str, Any], own: NDArray[numpy.bool_]) -> dict[str, int]:
    return {
        f"{step}_{what}": int(value)
        for step, (there, sizes) in steps.items()
        for what, value in (("documents", (there & own).sum()), ("bytes", sizes[there & own].sum()))
    }


def _occurrences(source: NDArray[numpy.int16], name: NDArray[numpy.uint64]) -> NDArray[numpy.int32]:
    """0 for the first row of its source and name, 1 for the next, ..."""
    order = numpy.lexsort((numpy.arange(len(name)), name, source))
    same = (name[order][1:] == name[order][:-1]) & (source[order][1:] == source[order][:-1])
    new = numpy.concatenate([[True], ~same])[: len(order)]
    begins = numpy.flatnonzero(new)
    places = numpy.arange(len(order)) - begins[numpy.cumsum(new) - 1] if len(order) else order
    found = numpy.empty(len(name), dtype=numpy.int32)
    found[order] = places
    return found


def _check(parts: NDArray[numpy.int8], source: NDArray[numpy.int16], names: list[str]) -> None:
    if not len(parts):
        raise ValueError("params.yaml: k2.corpus.files: the sources hold no text")
    for index, name in enumerate(names):
        own = parts[source == index]
        if (own == BOTH).any():
            sys.stderr.write(
                f"warning: source {name} is one document: its sections are split, so validation text stands near "
                "training text. Remedy: give it as several documents.\n"
            )
        elif len(own) and (own == TRAIN).all():
            sys.stderr.write(f"warning: source {name} has no validation text: all its documents are in training\n")
