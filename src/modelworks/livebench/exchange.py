"""Answers and judgments in the JSON lines of the original: model_answer/MODEL.jsonl, ground_truth_judgment.jsonl."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars

from modelworks.livebench import answer, judge, question
from modelworks.livebench.answer import Answer, AnswerError
from modelworks.livebench.question import Question, QuestionError

_FAILED = "$ERROR$"  # what the original writes where no answer came
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def answers_from_json_lines(path: Path) -> Iterator[Answer]:
    """The answers of the original's file of a model: the last turn of the first choice.

    A request that failed is an error. Raises AnswerError with file, line and field if one is not as it should be.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _answer(line, f"{path}:{number}")


def answer_to_json_line(given: Answer) -> str:
    """A line of the original's file of a model, without the times and ids that it notes."""
    row: dict[str, Any] = {
        "question_id": given.question_id,
        "model_id": given.model,
        "choices": [{"index": 0, "turns": given.turns or [_FAILED if given.text is None else given.text]}],
    }
    if given.completion_tokens is not None:
        row["total_output_tokens"] = given.completion_tokens
    if given.text is None:
        row |= {"eval_status": "api_error", "error": given.error}
    return json.dumps(row, ensure_ascii=False)


def judgment_to_json_line(row: Mapping[str, Any]) -> str | None:
    """A line of the original's ground_truth_judgment.jsonl: the compatible score. None where there is no score."""
    if row["score"] is None:
        return None
    kept = {name: row[name] for name in ("question_id", "task", "model", "score", "category")}
    return json.dumps({**kept, "turn": 1}, ensure_ascii=False)


def to_json_lines(path: Path) -> Iterator[str]:
    """What a table of questions, answers or judgments says, in the original's lines. Raises AnswerError for others."""
    columns = set(polars.read_parquet_schema(path))
    if columns == set(answer.SCHEMA):
        yield from map(answer_to_json_line, answer.read(path))
    elif "turns" in columns:
        yield from map(question.to_json_line, question.read(path))
    elif columns == set(judge.SCHEMA):
        yield from filter(None, map(judgment_to_json_line, judge.read([path]).iter_rows(named=True)))
    else:
        raise AnswerError(f"{path}: neither questions, answers nor judgments: its columns are {sorted(columns)}")


def write_questions(folder: Path, paths: Sequence[Path]) -> dict[str, list[Question]]:
    """Write the questions of the original's files, a file for each release that they were first in; by release.

    Raises QuestionError if a question occurs twice.
    """
    by_release: dict[str, list[Question]] = defaultdict(list)
    seen: dict[str, Path] = {}
    for path in paths:
        for one in question.from_json_lines(path):
            if one.question_id in seen:
                raise QuestionError(f"{path}: question {one.question_id} is in {seen[one.question_id]} too")
            seen[one.question_id] = path
            by_release[one.livebench_release_date.isoformat()].append(one)
    for release, questions in sorted(by_release.items()):
        target = folder / "questions" / f"{release}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        question.write(target, questions)
    return dict(sorted(by_release.items()))


def write_answers(
    folder: Path, path: Path, by_release: Mapping[str, Sequence[Question]]
) -> dict[tuple[str, str], list[Answer]]:
    """Write the answers of the original's file, a file for each model and release; by model and release.

    Raises AnswerError for an answer to no question.
    """
    release_of = {one.question_id: release for release, questions in by_release.items() for one in questions}
    grouped: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for given in answers_from_json_lines(path):
        if given.question_id not in release_of:
            raise AnswerError(f"{path}: there is no question {given.question_id}: import its questions with it")
        grouped[given.model, release_of[given.question_id]].append(given)
    for (model, release), some in sorted(grouped.items()):
        target = folder / "answers" / model / f"{release}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        answer.write(target, some)
    return dict(sorted(grouped.items()))


def _answer(line: str, place: str) -> Answer:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"{place}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise AnswerError(f"{place}: an answer is an object, not {type(row).__name__}")
    for name in ("question_id", "model_id"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise AnswerError(f"{place}: {name} must be text, got {row.get(name)!r}")
    if not _NAME.fullmatch(row["model_id"]):
        raise AnswerError(f"{place}: model_id must be letters, digits, '.', '_' and '-', got {row['model_id']!r}")
    try:
        text = row["choices"][0]["turns"][-1]
    except (KeyError, IndexError, TypeError):
        text = None
    if not isinstance(text, str):
        raise AnswerError(f"{place}: choices[0].turns must be a list of texts")
    tokens = row.get("total_output_tokens")
    counted = tokens if isinstance(tokens, int) and tokens >= 0 else None
    if row.get("eval_status") == "api_error" or text == _FAILED:
        reason = str(row.get("error") or "the request failed").splitlines()[0]
        return Answer(row["model_id"], row["question_id"], None, reason, completion_tokens=counted)
    return Answer(row["model_id"], row["question_id"], text, completion_tokens=counted)
