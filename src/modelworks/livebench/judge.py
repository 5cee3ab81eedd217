"""Judge what a model answered to the new questions of a release. An error is never a wrong answer."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars

from modelworks.build.errors import ModelworksError
from modelworks.livebench import answer, question, sandbox
from modelworks.livebench.answer import Answer
from modelworks.livebench.judgment import Judgment
from modelworks.livebench.question import Question
from modelworks.livebench.scorers import dispatch
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage

Judge = Callable[..., Judgment]
SCHEMA = {
    "model": polars.String,
    "question_id": polars.String,
    "category": polars.String,
    "task": polars.String,
    "score": polars.Float64,
    "strict": polars.Float64,
    "status": polars.String,
    "error": polars.String,
}


class JudgmentError(ModelworksError):
    """Answers do not fit the questions, or too many of them are errors."""


def main(stage: Stage) -> None:
    """Inputs: questions, answers. Args: model, release. Outputs: judgments (Parquet, the schema above)."""
    questions = question.read(stage.input("questions"))
    answers = answer.read(stage.input("answers"))
    section = stage.params["livebench"]
    with sandbox.limited(sandbox.Limits(**section["sandbox"])):
        table = judged(stage.args["model"], questions, answers, dispatch.judge, stage.progress)
    check_errors(table, section["most_errors"], f"{stage.args['model']}, {stage.args['release']}")
    write_parquet(stage.output("judgments"), table)


def judged(
    model: str,
    questions: Sequence[Question],
    answers: Iterable[Answer],
    judge: Judge,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> polars.DataFrame:
    """A row for each question, in their order. Raises JudgmentError unless each has exactly one answer of `model`."""
    by_id: dict[str, Answer] = {}
    for given in answers:
        if given.model != model:
            raise JudgmentError(f"an answer to {given.question_id} is of {given.model}, not of {model}")
        if given.question_id in by_id:
            raise JudgmentError(f"{model} answers question {given.question_id} twice")
        by_id[given.question_id] = given
    known = {one.question_id for one in questions}
    if by_id.keys() != known:
        missing, unknown = sorted(known - by_id.keys()), sorted(by_id.keys() - known)
        first = f"the first without: {missing[0]}" if missing else f"the first unknown: {unknown[0]}"
        raise JudgmentError(
            f"{model}: {len(missing)} questions have no answer, {len(unknown)} answers no question; {first}"
        )
    rows = []
    for number, one in enumerate(questions, 1):
        found, error = _judgment(one, by_id[one.question_id], judge)
        rows.append((model, one.question_id, one.category, one.task, found.score, found.strict, found.status, error))
        progress(number, len(questions))
    return polars.DataFrame(rows, schema=SCHEMA, orient="row")


def check_errors(table: polars.DataFrame, most: float, what: str) -> None:
    """Raises JudgmentError if more than the share `most` of the judgments are errors."""
    errors = table.filter(polars.col("status") == "error")
    if len(errors) > most * len(table):
        raise JudgmentError(
            f"{what}: {len(errors)} of {len(table)} answers are errors, more than the share {most:g} that "
            f"params.yaml: livebench.most_errors allows; the first, {errors['question_id'][0]}: {errors['error'][0]}"
        )


def context_of(one: Question) -> dict[str, Any]:
    """What a scorer is told about a question beside its ground truth."""
    return {"question_text": one.turns[0], **one.extra}


def _judgment(one: Question, given: Answer, judge: Judge) -> tuple[Judgment, str | None]:
    if given.text is None:
        return Judgment(None, None, "error"), given.error
    try:
        found = judge(one.task, given.text, one.ground_truth, context_of(one), one.livebench_release_date)
    except ModelworksError:
        raise  # an unknown task, or no sandbox: nothing that this answer is at fault for
    except Exception as error:
        return Judgment(None, None, "error"), f"{type(error).__name__}: {error}"[:500]
    return found, "the scorer gave no score" if found.status == "error" else None


def read(paths: Iterable[Path]) -> polars.DataFrame:
    """The judgments of several models and releases. Raises JudgmentError if a model is judged twice on a question."""
    table = polars.concat([_read(path) for path in paths])
    repeated = table.filter(table.select("model", "question_id").is_duplicated())
    if len(repeated):
        raise JudgmentError(f"{repeated['model'][0]} is judged twice on question {repeated['question_id'][0]}")
    return table


def _read(path: Path) -> polars.DataFrame:
    table = polars.read_parquet(path)
    if dict(table.schema) != SCHEMA:
        raise JudgmentError(f"{path}: not judgments: its columns are {dict(table.schema)}")
    return table
