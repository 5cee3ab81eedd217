"""Make questions with answers from the reference, and cloze items from its held-out documents."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars

from modelworks.lm.cloze_items import Item, cloze
from modelworks.lm.questions import pairs
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage

SOURCE = "questions"

Sections = dict[str, list[str]]  # document -> the texts of its sections in order


def main(stage: Stage) -> None:
    """Inputs: train, validation (the shards of each part). Outputs: train, validation, cloze (Parquet).

    Questions of a part are made from its own documents alone.
    """
    params = stage.params["k2"]["questions"]
    parts = {part: _documents(stage.inputs[part], params["source"]) for part in ("train", "validation")}
    if not any(parts.values()):
        raise ValueError(
            f"params.yaml: k2.questions.source: no document has source {params['source']!r}; "
            f"name one of {', '.join(_sources(stage.inputs))}"
        )
    seed = stage.seed("questions")
    for part, documents in parts.items():
        write_parquet(stage.output(part), _questions(part, documents, params["most_per_document"], seed))
    held_out = [(name, text) for name, sections in parts["validation"].items() for text in sections]
    train = [text for sections in parts["train"].values() for text in sections]
    write_parquet(stage.output("cloze"), _items(cloze(held_out, train, params["cloze"], stage.seed("cloze"))))


def _documents(shards: Sequence[Path], source: str) -> Sections:
    """The documents of a source by name, whatever shards their sections are in."""
    table = polars.concat([polars.scan_parquet(path) for path in shards]).filter(polars.col("source") == source)
    found: Sections = {}
    rows = table.select("document", "id", "text").collect().rows()
    for document, _, text in sorted(rows, key=lambda row: (row[0], _natural(row[1]))):
        found.setdefault(document, []).append(text)
    return found


def _sources(shards: Mapping[str, Sequence[Path]]) -> list[str]:
    tables = [polars.scan_parquet(path).select("source") for part in ("train", "validation") for path in shards[part]]
    return sorted(polars.concat(tables).unique().collect()["source"].to_list())


def _natural(name: str) -> list[tuple[str, int]]:
    """A key by which section 10 comes after section 9."""
    return [(rest, int(digits or 0)) for rest, digits in re.findall(r"([^0-9]*)([0-9]*)", name)]


def _questions(part: str, documents: Sections, most: int, seed: int) -> polars.DataFrame:
    rows = [
        (f"{SOURCE}/{part}/{name}/{number:03d}", SOURCE, name, pair.text)
        for name, sections in documents.items()
        for number, pair in enumerate(pairs(sections, most, seed))
    ]
    return polars.DataFrame(
        rows, schema=dict.fromkeys(("id", "source", "document", "text"), polars.String), orient="row"
    )


def _items(items: Sequence[Item]) -> polars.DataFrame:
    rows = [(item.id, item.document, item.prompt, list(item.choices), item.answer) for item in items]
    text = dict.fromkeys(("id", "document", "prompt"), polars.String)
    return polars.DataFrame(
        rows, schema={**text, "choices": polars.List(polars.String), "answer": polars.Int64}, orient="row"
    )
