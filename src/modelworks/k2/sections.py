"""Write one shard of the corpus: its documents without repeated paragraphs, cut into sections, in their parts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from modelworks.lm.corpus import BOTH, VALIDATION, byte_count, name_hash, sections, split
from modelworks.lm.tables import TableWriter, read, row_groups
from modelworks.stage import Stage

CORPUS = pyarrow.schema([(name, pyarrow.string()) for name in ("id", "source", "document", "text")])


def main(stage: Stage) -> None:
    """Inputs: text (of this shard), parts, repeats (of all buckets). Outputs: train, validation (Parquet).

    The id of a section is `<source>/<document>#<section>`; a further row with the same name has `#<row>.<section>`.
    """
    params = stage.params["k2"]["corpus"]
    plan = _Plan(stage)
    with (
        TableWriter(stage.output("train"), CORPUS, 3) as train,
        TableWriter(stage.output("validation"), CORPUS, 3) as held,
    ):
        for table in row_groups(stage.input("text"), ["number", "source", "document", "text"]):
            rows: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])
            for number, source, document, text in zip(*(column.to_pylist() for column in table.columns), strict=True):
                found = plan.find(number)
                if found is None:
                    continue
                part, occurrence, dropped = found
                kept = [one for place, one in enumerate(text.split("\n\n")) if place not in dropped]
                cut = sections(kept, params["section_bytes"])
                label = f"{source}/{document}#" + (f"{occurrence}." if occurrence else "")
                for index, (section, side) in enumerate(zip(cut, plan.sides(part, cut, label), strict=True)):
                    rows[side].append(
                        {"id": f"{label}{index}", "source": source, "document": document, "text": section}
                    )
            for writer, chosen in ((train, rows[0]), (held, rows[1])):
                writer.write({name: [row[name] for row in chosen] for name in CORPUS.names})


class _Plan:
    """What is to become of each document of this shard."""

    def __init__(self, stage: Stage) -> None:
        self._fraction = stage.params["k2"]["corpus"]["validation_fraction"]
        self._stage = stage
        self._parts = read([stage.input("parts")], ["number", "part", "occurrence"])
        numbers = read([stage.input("text")], ["number"])["number"]
        places: list[Any] = [numpy.empty(0, numpy.int64)]
        owners: list[Any] = [numpy.empty(0, numpy.int64)]
        for table in _repeats(stage.inputs["repeats"]):
            number, place = (table.column(name).to_numpy() for name in ("number", "paragraph"))
            here = numpy.isin(number, numbers)
            owners.append(number[here])
            places.append(place[here])
        order = numpy.argsort(numpy.concatenate(owners), kind="stable")
        self._owners, self._places = (numpy.concatenate(columns)[order] for columns in (owners, places))

    def find(self, number: int) -> tuple[int, int, set[int]] | None:
        """(part, occurrence, the paragraphs to drop) of a document; None for one that is dropped."""
        row = int(numpy.searchsorted(self._parts["number"], number))
        if row == len(self._parts["number"]) or self._parts["number"][row] != number:
            return None
        begin, end = numpy.searchsorted(self._owners, [number, number + 1])
        return int(self._parts["part"][row]), int(self._parts["occurrence"][row]), set(self._places[begin:end].tolist())

    def sides(self, part: int, cut: Sequence[str], label: str) -> Sequence[int]:
        """The part of each section of a document."""
        if part != BOTH:
            return [part] * len(cut)
        if len(cut) == 1:
            raise ValueError(
                f"source {label.partition('/')[0]} is one document of one section, which cannot be split into training "
                "and validation text: give more text, or lower k2.corpus.section_bytes"
            )
        names = numpy.array([name_hash(f"{label}{index}") for index in range(len(cut))], dtype=numpy.uint64)
        sizes = numpy.array([byte_count(section) for section in cut], dtype=numpy.int64)
        parts = split(names, numpy.zeros(len(cut), numpy.int16), sizes, self._fraction, self._stage.seed("split"))
        return [int(one == VALIDATION) for one in parts]


def _repeats(paths: Sequence[Path]) -> Iterator[pyarrow.Table]:
    for path in paths:
        yield from row_groups(path, ["number", "paragraph"])
