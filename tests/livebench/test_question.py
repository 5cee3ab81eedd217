import json
from datetime import date
from pathlib import Path

import pytest

from modelworks.livebench.question import (
    Question,
    QuestionError,
    from_json_lines,
    question_id,
    read,
    to_json_line,
    write,
)

FIRST = date(2026, 9, 30)


def question(ground_truth: object = "E", **other: object) -> Question:
    own = question_id("typos", ["Mend it."], ground_truth)
    return Question(own, "language", "typos", ["Mend it."], ground_truth, FIRST, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize("truth", ["E", ["a", "b"], {"id": "nr", "x": 1}, None, '{"a": 1}'])
def test_parquet_and_json_lines_keep_a_question_whole(tmp_path: Path, truth: object) -> None:
    asked = question(truth, livebench_removal_date=date(2026, 11, 30), extra={"level": 2, "kwargs": [{"n": 3}]})
    write(tmp_path / "release.parquet", [asked])
    assert read(tmp_path / "release.parquet") == [asked]
    (tmp_path / "question.jsonl").write_text(to_json_line(asked) + "\n", encoding="utf-8")
    assert list(from_json_lines(tmp_path / "question.jsonl")) == [asked]


def test_an_id_that_occurs_twice_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"release\.parquet: question_id [0-9a-f]{64} occurs twice"):
        write(tmp_path / "release.parquet", [question(), question()])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"livebench_release_date": None}, "livebench_release_date is missing: give the release that it first was in"),
        ({"livebench_release_date": "soon"}, "livebench_release_date must be a date YYYY-MM-DD, got 'soon'"),
        ({"livebench_removal_date": "2026-13-01"}, "livebench_removal_date must be a date YYYY-MM-DD"),
        ({"turns": []}, r"turns must be a list of texts, got \[\]"),
        ({"task": 3}, "task must be text, got 3"),
    ],
)
def test_a_line_that_breaks_the_schema_is_named_with_its_field(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    row = {**json.loads(to_json_line(question())), **change}
    (tmp_path / "question.jsonl").write_text("\n" + json.dumps(row), encoding="utf-8")
    with pytest.raises(QuestionError, match=rf"question\.jsonl:2: {message}"):
        list(from_json_lines(tmp_path / "question.jsonl"))


@pytest.mark.parametrize(("text", "message"), [("{", "not JSON"), ("[1]", "a question is an object, not list")])
def test_a_line_that_is_no_question_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "question.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(QuestionError, match=message):
        list(from_json_lines(tmp_path / "question.jsonl"))


def test_another_file_is_not_taken_for_questions(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"no table")
    with pytest.raises(QuestionError, match=r"x\.parquet: not the questions of a release"):
        read(tmp_path / "x.parquet")
