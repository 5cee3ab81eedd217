"""Claims about judging: every answer has one status, and an error is never a wrong answer."""

from pathlib import Path

import polars
import pytest

from modelworks.build.errors import ModelworksError
from modelworks.livebench import answer, judge, question, sandbox
from modelworks.livebench.answer import Answer, AnswerError
from modelworks.livebench.judge import JudgmentError
from modelworks.livebench.judgment import Judgment
from modelworks.lm.stable import write_parquet
from tests.livebench import boards
from tests.livebench.boards import AUGUST

QUESTIONS = [boards.make("sums", 1, number, AUGUST) for number in range(5)]


def answers(*texts: str | None, model: str = "m") -> list[Answer]:
    return [
        Answer(model, one.question_id, text, None if text is not None else "HTTP 500")
        for one, text in zip(QUESTIONS, texts, strict=True)
    ]


def test_each_question_has_one_judgment_and_an_error_has_no_score() -> None:
    table = judge.judged("m", QUESTIONS, answers("yes", "no", None, "boom", "sign"), boards.judge)
    assert table.select("score", "strict", "status", "error").rows() == [
        (1.0, 1.0, "ok", None),
        (0.0, 0.0, "wrong", None),
        (None, None, "error", "HTTP 500"),
        (None, None, "error", "ValueError: no such answer"),
        (1.0, 0.0, "wrong", None),
    ]
    assert table["question_id"].to_list() == [one.question_id for one in QUESTIONS]


def test_a_scorers_own_error_is_an_error_and_an_unknown_task_stops_everything() -> None:
    def faulty(*given: object) -> Judgment:
        return Judgment(None, None, "error")

    table = judge.judged("m", QUESTIONS, answers(*"abcde"), faulty)
    assert set(table["status"]) == {"error"} and set(table["error"]) == {"the scorer gave no score"}

    def unknown(*given: object) -> Judgment:
        raise ModelworksError("no scorer for sums")

    with pytest.raises(ModelworksError, match="no scorer for sums"):
        judge.judged("m", QUESTIONS, answers(*"abcde"), unknown)


def test_too_many_errors_fail_with_how_many_and_the_first() -> None:
    table = judge.judged("m", QUESTIONS, answers("yes", "no", None, "boom", "sign"), boards.judge)
    judge.check_errors(table, 0.4, "m, 2026-08-31")
    message = (
        "m, 2026-08-31: 2 of 5 answers are errors, more than the share 0.3 that params.yaml: livebench.most_errors "
        f"allows; the first, {QUESTIONS[2].question_id}: HTTP 500"
    )
    with pytest.raises(JudgmentError) as caught:
        judge.check_errors(table, 0.3, "m, 2026-08-31")
    assert str(caught.value) == message


def test_a_question_without_answer_or_an_answer_without_question_is_refused() -> None:
    with pytest.raises(JudgmentError, match=f"m: 1 questions have no answer, 0 .*without: {QUESTIONS[4].question_id}"):
        judge.judged("m", QUESTIONS, answers(*"abcde")[:4], boards.judge)
    with pytest.raises(
        JudgmentError, match="m: 0 questions have no answer, 1 answers no question; the first unknown: "
    ):
        judge.judged("m", QUESTIONS[:4], answers(*"abcde"), boards.judge)


def test_model_and_question_are_unique(tmp_path: Path) -> None:
    twice = [*answers(*"abcde"), answers(*"abcde")[0]]
    with pytest.raises(JudgmentError, match=f"m answers question {QUESTIONS[0].question_id} twice"):
        judge.judged("m", QUESTIONS, twice, boards.judge)
    with pytest.raises(JudgmentError, match=r"is of other, not of m"):
        judge.judged("m", QUESTIONS, answers(*"abcde", model="other"), boards.judge)
    with pytest.raises(AnswerError, match=rf"m\.parquet: m answers question {QUESTIONS[0].question_id} twice"):
        answer.write(tmp_path / "m.parquet", twice)
    table = judge.judged("m", QUESTIONS, answers(*"abcde"), boards.judge)
    for name in ("a", "b"):
        write_parquet(tmp_path / name, table)
    with pytest.raises(JudgmentError, match=f"m is judged twice on question {QUESTIONS[0].question_id}"):
        judge.read([tmp_path / "a", tmp_path / "b"])
    table.drop("error").write_parquet(tmp_path / "a")
    with pytest.raises(JudgmentError, match="a: not judgments: its columns are "):
        judge.read([tmp_path / "a"])


def test_the_stage_judges_under_the_declared_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = []

    def watched(*given: object) -> Judgment:
        used.append(sandbox._LIMITS.get().call_seconds)
        return boards.judge(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(judge.dispatch, "judge", watched)
    question.write(tmp_path / "q.parquet", QUESTIONS)
    boards.write_answers(tmp_path / "a.parquet", "m", QUESTIONS, ["yes"] * 4 + [None])
    limits = {**vars(sandbox.Limits()), "call_seconds": 1.5}
    made = boards.run(
        "judge",
        tmp_path,
        {"judgments": "j.parquet"},
        {"questions": [tmp_path / "q.parquet"], "answers": [tmp_path / "a.parquet"]},
        {**boards.section(), "sandbox": limits},
        model="m",
        release=AUGUST,
    )
    assert used == [1.5] * 4 and sandbox._LIMITS.get() == sandbox.Limits()
    assert polars.read_parquet(made["judgments"])["status"].to_list() == ["ok"] * 4 + ["error"]


def test_answers_come_back_as_written_and_have_a_text_or_an_error(tmp_path: Path) -> None:
    given = [Answer("m", "q", "", None, 12, 0, 0.5), Answer("m", "r", None, "HTTP 429")]
    answer.write(tmp_path / "m.parquet", given)
    assert answer.read(tmp_path / "m.parquet") == given
    for text, error in ((None, None), ("a", "b")):
        with pytest.raises(AnswerError, match=r"the answer to q must have a text or an error, one of both"):
            answer.write(tmp_path / "m.parquet", [Answer("m", "q", text, error)])
    polars.DataFrame({"a": [1]}).write_parquet(tmp_path / "m.parquet")
    with pytest.raises(AnswerError, match=r"m\.parquet: not the answers of a model: its columns are "):
        answer.read(tmp_path / "m.parquet")
    (tmp_path / "m.parquet").write_text("no table")
    with pytest.raises(AnswerError, match=r"m\.parquet: not the answers of a model \("):
        answer.read(tmp_path / "m.parquet")
