"""What a model said to the questions of a release: one Parquet file for each model and release."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import polars

from modelworks.build.errors import ModelworksError
from modelworks.lm.stable import write_parquet

SCHEMA: dict[str, polars.DataType | type[polars.DataType]] = {
    "model": polars.String,
    "question_id": polars.String,
    "text": polars.String,
    "error": polars.String,
    "prompt_tokens": polars.Int64,
    "completion_tokens": polars.Int64,
    "cost": polars.Float64,
    "turns": polars.List(polars.String()),
    "prompt_cut": polars.Boolean,
    "answer_cut": polars.Boolean,
}


class AnswerError(ModelworksError):
    """Answers break the schema, or do not belong to what they are read with."""


@dataclass(frozen=True)
class Answer:
    """One answer: `text`, or why there is none (`error`, one line); never both, never neither.

    Tokens and `cost` (in the currency of the model's prices) are None where nobody counted them. `turns` are the
    answers to all turns where there are several, `text` being the last. `prompt_cut`: the question was too long for the
    context; `answer_cut`: the model had to stop at the most tokens; None where that is not known.
    """

    model: str
    question_id: str
    text: str | None
    error: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    turns: list[str] | None = None
    prompt_cut: bool | None = None
    answer_cut: bool | None = None


def write(path: Path, answers: Iterable[Answer]) -> None:
    """Write answers as Parquet, in their order. Raises AnswerError for a second one, or one without outcome."""
    rows = [asdict(one) for one in answers]
    table = polars.DataFrame(rows, schema=SCHEMA, orient="row")
    _check(table, path)
    write_parquet(path, table)


def read(path: Path) -> list[Answer]:
    """What `write` wrote. Raises AnswerError for anything else."""
    try:
        table = polars.read_parquet(path)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise AnswerError(f"{path}: not the answers of a model ({error})") from None
    if dict(table.schema) != SCHEMA:
        raise AnswerError(f"{path}: not the answers of a model: its columns are {dict(table.schema)}")
    _check(table, path)
    return [Answer(**row) for row in table.iter_rows(named=True)]


def _check(table: polars.DataFrame, path: Path) -> None:
    repeated = table.filter(table.select("model", "question_id").is_duplicated())
    if len(repeated):
        raise AnswerError(f"{path}: {repeated['model'][0]} answers question {repeated['question_id'][0]} twice")
    for row in table.filter(polars.col("text").is_null() == polars.col("error").is_null()).iter_rows(named=True):
        raise AnswerError(f"{path}: the answer to {row['question_id']} must have a text or an error, one of both")
