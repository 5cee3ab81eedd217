"""The last checkpoint beside the baselines: a JSON for `dvc metrics`, tables for the report and `dvc plots`."""

import json
from pathlib import Path
from typing import Any

import polars

from modelworks.k2.measures import seen_effect
from modelworks.lm.stable import write_csv, write_json
from modelworks.stage import Stage

_HARD = (0.2, 0.6)
_BARS = ("lzma_primed", "lzma_primed_all", "kneser_ney", "kneser_ney_all")


def main(stage: Stage) -> None:
    """Inputs: table (longitudinal), baselines, orders, log. Outputs: metrics, table, loss, held_out, arithmetic.

    The source whose bits per byte are held against the baselines is the one that k2.questions names. Nothing is chosen
    by these figures: they are of the last checkpoint, not of the best one.
    """
    headline = stage.params["k2"]["questions"]["source"]
    table = polars.read_parquet(stage.input("table"))
    baselines = json.loads(stage.input("baselines").read_text(encoding="utf-8"))["sources"]
    last = table.filter(polars.col("step") == table["step"].max())
    effect = seen_effect(table)
    more = {
        "seen_lowers_loss_by": None if effect is None else round(effect, 6),
        "training_token_shares": _token_shares(stage.inputs["orders"]),
        "baselines": baselines,
    }
    write_json(stage.output("metrics"), _metrics(last, baselines.get(headline, {}), headline) | more)
    write_csv(stage.output("table"), _results(last, baselines))
    write_csv(stage.output("loss"), polars.read_parquet(stage.input("log")))
    write_csv(stage.output("held_out"), _by_step(table, "bits_per_byte", headline))
    write_csv(stage.output("arithmetic"), _by_step(table, "arithmetic", None).rename({"arithmetic": "exact_match"}))


def _metrics(last: polars.DataFrame, bars: dict[str, float], headline: str) -> dict[str, Any]:
    """What the last checkpoint can do; `bars` are the baselines of the source `headline`."""
    bits, levels = _values(last, "bits_per_byte"), _values(last, "arithmetic")
    measured = bits.get(headline)
    below = {name: measured < bars[name] for name in _BARS if name in bars} if measured is not None else {}
    low, high = _HARD
    return {
        "step": last["step"][0],
        "training_tokens": last["training_tokens"][0],
        "bits_per_byte": bits,
        "below": {"source": headline, **below},
        "arithmetic": levels,
        "hard_levels": [name for name, value in levels.items() if low <= value <= high],
        "cloze": next(iter(_values(last, "cloze").values()), None),
        "copied": next(iter(_values(last, "copied").values()), None),
    }


def _values(last: polars.DataFrame, benchmark: str) -> dict[str, float]:
    """Item -> value of those that have one."""
    rows = last.filter(polars.col("benchmark") == benchmark, polars.col("value").is_not_null())
    return dict(rows.select("item", "value").iter_rows())


def _token_shares(orders: list[Path]) -> dict[str, float]:
    """Source -> its share of the tokens of all rows of the training sequence."""
    pieces = polars.concat(polars.read_parquet(path, columns=["source", "begin", "end"]) for path in orders)
    sums = pieces.group_by("source").agg(tokens=(polars.col("end") - polars.col("begin")).sum()).sort("source")
    total = int(sums["tokens"].sum())
    return {source: round(tokens / total, 6) for source, tokens in sums.iter_rows()}


def _results(last: polars.DataFrame, baselines: dict[str, Any]) -> polars.DataFrame:
    """The model's measures, and behind those of bits per byte the baselines on the same text."""
    rows: list[tuple[Any, ...]] = []
    for row in last.filter(polars.col("benchmark") != "chunk_loss").iter_rows(named=True):
        name, low, high = row["benchmark"].replace("_", " "), *_HARD
        note = ""
        if row["benchmark"] == "arithmetic" and row["value"] is not None and low <= row["value"] <= high:
            note = "hard level for reinforcement learning"
        rows.append((name, row["item"], "model", row["value"], row["low"], row["high"], row["count"], note))
        if row["benchmark"] == "bits_per_byte":
            for baseline, value in baselines.get(row["item"], {}).items():
                if baseline != "bytes":
                    shown = baseline.replace("_", " ")
                    rows.append((name, row["item"], shown, value, None, None, None, ""))
    columns = ("benchmark", "item", "of", "value", "low", "high", "count", "note")
    types = (*(polars.String,) * 3, *(polars.Float64,) * 3, polars.Int64, polars.String)
    return polars.DataFrame(rows, schema=dict(zip(columns, types, strict=True)), orient="row")


def _by_step(table: polars.DataFrame, benchmark: str, first: str | None) -> polars.DataFrame:
    """step, then the benchmark's value of the item `first` (None: the first one) under its name, then all items."""
    rows = table.filter(polars.col("benchmark") == benchmark)
    wide = rows.pivot(on="item", index="step", values="value", maintain_order=True)
    items = wide.columns[1:]
    chosen = first if first in items else items[0]
    return wide.select("step", polars.col(chosen).alias(benchmark), *items)
