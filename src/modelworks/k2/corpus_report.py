"""What the corpus holds, what each deduplication removed, and what training and validation text still share."""

import itertools
import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import polars

from modelworks.k2.arithmetic import SOURCE as ARITHMETIC
from modelworks.lm.corpus import byte_count, paragraphs
from modelworks.lm.layout import Layout
from modelworks.lm.overlap import Grams, Index, Overlap
from modelworks.lm.stable import write_json, write_parquet
from modelworks.lm.tables import row_groups
from modelworks.lm.worked import operations
from modelworks.stage import Stage

EMBEDDED = frozenset({"data/python_reference.jsonl", "data/python_docstrings.jsonl"})

STEPS = ("read", "exact", "near", "paragraph")
PARTS = ("train", "validation")

_WHAT = ("documents", "bytes")
_PART_WHAT = ("documents", "sections", "bytes")

_NONE = numpy.empty(0, dtype=numpy.uint64)

Counts = dict[str, dict[str, int]]


def main(stage: Stage) -> None:
    """Inputs: counts, dropped, train, validation (all texts, generated ones too), cases, training_operands.

    Outputs: report, overlap (JSON), statistics (Parquet, a row for each source; `exact_bytes` are those left after the
    removal of exact copies, and so on; null for generated text). Raises ValueError if held-out operands are asked or
    worked out in the training examples, or if the embedded files overlap more than `k2.corpus.most_overlap`.
    """
    params = stage.params["k2"]["corpus"]
    counts = _counts(stage.input("counts"), stage.inputs["dropped"])
    held = Grams(params["overlap_words"])
    parts = {"validation": _part(stage.inputs["validation"], held.add)}
    index = Index(numpy.concatenate([_NONE, *held.held.values()]), held.words, held.one_in)
    worked: set[tuple[int, ...]] = set()

    def trained(source: str, texts: list[str]) -> None:
        index.search(_layout(texts))
        if source == ARITHMETIC:
            worked.update(itertools.chain.from_iterable(map(operations, texts)))

    parts["train"] = _part(stage.inputs["train"], trained)
    found = {source: index.count(hashes) for source, hashes in sorted(held.held.items())}
    shared = sum((found[source] for source in counts if source in found), Overlap(0, 0))
    operands = shared_operands(stage.input("cases"), stage.input("training_operands"), worked)
    write_json(
        stage.output("overlap"),
        {
            "words": params["overlap_words"],
            "counted_one_in": held.one_in,
            "sources": {source: _shown(one) for source, one in found.items()},
            "corpus": _shown(shared),
            "operands": operands,
        },
    )
    write_json(stage.output("report"), _report(counts, parts, shared, params["overlap_words"]))
    write_parquet(stage.output("statistics"), _statistics(counts, parts))
    check_overlap(shared, params)
    if operands["shared"] or operands["worked"]:
        raise ValueError(
            f"of the sets of operands of held-out cases {operands['shared']} are also asked in the training examples, "
            f"and {operands['worked']} worked out in them"
        )


def check_overlap(shared: Overlap, params: dict[str, Any]) -> None:
    """Raise ValueError if the embedded corpus overlaps too much; for any other corpus write a warning to stderr."""
    if shared.share <= params["most_overlap"]:
        return
    finding = (
        f"{shared.share:.2%} of the validation text's {params['overlap_words']}-word-grams also occur in the training "
        f"text (params.yaml: k2.corpus.most_overlap allows {params['most_overlap']:.2%}), so bits per byte would "
        "look better than they are"
    )
    if params["dataset"] is None and {file for files in params["files"].values() for file in files} <= EMBEDDED:
        raise ValueError(finding)
    sys.stderr.write(
        f"warning: {finding}. Remedy: lower k2.corpus.near.threshold, or remove documents that quote each other.\n"
    )


def shared_operands(cases: Path, training: Path, worked: Collection[tuple[int, ...]]) -> dict[str, Any]:
    """How many sets of operands the held-out cases have, by level too, and how many of them training has met.

    `shared`: as the operands of a training example; `worked`: as those of an operation within a training example's
    working (`worked`, see `modelworks.lm.worked.operations`).
    """
    held = polars.read_parquet(cases, columns=["level", "operands"])
    trained = _sets(polars.scan_parquet(training).select("operands").unique().collect())

    def met(sets: set[tuple[int, ...]]) -> dict[str, int]:
        return {"cases": len(sets), "shared": len(sets & trained), "worked": len(sets.intersection(worked))}

    levels = held.partition_by("level", maintain_order=True)
    return {
        **met(_sets(held)),
        "training": len(trained),
        "levels": {level["level"][0]: met(_sets(level)) for level in levels},
    }


def _sets(table: polars.DataFrame) -> set[tuple[int, ...]]:
    return {tuple(operands) for operands in table["operands"].to_list()}


def _counts(path: Path, dropped: Sequence[Path]) -> Counts:
    """What each step has left of each source, and what of the training text was left out for its overlap."""
    counts: Counts = json.loads(path.read_text(encoding="utf-8"))
    rows = polars.concat([polars.read_parquet(shard) for shard in dropped])
    left_out: dict[str, int] = dict(rows.group_by("source").agg(polars.col("bytes").sum()).iter_rows())
    return {source: {**own, "dropped_bytes": left_out.get(source, 0)} for source, own in counts.items()}


def _part(paths: Sequence[Path], use: Callable[[str, list[str]], object]) -> Counts:
    """Documents, sections and bytes of each source of a part; `use` gets the source and texts, piece by piece."""
    counts: Counts = {}
    last: dict[str, str] = {}
    for rows in (rows for path in paths for rows in row_groups(path, ["source", "document", "text"])):
        texts: dict[str, list[str]] = {}
        for source, document, text in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            texts.setdefault(source, []).append(text)
            own = counts.setdefault(source, {"documents": 0, "sections": 0, "bytes": 0})
            own["documents"] += last.get(source) != document  # the sections of a document follow each other
            own["sections"] += 1
            own["bytes"] += byte_count(text)
            last[source] = document
        for source, found in texts.items():
            use(source, found)
    return counts


def _layout(texts: Sequence[str]) -> Layout:
    return Layout([found for found in map(paragraphs, texts) if found])


def _report(counts: Counts, parts: Mapping[str, Counts], shared: Overlap, words: int) -> dict[str, Any]:
    """Of the sources that were read, not of generated text."""
    steps = {key: sum(own[key] for own in counts.values()) for key in next(iter(counts.values()))}
    sides = {
        f"{part}_{what}": sum(own[what] for source, own in parts[part].items() if source in counts)
        for part in PARTS
        for what in _PART_WHAT
    }
    size = sides["train_bytes"] + sides["validation_bytes"]
    return {
        "documents": steps["read_documents"],
        "bytes": steps["read_bytes"],
        **{
            f"removed_by_{step}_{what}": steps[f"{before}_{what}"] - steps[f"{step}_{what}"]
            for before, step in itertools.pairwise(STEPS)
            for what in _WHAT
        },
        "removed_by_overlap_bytes": steps["dropped_bytes"],
        **sides,
        "validation_share": round(sides["validation_bytes"] / size, 6),
        "overlap_words": words,
        "overlap_found": shared.found,
        "overlap_total": shared.total,
        "overlap_share": round(shared.share, 6),
    }


def _statistics(counts: Counts, parts: Mapping[str, Counts]) -> polars.DataFrame:
    names = [*counts, *sorted({source for own in parts.values() for source in own} - set(counts))]
    rows = []
    for source in names:
        read = {f"{step}_{what}": counts.get(source, {}).get(f"{step}_{what}") for step in STEPS for what in _WHAT}
        read["overlap_dropped_bytes"] = counts.get(source, {}).get("dropped_bytes")
        made = {f"{part}_{what}": parts[part].get(source, {}).get(what, 0) for part in PARTS for what in _PART_WHAT}
        rows.append({"source": source, **read, **made})
    return polars.DataFrame(rows, schema_overrides={name: polars.Int64 for name in list(rows[0])[1:]})


def _shown(overlap: Overlap) -> dict[str, Any]:
    return {"found": overlap.found, "total": overlap.total, "share": round(overlap.share, 6)}
