"""Write the training text of one shard, in sections, without what earlier or validation text has too."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow

from modelworks.k2.plan import CORPUS, Plan, Section, rows
from modelworks.lm.corpus import TRAIN, byte_count
from modelworks.lm.layout import Layout
from modelworks.lm.overlap import Index
from modelworks.lm.tables import TableWriter, noted, read
from modelworks.stage import Stage

_WHAT = ("paragraphs", "bytes")

DROPPED = pyarrow.schema([("source", pyarrow.string()), *((what, pyarrow.int64()) for what in _WHAT)])


def main(stage: Stage) -> None:
    """Inputs: text (of this shard), parts, repeats (of all buckets), grams (of the validation text).

    Outputs: train (Parquet), dropped (Parquet: paragraphs and bytes of each source that share a run of words with
    validation text and are left out).
    """
    grams = stage.input("grams")
    words = stage.params["k2"]["corpus"]["overlap_words"]
    index = Index(read([grams], ["hash"])["hash"], words, noted(grams, "one_in"))
    dropped: dict[str, Counter[str]] = {}
    with TableWriter(stage.output("train"), CORPUS, 3) as writer:
        for found in Plan(stage).sections(TRAIN):
            texts = list(_without_overlap(found, index, dropped))
            writer.write(rows(found, texts))
    with TableWriter(stage.output("dropped"), DROPPED) as writer:
        writer.write(
            {"source": sorted(dropped), **{what: [dropped[s][what] for s in sorted(dropped)] for what in _WHAT}}
        )


def _without_overlap(found: Sequence[Section], index: Index, dropped: dict[str, Counter[str]]) -> Iterator[list[str]]:
    """The paragraphs of each section that are not in validation text; the others are counted."""
    layout = Layout([section.paragraphs for section in found])
    touched = index.search(layout)
    for section, first in zip(found, layout.first_paragraphs.tolist(), strict=True):
        own = touched[first : first + len(section.paragraphs)]
        if own.any():
            left_out = [one for one, out in zip(section.paragraphs, own, strict=True) if out]
            counts = dropped.setdefault(section.source, Counter())
            counts.update(paragraphs=len(left_out), bytes=sum(map(byte_count, left_out)))
        yield (
            [one for one, out in zip(section.paragraphs, own, strict=True) if not out]
            if own.any()
            else section.paragraphs
        )
