"""Questions in LiveBench's schema: one Parquet file for each release, and the JSON lines of the original."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars

from modelworks.build.errors import ModelworksError
from modelworks.lm.stable import write_parquet

_TEXT = ("question_id", "category", "task")
_OWN = ("turns", "ground_truth", "livebench_release_date", "livebench_removal_date")
_SCHEMA: dict[str, polars.DataType | type[polars.DataType]] = {
    **dict.fromkeys(_TEXT, polars.String),
    "turns": polars.List(polars.String()),
    "ground_truth": polars.String,
    "livebench_release_date": polars.Date,
    "livebench_removal_date": polars.Date,
    "extra": polars.String,
}


class QuestionError(ModelworksError):
    """A question breaks the schema."""


@dataclass(frozen=True)
class Question:
    """One question. `ground_truth` is any JSON value; `extra` holds the fields of its task, JSON values by name.

    `turns` are what a user says, one after the other. `livebench_removal_date` is the release that it is no longer in.
    Generated questions have in `extra`: `level` (from 1), `template` (the text with names and numbers masked) and,
    where a base model can be asked without instructions, `stem` (the bare question).
    """

    question_id: str
    category: str
    task: str
    turns: list[str]
    ground_truth: Any
    livebench_release_date: date
    livebench_removal_date: date | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def question_id(task: str, turns: list[str], ground_truth: Any) -> str:
    """The SHA-256, in hex, of what is asked and expected: equal questions of two releases have equal ids."""
    text = json.dumps([task, turns, ground_truth], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write(path: Path, questions: Iterable[Question]) -> None:
    """Write a release as Parquet: ground truth and extra as JSON text. Raises QuestionError if an id occurs twice."""
    rows = [
        {**vars(one), "ground_truth": _json(one.ground_truth), "extra": _json(dict(one.extra))} for one in questions
    ]
    seen: set[str] = set()
    for row in rows:
        if row["question_id"] in seen:
            raise QuestionError(f"{path}: question_id {row['question_id']} occurs twice")
        seen.add(row["question_id"])
    write_parquet(path, polars.DataFrame(rows, schema=_SCHEMA, orient="row"))


def read(path: Path) -> list[Question]:
    """What `write` wrote. Raises QuestionError for any other file."""
    try:
        rows = polars.read_parquet(path)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise QuestionError(f"{path}: not the questions of a release ({error})") from None
    if dict(rows.schema) != _SCHEMA:
        raise QuestionError(f"{path}: not the questions of a release: its columns are {dict(rows.schema)}")
    return [
        Question(**{**row, "ground_truth": json.loads(row["ground_truth"]), "extra": json.loads(row["extra"])})
        for row in rows.iter_rows(named=True)
    ]


def to_json_line(question: Question) -> str:
    """A line of the original's question.jsonl: the task's own fields stand beside the others, dates as text."""
    removed = question.livebench_removal_date
    row = {
        **{name: getattr(question, name) for name in _TEXT},
        "turns": question.turns,
        "ground_truth": question.ground_truth,
        "livebench_release_date": question.livebench_release_date.isoformat(),
        "livebench_removal_date": removed.isoformat() if removed else "",
        **question.extra,
    }
    return json.dumps(row, ensure_ascii=False)


def from_json_lines(path: Path) -> Iterator[Question]:
    """The questions of the original's question.jsonl.

    Raises QuestionError with file, line and field if one is not as it should be: a missing or unknown date too.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _parsed(line, f"{path}:{number}")


def _parsed(line: str, place: str) -> Question:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"{place}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise QuestionError(f"{place}: a question is an object, not {type(row).__name__}")
    for name in _TEXT:
        if not isinstance(row.get(name), str) or not row[name]:
            raise QuestionError(f"{place}: {name} must be text, got {row.get(name)!r}")
    turns = row.get("turns")
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise QuestionError(f"{place}: turns must be a list of texts, got {turns!r}")
    released, removed = (_date(row, name, place) for name in ("livebench_release_date", "livebench_removal_date"))
    if released is None:
        raise QuestionError(f"{place}: livebench_release_date is missing: give the release that it first was in")
    extra = {name: value for name, value in row.items() if name not in (*_TEXT, *_OWN)}
    own = {name: row[name] for name in _TEXT}
    return Question(
        **own,
        turns=turns,
        ground_truth=row.get("ground_truth"),
        livebench_release_date=released,
        livebench_removal_date=removed,
        extra=extra,
    )


def _date(row: Mapping[str, Any], name: str, place: str) -> date | None:
    """The original writes dates as text, some with a time after it; empty or absent: none."""
    value = row.get(name)
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise QuestionError(f"{place}: {name} must be a date YYYY-MM-DD, got {value!r}") from None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
