"""Plan the training sequence: which tokens of which documents each row of each chunk holds."""

import hashlib
from typing import Any

import polars

from modelworks.k2.segments import phase_of
from modelworks.lm import order
from modelworks.lm.stable import write_json, write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: indexes of the training texts. Outputs: chunks (Parquet, one each), summary (JSON).

    A chunk's table has a row a piece: row, start, shard, document, begin, end, source (see `lm.order.rows`). What it
    holds depends on neither the number of shards nor on how many chunks there are.
    """
    params = stage.params["k2"]
    index = polars.concat([polars.read_parquet(path) for path in stage.inputs["indexes"]]).sort("source", "id")
    plans: dict[tuple[str, int], list[order.Indexes]] = {}
    summaries: list[dict[str, Any]] = []
    for number, path in enumerate(stage.outputs["chunks"]):
        phase = phase_of(path.stem, params["run"])
        planned = params["order"][phase]
        of_phase = number if phase == "base" else number - params["run"]["base_chunks"]
        again, place = divmod(of_phase, planned["chunks"])
        if (phase, again) not in plans:
            seed = stage.seed("plan", phase, again)
            plans[phase, again] = order.plan(index, planned["mix"], planned["chunks"], seed)
        count = planned["steps"] * params["train"]["batch_tokens"] // planned["context"]
        seeds = [stage.seed("rows", phase), of_phase]
        try:
            table = order.rows(plans[phase, again][place], index, count, planned["context"], seeds)
        except ValueError as error:
            raise ValueError(
                f"chunk {path.stem}: {error}: params.yaml: raise multipliers in k2.order.{phase}.mix, or lower "
                f"k2.order.{phase}.steps or .chunks"
            ) from None
        write_parquet(path, table)
        summaries.append(_summary(path.stem, phase, planned["context"], count, table, path.read_bytes()))
        stage.progress(number + 1, len(stage.outputs["chunks"]))
    write_json(stage.output("summary"), {"chunks": summaries, "tokens": _total(summaries)})


def _summary(name: str, phase: str, context: int, rows: int, table: polars.DataFrame, file: bytes) -> dict[str, Any]:
    """The tokens of a chunk by source are those that are predicted: all but each row's first."""
    pieces = table.with_columns(
        (polars.col("end") - polars.col("begin") - (polars.col("start") == 0).cast(polars.Int64)).alias("tokens")
    )
    tokens = dict(pieces.group_by("source").agg(polars.col("tokens").sum()).sort("source").iter_rows())
    return {
        "chunk": name,
        "phase": phase,
        "context": context,
        "rows": rows,
        "tokens": tokens,
        "sha256": hashlib.sha256(file).hexdigest(),
    }


def _total(summaries: list[dict[str, Any]]) -> dict[str, int]:
    sources = sorted({source for summary in summaries for source in summary["tokens"]})
    return {source: sum(summary["tokens"].get(source, 0) for summary in summaries) for source in sources}
