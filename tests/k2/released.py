"""Small artifacts in the formats that the stages before the release write, and the release made of them."""

import json
from pathlib import Path
from typing import Any

import numpy
import polars
import torch
import yaml
from safetensors.torch import save_file

from modelworks.k2 import release
from modelworks.lm.model import initialise
from modelworks.lm.stable import write_json, write_parquet
from modelworks.lm.tokenizer import train
from modelworks.stage import Stage

ROOT = Path(__file__).parents[2]
CHECKPOINTS = ("001", "002-of-003", "003-of-003")
TEXTS = ("000", "arithmetic", "questions")
PAGES = ("results.csv", "longitudinal.html", "gallery.html")
TEXT = "The for statement is used to iterate over the elements of a sequence.\n<think>1+2=3</think>"
# benchmark, item, count, value, low, high
SCORES = [
    ("bits_per_byte", "reference", 900, 1.9137, 1.8842, 1.9511),
    ("arithmetic", "easy", 1000, 0.931, 0.9136, 0.9451),
    ("cloze", "reference", 40, 0.375, 0.2421, 0.5297),
    ("copied", "8-word", 500, 0.0125, 0.0057, 0.0273),
    ("chunk_loss", "001", 2048, 2.7777, None, None),
]


def params() -> dict[str, Any]:
    """Seed and k2 section of the repository's params.yaml, with a small model."""
    read = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "max_position_embeddings": 64}
    k2 = read["k2"]
    k2["model"] |= sizes
    k2["tokenizer"]["vocab_size"] = 300
    return {"seed": read["seed"], "k2": k2}


def file_bytes(directory: Path) -> dict[str, bytes]:
    """Every file under `directory` by its relative name."""
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


def make(folder: Path) -> None:
    """Write the artifacts below `folder`, in place of artifacts/k2."""
    for name in ("order", "tokens/train", "corpus", "checkpoints", "gallery", "code"):
        (folder / name).mkdir(parents=True)
    train([TEXT] * 4, 300, 2).save(str(folder / "tokenizer.json"))
    for number, name in enumerate(CHECKPOINTS, 1):
        _checkpoint(folder / "checkpoints" / name, number)
    for chunk in ("001", "002", "003"):
        write_parquet(folder / f"order/{chunk}.parquet", polars.DataFrame({"row": [0, 1], "begin": [0, int(chunk)]}))
    write_json(folder / "order.json", {"chunks": [], "tokens": {"arithmetic": 2345, "reference": 67890}})
    for text in TEXTS:
        write_parquet(folder / f"tokens/train/{text}.parquet", polars.DataFrame({"shard": [text], "id": ["a"]}))
    write_parquet(folder / "training_log.parquet", polars.DataFrame({"step": [1], "loss": [5.7]}))
    statistics = {"source": ["reference", "a|b"], "documents": [12, 3], "bytes": [345_678, 901]}
    write_parquet(folder / "corpus/statistics.parquet", polars.DataFrame(statistics))
    write_json(folder / "corpus/report.json", {"documents": 15})
    write_json(folder / "corpus/overlap.json", {"words": {"share": 0.00123, "length": 13}, "operands": 0})
    write_json(folder / "metrics.json", {"bits_per_byte": 1.9137})
    write_json(folder / "baselines.json", {"bits_per_byte": {"lzma_primed": 2.0491}})
    write_parquet(folder / "longitudinal.parquet", _longitudinal())
    for name in (*PAGES, *(f"gallery/{name}.json" for name in CHECKPOINTS)):
        (folder / name).write_text(f"{name}\n", encoding="utf-8")
    for stage in ("train", "corpus"):
        write_json(folder / f"code/modelworks.k2.{stage}.json", {"module": stage, "modules": {stage: "0123"}})


def _checkpoint(folder: Path, number: int) -> None:
    values = params()["k2"]
    initialise(values["model"], 300, number, torch.device("cpu")).save_pretrained(folder)
    save_file({"moment": torch.full((4,), float(number))}, folder / "optimizer.safetensors")
    save_file({"cpu.0": torch.arange(4)}, folder / "random.safetensors")
    (folder / ".snakemake_timestamp").touch()
    write_json(folder / "progress.json", {"step": 100 * number, "training_tokens": 204_800 * number})


def _longitudinal() -> polars.DataFrame:
    rows = [
        {"checkpoint": name, "benchmark": score[0], "item": score[1], "count": score[2]}
        | {"value": score[3] + shift, "low": score[4], "high": score[5]}
        for name, shift in zip(CHECKPOINTS, (0.002, 0.001, 0.0), strict=True)
        for score in SCORES
    ]
    return polars.DataFrame(rows)


def inputs(folder: Path) -> dict[str, list[Path]]:
    """The stage's inputs by name, as the rule gives them."""
    named = {
        "fingerprints": sorted((folder / "code").iterdir()),
        "checkpoints": [folder / "checkpoints" / name for name in CHECKPOINTS],
        "order": sorted((folder / "order").iterdir()),
        "order_summary": [folder / "order.json"],
        "documents": [folder / f"tokens/train/{text}.parquet" for text in TEXTS],
        "log": [folder / "training_log.parquet"],
        "pages": [folder / name for name in PAGES],
        "galleries": [folder / f"gallery/{name}.json" for name in CHECKPOINTS],
    }
    for name in ("report.json", "overlap.json", "statistics.parquet"):
        named[name.partition(".")[0]] = [folder / "corpus" / name]
    for name in ("tokenizer.json", "metrics.json", "longitudinal.parquet", "baselines.json"):
        named[name.partition(".")[0]] = [folder / name]
    return named


def bundle(folder: Path, target: Path, **changes: list[Path]) -> Path:
    """Run the stage on artifacts that `make` wrote; returns `target`, the release."""
    stage = Stage("modelworks.k2.release", "k2_release", {**inputs(folder), **changes}, {"bundle": [target]}, params())
    release.main(stage)
    return target


def tokens(count: int) -> list[int]:
    """Some token ids."""
    drawn: list[int] = numpy.random.default_rng(0).integers(0, 300, count).tolist()
    return drawn


def read(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
