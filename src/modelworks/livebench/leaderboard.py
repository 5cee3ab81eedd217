"""Average the judgments of all models over all releases, with intervals and paired comparisons; make the page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy
import polars

from modelworks.livebench import averages
from modelworks.livebench.averages import SCORINGS
from modelworks.livebench.leaderboard_page import page
from modelworks.livebench.resampling import Resampled, Task
from modelworks.lm.stable import write_json, write_parquet
from modelworks.stage import Stage

COMPARISONS = {
    "release": polars.String,
    "scoring": polars.String,
    "model": polars.String,
    "other": polars.String,
    "estimate": polars.Float64,
    "low": polars.Float64,
    "high": polars.Float64,
    "p_value": polars.Float64,
    "questions": polars.Int64,
}
_DIGITS = 6


def main(stage: Stage) -> None:
    """Inputs: releases (one table each), judgments, contamination (or none). Args: releases, with commas.

    Outputs: table, comparisons (Parquet), summary (JSON with both), page (HTML).
    """
    bootstrap = stage.params["livebench"]["bootstrap"]
    releases = dict(zip(stage.args["releases"].split(","), stage.inputs["releases"], strict=True))
    found = averages.results(releases, stage.inputs["judgments"], stage.inputs.get("contamination", []))
    drawn = {
        (release, scoring): Resampled(
            tasks(found, release, scoring), bootstrap["resamples"], bootstrap["confidence"], stage.seed(release)
        )
        for release in releases
        for scoring in SCORINGS
    }
    models = sorted(found["model"].unique())
    table = with_intervals(averages.averages(found), drawn, models)
    pairs = compared(drawn, models)
    write_parquet(stage.output("table"), table)
    write_parquet(stage.output("comparisons"), pairs)
    summary = {
        **{name: bootstrap[name] for name in ("confidence", "resamples")},
        "contamination": bool(stage.inputs.get("contamination")),
        "averages": table.to_dicts(),
        "comparisons": pairs.to_dicts(),
    }
    write_json(stage.output("summary"), summary)
    stage.output("page").write_text(page(summary), encoding="utf-8", newline="\n")


def tasks(results: polars.DataFrame, release: str, scoring: str) -> list[Task]:
    """The values of each task of a release, models in the order of their names, NaN where a question does not count."""
    rows = results.filter(polars.col("release") == release)
    counted = polars.when(polars.col("excluded").not_()).then(polars.col(scoring)).fill_null(float("nan"))
    values = rows.with_columns(value=counted).sort("model", "category", "task", "question_id")
    models = values["model"].n_unique()
    found = []
    for (category, task), some in values.group_by("category", "task", maintain_order=True):
        found.append(Task(str(category), str(task), some["value"].to_numpy().reshape(models, -1).T))
    return found


def with_intervals(
    table: polars.DataFrame, drawn: Mapping[tuple[str, str], Resampled], models: Sequence[str]
) -> polars.DataFrame:
    """The averages with `low` and `high` beside `value`; None where there is no value."""
    keys = ["release", "scoring", "model", "category", "task"]
    rows = [
        (release, scoring, model, category, task, *(float(bound) for bound in bounds[:, place]))
        for (release, scoring), resampled in drawn.items()
        for category, task, bounds in resampled.intervals()
        for place, model in enumerate(models)
    ]
    schema = {**dict.fromkeys(keys, polars.String), "low": polars.Float64, "high": polars.Float64}
    intervals = polars.DataFrame(rows, schema=schema, orient="row").with_columns(
        polars.col("low", "high").fill_nan(None)
    )
    joined = table.join(intervals, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined.select(
        *keys, polars.col("value", "low", "high").round(_DIGITS), *(polars.col(name) for name in averages.COUNTS)
    )


def compared(drawn: Mapping[tuple[str, str], Resampled], models: Sequence[str]) -> polars.DataFrame:
    """Every pair of models, in every release and scoring: how much the first is above the other."""
    return polars.DataFrame(list(_pairs(drawn, models)), schema=COMPARISONS, orient="row")


def _pairs(drawn: Mapping[tuple[str, str], Resampled], models: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for (release, scoring), resampled in drawn.items():
        for place, model in enumerate(models[:-1]):
            others = range(place + 1, len(models))
            for other, found in zip(others, resampled.differences(place, others), strict=True):
                if found:
                    figures = {name: _rounded(value) for name, value in asdict(found).items()}
                    yield release, scoring, model, models[other], *figures.values()


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(numpy.round(value, _DIGITS))
