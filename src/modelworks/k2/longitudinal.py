"""Put what was measured of all checkpoints into one table, one page of plots and one gallery of samples."""

import json

import polars

from modelworks.k2.figures import figures
from modelworks.k2.measures import BENCHMARKS
from modelworks.k2.pages import gallery, longitudinal
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: tables, chunk_losses, galleries, baselines, log. Outputs: table (Parquet), page, gallery (HTML)."""
    parts = [polars.read_parquet(path) for path in (*stage.inputs["tables"], stage.input("chunk_losses"))]
    known = {name: number for number, name in enumerate(BENCHMARKS)}
    table = polars.concat(parts)
    table = table.sort(polars.col("benchmark").replace_strict(known), "step", maintain_order=True)
    write_parquet(stage.output("table"), table)
    baselines = json.loads(stage.input("baselines").read_text(encoding="utf-8"))["sources"]
    log = polars.read_parquet(stage.input("log"))
    page = longitudinal(table, figures(table, baselines, log))
    stage.output("page").write_text(page, encoding="utf-8", newline="\n")
    samples = [json.loads(path.read_text(encoding="utf-8")) for path in stage.inputs["galleries"]]
    samples.sort(key=lambda checkpoint: checkpoint["step"])
    shown = gallery(samples, stage.params["k2"]["samples"])
    stage.output("gallery").write_text(shown, encoding="utf-8", newline="\n")
