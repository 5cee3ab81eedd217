"""One JSON for `dvc metrics` and one table for the report: every checkpoint beside the baselines."""

import json
from pathlib import Path
from typing import Any

import polars

from modelworks.lm.stable import write_csv, write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: corpus (report), tokens (sizes), scores, baselines. Outputs: metrics (JSON), table (CSV).

    All bits per byte are of the validation text. `best` is the lowest of the checkpoints on that same text, so it
    flatters itself a little; `last` does not.
    """
    corpus = _read(stage.input("corpus"))
    sizes = _read(stage.input("tokens"))
    scores = [_read(path) for path in stage.inputs["scores"]]
    baselines = _read(stage.input("baselines"))["bits_per_byte"]
    best = min(scores, key=lambda score: score["bits_per_byte"])
    strongest = min(baselines, key=lambda name: baselines[name])
    metrics = {
        "split": "validation",
        "validation_share": corpus["validation_share"],
        "overlap_share": corpus["overlap_share"],
        "train_bytes_per_token": round(sizes["train_bytes"] / sizes["train_tokens"], 6),
        "best": {"step": best["step"], "bits_per_byte": best["bits_per_byte"]},
        "last": {"step": scores[-1]["step"], "bits_per_byte": scores[-1]["bits_per_byte"]},
        "baselines": baselines,
        "last_below_strongest_baseline": round(baselines[strongest] - scores[-1]["bits_per_byte"], 6),
    }
    write_json(stage.output("metrics"), metrics)
    rows = [
        *((f"model, step {score['step']}", score["training_tokens"], score["bits_per_byte"]) for score in scores),
        *((name.replace("_", " "), None, value) for name, value in baselines.items()),
    ]
    schema = {"what": polars.String, "training tokens": polars.Int64, "bits per byte": polars.Float64}
    write_csv(stage.output("table"), polars.DataFrame(rows, schema=schema, orient="row"))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
