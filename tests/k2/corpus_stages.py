"""Runs the stages that make the corpus by calling their modules, without an engine."""

import importlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars

from modelworks.stage import Stage

NEAR = {"threshold": 0.8, "shingle_words": 5, "permutations": 128, "bands": 16}


def corpus_params(files: Mapping[str, Sequence[Path | str]], **changes: Any) -> dict[str, Any]:
    """All params that the stages read; `changes` are to k2.corpus."""
    corpus = {
        "files": {source: [str(path) for path in paths] for source, paths in files.items()},
        "dataset": None,
        "text_column": "text",
        "id_column": "id",
        "shards": 2,
        "section_bytes": 4096,
        "validation_fraction": 0.1,
        "overlap_words": 13,
        "most_overlap": 0.01,
        "near": NEAR,
    }
    tokenizer = {"vocab_size": 320, "min_frequency": 2, "most_bytes": 1 << 20}
    return {"seed": 7, "k2": {"corpus": corpus | changes, "tokenizer": tokenizer}}


def run(
    name: str,
    directory: Path,
    inputs: Mapping[str, Sequence[Path | str]],
    outputs: Mapping[str, str],
    params: dict[str, Any],
    **args: str,
) -> None:
    """Run one stage; paths that are not absolute are under `directory`."""
    for path in outputs.values():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
    module = importlib.import_module(f"modelworks.k2.{name}")
    with tempfile.TemporaryDirectory() as scratch:
        module.main(
            Stage(
                f"modelworks.k2.{name}",
                f"k2_{name}",
                {key: [directory / path for path in paths] for key, paths in inputs.items()},
                {key: [directory / path] for key, path in outputs.items()},
                params,
                args,
                Path(scratch),
            )
        )


def build_corpus(directory: Path, params: dict[str, Any]) -> Path:
    """Run the stages up to the sections, under the names that the rules give."""
    corpus = params["k2"]["corpus"]
    shards = [f"{shard:03d}" for shard in range(corpus["shards"])]
    data = [Path(path).absolute() for _, paths in sorted(corpus["files"].items()) for path in paths]
    tables = ("text", "documents", "paragraphs", "bands")

    def every(table: str) -> list[str]:
        return [f"corpus/{table}/{shard}.parquet" for shard in shards]

    for shard in shards:
        outputs = {table: f"corpus/{table}/{shard}.parquet" for table in tables}
        run("read", directory, {"data": data} if data else {}, outputs, params, shard=shard)
    for bucket in shards:
        inputs = {table: every(table) for table in ("bands", "documents")}
        run("near", directory, inputs, {"pairs": f"corpus/pairs/{bucket}.parquet"}, params, bucket=bucket)
    inputs = {table: every(table) for table in ("documents", "pairs")}
    run("clusters", directory, inputs, {"removed": "corpus/removed.parquet"}, params)
    for bucket in shards:
        given = {"paragraphs": every("paragraphs"), "removed": ["corpus/removed.parquet"]}
        run("repeats", directory, given, {"repeats": f"corpus/repeats/{bucket}.parquet"}, params, bucket=bucket)
    given = {"documents": every("documents"), "removed": ["corpus/removed.parquet"], "repeats": every("repeats")}
    run("split", directory, given, {"parts": "corpus/parts.parquet", "counts": "corpus/counts.json"}, params)
    for shard in shards:
        given = planned(shard, every("repeats"))
        run("held_out", directory, given, {"validation": f"corpus/validation/{shard}.parquet"}, params, shard=shard)
    run("grams", directory, {"validation": every("validation")}, {"grams": "corpus/grams.parquet"}, params)
    for shard in shards:
        given = planned(shard, every("repeats")) | {"grams": ["corpus/grams.parquet"]}
        made = {"train": f"corpus/train/{shard}.parquet", "dropped": f"corpus/dropped/{shard}.parquet"}
        run("sections", directory, given, made, params, shard=shard)
    return directory / "corpus"


def planned(shard: str, repeats: list[str]) -> dict[str, Sequence[Path | str]]:
    """The inputs that say what becomes of each document of a shard."""
    return {"text": [f"corpus/text/{shard}.parquet"], "parts": ["corpus/parts.parquet"], "repeats": repeats}


def part(corpus: Path, name: str) -> polars.DataFrame:
    """All rows of a part, sorted by id."""
    return polars.concat(polars.read_parquet(path) for path in sorted((corpus / name).glob("*.parquet"))).sort("id")


def file_bytes(directory: Path) -> dict[str, bytes]:
    """Every file under `directory` by its relative name."""
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


def report(
    corpus: Path,
    directory: Path,
    params: dict[str, Any],
    cases: Sequence[Sequence[int]] = ((1, 2),),
    training: Sequence[Sequence[int]] = ((3, 4),),
) -> dict[str, Any]:
    """Run the report, with one arithmetic document beside the corpus; its JSON files."""
    directory.mkdir(exist_ok=True)
    held = {"level": ["easy"] * len(cases), "operands": [list(one) for one in cases]}
    polars.DataFrame(held).write_parquet(directory / "cases.parquet")
    trained = {"level": ["easy"] * len(training), "operands": [list(one) for one in training]}
    polars.DataFrame(trained).write_parquet(directory / "operands.parquet")
    one = {"id": ["easy/0"], "source": ["arithmetic"], "document": ["easy/0"], "text": ["1+2=3"]}
    polars.DataFrame(one).write_parquet(directory / "arithmetic.parquet")
    inputs: dict[str, list[Path | str]] = {
        "counts": [corpus / "counts.json"],
        "dropped": sorted((corpus / "dropped").iterdir()),
        "cases": ["cases.parquet"],
        "training_operands": ["operands.parquet"],
        **{side: [*sorted((corpus / side).iterdir()), "arithmetic.parquet"] for side in ("train", "validation")},
    }
    made = {"report": "report.json", "overlap": "overlap.json", "statistics": "statistics.parquet"}
    run("corpus_report", directory, inputs, made, params)
    return {name: json.loads((directory / f"{name}.json").read_text()) for name in ("report", "overlap")}
