"""What is to become of each document of one shard: its part, and which of its paragraphs are dropped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pyarrow

from modelworks.lm.corpus import BOTH, VALIDATION, byte_count, name_hash, sections, split
from modelworks.lm.tables import read, row_groups
from modelworks.stage import Stage

CORPUS = pyarrow.schema([(name, pyarrow.string()) for name in ("id", "source", "document", "text")])


@dataclass(frozen=True)
class Section:
    """A piece of a document that is left, as paragraphs. Its id is `<source>/<document>#<section>`.

    A further row with the same source and name has `#<row>.<section>`.
    """

    id: str
    source: str
    document: str
    paragraphs: list[str]


class Plan:
    """Reads inputs text (of the shard), parts, repeats (of all buckets) and params seed and those of the sections."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._params = stage.params["k2"]["corpus"]
        self._parts = read([stage.input("parts")], ["number", "part", "occurrence"])
        numbers = read([stage.input("text")], ["number"])["number"]
        owners, places = [numpy.empty(0, numpy.int64)], [numpy.empty(0, numpy.int64)]
        for path in stage.inputs["repeats"]:
            for table in row_groups(path, ["number", "paragraph"]):
                number, place = (column.to_numpy() for column in table.columns)
                here = numpy.isin(number, numbers)
                owners.append(number[here])
                places.append(place[here])
        order = numpy.argsort(numpy.concatenate(owners), kind="stable")
        self._owners, self._places = (numpy.concatenate(columns)[order] for columns in (owners, places))

    def sections(self, part: int) -> Iterator[list[Section]]:
        """The sections of one part, a list for each piece of the shard, in the order of documents."""
        for table in row_groups(self._stage.input("text"), ["number", "source", "document", "text"]):
            yield [section for row in self._of_part(table, part) for section in self._cut(part, *row)]

    def _of_part(self, table: pyarrow.Table, part: int) -> Iterator[tuple[int, slice, dict[str, Any]]]:
        """(row of the parts table, its rows among the repeats, row of `table`) of each document with text in a part."""
        numbers = table.column("number").to_numpy()
        rows = numpy.searchsorted(self._parts["number"], numpy.minimum(numbers, self._parts["number"][-1]))
        parts = self._parts["part"][rows]
        there = (self._parts["number"][rows] == numbers) & ((parts == part) | (parts == BOTH))
        begins, ends = (numpy.searchsorted(self._owners, numbers[there], side=side) for side in ("left", "right"))
        repeats = map(slice, begins.tolist(), ends.tolist())
        return zip(rows[there].tolist(), repeats, table.filter(pyarrow.array(there)).to_pylist(), strict=True)

    def _cut(self, part: int, row: int, repeats: slice, document: dict[str, Any]) -> Iterator[Section]:
        kept = document["text"].split("\n\n")
        if repeats.start < repeats.stop:
            dropped = set(self._places[repeats].tolist())
            kept = [one for place, one in enumerate(kept) if place not in dropped]
        cut = sections(kept, self._params["section_bytes"])
        occurrence = self._parts["occurrence"][row]
        label = f"{document['source']}/{document['document']}#" + (f"{occurrence}." if occurrence else "")
        sides = self._sides(label, cut) if self._parts["part"][row] == BOTH else [part] * len(cut)
        for index, (paragraphs, side) in enumerate(zip(cut, sides, strict=True)):
            if side == part:
                yield Section(f"{label}{index}", document["source"], document["document"], paragraphs)

    def _sides(self, label: str, cut: Sequence[Sequence[str]]) -> list[int]:
        """The part of each section of a document that is alone in its source."""
        if len(cut) == 1:
            raise ValueError(
                f"source {label.partition('/')[0]} is one document of one section, which cannot be split into training "
                "and validation text: give more text, or lower k2.corpus.section_bytes"
            )
        names = numpy.array([name_hash(f"{label}{index}") for index in range(len(cut))], dtype=numpy.uint64)
        sizes = numpy.array([sum(map(byte_count, section)) for section in cut], dtype=numpy.int64)
        sources = numpy.zeros(len(cut), dtype=numpy.int16)
        parts = split(names, sources, sizes, self._params["validation_fraction"], self._stage.seed("split"))
        return [int(one == VALIDATION) for one in parts]


def rows(found: Sequence[Section], texts: Sequence[Sequence[str]] | None = None) -> dict[str, list[str]]:
    """The columns of `CORPUS`, of sections with text; `texts` are their paragraphs, if they are not all kept."""
    pairs = zip(found, texts or [section.paragraphs for section in found], strict=True)
    kept = [(section, "\n\n".join(text)) for section, text in pairs if text]
    return {
        "id": [section.id for section, _ in kept],
        "source": [section.source for section, _ in kept],
        "document": [section.document for section, _ in kept],
        "text": [text for _, text in kept],
    }
