"""Averages as LiveBench has them, in DuckDB: questions within a task, tasks within a category, categories.

Each mean is unweighted. A question without a value (an error) and one that a model has seen in training are left out,
and counted. Where the original gives no score, since it would ask a model, the compatible score is 0, as there without
such a model, and counted as unscored.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import polars

from modelworks.build.errors import ModelworksError
from modelworks.livebench import judge

SCORINGS = ("compatible", "strict")
COUNTS = ("questions", "excluded", "errors", "unparsed", "timeouts", "unscored")


class LeaderboardError(ModelworksError):
    """What is to be averaged is incomplete."""


def results(
    releases: Mapping[str, Path], judgments: Iterable[Path], contamination: Iterable[Path] = ()
) -> polars.DataFrame:
    """A row for each release, model and question of it, in this order: a value of each scoring, status, excluded.

    Raises LeaderboardError if a model has no judgment of a question, or none of what it has seen.
    """
    contamination = list(contamination)
    with _connected() as connection:
        connection.register("judgments", judge.read(judgments).to_arrow())
        connection.register("live", _live(releases).to_arrow())
        connection.register("seen", _seen(contamination).to_arrow())
        table = connection.sql(
            """
            select live.release, models.model, live.question_id, live.category, live.task,
                   case when judgments.status <> 'error' then coalesce(judgments.score, 0) end as compatible,
                   case when judgments.status <> 'error' then coalesce(judgments.strict, 0) end as strict,
                   judgments.status, seen.excluded,
                   judgments.score is null and judgments.status <> 'error' as no_score
            from live cross join (select distinct model from judgments) models
            left join judgments on judgments.question_id = live.question_id and judgments.model = models.model
            left join seen on seen.question_id = live.question_id and seen.model = models.model
            order by all
            """
        ).pl()
    _check_whole(table, "status", "has no judgment of")
    if contamination:
        _check_whole(table, "excluded", "was not compared with its training corpora for")
    return table.with_columns(polars.col("excluded").fill_null(False))


def averages(table: polars.DataFrame) -> polars.DataFrame:
    """The means of `results`: a row for each release, scoring, model and task, category or overall.

    `task` is None in the rows of a category, and `category` too in those overall. `value` is None where nothing is left
    to average; questions, excluded, errors, unparsed, timeouts and unscored (where the original would ask a model) are
    counts over all questions of the scope.
    """
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in COUNTS)
    with _connected() as connection:
        connection.register("results", table.to_arrow())
        return connection.sql(
            f"""
            with long as (
                select *, 'compatible' as scoring, compatible as value from results
                union all select *, 'strict' as scoring, strict as value from results
            ), tasks as (
                select release, scoring, model, category, task,
                       avg(value) filter (not excluded) as value, count(*) as questions,
                       count(*) filter (excluded) as excluded,
                       count(*) filter (status = 'error') as errors,
                       count(*) filter (status = 'unparsed') as unparsed,
                       count(*) filter (status = 'timeout') as timeouts,
                       count(*) filter (no_score and scoring = 'compatible') as unscored
                from long group by release, scoring, model, category, task
            ), categories as (
                select release, scoring, model, category, null as task, avg(value) as value, {sums}
                from tasks group by release, scoring, model, category
            ), overall as (
                select release, scoring, model, null as category, null as task, avg(value) as value, {sums}
                from categories group by release, scoring, model
            )
            from overall union all from categories union all from tasks
            order by release, scoring, model, category nulls first, task nulls first
            """
        ).pl()


def _connected() -> duckdb.DuckDBPyConnection:
    """One thread: the order of sums decides the last digits."""
    return duckdb.connect(config={"threads": 1})


def _live(releases: Mapping[str, Path]) -> polars.DataFrame:
    columns = ["release", "question_id", "category", "task"]
    return polars.concat(
        polars.read_parquet(path).with_columns(release=polars.lit(release)).select(columns)
        for release, path in releases.items()
    )


def _seen(contamination: Iterable[Path]) -> polars.DataFrame:
    schema = {"model": polars.String, "question_id": polars.String, "excluded": polars.Boolean}
    empty = polars.DataFrame(schema=schema)
    table = polars.concat([empty, *(polars.read_parquet(path).select(list(schema)) for path in contamination)])
    repeated = table.filter(table.select("model", "question_id").is_duplicated())
    if len(repeated):
        raise LeaderboardError(
            f"{repeated['model'][0]} was compared twice with its training corpora for {repeated['question_id'][0]}"
        )
    return table


def _check_whole(table: polars.DataFrame, column: str, fault: str) -> None:
    missing = table.filter(polars.col(column).is_null())
    if len(missing):
        first = missing.row(0, named=True)
        count = missing.filter(model=first["model"])["question_id"].n_unique()
        raise LeaderboardError(
            f"{first['model']} {fault} {count} questions; the first: {first['question_id']} "
            f"of {first['task']}, release {first['release']}"
        )
