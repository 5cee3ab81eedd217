"""Write the training text of one shard, in sections, without what earlier or validation text has too."""

from collections import Counter
from collections.abc import Iterator, Sequence

from modelworks.k2.corpus_plan import CORPUS, Plan, Section, rows
from modelworks.lm.corpus import TRAIN, byte_count
from modelworks.lm.layout import Layout
from modelworks.lm.overlap import Index
from modelworks.lm.stable import write_json
from modelworks.lm.tables import TableWriter, read
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: text (of this shard), parts, repeats (of all buckets), grams (of the validation text).

    Outputs: train (Parquet), dropped (JSON: paragraphs and bytes of each source that share a run of words with
    validation text and are left out).
    """
    grams = read([stage.input("grams")], ["hash", "one_in"])
    one_in = int(grams["one_in"][0]) if len(grams["one_in"]) else 1
    index = Index(grams["hash"], stage.params["k2"]["corpus"]["overlap_words"], one_in)
    dropped: dict[str, Counter[str]] = {}
    with TableWriter(stage.output("train"), CORPUS, 3) as writer:
        for found in Plan(stage).sections(TRAIN):
            texts = list(_without_overlap(found, index, dropped))
            writer.write(rows(found, texts))
    write_json(stage.output("dropped"), {source: dict(own) for source, own in sorted(dropped.items())})


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
