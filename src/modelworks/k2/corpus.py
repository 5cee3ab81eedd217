"""Read the corpus, drop repeated paragraphs, split it, and measure what the two parts still share."""

import sys
from pathlib import Path
from typing import Any

import polars

from modelworks.lm.corpus import Overlap, byte_count, deduplicate, overlap, sections, split
from modelworks.lm.sources import Document, HubDataset, read_files, read_hub
from modelworks.lm.stable import write_json, write_parquet
from modelworks.stage import Stage

EMBEDDED = "data/python_reference.jsonl"


def main(stage: Stage) -> None:
    """Inputs: data (unless a data set is named). Outputs: train, validation (Parquet: id, text), report (JSON)."""
    params = stage.params["k2"]["corpus"]
    documents = _read(stage, params)
    unique = deduplicate(documents)
    train, validation = split(
        sections(unique, params["section_bytes"]), params["validation_fraction"], stage.seed("split")
    )
    shared = overlap(train, validation, params["overlap_words"])
    check_overlap(shared, params)
    for name, part in (("train", train), ("validation", validation)):
        write_parquet(stage.output(name), _table(part))
    write_json(
        stage.output("report"),
        {
            "documents": len(documents),
            "bytes": byte_count(documents),
            "bytes_without_repeated_paragraphs": byte_count(unique),
            "train_sections": len(train),
            "train_bytes": byte_count(train),
            "validation_sections": len(validation),
            "validation_bytes": byte_count(validation),
            "validation_share": round(byte_count(validation) / byte_count(train + validation), 6),
            "overlap_words": params["overlap_words"],
            "overlap_found": shared.found,
            "overlap_total": shared.total,
            "overlap_share": round(shared.share, 6),
        },
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
    if params["dataset"] is None and params["files"] == [EMBEDDED]:
        raise ValueError(finding)
    sys.stderr.write(
        f"warning: {finding}. Remedy: remove near-duplicate documents from the corpus, or raise "
        "k2.corpus.section_bytes so that fewer documents are cut between the two parts.\n"
    )


def _read(stage: Stage, params: dict[str, Any]) -> list[Document]:
    if params["dataset"] is None:
        return read_files(stage.inputs["data"], params["text_column"], params["id_column"])
    named = params["dataset"]
    check_is_remote(named["name"])
    hub = HubDataset(named["name"], named["revision"], named["configuration"], named["split"])
    return read_hub(hub, params["text_column"], params["id_column"])


def check_is_remote(name: str) -> None:
    """Raise ValueError if the working directory holds something called like the data set: `datasets` prefers that."""
    if (Path.cwd() / name).exists() and not Path(name).is_absolute():
        raise ValueError(
            f"params.yaml: k2.corpus.dataset.name: {name} is a folder here, and `datasets` would read that one, whose "
            "content is in no key; name its files in k2.corpus.files"
        )


def _table(documents: list[Document]) -> polars.DataFrame:
    columns = {"id": [document.id for document in documents], "text": [document.text for document in documents]}
    return polars.DataFrame(columns, schema={"id": polars.String, "text": polars.String})
