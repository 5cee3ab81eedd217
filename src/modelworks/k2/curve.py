"""Draw the learning curve, and write its points as tables that `dvc plots` shows."""

import json
import math
from pathlib import Path
from typing import Any

import polars

from modelworks.lm.curve import Curve, draw
from modelworks.lm.stable import write_csv
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: log, scores (one a checkpoint), baselines, tokens (sizes). Outputs: figure (SVG), loss, held_out (CSV).

    A training loss in nats per token becomes bits per byte with the tokens per byte of the whole training text.
    """
    sizes = _read(stage.input("tokens"))
    bits_per_nat = sizes["train_tokens"] / sizes["train_bytes"] / math.log(2)
    log = polars.read_parquet(stage.input("log"))
    log = log.with_columns((polars.col("loss") * bits_per_nat).round(6).alias("bits_per_byte"))
    scores = [_read(path) for path in stage.inputs["scores"]]
    held_out = polars.DataFrame(
        [(score["step"], score["training_tokens"], score["bits_per_byte"]) for score in scores],
        schema={"step": polars.Int64, "tokens": polars.Int64, "bits_per_byte": polars.Float64},
        orient="row",
    )
    curve = Curve(
        train=(log["tokens"].to_list(), log["bits_per_byte"].to_list()),
        held_out=(held_out["tokens"].to_list(), held_out["bits_per_byte"].to_list()),
        baselines=_read(stage.input("baselines"))["bits_per_byte"],
        held_out_name="validation",
    )
    draw(curve, stage.output("figure"))
    write_csv(stage.output("loss"), log)
    write_csv(stage.output("held_out"), held_out)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
