"""Claims about the original's files: read, judged, written back."""

import json
from pathlib import Path
from typing import Any

import polars
import pytest

from modelworks.cli import main
from modelworks.livebench import answer, exchange, judge, question
from modelworks.livebench.answer import Answer, AnswerError
from modelworks.livebench.question import QuestionError
from modelworks.lm.stable import write_parquet
from tests.livebench import boards
from tests.livebench.boards import AUGUST, SEPTEMBER

QUESTIONS = [boards.make("sums", 1, number, release) for release in (AUGUST, SEPTEMBER) for number in range(2)]
ANSWER = {
    "question_id": QUESTIONS[0].question_id,
    "answer_id": "x",
    "model_id": "m-1.5",
    "choices": [{"index": 0, "turns": ["<b>yes</b>"]}],
    "tstamp": 1.0,
    "total_output_tokens": 7,
}


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def original(folder: Path) -> tuple[Path, Path]:
    """Files as the original has them: four questions of two releases, and a model's answers, one of them failed."""
    asked = folder / "question.jsonl"
    asked.write_text("".join(question.to_json_line(one) + "\n" for one in QUESTIONS), encoding="utf-8")
    texts = ["yes", "$ERROR$", "no", "yes"]
    rows = [
        {**ANSWER, "question_id": one.question_id, "choices": [{"index": 0, "turns": ["first turn", text]}]}
        for one, text in zip(QUESTIONS, texts, strict=True)
    ]
    return asked, lines(folder / "m.jsonl", rows)


def test_import_writes_a_table_for_each_release_and_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked, answered = original(tmp_path)
    assert main(["livebench", "import", str(asked), "--answers", str(answered), "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == (
        f"{AUGUST}: 2 questions\n{SEPTEMBER}: 2 questions\nm-1.5, {AUGUST}: 2 answers\nm-1.5, {SEPTEMBER}: 2 answers\n"
    )
    assert question.read(tmp_path / "out" / "questions" / f"{AUGUST}.parquet") == QUESTIONS[:2]
    assert answer.read(tmp_path / "out" / "answers" / "m-1.5" / f"{AUGUST}.parquet") == [
        Answer("m-1.5", QUESTIONS[0].question_id, "yes", completion_tokens=7),
        Answer("m-1.5", QUESTIONS[1].question_id, None, "the request failed", completion_tokens=7),
    ]


def test_what_was_imported_is_exported_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked, answered = original(tmp_path)
    main(["livebench", "import", str(asked), "--answers", str(answered), "--out", str(tmp_path)])
    capsys.readouterr()
    tables = [tmp_path / "questions" / f"{release}.parquet" for release in (AUGUST, SEPTEMBER)]
    assert main(["livebench", "export", *map(str, tables)]) == 0
    assert capsys.readouterr().out == asked.read_text(encoding="utf-8")
    assert main(["livebench", "export", str(tmp_path / "answers" / "m-1.5" / f"{AUGUST}.parquet")]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "question_id": QUESTIONS[0].question_id,
        "model_id": "m-1.5",
        "choices": [{"index": 0, "turns": ["yes"]}],
        "total_output_tokens": 7,
    }
    assert second["choices"][0]["turns"] == ["$ERROR$"] and second["error"] == "the request failed"
    assert list(exchange.answers_from_json_lines(lines(tmp_path / "back.jsonl", [first, second]))) == answer.read(
        tmp_path / "answers" / "m-1.5" / f"{AUGUST}.parquet"
    )


def test_the_answers_to_all_turns_are_exported() -> None:
    line = exchange.answer_to_json_line(Answer("m", "q", "second", turns=["first", "second"]))
    assert json.loads(line)["choices"] == [{"index": 0, "turns": ["first", "second"]}]


def test_exported_judgments_hold_the_compatible_score_and_no_errors(tmp_path: Path) -> None:
    given = [
        Answer("m", one.question_id, text, None if text else "HTTP 500")
        for one, text in zip(QUESTIONS, ["sign", None, "no", "mute"], strict=True)
    ]
    write_parquet(tmp_path / "j.parquet", judge.judged("m", QUESTIONS, given, boards.judge))
    rows = [json.loads(line) for line in exchange.to_json_lines(tmp_path / "j.parquet")]
    assert [(row["question_id"], row["score"]) for row in rows] == [
        (QUESTIONS[0].question_id, 1.0),
        (QUESTIONS[2].question_id, 0.0),
    ]
    assert rows[0] == {
        "question_id": QUESTIONS[0].question_id,
        "task": "sums",
        "model": "m",
        "score": 1.0,
        "category": "math",
        "turn": 1,
    }


def test_another_table_is_not_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    polars.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    assert main(["livebench", "export", str(tmp_path / "other.parquet")]) == 1
    assert "other.parquet: neither questions, answers nor judgments: its columns are ['a']" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1], "an answer is an object, not list"),
        ({**ANSWER, "question_id": 3}, "question_id must be text, got 3"),
        ({**ANSWER, "model_id": "../m"}, r"model_id must be letters, digits, '\.', '_' and '-', got '\.\./m'"),
        ({**ANSWER, "choices": []}, r"choices\[0\]\.turns must be a list of texts"),
        ({**ANSWER, "choices": [{"turns": [None]}]}, r"choices\[0\]\.turns must be a list of texts"),
    ],
)
def test_a_line_that_is_no_answer_is_named(tmp_path: Path, row: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=rf"m\.jsonl:1: {message}"):
        list(exchange.answers_from_json_lines(lines(tmp_path / "m.jsonl", [row])))
    (tmp_path / "m.jsonl").write_text("{")
    with pytest.raises(AnswerError, match=r"m\.jsonl:1: not JSON"):
        list(exchange.answers_from_json_lines(tmp_path / "m.jsonl"))


def test_an_answer_to_no_question_and_a_question_in_two_files_are_refused(tmp_path: Path) -> None:
    asked, _ = original(tmp_path)
    by_release = exchange.write_questions(tmp_path / "out", [asked])
    stray = lines(tmp_path / "stray.jsonl", [{**ANSWER, "question_id": "f" * 64}])
    with pytest.raises(AnswerError, match=r"stray\.jsonl: there is no question f{64}: import its questions with it"):
        exchange.write_answers(tmp_path / "out", stray, by_release)
    with pytest.raises(QuestionError, match=r"question\.jsonl: question \w{64} is in .*question\.jsonl too"):
        exchange.write_questions(tmp_path / "out", [asked, asked])
